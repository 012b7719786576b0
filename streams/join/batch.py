"""The join: a batch of events in, the shared timeline brought up to date.

One batch is accepted, linked and derived in one transaction (`join`). A bulk load accepts many batches first and
links and derives once (`accept_only`, then `settle`): the result is the same, because every step is a function of
the set of events; what is not settled when a process dies is settled when the store is next opened for writing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

import duckdb
import pyarrow as pa

from throughline.schemas.acceptance.events import Batch
from throughline.sinks.quarantine import records as quarantine
from throughline.sinks.store import Store
from throughline.streams.join.accept import Counts, accept
from throughline.streams.join.derive import derive
from throughline.streams.join.link import link

# as many events are derived in one go as fit in memory beside the rest; measured, not a limit of anything
EVENTS_AT_ONCE = 1_500_000
# up to as many events a batch is joined in one thread: one of 200 takes a fifth less CPU so, and hardly more time
FEW = 1_000

Progress = Callable[[str, float], None]
# when records were received (UTC, naive): all of them, or each row of a table
Received = datetime | Callable[[pa.Table], pa.Array | pa.ChunkedArray]


def join(store: Store, batch: Batch, received_at: datetime) -> Counts:
    """Accept or quarantine, link and derive one batch in one transaction; `received_at` is UTC, naive."""
    with in_threads_for(store, batch.events.num_rows), store.transaction() as connection:
        counts = take(connection, stamped(batch, received_at))
        bring_up_to_date(connection)
    return counts


def in_threads_for(store: Store, events: int) -> AbstractContextManager[None]:
    """The block joins this many events: in one thread, where they are few."""
    return store.one_thread() if events <= FEW else nullcontext()


def accept_only(store: Store, batch: Batch, received_at: Received) -> Counts:
    """Accept or quarantine one batch of a bulk load; `settle` must follow."""
    with store.transaction() as connection:
        return take(connection, stamped(batch, received_at))


def stamped(batch: Batch, received_at: Received) -> Batch:
    """The batch with the column received_at in both tables: one time (UTC, naive) for every record, or one for each."""

    def with_time(records: pa.Table) -> pa.Table:
        if callable(received_at):
            times = received_at(records)
        else:
            times = pa.repeat(pa.scalar(received_at, pa.timestamp("us")), records.num_rows)
        return records.append_column("received_at", times)

    return Batch(with_time(batch.events), with_time(batch.rejects))


def take(connection: duckdb.DuckDBPyConnection, batch: Batch) -> Counts:
    """Accept or quarantine a batch that says when each record was received, inside the caller's transaction.

    `bring_up_to_date` or `settle` must follow.
    """
    counts = accept(connection, batch.events)
    quarantine.record(connection, batch.rejects)
    reasons = Counter(batch.rejects.column("reason").to_pylist())
    counts.add(Counts(read=batch.rejects.num_rows, quarantined=dict(reasons)))
    return counts


def bring_up_to_date(connection: duckdb.DuckDBPyConnection) -> None:
    """Link and derive all that was accepted, inside the caller's transaction; `cases_to_derive` has the cases."""
    link(connection)
    _take_cases(connection)
    derive(connection)


def settle(
    store: Store,
    progress: Progress = lambda stage, part: None,
    derived: Callable[[duckdb.DuckDBPyConnection], None] = lambda connection: None,
) -> int:
    """Link and derive all that was accepted and not settled, in some transactions; the number of cases derived.

    `progress` is called with the name of the stage and how much of it is done (0 to 1); `derived` inside each
    transaction that derived cases, with `cases_to_derive` as they were.
    """
    progress("linking", 0.0)
    with store.transaction() as connection:
        link(connection)
    progress("linking", 1.0)
    cases, slices = _pending(store.connection)
    for part in range(slices):
        progress("deriving", part / slices)
        with store.transaction() as connection:
            _take_cases(connection, slices - part)
            derive(connection)
            derived(connection)
    progress("deriving", 1.0)
    return cases


def _pending(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """How many cases wait to be derived, and in how many slices they are."""
    row = connection.execute(
        """
        select
          (select count(distinct case_key) from unsettled_cases),
          (select count(*) from case_facts),
          (select count(*) from events)
        """
    ).fetchone()
    assert row is not None
    cases, known, events = row
    # all cases, if the store had none; else a share of the events like their share of the cases
    share = events * min(1, cases / max(known, 1)) if known else events
    return cases, 1 + int(share // EVENTS_AT_ONCE)


def _take_cases(connection: duckdb.DuckDBPyConnection, slices: int = 1) -> None:
    """Move one of `slices` even shares of the waiting cases to `cases_to_derive`."""
    # keys are hashes, so that an even share of them has an even share of the events
    connection.execute(
        """
        create or replace temp table taken_cases as
        select distinct case_key from unsettled_cases
        where case_key <= (select quantile_disc(case_key, 1.0 / ?) from unsettled_cases)
        """,
        [slices],
    )
    # always true: DuckDB reads a large table by the keys of a small one, and not whole, if there is a condition on it
    connection.execute(
        "create or replace temp view cases_to_derive as from taken_cases where hash(case_key) is not null"
    )
    connection.execute("delete from unsettled_cases where case_key in (from cases_to_derive)")
