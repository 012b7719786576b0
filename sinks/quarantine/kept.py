"""Records of quarantine taken out to be judged again, whole, and what becomes of their rows afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from throughline.sql import one_row, registered, sql


@dataclass(frozen=True)
class KeptRecord:
    """A record in quarantine, whole: `raw` is its bytes, `headers` those of a record of a topic, `received_at` UTC.

    Rows of quarantine with one place and the same bytes are one record: `quarantine_ids` and their `reasons`.
    """

    origin: str
    position: int
    raw: bytes | None
    received_at: datetime
    quarantine_ids: tuple[int, ...]
    reasons: tuple[str, ...]
    source: str | None
    event_id: str | None
    headers: str | None = None


def choose_kept(
    connection: duckdb.DuckDBPyConnection,
    *,
    reason: str | None = None,
    source: str | None = None,
    quarantine_id: int | None = None,
) -> int:
    """Choose what is to be judged again: all that is open, of a reason, a source or an id; how many portions.

    Conflicts are never chosen, discarded records by their id alone. `portion` gives what was chosen.
    """
    given = {"reason": reason, "source": source, "quarantine_id": quarantine_id}
    connection.execute(sql(__package__, "sql/to_read_again"), given)
    return int(one_row(connection, "select coalesce(max(portion) + 1, 0) from to_read_again")[0])


def portion(connection: duckdb.DuckDBPyConnection, number: int) -> list[KeptRecord]:
    """The records of a portion, from 0: by origin, and by position within each turn."""
    rows = connection.execute(sql(__package__, "sql/portion"), [number]).fetchall()
    return [
        KeptRecord(origin, position, raw, received_at, tuple(ids), tuple(reasons), source, event_id, headers)
        for origin, position, raw, received_at, ids, reasons, source, event_id, headers in rows
    ]


def leave(connection: duckdb.DuckDBPyConnection, judged: Sequence[int], refused: pa.Table) -> None:
    """Take out of quarantine, inside the caller's transaction, what was judged and is not refused as before.

    `judged` are ids, `refused` the REJECTS of these records, which `record` has put there.
    """
    ids = pa.table({"quarantine_id": pa.array(judged, pa.uint64())})
    connection.execute(sql(__package__, "sql/ids"))
    with registered(connection, judged_again=ids, refused_again=refused):
        connection.execute(sql(__package__, "sql/leave"))
