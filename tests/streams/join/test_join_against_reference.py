"""The SQL says what the plain reference says, for any order, batching and duplication of the same events.

THROUGHLINE_HISTORIES is how many seeded histories are tried. A failure names its seed: THROUGHLINE_SEED tries that one
alone, on every machine the same.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from itertools import permutations
from random import Random

import pytest
from histories import Event, batches, duplicated, event, histories, history, resolution, shuffled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joined import (
    batch_of,
    clock_differences,
    differences,
    emptied,
    filled,
    filled_by_chance,
    product_hash,
    scratch_store,
)

from throughline.sinks.digest import digest_by_table
from throughline.sinks.store import Store
from throughline.streams.join.accept import Counts
from throughline.streams.join.batch import join

HISTORIES = int(os.environ.get("THROUGHLINE_HISTORIES", "80"))
# a store has four histories on average: what it costs is the number of batches, more than that of events
STORES = HISTORIES // 4
SEEDS = [int(os.environ["THROUGHLINE_SEED"])] if "THROUGHLINE_SEED" in os.environ else list(range(STORES))


def joined_histories(seed: int) -> tuple[Store, list[Event]]:
    """The store that a seed makes, and the events as they were received: shuffled, some twice, in batches.

    Several histories stand side by side in it, each in two areas of its own. A link takes two stewards with odd seeds.
    """
    random = Random(seed)
    several, size = random.choice([1, 3, 8]), random.choice([6, 12, 24, 48])
    events: list[Event] = []
    for number in range(several):
        areas = (f"{number}A", f"{number}A", f"{number}B")
        events += history(1000 * seed + number, size, product_hash, placeholders=False, areas=areas)
    if random.random() < 0.3:
        # a file that was edited: an event and a later copy of it, equal or not, stand at one line
        events = [one | {"position": number // 2} for number, one in enumerate(events)]
    received = shuffled(duplicated(events, random, share=0.1), random)
    longest = random.choice([100, 100, 50, max(10, len(received) // 4), 1 if len(received) < 15 else 20])
    parts = batches(received, random, longest)
    empty = emptied(scratch_store(second_person=seed % 2 == 1))
    store = filled_by_chance(empty, parts, random, share=random.choice([0, 0.2, 0.5]))
    return store, [one for part in parts for one in part]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_view_equals_the_reference(seed: int) -> None:
    """Histories of a seed, in any order, in batches of 1 to 100, joined at once or settled later."""
    store, events = joined_histories(seed)

    assert differences(store, events) == []


@pytest.mark.parametrize("seed", range(max(STORES // 10, 4)))
def test_clocks_count_to_an_earlier_day_as_the_reference_does(seed: int) -> None:
    """As of moments of the history, at an event and beside one: what came later neither stopped nor paused a clock."""
    random = Random(seed)
    events = history(seed, 60, product_hash, placeholders=False)
    store = filled(emptied(), batches(shuffled(events, random), random, longest=30), in_bulk=True)

    for one in random.sample(events, 8):
        as_of = one["occurred_at"] + timedelta(minutes=random.choice([-30, -1, 0, 0, 1, 45]))
        assert clock_differences(store, events, as_of) == []


@given(events=histories(30, product_hash, placeholders=False), seed=st.integers(0, 2**32), second_person=st.booleans())
@settings(
    max_examples=max(HISTORIES // 20, 6),
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_one_digest_for_every_order_batching_and_duplication(
    events: list[Event], seed: int, second_person: bool
) -> None:
    """In order and at once; or shuffled, with further copies, in small batches, joined or accepted only."""
    random = Random(seed)
    store = scratch_store(second_person)
    at_once = digest_by_table(filled(emptied(store), batches(events, Random(0), longest=1000)).connection)

    parts = batches(shuffled(duplicated(events, random), random), random, longest=random.choice([3, 8, 20]))
    filled_by_chance(emptied(store), parts, random, share=0.3)

    assert digest_by_table(store.connection) == at_once
    assert differences(store, [one for part in parts for one in part]) == []


@pytest.mark.parametrize("seed", range(5))
def test_every_record_is_counted_once_and_delivered_once(seed: int) -> None:
    """Read is accepted, duplicate or quarantined; a record read again from the same place is no other delivery."""
    random = Random(seed)
    events = history(seed, 40, product_hash, placeholders=False)
    if seed % 2:
        # a file that was edited, as above
        events = [one | {"position": number // 2} for number, one in enumerate(events)]
    store, counts = emptied(), Counts()
    for part in batches(shuffled(events + events[::3], random), random, longest=20):
        one = join(store, batch_of(part), part[0]["received_at"])
        assert min(one.accepted, one.duplicate, *one.quarantined.values(), 0) == 0
        counts.add(one)

    assert counts.read == len(events) + len(events[::3])
    assert counts.read == counts.accepted + counts.duplicate + sum(counts.quarantined.values())
    if seed % 2 == 0:
        places = [(one["source"], one["id"], one["origin"], one["position"]) for one in events]
        found = store.connection.execute("select source, event_id, origin, position from deliveries").fetchall()
        assert sorted(found) == sorted(places)


def edited(*contents: Event) -> list[Event]:
    """An event and what its line of the same file says after each edit."""
    return [one | {"origin": "export.jsonl", "position": 1} for one in contents]


@pytest.mark.parametrize("stands", [0, 1])
def test_a_file_edited_and_read_again_is_a_conflict_in_one_place(stands: int) -> None:
    """Two contents of one id at one line: a steward lets one of them stand, in whatever order all arrive."""
    crime = event("police.crime.recorded", "2026-03-02T10:00", id="1", unit="CID")
    contents = edited(crime, crime | {"unit": "PPU"})
    decision = resolution("2026-03-05T10:00", contents[stands], product_hash, id="r")

    for arrived in permutations([*contents, decision]):
        parts = [[one | {"received_at": at(minute)}] for minute, one in enumerate(arrived)]
        store = filled(emptied(), parts)

        assert differences(store, [one for part in parts for one in part]) == []


@pytest.mark.parametrize("hours", [(10, 5), (5, 10), (None, 5), (5, None)])
def test_a_time_corrected_in_the_file_counts_if_it_is_earlier(hours: tuple[int | None, int | None]) -> None:
    """The earliest time at which any copy says that it was written down, even if two copies stood in one place."""
    crime = event("police.crime.recorded", "2026-03-02T10:00", id="1")
    copies = edited(*(crime | {"recorded_at": hour and datetime(2026, 3, 3, hour)} for hour in hours))  # noqa: DTZ001
    parts = [[one | {"received_at": at(minute)}] for minute, one in enumerate(copies)]

    store = filled(emptied(), parts)

    assert differences(store, [one for part in parts for one in part]) == []
    kept = store.connection.execute("select recorded_at from timeline").fetchall()
    assert kept == [(datetime.fromisoformat("2026-03-03T05:00"),)]


def at(minute: int) -> datetime:
    return datetime.fromisoformat("2026-07-01T06:00") + timedelta(minutes=minute)
