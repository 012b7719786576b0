"""Quarantine: records that could not be accepted, kept whole with their reason, and never a reason to stop.

What a record says stays in the column `raw` and is shown only where somebody asks for it: nothing here logs
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from throughline.errors import DataError
from throughline.sql import sql

# The same bad record read again is the same row: see ids.sql.
_RECORD = sql(__package__, "sql/record")


@dataclass(frozen=True)
class QuarantineGroup:
    """How many records of one source stand in quarantine for one reason; times are UTC.

    `records` counts those that are open: what a steward discarded is in `discarded` alone. `assigned` has how many of
    the open ones each assignee (role, and pseudonym if one person is meant) is to see to. `first_received_at` is that
    of the oldest open record; of all, where none is open.
    """

    reason: str
    source: str | None
    records: int
    discarded: int
    assigned: dict[str, int]
    first_received_at: datetime
    last_received_at: datetime


@dataclass(frozen=True)
class QuarantinedRecord:
    """One record; `raw` is its bytes as `escaped` writes them, None if not asked for.

    `discarded`, `reason_code` and `assigned_to` are what stewards decided on it.
    """

    quarantine_id: int
    reason: str
    field: str | None
    detail: str
    source: str | None
    event_id: str | None
    type: str | None
    origin: str
    position: int
    received_at: datetime
    content_hash: str | None
    raw_bytes: int | None
    discarded: bool
    reason_code: str | None
    assigned_to: str | None
    raw: str | None


def record(connection: duckdb.DuckDBPyConnection, rejects: pa.Table) -> int:
    """Put `rejects` (REJECTS, and received_at, UTC) into quarantine inside the caller's transaction; the number of new
    rows.

    A record that stands there already (same reason, bytes, source and id) is no new row.
    """
    if rejects.num_rows == 0:
        return 0
    connection.execute(sql(__package__, "sql/ids"))
    connection.register("rejected_records", rejects)
    try:
        row = connection.execute(_RECORD).fetchone()
    finally:
        connection.unregister("rejected_records")
    return 0 if row is None else int(row[0])


def prepare_groups(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the view `quarantine_groups` on this connection: a row per reason and source, as QuarantineGroup has it."""
    connection.execute(f"create or replace temp view quarantine_groups as {sql(__package__, 'sql/groups')}")


def groups(connection: duckdb.DuckDBPyConnection) -> list[QuarantineGroup]:
    """What stands in quarantine by reason and source, the largest group first."""
    prepare_groups(connection)
    rows = connection.execute(
        "select reason, source, open, discarded, assigned, first_received_at, last_received_at from quarantine_groups"
    ).fetchall()
    return [
        QuarantineGroup(reason, source, open_, discarded, {one["to"]: one["records"] for one in assigned}, first, last)
        for reason, source, open_, discarded, assigned, first, last in rows
    ]


def records(
    connection: duckdb.DuckDBPyConnection,
    *,
    reason: str | None = None,
    source: str | None = None,
    limit: int = 100,
) -> list[QuarantinedRecord]:
    """Records without their content, by origin and position, of one reason and source if given."""
    rows = connection.execute(
        f"""
        select {_COLUMNS}, null from quarantined q join quarantine_states s using (quarantine_id)
        where (q.reason = $reason or $reason is null) and (q.source = $source or $source is null)
        order by q.origin, q.position, quarantine_id
        limit $limit
        """,
        {"reason": reason, "source": source, "limit": limit},
    ).fetchall()
    return [QuarantinedRecord(*row) for row in rows]


def show(connection: duckdb.DuckDBPyConnection, quarantine_id: int, *, with_raw: bool = False) -> QuarantinedRecord:
    """One record; its bytes, escaped, only with `with_raw`. An id that is not there raises DataError."""
    row = connection.execute(
        f"select {_COLUMNS}, if(?, raw, null) from quarantined q join quarantine_states s using (quarantine_id) "
        "where quarantine_id = ?",
        [with_raw, quarantine_id],
    ).fetchone()
    if row is None:
        raise DataError(
            f"No record with the id {quarantine_id} is in quarantine.",
            hint="`throughline quarantine list` shows those that are.",
        )
    *columns, raw = row
    return QuarantinedRecord(*(*columns, None if raw is None else escaped(raw)))


def raw_of(connection: duckdb.DuckDBPyConnection, quarantine_id: int) -> bytes:
    """The bytes of one record, for somebody who asked for them; none for a record that has none or is not there."""
    row = connection.execute("select raw from quarantined where quarantine_id = ?", [quarantine_id]).fetchone()
    return b"" if row is None or row[0] is None else bytes(row[0])


def escaped(raw: bytes) -> str:
    """Bytes as text that cannot harm a terminal: printable ASCII, the rest as \\\\n, \\\\xNN; reversible."""
    return repr(raw)[2:-1]


_COLUMNS = (
    "quarantine_id, q.reason, field, detail, q.source, event_id, type, q.origin, q.position, q.received_at, "
    "content_hash, octet_length(raw), discarded, reason_code, assigned_to"
)
