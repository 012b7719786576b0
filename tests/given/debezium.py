"""Records as Debezium writes them, by hand after the examples of its reference (PostgreSQL connector, "Data change
events"; "Outbox Event Router"): no Kafka Connect runs here.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from throughline.sources.changes.envelope import ConnectRecord

CRIMES = "rms.public.crime"
# when the changes were committed: 2 March 2026, 10:15 UTC, and seconds after
COMMITTED = 1_772_446_500_000

# what a column is, as JsonConverter writes its schema
MICROS = {"type": "int64", "optional": False, "name": "io.debezium.time.MicroTimestamp", "version": 1}
DAYS = {"type": "int32", "optional": True, "name": "io.debezium.time.Date", "version": 1}
ZONED = {"type": "string", "optional": True, "name": "io.debezium.time.ZonedTimestamp", "version": 1}
TEXT = {"type": "string", "optional": True}


def decimal(unscaled: int, scale: int) -> tuple[str, dict[str, Any]]:
    """A number and its schema, as Connect's Decimal is written in JSON."""
    size = unscaled.bit_length() // 8 + 1
    name = "org.apache.kafka.connect.data.Decimal"
    said = {"type": "bytes", "name": name, "version": 1, "parameters": {"scale": str(scale)}}
    return b64encode(unscaled.to_bytes(size, "big", signed=True)).decode(), said


def change(
    op: str,
    lsn: int | None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    key: Mapping[str, Any] | None = None,
    snapshot: str = "false",
    schema: Mapping[str, Mapping[str, Any]] | None = None,
    topic: str = CRIMES,
    offset: int = 0,
    headers: Sequence[tuple[str, bytes | None]] = (),
    **source: Any,
) -> ConnectRecord:
    """A change of a row; with `schema` (of the columns) in the envelope of a converter that writes schemas."""
    at = source.pop("ts_ms", COMMITTED)
    payload = {
        "before": before,
        "after": after,
        "source": {
            "version": "3.4.0.Final",
            "connector": "postgresql",
            "name": topic.split(".")[0],
            "ts_ms": at,
            "snapshot": snapshot,
            "db": "rms",
            "sequence": f'["{lsn}","{lsn}"]',
            "ts_us": at * 1000,
            "ts_ns": at * 1_000_000,
            "schema": "public",
            "table": topic.split(".")[-1],
            "txId": 555,
            "lsn": lsn,
            "xmin": None,
            **source,
        },
        "transaction": {"id": f"555:{lsn}", "total_order": 1, "data_collection_order": 1},
        "op": op,
        "ts_ms": at + 338,
        "ts_us": (at + 338) * 1000,
        "ts_ns": (at + 338) * 1_000_000,
    }
    named: Any = key or {"id": 1}
    value: Any = payload
    if schema is not None:
        columns = [{**said, "field": name} for name, said in schema.items()]
        states = [{"type": "struct", "fields": columns, "optional": True, "field": one} for one in ("before", "after")]
        value = {"schema": {"type": "struct", "fields": states, "optional": False}, "payload": payload}
        named = {"schema": {"type": "struct", "fields": [{"type": "int32", "field": "id"}]}, "payload": named}
    return ConnectRecord(topic, 0, offset, at + 400, orjson.dumps(named), orjson.dumps(value), headers)


def tombstone(offset: int = 0, topic: str = CRIMES) -> ConnectRecord:
    """What follows a deletion, so that compaction drops all of the row."""
    return ConnectRecord(topic, 0, offset, COMMITTED + 400, b'{"id":1}', None)


def routed(
    event_id: str,
    payload: Mapping[str, Any],
    *,
    aggregate: str = "1",
    is_expanded: bool = False,
    beside: Mapping[str, Any] | None = None,
    schema: bool = False,
    topic: str = "outbox.event.crime",
    offset: int = 0,
) -> ConnectRecord:
    """What the outbox event router makes of a row of the outbox table: the payload as JSON in a text, or expanded."""
    value: Any = dict(payload) if is_expanded else orjson.dumps(payload).decode()
    if beside is not None:
        value = {"payload": value, **beside}
    if schema:
        value = {"schema": {"type": "string", "optional": True, "name": "io.debezium.data.Json"}, "payload": value}
    headers = [("id", event_id.encode()), ("eventType", b"CrimeRecorded")]
    return ConnectRecord(topic, 0, offset, COMMITTED, aggregate.encode(), orjson.dumps(value), headers)


def write(bootstrap: str, records: Iterable[ConnectRecord], prefix: str = "") -> None:
    """Write records to the first partition of their topics, which are made where they are missing."""
    records = list(records)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    made = admin.create_topics([NewTopic(prefix + one, 1, 1) for one in {record.topic for record in records}])
    for future in made.values():
        future.exception(30)
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5})
    for one in records:
        producer.produce(prefix + one.topic, one.value, one.key, partition=0, headers=list(one.headers))
    assert producer.flush(30) == 0
