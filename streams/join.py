"""The join: a batch of events in, the shared timeline brought up to date.

One batch is accepted, linked and derived in one transaction (`join`). A bulk load accepts many batches first and
links and derives once (`accept_only`, then `settle`): the result is the same, because every step is a function of
the set of events; what is not settled when a process dies is settled when the store is next opened for writing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import duckdb
import pyarrow as pa

from throughline.sinks.store import Store
from throughline.streams.accept import Counts, accept
from throughline.streams.derive import derive
from throughline.streams.link import link

# as many events are derived in one go as fit in memory beside the rest; measured, not a limit of anything
EVENTS_AT_ONCE = 1_500_000

Progress = Callable[[str, float], None]


def join(store: Store, batch: pa.Table, received_at: datetime) -> Counts:
    """Accept, link and derive one batch (EVENTS columns) in one transaction; `received_at` is UTC."""
    with store.transaction() as connection:
        counts = accept(connection, batch, received_at)
        link(connection)
        _take_cases(connection)
        derive(connection)
    return counts


def accept_only(store: Store, batch: pa.Table, received_at: datetime) -> Counts:
    """Accept one batch of a bulk load; `settle` must follow."""
    with store.transaction() as connection:
        return accept(connection, batch, received_at)


def settle(store: Store, progress: Progress = lambda stage, part: None) -> int:
    """Link and derive all that was accepted and not settled; the number of cases derived.

    `progress` is called with the name of the stage and how much of it is done (0 to 1).
    """
    progress("linking", 0.0)
    with store.transaction() as connection:
        link(connection)
    progress("linking", 1.0)
    derived = 0
    while True:
        with store.transaction() as connection:
            cases, left = _take_slice(connection)
            if cases == 0:
                return derived
            derive(connection)
        derived += cases
        progress("deriving", derived / (derived + left))


def _take_cases(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create or replace temp table cases_to_derive as select distinct case_key from unsettled_cases")
    connection.execute("delete from unsettled_cases")


def _take_slice(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Take the next cases to derive, as many as have about EVENTS_AT_ONCE events; (taken, left)."""
    row = connection.execute(
        "select count(*), (select count(*) from events) from (select distinct case_key from unsettled_cases)"
    ).fetchone()
    assert row is not None
    cases, events = row
    slices = 1 + (events if cases > events / 100 else 0) // EVENTS_AT_ONCE
    # keys are hashes: an even share of them is an even share of the events
    connection.execute(
        """
        create or replace temp table cases_to_derive as
        select distinct case_key from unsettled_cases
        where case_key <= (select quantile_disc(case_key, 1.0 / ?) from (select distinct case_key from unsettled_cases))
        """,
        [slices],
    )
    connection.execute("delete from unsettled_cases where case_key in (from cases_to_derive)")
    row = connection.execute("select count(*) from cases_to_derive").fetchone()
    assert row is not None
    return row[0], cases - row[0]
