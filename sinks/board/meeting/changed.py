"""`/since/{section}`: the cases in which something changed between two meetings, each with what it was."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc

from throughline.errors import UsageError
from throughline.sinks.board.figures.behind import ROWS, visible
from throughline.sinks.board.figures.wording import Wording
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.page import NotFoundError, Page
from throughline.sinks.board.meeting.sections import (
    KINDS,
    SECTIONS,
    changes_of,
    cuts_of,
    days_of,
    hindsight_of,
    of_days,
    value_words,
)
from throughline.sinks.board.words.duration import duration_words
from throughline.sinks.board.words.names import raised
from throughline.sinks.measures.grouping import NOT_STATED


def changed(asked: Asked) -> Page:
    """The cases of one section, each with what happened."""
    name, days = asked.values["section"], days_of(asked)
    if name not in SECTIONS and name != "restated":
        raise NotFoundError(f"Nothing that changed is called {name}.", "Choose it from the page What changed.")
    if days is None:
        raise UsageError("`since` is not given.", hint="Begin with the page What changed.")
    words = Wording(asked.names, asked.settings.domain)
    rows = hindsight_of(asked, days).causes if name == "restated" else changes_of(asked, days)[name]
    held_to = []
    for cut, title in ({"kind": "What came in", "agency": "Agency"} if name == "restated" else cuts_of(asked)).items():
        if value := asked.text(cut):
            rows = rows.filter(pc.equal(pc.fill_null(rows[cut], NOT_STATED), value))
            held_to.append(f"{title}: {value_words(words, name, cut, value)}")
    rows = visible(asked, rows)
    page, pages = asked.number("page", 1), max((rows.num_rows + ROWS - 1) // ROWS, 1)
    if page > pages:
        raise UsageError(f"There are {pages} pages, and `page` is {page}.", hint="Go back to the first page.")
    shown = rows.slice((page - 1) * ROWS, ROWS).to_pylist()
    asked.look_at(dict.fromkeys(row["case_id"] for row in shown))
    title = "What came in late" if name == "restated" else SECTIONS[name].title
    return Page(
        "since_cases.html",
        f"What changed: {title[:1].lower()}{title[1:]}",
        {
            "days": days,
            "held_to": held_to,
            "list": {
                "page": page, "pages": pages, "rows_all": rows.num_rows,
                "cases": int(pc.count_distinct(rows["case_id"]).as_py()),
            },
            "rows": [_line(asked, words, name, row) for row in shown],
            "back": asked.address("/since", **of_days(asked)),
        },
    )  # fmt: skip


def _line(asked: Asked, words: Wording, name: str, row: dict[str, Any]) -> dict[str, Any]:
    """What happened in a case, for its row of the list."""
    agency = row["agency"]
    made = {"case_id": row["case_id"], "agency": "" if agency is None else raised(asked.names.agency(agency))}
    if name == "restated":
        happened = f"{KINDS[row['kind']]}: {asked.names.brief(row['type'])}"
        return made | {"what": happened, "at": row["occurred_at"], "lasted": ""}
    what = SECTIONS[name].outcomes[row["outcome"]]
    at, lasted = {
        "new": ("began_at", ""),
        "ended": ("ended_at", ""),
        "older": ("had_since", "seconds"),
        "moved": ("since", ""),
        "due": ("due_at", ""),
        "told": ("decided_at", ""),
    }[name]
    if name in ("older", "moved"):
        giver = row["from_agency"]
        between = row["outcome"] == "limbo" or row.get("state") == "limbo"
        made["agency"] = (
            f"{raised(asked.names.agency(giver))} to {asked.names.called(agency)}" if between else made["agency"]
        )
    if name == "moved":
        what += f" (then {asked.names.called(row['agency_then'])})" if row["agency_then"] else ""
    if name == "due":
        what += f": {row['what']}"
    if name == "told":
        what += f": {asked.names.brief(row['decided'])}"
    before = f"{duration_words(row['seconds_then'])}, now {duration_words(row['seconds'])}" if lasted else ""
    return made | {"what": what, "at": row[at], "lasted": before}
