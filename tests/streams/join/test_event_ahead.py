"""One event that lies ahead of its own receipt is kept, and moves no clock but those of its case (docs/rules.md, 5).

The small domain allows clocks to differ by two days. Events are received on 1 July 2026, 06:00, unless stated.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest
from histories import RECEIVED, Event, batches, event, history, shuffled
from joined import differences, emptied, filled, product_hash, rows, small_domain

from throughline.sinks.digest import digest_by_table
from throughline.sinks.store import Store
from throughline.streams.join.rebuild import rebuild

SENT = event("police.file.sent", "2026-06-01T10:00", id="sent")
LATEST = event("police.call.made", "2026-06-20T10:00", id="latest", identifiers={"crime_ref": "C2"})
AHEAD = event("police.crime.recorded", "2060-01-01T00:00", id="ahead", identifiers={"crime_ref": "C3"})
LATER = datetime.fromisoformat("2061-01-01T00:00")


def store_of(*events: Event) -> Store:
    return filled(emptied(), [[one] for one in events])


def as_of(store: Store) -> datetime:
    (found,) = rows(store, "select as_of from as_at")
    assert isinstance(found["as_of"], datetime)
    return found["as_of"]


def shown(store: Store) -> dict[str, list[dict[str, object]]]:
    """Every view that counts to `as_of`, without the case of the event ahead."""
    views = ("alerts", "clocks", "contacts", "contradictions", "delays", "handoffs", "holdings", "tellings")
    (case,) = rows(
        store, "select coalesce(max(case_id), '') as id from cases where list_contains(identifiers, 'crime_ref:C3')"
    )
    return {
        view: rows(store, f"select * from {view} order by all")
        if view == "delays"
        else rows(store, f"select * from {view} where case_id <> '{case['id']}' order by all")
        for view in views
    }


def test_one_event_of_2060_moves_nothing_of_other_cases() -> None:
    """Overdue clocks, alerts and the delays of all agencies are counted to the latest event that can have happened."""
    before = shown(store_of(SENT, LATEST))

    store = store_of(SENT, LATEST, AHEAD)

    assert as_of(store) == LATEST["occurred_at"]
    assert shown(store) == before
    assert rows(store, "select event_id from timeline where event_id = 'ahead'") == [{"event_id": "ahead"}]
    assert differences(store, [SENT, LATEST, AHEAD]) == []


@pytest.mark.parametrize(("late", "counts"), [(timedelta(days=2), True), (timedelta(days=2, microseconds=1), False)])
def test_clocks_may_differ_by_what_the_domain_says(late: timedelta, counts: bool) -> None:
    close = AHEAD | {"occurred_at": RECEIVED + late}

    assert as_of(store_of(LATEST, close)) == (close if counts else LATEST)["occurred_at"]


def test_what_is_received_after_it_happened_counts() -> None:
    """The same file, read into another store when its time has come: it is judged by that receipt."""
    store = store_of(*(one | {"received_at": LATER} for one in (SENT, LATEST, AHEAD)))

    assert as_of(store) == AHEAD["occurred_at"]


def test_the_earliest_receipt_of_its_copies_judges_it() -> None:
    """It was announced before it happened, whichever copy comes first; and the digest does not tell receipts apart."""
    both = [AHEAD, AHEAD | {"received_at": LATER, "position": 2}]

    for copies in (both, both[::-1]):
        store = store_of(LATEST, *copies)
        assert as_of(store) == LATEST["occurred_at"]
        found = digest_by_table(store.connection)
        assert found == digest_by_table(
            store_of(*(one | {"received_at": LATER} for one in (LATEST, *copies))).connection
        )


def test_where_nothing_can_have_happened_the_latest_counts() -> None:
    """A machine whose clock stands in the past must not make a store of nothing."""
    assert as_of(store_of(SENT | {"received_at": datetime.fromisoformat("2020-01-01")})) == SENT["occurred_at"]


def test_any_order_says_what_the_reference_says() -> None:
    """Several such events among others, in cases of others; and a rebuild changes nothing."""
    events = history(7, 40, product_hash, placeholders=False)
    events += [AHEAD | {"id": f"a{n}", "identifiers": [{"kind": "crime_ref", "value": f"C{n}"}]} for n in range(3)]
    parts = batches(shuffled(events, Random(7)), Random(7), 20)

    store = filled(emptied(), parts)

    received = [one for part in parts for one in part]
    assert as_of(store).year == 2026
    assert differences(store, received) == []
    rebuild(store, small_domain())
    assert differences(store, received) == []
