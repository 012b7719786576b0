"""Quarantine: records that could not be accepted, kept whole with their reason, and never a reason to stop.

What a record says stays in the column `raw` and is shown only where somebody asks for it: nothing here logs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from throughline.errors import DataError
from throughline.sql import one_row, registered, sql


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
    """Put `rejects` into quarantine inside the caller's transaction; the number of new rows.

    They are REJECTS with received_at (UTC) and perhaps `headers` (text).
    A record that stands there already (same reason, bytes, source and id: see ids.sql) is no new row.
    """
    if rejects.num_rows == 0:
        return 0
    connection.execute(sql(__package__, "sql/ids"))
    if "headers" not in rejects.column_names:
        rejects = rejects.append_column("headers", pa.nulls(rejects.num_rows, pa.string()))
    with registered(connection, rejected_records=rejects):
        return int(one_row(connection, sql(__package__, "sql/record"))[0])


def prepare_groups(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the view `quarantine_groups` on this connection: a row per reason and source."""
    connection.execute(f"create or replace temp view quarantine_groups as {sql(__package__, 'sql/groups')}")


def show(connection: duckdb.DuckDBPyConnection, quarantine_id: int, *, with_raw: bool = False) -> QuarantinedRecord:
    """One record; its bytes, escaped, only with `with_raw`. An id that is not there raises DataError."""
    row = connection.execute(sql(__package__, "sql/shown"), [with_raw, quarantine_id]).fetchone()
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
