"""What agencies say of who holds a case, and when they contradict each other (docs/rules.md, 4)."""

from __future__ import annotations

import pytest
from histories import RECEIVED, Event, event
from joined import differences, emptied, filled

TYPES = {"police": "police.crime.recorded", "cps": "cps.charge.decided"}
NINE, TEN, NOON = (f"2026-03-02T{hour}:00" for hour in ("09", "10", "12"))


def says(agency: str, holder: str, at: str) -> Event:
    """An agency says outright who holds the case."""
    return event(TYPES[agency], at, id=f"{agency} {at}", holder=holder) | {"received_at": RECEIVED}


@pytest.mark.parametrize(("first", "second"), [("police", "cps"), ("cps", "police")])
def test_a_claim_that_ends_where_another_begins_contradicts_nothing(first: str, second: str) -> None:
    """One claims the case, and at ten says that the other has it; at ten the other says so too."""
    events = [says(first, first, NINE), says(first, second, TEN), says(second, second, TEN)]

    store = filled(emptied(), [events])

    assert store.connection.execute("from contradictions").fetchall() == []
    assert differences(store, events) == []


@pytest.mark.parametrize(("first", "second"), [("police", "cps"), ("cps", "police")])
def test_two_that_claim_a_case_contradict_each_other_until_one_gives_it_up(first: str, second: str) -> None:
    """From when the second claims it, to when the first says that the second has it."""
    events = [says(first, first, NINE), says(second, second, TEN), says(first, second, NOON)]

    store = filled(emptied(), [events])

    found = store.connection.execute("select kind, from_at::varchar, to_at::varchar from contradictions").fetchall()
    assert found == [("both_claim", "2026-03-02 10:00:00", "2026-03-02 12:00:00")]
    assert differences(store, events) == []
