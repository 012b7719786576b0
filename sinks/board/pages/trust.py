"""`/quality`: is today's picture to be trusted? The steward's page, with how whole the data of each agency are."""

from __future__ import annotations

import math
from typing import Any

from throughline.quality.checks.check import as_of_checked
from throughline.quality.letters.page import page
from throughline.schemas.definitions.quality import load_quality_rules
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.page import Page
from throughline.sql import rows_by_name, sql

_FIGURES = {
    "delays": "Time between agencies",
    "contacts": "Promises and contacts",
    "tellings": "Decisions told to the victim",
    "clocks": "Standards met",
}


def trust(asked: Asked) -> Page:
    """Asked as of now, unless the address or the settings say otherwise: a feed that ended is silent up to today."""
    if not asked.facts.events:
        return Page("empty.html", "Can the timeline be trusted?", {})
    as_of = asked.as_of or asked.settings.now()
    shown = page(
        asked.connection,
        load_quality_rules(asked.settings.domain),
        as_of=as_of,
        latest=as_of_checked(asked.connection),
    )
    rows = rows_by_name(asked.connection, sql(__package__, "sql/coverage"))
    return Page("trust.html", "Can the timeline be trusted?", {"page": shown, "coverage": [_line(row) for row in rows]})


def _line(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the table of coverage: shares rounded down, so that nothing looks more whole than it is."""
    return {
        "agency": row["agency"],
        "figure": _FIGURES.get(row["figure"], row["figure"]),
        "there": "not known" if row["coverage"] is None else f"{math.floor(1000 * row['coverage']) / 10:g}%",
        "needed": "none stated" if row["threshold"] is None else f"{100 * row['threshold']:g}%",
        "is_withheld": row["is_withheld"],
        "months": row["months_not_trusted"],
    }
