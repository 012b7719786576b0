"""A case of which no event stands: what `timeline` is told instead of a case."""

from __future__ import annotations

import pytest
from histories import event
from joined import emptied, filled

from throughline.errors import DataError
from throughline.sinks.questions.case import case_of

CRIME = event("police.crime.recorded", "2026-03-02T10:00", id="e", unit="CID")
BACK = CRIME | {"revision": f"{1:018}", "retracts": True}


@pytest.mark.parametrize("name", ["C1", "crime_ref:C1"])
def test_a_case_whose_events_are_all_in_conflict_is_named(name: str) -> None:
    """With what to do, rather than that there is no such case."""
    store = filled(emptied(), [[CRIME, CRIME | {"unit": "PPU", "position": 2}]])

    with pytest.raises(
        DataError, match=f"`{name}` has no timeline: several contents were published of 1 of its events"
    ) as found:
        case_of(store.connection, name)
    assert "throughline conflicts list" in str(found.value.hint)


def test_a_case_that_was_taken_back_is_named() -> None:
    store = filled(emptied(), [[CRIME], [BACK]])

    with pytest.raises(DataError, match="`C1` has no timeline: its source took back"):
        case_of(store.connection, "C1")


def test_a_case_with_an_event_that_stands_is_found() -> None:
    """Whatever became of its other events."""
    store = filled(emptied(), [[CRIME, BACK, CRIME | {"id": "other"}]])

    assert case_of(store.connection, "C1")
    with pytest.raises(DataError, match="No case is called `C2`"):
        case_of(store.connection, "C2")
