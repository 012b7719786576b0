"""Receipts: what became on the shared side of everything that a publisher sent, for that publisher alone.

A store that was filled from topics or files says it of every statement and record. One that was filled from the shared
topics alone has the events that stand and what is in quarantine, and cannot tell what they say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from throughline.errors import CodecError, UsageError
from throughline.schemas.acceptance.events import EVENTS
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.kafka_record import plain_rows, record_of
from throughline.schemas.wire.receipts import Receipt, Receipts
from throughline.sinks.feed import is_of_shared_topics
from throughline.sql import cursor_of, make_table, one_row, rows_by_name, sql

_SHARED = """
select t.source, c.area, t.event_id, t.type, t.received_at
from timeline t semi join asked using (source)
join cases c using (case_id)
order by all
"""
_QUARANTINE = """
select source, event_id, type, reason, field, detail, origin, position, received_at
from quarantine semi join asked using (source)
order by received_at, origin, position, reason
"""
_READ_TO = """
select greatest(
  (select max(received_at) from timeline), (select max(received_at) from quarantine),
  (select max(received_at) from deliveries)
)
"""


def receipts_of(connection: duckdb.DuckDBPyConnection, domain: Domain, sources: Sequence[str]) -> Receipts:
    """The receipts for these sources. Raises UsageError for a source that the store has never heard of."""
    with cursor_of(connection) as cursor:
        make_table(cursor, "asked", "source varchar", [(source,) for source in sources])
        read_to: datetime | None = one_row(cursor, _READ_TO)[0]
        has_events = not is_of_shared_topics(cursor)
        stated = list(_statements(cursor, domain) if has_events else _standing(cursor))
        refused = [
            Receipt(**row, area=None, revision=None, outcome="quarantined", content_hash=None)
            for row in rows_by_name(cursor, _QUARANTINE)
            if row["reason"] != "conflict"
        ]
    return Receipts(tuple(sources), read_to, has_events, (*stated, *refused))


def source_named(connection: duckdb.DuckDBPyConnection, source: str) -> str:
    """The source of this name, or of which it is the end (`police:20:rms`). Raises UsageError for none or several."""
    known = [name for (name,) in connection.execute("select source from sources order by source").fetchall()]
    found = [name for name in known if name == source] or [name for name in known if name.endswith(f":{source}")]
    if len(found) == 1:
        return str(found[0])
    what = "no source" if not found else "several sources"
    raise UsageError(
        f"The store has {what} `{source}`.",
        hint=f"It has {', '.join(f'`{name}`' for name in (found or known)[:12]) or 'none at all'}.",
    )


def _statements(cursor: duckdb.DuckDBPyConnection, domain: Domain) -> Iterator[Receipt]:
    schemas, topics = SchemaStore(domain), load_topics(domain)
    table = cursor.execute(sql(__package__, "statements")).to_arrow_table()
    named = {"id": "event_id"}
    columns = [table[named.get(name, name)].cast(EVENTS.field(name).type) for name in EVENTS.names]
    rows = plain_rows(pa.Table.from_arrays(columns, schema=EVENTS))
    told = table.select(["standing", "stated_at"]).to_pylist()
    for row, said in zip(rows, told, strict=True):
        is_conflict = said["standing"] == "conflict"
        yield Receipt(
            source=row["source"],
            area=row["area"],
            event_id=row["id"],
            type=row["type"],
            revision=row["revision"],
            outcome="conflict" if is_conflict else "accepted",
            # that it takes the event back is all that is kept of a retraction
            content_hash=None if row["retracts"] else _content_hash(row, schemas, topics),
            reason="conflict" if is_conflict else None,
            field=None,
            detail="came with different contents: none counts until a steward decides" if is_conflict else None,
            origin=row["origin"],
            position=row["position"],
            received_at=said["stated_at"],
        )


def _content_hash(row: dict[str, Any], schemas: SchemaStore, topics: Any) -> str | None:
    try:
        record = record_of(row, schemas, topics)
    except CodecError:  # of a type that the domain no longer has
        return None
    return dict(record.headers)["ce_contenthash"].decode()


def _standing(cursor: duckdb.DuckDBPyConnection) -> Iterator[Receipt]:
    for row in rows_by_name(cursor, _SHARED):
        yield Receipt(
            **row,
            revision=None,
            outcome="accepted",
            content_hash=None,
            reason=None,
            field=None,
            detail=None,
            origin="shared",
            position=0,
        )
