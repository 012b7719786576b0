"""Sort a store by case, so that what a batch asks of its cases stands together in a few groups of rows (`layout.py`).

Batches append, whatever the case; sorting puts the rows of one range of keys after another at the end of their table.
Each range is one transaction: a store killed at any moment has what it had, sorted as far as it had come.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

import duckdb

from throughline.errors import StoreError
from throughline.sinks.schema import meta, set_meta
from throughline.sinks.store import Store
from throughline.sql import one_row

# by table the key that its rows are asked for by
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
# of events these take a second or two, for which a worker takes in nothing
FEW_ROWS = 250_000
# these fit into the memory that a store may take
MANY_ROWS = 1_000_000
# share of the events that came since the last sorting when it is time for another
_UNSORTED = 0.05
# under that nothing is gained
_LEAST = 1_000_000
_GREATEST_KEY = 2**64 - 1
# of more keys a hundredth is asked where a range ends
_MANY_KEYS = 1_000_000


@dataclass
class Sorting:
    """How far a sorting has come: all tables before `table`, and of it the keys up to `upto` (None: none yet).

    `events` is how many there were when it began; `table` is None when it has ended.
    """

    events: int
    table: str | None
    upto: int | None = None


def is_due(store: Store, least: int = _LEAST) -> bool:
    """Whether a sorting is under way, or so many events came since the last that it is time for another.

    A store of fewer than `least` events gains nothing by it.
    """
    (events,) = one_row(store.connection, "select count(*) from events")
    last = _last(store.connection)
    if last is not None and last.table is not None:
        return True
    return bool(events >= least and events - (0 if last is None else last.events) > _UNSORTED * events)


def is_settled(store: Store) -> bool:
    """Whether every event that was accepted is in its case: only then is a store sorted."""
    return not one_row(store.connection, "select exists(from unsettled)")[0]


def sort_on(store: Store, rows: int = FEW_ROWS) -> Sorting:
    """Sort about so many rows, in a transaction of their own; how far it is now.

    Begins anew where nothing is under way. Raises StoreError while there are events that are not settled.
    """
    if not is_settled(store):
        raise StoreError("What was accepted is not settled yet.", hint="`throughline compact` settles it first.")
    with store.transaction() as connection:
        sorting = _last(connection)
        if sorting is None or sorting.table is None:
            sorting = _begun(connection)
        _sort_range(connection, sorting, rows)
        _keep(connection, sorting)
    return sorting


def compact(store: Store, progress: Callable[[float], None] = lambda part: None) -> None:
    """Sort all of it, in as many transactions as it takes; `progress` is told the part that is done (0 to 1)."""
    with store.transaction() as connection:
        _keep(connection, sorting := _begun(connection))
    sizes = {table: int(one_row(store.connection, f"select count(*) from {table}")[0]) for table in SORTED_BY}
    tables, done = list(SORTED_BY), 0
    with store.bulk():
        while sorting.table is not None:
            progress(done / max(1, sum(sizes.values())))
            sorting = sort_on(store, MANY_ROWS)
            # the room of what was moved is used again
            store.checkpoint()
            ended = len(tables) if sorting.table is None else tables.index(sorting.table)
            done = sum(sizes[table] for table in tables[:ended])
    progress(1.0)


def forget_sorting(connection: duckdb.DuckDBPyConnection) -> None:
    """Say that nothing is sorted, since rows were made again; in the caller's transaction."""
    connection.execute("delete from store_meta where key = 'sorting'")


def _last(connection: duckdb.DuckDBPyConnection) -> Sorting | None:
    kept = meta(connection).get("sorting")
    return None if kept is None else Sorting(**json.loads(kept))


def _keep(connection: duckdb.DuckDBPyConnection, sorting: Sorting) -> None:
    set_meta(connection, "sorting", json.dumps(asdict(sorting)))


def _begun(connection: duckdb.DuckDBPyConnection) -> Sorting:
    return Sorting(one_row(connection, "select count(*) from events")[0], next(iter(SORTED_BY)))


def _sort_range(connection: duckdb.DuckDBPyConnection, sorting: Sorting, rows: int) -> None:
    """Sort the next rows of the table that it has come to, and move it on."""
    table = sorting.table
    assert table is not None
    key = SORTED_BY[table]
    rest = "true" if sorting.upto is None else f"{key} > {sorting.upto}"
    (left, end) = one_row(connection, f"select count(*), coalesce(max(rowid), 0) + 1 from {table} where {rest}")
    last = _GREATEST_KEY
    if left > rows * 1.5:
        # it matters little where exactly a range ends
        some = "tablesample bernoulli(1%)" if left > _MANY_KEYS else ""
        keys = f"(select {key} from {table} where {rest}) {some}"
        (last,) = one_row(connection, f"select coalesce(quantile_disc({key}, {rows / left}), {last}) from {keys}")
    within = f"({rest} and {key} <= {last}" + (f" or {key} is null)" if sorting.upto is None else ")")
    connection.execute("set preserve_insertion_order = true")
    try:
        connection.execute(f"insert into {table} from {table} where {within} order by {key}")
        connection.execute(f"delete from {table} where {within} and rowid < {end}")
    finally:
        connection.execute("set preserve_insertion_order = false")
    sorting.upto = last
    if last == _GREATEST_KEY:
        following = list(SORTED_BY)[list(SORTED_BY).index(table) + 1 :]
        sorting.table, sorting.upto = (following[0] if following else None), None
