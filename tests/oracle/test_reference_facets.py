"""The reference itself, checked by hand: what a case is about (docs/rules.md, section 4)."""

from __future__ import annotations

from datetime import datetime

import reference
from histories import event
from small import small_rules

RULES = small_rules()
EVENTS = [
    event("police.crime.recorded", "2026-03-02T10:00", id="a", data='{"offence":"theft"}'),
    event("police.file.sent", "2026-03-04T10:00", id="b", data='{"offence":"stalking"}'),
    event("police.victim.assessed", "2026-03-05T10:00", id="c", enhanced=False),
    event("police.suspect.decided", "2026-03-06T10:00", id="d", decision="bail"),
    event("police.suspect.decided", "2026-03-07T10:00", id="e", decision="nfa"),
    event("police.complaint.withdrawn", "2026-03-08T10:00", id="f"),
]


def test_the_last_value_of_each_facet_counts_from_when_it_was_stated() -> None:
    """The complaint says the same route once more, and bail says none."""
    (row,) = reference.states(EVENTS, RULES)

    assert [(one["facet"], one["value"], one["stated_at"].day) for one in row["facets"]] == [
        ("offence", "theft", 2), ("offence", "stalking", 4), ("rights", "false", 5), ("route", "ended", 7),
    ]  # fmt: skip
    for day, expected in ((1, (None, None, None)), (3, ("theft", None, None)), (9, ("stalking", "false", "ended"))):
        (about,) = reference.abouts(EVENTS, RULES, datetime.fromisoformat(f"2026-03-0{day}"))
        assert (about["offence"], about["rights"], about["route"]) == expected
