"""`/since`: what changed between two meetings, each thing a number in a sentence, and by one cut."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from throughline.errors import StoreError
from throughline.sinks.board.figures.wording import Wording, number_words
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.page import Page
from throughline.sinks.board.meeting.sections import (
    KINDS,
    SECTIONS,
    Days,
    changes_of,
    cuts_of,
    days_of,
    hindsight_of,
    of_days,
    value_words,
)
from throughline.sinks.board.words.names import raised
from throughline.sinks.disclosure.marker import wording as why_hidden
from throughline.sinks.measures.answer import answer
from throughline.sinks.measures.headline import headline
from throughline.sinks.measures.meeting import counts
from throughline.sinks.measures.shown import Audience

_CAUSES = ("kind", "agency", "type", "source")


def since(asked: Asked) -> Page:
    """What changed; without a day, the form that asks for one."""
    days = days_of(asked)
    cuts = cuts_of(asked)
    by = asked.choice("by", cuts) or "outcome"
    facts: dict[str, Any] = {
        "since_day": asked.text("since"),
        "until_day": asked.text("until"),
        "days": days,
        "by": by,
        "cuts": cuts,
        "sections": [],
        "restated": None,
        "is_restated": asked.choice("restated", {"yes": ""}) == "yes",
    }
    if days is not None:
        facts["sections"] = [_section(asked, days, name, by) for name in SECTIONS]
        if facts["is_restated"]:
            facts["restated"] = _restated(asked, days)
    return Page("since.html", "What changed", facts)


def _section(asked: Asked, days: Days, name: str, by: str) -> dict[str, Any]:
    """A number in a sentence, a short table, and where each row leads."""
    section, words = SECTIONS[name], Wording(asked.names, asked.settings.domain)
    audience = Audience(asked.settings.domain, asked.settings.register)
    figure = asked.kept.get(
        asked.facts.stamp,
        ("counts", days, name, by),
        lambda: audience.may_see_changes(
            name,
            counts(changes_of(asked, days)[name], by),
            days.since,
            days.until,
            overlapping=section.overlapping,
        ),
    )
    total, *parts = figure.to_pylist()
    before, after = section.says.split("{cases}")
    if by == "outcome":
        listed = [*section.outcomes]
        parts.sort(key=lambda row: listed.index(row[by]))
    return {
        "name": name,
        "title": section.title,
        "before": before,
        "after": after,
        "total": _cell(asked, total),
        "is_one": total["cases"] == 1,
        "address": asked.address(f"/since/{name}", **of_days(asked)),
        "rows": [
            {
                "name": value_words(words, name, by, row[by]),
                "cases": _cell(asked, row),
                "address": asked.address(f"/since/{name}", **of_days(asked), **{by: row[by]}),
            }
            for row in parts
        ],
    }


def _cell(asked: Asked, row: dict[str, Any]) -> str:
    if row["suppressed"]:
        return why_hidden(row["suppressed"], asked.settings.domain.disclosure.threshold)
    return f"{row['cases']:,}"


def _restated(asked: Asked, days: Days) -> dict[str, Any]:
    """Numbers of the meeting that are others now, and what came in late."""
    try:
        found = hindsight_of(asked, days)
    except StoreError as error:
        return {"fault": error.what, "rows": [], "unseen": 0, "causes": []}
    audience = Audience(asked.settings.domain, asked.settings.register)
    rows = []
    for one in found.restated:
        said = [
            headline(one.measure, audience.may_see(one.measure, answer(one.measure, counted), (), {}, days.since))
            for counted in (one.rows_then, one.rows_now)
        ]
        then, now = (number_words(one.measure, number) for number in said)
        if then == now:
            continue
        rows.append(
            {
                "title": one.measure.title,
                "says": one.measure.headline.says,
                "then": then,
                "now": now,
                "address": asked.address(f"/figures/{one.measure.name}", as_of=asked.text("since")),
            }
        )
    unseen = len(found.restated) - len(rows)
    return {"fault": "", "rows": rows, "unseen": unseen, "causes": _causes(asked, days, found.causes)}


def _causes(asked: Asked, days: Days, causes: pa.Table) -> list[dict[str, Any]]:
    counted = causes.group_by([*_CAUSES]).aggregate([("case_id", "count_distinct")])
    counted = counted.rename_columns({"case_id_count_distinct": "cases"}).sort_by(
        [("cases", "descending"), *((name, "ascending") for name in _CAUSES)]
    )
    audience = Audience(asked.settings.domain, asked.settings.register)
    figure = audience.may_see_changes("restated", counted, days.since, days.until, overlapping=_CAUSES)
    return [
        {
            "kind": KINDS[row["kind"]],
            "agency": raised(asked.names.agency(row["agency"])),
            "type": asked.names.brief(row["type"]),
            "source": asked.names.feed(row["source"]),
            "cases": _cell(asked, row),
        }
        for row in figure.to_pylist()
    ]
