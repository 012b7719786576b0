"""The SQL says what the plain reference says, for any order, batching and duplication of the same events.

THROUGHLINE_HISTORIES is how many seeded histories are tried (the more, the longer they are); a failure names its
seed, and `joined_history(seed)` makes the same store again on every machine.
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
from joined import differences, emptied, filled, filled_by_chance, product_hash

from throughline.sinks.digest import digest_by_table
from throughline.sinks.store import Store

HISTORIES = int(os.environ.get("THROUGHLINE_HISTORIES", "200"))
PER_CASE = 20


def joined_history(seed: int) -> tuple[Store, list[Event]]:
    """The store that a seed makes, and the events as they were received: shuffled, some twice, in batches.

    Most histories are short and come in few batches, since a join costs as much as twenty events.
    """
    random = Random(seed)
    size = random.choice([6, 15, 30, 60])
    events = history(seed, size, product_hash, placeholders=False)
    received = shuffled(duplicated(events, random, share=0.1), random)
    longest = random.choice([100, 100, 30, 10, 10, 1 if size < 30 else 5])
    parts = batches(received, random, longest)
    store = filled_by_chance(emptied(), parts, random, share=random.choice([0, 0.2, 0.5]))
    return store, [one for part in parts for one in part]


@pytest.mark.parametrize("first", range(0, HISTORIES, PER_CASE))
def test_every_view_equals_the_reference(first: int) -> None:
    """A history of a seed, in any order, in batches of 1 to 100, joined at once or settled later."""
    wrong = {}
    for seed in range(first, min(first + PER_CASE, HISTORIES)):
        store, events = joined_history(seed)
        found = differences(store, events)
        if found:
            wrong[f"seed {seed}"] = found[:3]

    assert wrong == {}


@given(events=histories(30, product_hash, placeholders=False), seed=st.integers(0, 2**32))
@settings(
    max_examples=max(HISTORIES // 6, 10),
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_one_digest_for_every_order_batching_and_duplication(events: list[Event], seed: int) -> None:
    """In order and at once; or shuffled, with further copies, in small batches, joined or accepted only."""
    random = Random(seed)
    at_once = digest_by_table(filled(emptied(), batches(events, Random(0), longest=1000)).connection)

    parts = batches(shuffled(duplicated(events, random), random), random, longest=random.choice([3, 8, 20]))
    store = filled_by_chance(emptied(), parts, random, share=0.3)

    assert digest_by_table(store.connection) == at_once
    assert differences(store, [one for part in parts for one in part]) == []


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
