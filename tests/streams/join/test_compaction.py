"""Sorting a store changes where rows stand and nothing that they say, whatever comes meanwhile, wherever it is killed.

THROUGHLINE_KILLS is how many of its statements it is killed at.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from histories import Event, batches, duplicated, history, shuffled
from joined import batch_of, differences, emptied, filled, product_hash, second_store, small_domain

from throughline.errors import StoreError
from throughline.sinks.compaction import SORTED_BY, compact, forget_sorting, is_due, sort_on
from throughline.sinks.digest import digest_by_table
from throughline.sinks.store import Store, open_store
from throughline.streams.join.batch import accept_only
from throughline.streams.join.derive import DERIVED
from throughline.streams.join.rebuild import open_domain

KILLS = int(os.environ.get("THROUGHLINE_KILLS", "4"))
# that sorting the store of that test takes at least
STATEMENTS = 250


def drawn(seed: int, size: int) -> list[list[Event]]:
    random = Random(seed)
    events = history(seed, size, product_hash, placeholders=False)
    return batches(shuffled(duplicated(events, random, share=0.1), random), random)


def sort_all(store: Store, rows: int) -> int:
    """Sort so many rows at a time until all is sorted; how many times that took."""
    times = 1
    while sort_on(store, rows).table is not None:
        times += 1
    return times


def unsorted(store: Store) -> list[str]:
    """The tables with a row that stands behind one of a greater key."""

    def keys(table: str, key: str) -> list[int]:
        found = store.connection.execute(f"select {key} from {table} where {key} is not null order by rowid").fetchall()
        return [value for (value,) in found]

    return [table for table, key in SORTED_BY.items() if keys(table, key) != sorted(keys(table, key))]


def test_everything_that_is_derived_by_case_is_sorted() -> None:
    assert set(DERIVED) < SORTED_BY.keys()


def test_a_sorted_store_says_the_same() -> None:
    parts = drawn(1, size=100)
    store = filled(emptied(), parts)
    before = digest_by_table(store.connection)
    assert unsorted(store) != []

    assert sort_all(store, rows=15) > 2 * len(SORTED_BY)

    assert unsorted(store) == []
    assert digest_by_table(store.connection) == before
    assert differences(store, [one for part in parts for one in part]) == []


@pytest.mark.parametrize("seed", range(2))
def test_batches_that_come_meanwhile_find_their_cases(seed: int) -> None:
    """A batch after each range: old cases are added to, merged and taken back, sorted or not."""
    parts = drawn(seed + 10, size=50)
    store = emptied()
    for part in parts:
        filled(store, [part])
        sort_on(store, rows=15)

    assert differences(store, [one for part in parts for one in part]) == []
    expected = filled(emptied(second_store()), parts)
    assert digest_by_table(store.connection) == digest_by_table(expected.connection)


def test_it_is_due_when_many_came_since_the_last() -> None:
    parts = drawn(2, size=60)
    store = emptied()
    with store.transaction() as connection:
        forget_sorting(connection)
    filled(store, parts[:-3])
    (events,) = store.connection.execute("select count(*) from events").fetchone() or (0,)

    assert not is_due(store, least=events + 1)
    assert is_due(store, least=events)
    sort_on(store, rows=10)
    assert is_due(store, least=events)
    compact(store)
    assert not is_due(store, least=events)
    filled(store, parts[-3:])
    assert is_due(store, least=events)


def test_what_is_not_settled_is_not_sorted() -> None:
    (part, *_) = drawn(3, size=10)
    store = emptied()
    accept_only(store, batch_of(part), part[0]["received_at"])

    with pytest.raises(StoreError, match="not settled"):
        sort_on(store)


class Copied:
    """The connection of a store that is copied before every n-th statement, file and log: what a kill would leave."""

    def __init__(self, store: Store, folder: Path, every: int) -> None:
        assert store.path is not None
        self._connection, self._file, self._folder = store.connection, store.path, folder
        self._every, self._statements = every, 0
        self.copies: list[Path] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, *arguments: Any) -> Any:
        self._statements += 1
        if self._statements % self._every == 0:
            into = self._folder / str(self._statements)
            into.mkdir()
            # by another process: one that opened and closed the file here would give up its lock
            subprocess.run(["bash", "-c", f"cp '{self._file}'* '{into}'"], check=True)
            self.copies.append(into / self._file.name)
        return self._connection.execute(*arguments)


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    with open_store(path, write=True) as store:
        open_domain(store, small_domain())
        yield store


@pytest.mark.timeout(60 + 5 * KILLS)
def test_killed_at_any_statement_it_is_whole_and_goes_on(tmp_path: Path) -> None:
    parts = drawn(4, size=60)
    with opened(tmp_path / "cases.duckdb") as store:
        filled(store, parts)
        expected = digest_by_table(store.connection)
        copied = Copied(store, tmp_path, every=max(1, STATEMENTS // KILLS))
        plain, store.connection = store.connection, copied  # type: ignore[assignment]
        sort_all(store, rows=30)
        store.connection = plain

    assert len(copied.copies) >= min(KILLS, STATEMENTS)
    for copy in copied.copies:
        with opened(copy) as left:
            assert digest_by_table(left.connection) == expected, copy
            sort_all(left, rows=30)
            assert digest_by_table(left.connection) == expected, copy
            assert unsorted(left) == [], copy
