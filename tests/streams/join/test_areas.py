"""An event is of one area: a store of one area and a store of all judge alike (docs/decisions/0030)."""

from __future__ import annotations

from random import Random

import pytest
from histories import RECEIVED, Event, batches, duplicated, event, history, resolution, shuffled
from hypothesis import given, settings
from hypothesis import strategies as st
from joined import emptied, filled, product_hash, scratch_store, second_store

from throughline.sinks.digest import digest
from throughline.sinks.store import Store

SENT = event("police.file.sent", "2026-03-02T10:00", id="a", area="20", identifiers={"crime_ref": "C1"})
ELSEWHERE = SENT | {"area": "30", "unit": "OTHER"}


def received(*events: Event) -> Store:
    return filled(emptied(), [[one | {"received_at": RECEIVED}] for one in events])


def shown(store: Store) -> list[tuple[str, str]]:
    return store.connection.execute(
        "select c.area, t.event_id from timeline t join cases c using (case_id) order by all"
    ).fetchall()


def test_the_same_id_in_another_area_is_another_event() -> None:
    """It is no conflict: both stand, each in its own area."""
    assert shown(received(SENT, ELSEWHERE)) == [("20", "a"), ("30", "a")]


@pytest.mark.parametrize("retracts", [None, True])
def test_another_area_revises_nothing(retracts: bool | None) -> None:
    later = ELSEWHERE | {"revision": "000000000000000002", "retracts": retracts}

    assert ("20", "a") in shown(received(SENT, later))


def test_a_steward_decides_in_one_area() -> None:
    """Two copies differ in each of two areas, and a steward of the first decides: the other area waits."""
    here, there = SENT | {"unit": "OTHER"}, ELSEWHERE | {"unit": "PPU"}
    decided = resolution("2026-03-05T10:00", here, product_hash, id="s")

    store = received(SENT, here, ELSEWHERE, there, decided)

    assert shown(store) == [("20", "a")]
    assert store.connection.execute("select count(*) from quarantine where reason = 'conflict'").fetchone() == (3,)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), random=st.randoms(use_true_random=False))
def test_stores_of_one_area_each_have_the_digest_of_one_of_all(seed: int, random: Random) -> None:
    """Copies, conflicts, revisions, one id in two areas and stewards' acts, in any order and any batches."""
    events = [one | {"received_at": RECEIVED} for one in duplicated(history(seed, 40, product_hash), random)]
    parts = [[one for one in events if one["area"] == area] for area in ("20", "30")]

    def filled_anew(store: Store, some: list[Event]) -> Store:
        return filled(emptied(store), batches(shuffled(some, random), random), in_bulk=True)

    whole = digest(filled_anew(scratch_store(), events).connection)
    here, there = filled_anew(scratch_store(), parts[0]), filled_anew(second_store(), parts[1])

    assert digest(here.connection, there.connection) == whole
