"""Sort a store by case, so that what a batch asks of its cases stands together in a few groups of rows (`layout.py`).

Batches append, whatever the case; sorting moves the rows of a range of keys after those of the range before. Each range
is one transaction, so that a store killed at any moment has what it had, sorted as far as it had come.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import duckdb

from throughline.errors import StoreError
from throughline.sinks.schema import meta, set_meta
from throughline.sinks.store import Store
from throughline.sql import one_row

# by table the key that its rows are asked for by: a hash, so that even ranges of it have about as many rows
SORTED_BY = {
    "events": "case_key",
    "event_keys": "event_key",
    "case_facts": "case_key",
    "holding_facts": "case_key",
    "handoff_facts": "case_key",
    "contact_facts": "case_key",
    "telling_facts": "case_key",
    "claim_facts": "case_key",
    "contradiction_facts": "case_key",
    "pause_facts": "case_key",
    "clock_facts": "case_key",
    "identifiers": "case_key",
    "joins": "left_key",
}
# so many rows are sorted in about two seconds, for which a worker takes no events
FEW_ROWS = 250_000
# so many need about 2 GB of memory
MANY_ROWS = 1_000_000
# share of the events that stand unsorted when sorting begins: a small batch costs an eighth more by then
_UNSORTED = 0.02
# under that nothing is gained
_LEAST = 1_000_000
_KEYS = 2**64


@dataclass
class _Sorting:
    """What `store_meta` knows under `sorting`: `events` there were when it began, `ranges` of each table, how many are `done`."""

    events: int
    ranges: dict[str, int]
    done: int

    def range(self) -> tuple[str, int, int] | None:
        """The table, the number of the next range and of how many it is; None if all is done."""
        done = self.done
        for table, ranges in self.ranges.items():
            if done < ranges:
                return table, done, ranges
            done -= ranges
        return None


def is_worth_sorting(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a sorting is under way, or so many events came since the last that it is time for another."""
    sorting = _sorting(connection)
    if sorting is not None and sorting.range() is not None:
        return True
    (events,) = one_row(connection, "select count(*) from events")
    known = 0 if sorting is None else sorting.events
    return bool(events >= _LEAST and events - known > _UNSORTED * events)


def sort_on(store: Store, rows: int = FEW_ROWS) -> bool:
    """Sort the next range, of about so many rows, in a transaction of its own; whether there is another after it.

    Begins anew where nothing is under way. Raises StoreError while there are events that are not settled.
    """
    with store.transaction() as connection:
        if one_row(connection, "select exists(from unsettled)")[0]:
            raise StoreError("What was accepted is not settled yet: it is sorted afterwards.")
        sorting = _sorting(connection)
        if sorting is None or sorting.range() is None:
            sorting = _begun(connection, rows)
        found = sorting.range()
        if found is not None:
            _sort_range(connection, *found)
            sorting.done += 1
        set_meta(connection, "sorting", json.dumps(asdict(sorting)))
    return sorting.range() is not None


def compact(store: Store, progress: Callable[[float], None] = lambda part: None, rows: int = MANY_ROWS) -> None:
    """Sort all of it, in as many transactions as there are ranges of so many rows; `progress` is told the part done."""
    with store.bulk():
        for part in _parts(store, rows):
            progress(part)


def _parts(store: Store, rows: int) -> Iterator[float]:
    with store.transaction() as connection:
        # from the beginning, in ranges of this size: what was sorted in part is read the quicker for it
        set_meta(connection, "sorting", json.dumps(asdict(_begun(connection, rows))))
    more = True
    while more:
        more = sort_on(store, rows)
        store.checkpoint()
        sorting = _sorting(store.connection)
        assert sorting is not None
        yield sorting.done / max(1, sum(sorting.ranges.values()))


def _sorting(connection: duckdb.DuckDBPyConnection) -> _Sorting | None:
    kept = meta(connection).get("sorting")
    return None if kept is None else _Sorting(**json.loads(kept))


def _begun(connection: duckdb.DuckDBPyConnection, rows: int) -> _Sorting:
    counts = {table: int(one_row(connection, f"select count(*) from {table}")[0]) for table in SORTED_BY}
    return _Sorting(counts["events"], {table: -(-count // rows) for table, count in counts.items() if count}, 0)


def _sort_range(connection: duckdb.DuckDBPyConnection, table: str, number: int, ranges: int) -> None:
    """Put the rows of one of so many even ranges of keys at the end of their table, in the order of their keys."""
    key = SORTED_BY[table]
    first, last = _KEYS * number // ranges, _KEYS * (number + 1) // ranges - 1
    within = f"{key} between {first} and {last}" + (f" or {key} is null" if number == 0 else "")
    connection.execute("set preserve_insertion_order = true")
    try:
        connection.execute(f"create or replace temp table sorted as from {table} where {within} order by {key}")
        connection.execute(f"delete from {table} where {within}")
        connection.execute(f"insert into {table} from sorted")
        connection.execute("drop table sorted")
    finally:
        connection.execute("set preserve_insertion_order = false")
