"""Accept a batch of admitted events into the store: first copies, further copies, revisions, conflicts.

After it, `events` is the set of all distinct events received, whatever came in what order and how often, and
`unsettled` names what has still to be linked and derived (docs/rules.md, section 1).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from throughline.schemas.definitions.steward import DECISIONS
from throughline.sql import sql

# of so many rows DuckDB makes whole groups of its own, in a file and in memory
_SLICE_ROWS = 122_880


@dataclass
class Counts:
    """What became of the records of a batch or a run: every record is in exactly one of these."""

    read: int = 0
    accepted: int = 0
    duplicate: int = 0
    quarantined: dict[str, int] = field(default_factory=dict)

    def add(self, other: Counts) -> None:
        self.read += other.read
        self.accepted += other.accepted
        self.duplicate += other.duplicate
        for reason, n in other.quarantined.items():
            self.quarantined[reason] = self.quarantined.get(reason, 0) + n


def accept(connection: duckdb.DuckDBPyConnection, incoming: pa.Table) -> Counts:
    """Add `incoming` to the store, inside the caller's transaction.

    It has the columns of EVENTS and `received_at` (UTC): when the record was accepted, or the broker had it. Records
    are told apart by (source, id); see docs/rules.md, section 1, for copies and conflicts.
    """
    if incoming.num_rows == 0:
        return Counts()
    # in slices of whole groups, so that all cores read them and no core leaves a part of one to be merged later
    connection.register("incoming", pa.Table.from_batches(incoming.to_batches(max_chunksize=_SLICE_ROWS)))
    try:
        connection.execute(sql(__package__, "accept_sql/arrived"))
        if incoming["revision"].null_count < incoming.num_rows:
            connection.execute(sql(__package__, "accept_sql/statements"))
        else:
            connection.execute(
                "create or replace temp table stated_anew "
                "(event_key ubigint, content_hash varchar, revision varchar, is_known boolean)"
            )
        connection.execute(sql(__package__, "accept_sql/first_copies"))
        (repeats, acts) = _row(
            connection,
            f"select (select count(*) from repeated), (select count(*) from arrived where type in {DECISIONS})",
        )
        if repeats:
            connection.execute(sql(__package__, "accept_sql/copies"))
            connection.execute(sql(__package__, "accept_sql/earlier"))
            # a copy that is not a steward's contests one that is
            (known_acts,) = _row(connection, f"select count(*) from known_copies where type in {DECISIONS}")
            acts += known_acts
        else:
            connection.execute("create or replace temp table contested (event_key ubigint)")
    finally:
        connection.unregister("incoming")
    connection.execute(
        "insert into unsettled select distinct event_key, false from arrived anti join known using (event_key) "
        "where retracts is null"
    )
    _judge(connection, acts > 0)
    return _count(connection, incoming.num_rows, repeats > 0)


def _judge(connection: duckdb.DuckDBPyConnection, acts: bool) -> None:
    """Apply stewards' acts, if the batch brought any, and decide which copies of contested events stand."""
    if acts:
        connection.execute(sql(__package__, "accept_sql/steward_conflicts"))
    (contested,) = _row(connection, "select count(*) from contested")
    if contested:
        settle_standing(connection)
    if acts:
        connection.execute(sql(__package__, "accept_sql/steward_links"))
        connection.execute(sql(__package__, "accept_sql/steward_quarantine"))


def settle_standing(connection: duckdb.DuckDBPyConnection) -> None:
    """Decide which contents of the events in `contested` stand, and part what only those had joined that do not."""
    connection.execute(sql(__package__, "accept_sql/conflicts"))
    connection.execute(sql(__package__, "accept_sql/withdrawn"))


def _count(connection: duckdb.DuckDBPyConnection, read: int, repeats: bool) -> Counts:
    if not repeats:
        return Counts(read=read, accepted=read)
    kept, conflicts, contesting = _row(connection, sql(__package__, "accept_sql/counts"))
    quarantined = {"conflict": conflicts + contesting} if conflicts + contesting else {}
    return Counts(read, kept - conflicts, read - kept - contesting, quarantined)


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row
