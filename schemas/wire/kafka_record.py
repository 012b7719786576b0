"""An accepted event as a Kafka record, and the heartbeat of a source that has nothing to say.

The topic is that of the event's agency, the key its area, so that a partition holds all that can be one case. In
binary mode (the usual) the value is Avro in single-object encoding and the attributes of the CloudEvent are headers;
in structured mode the value is the CloudEvent as JSON, and the same headers are sent along.

A publisher may number the events of a source that does not number them itself. That number is the header `ce_sequence`
alone: it says what was published, not what happened, and so the same event published anew, or read from a file, is
still the same event.

Source: CloudEvents 1.0 Kafka protocol binding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pyarrow as pa

from throughline.errors import CodecError
from throughline.schemas.acceptance.events import EVENTS
from throughline.schemas.acceptance.rfc3339 import write_instant, write_label
from throughline.schemas.acceptance.statement import event_object, with_placeholders
from throughline.schemas.definitions.topics import Topics
from throughline.schemas.wire.avro.codec import SchemaStore, encode_row
from throughline.schemas.wire.cloudevents import to_kafka, to_structured

AVRO = "application/avro"
STRUCTURED_JSON = "application/cloudevents+json"
_NUMBER_DIGITS = 18
HEARTBEAT_TYPE = "throughline.source.heartbeat.v1"

# Requests of a producer under way at a time. Of two, a broker may refuse the first, because it does not lead the
# partition yet, and take the second; the first is then taken for a copy and is lost (KAFKA-15591, until Kafka 4.5).
IN_FLIGHT = 1

NUMBER_HEADER = "throughline-number"
"""`SERIES:NUMBER`: the number that an outbox gave to a record of a source that gives none, of its area, from 1."""

BACKLOG_HEADER = "throughline-backlog"
"""`true`: the record is of a backlog, history that is loaded for the first time. It raises no alert by itself. Like a
number, this says how the record was published, not what happened."""
BACKLOG = b"true"

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    """What is given to a client of Kafka; the partition follows from the key by murmur2."""

    topic: str
    key: bytes
    headers: Headers
    value: bytes

    @property
    def size(self) -> int:
        """About how many bytes it has in a batch of the broker, before compression."""
        return len(self.key) + len(self.value) + sum(len(name) + len(text) + 4 for name, text in self.headers) + 16

    def with_header(self, name: str, text: str) -> KafkaRecord:
        """A copy with one header more."""
        return KafkaRecord(self.topic, self.key, (*self.headers, (name, text.encode())), self.value)


def record_of(
    row: Mapping[str, Any], store: SchemaStore, topics: Topics, *, type_prefix: str = "", structured: bool = False
) -> KafkaRecord:
    """The record of a row of EVENTS (a mapping by column, times in microseconds UTC, identifiers as pairs).

    `type_prefix` is the domain's, and needed for `structured`. Raises UsageError where the agency has no topic and
    CodecError where the domain does not have the type.
    """
    stored = store.of(row["type"], row["version"])
    if stored is None:
        raise CodecError(f"the domain has no type {row['type']} v{row['version']}", field="type")
    row = with_placeholders(row)
    value = to_structured(event_object(row, type_prefix)) if structured else encode_row(row, store)
    headers = [
        ("content-type", (STRUCTURED_JSON if structured else AVRO).encode()),
        ("ce_specversion", b"1.0"),
        ("ce_id", row["id"].encode()),
        ("ce_source", row["source"].encode()),
        ("ce_type", stored.avro.form.wire_type.encode()),
    ]
    if row["occurred_precision"] == "instant":
        headers.append(("ce_time", write_instant(row["occurred_at"]).encode()))
    else:
        headers.append(("ce_occurredon", write_label(row["occurred_at"], row["occurred_precision"]).encode()))
    area = row["area"].encode()
    headers.append(("ce_partitionkey", area))
    if row["recorded_at"] is not None:
        headers.append(("ce_recordedtime", write_instant(row["recorded_at"]).encode()))
    if row["sequence"] is not None:
        headers.append(("ce_sequence", row["sequence"].encode()))
    if row["revision"] is not None:
        headers.append(("ce_revision", row["revision"].encode()))
    if row["retracts"]:
        headers.append(("ce_retracts", b"true"))
    headers.append(("ce_contenthash", sha256(value).hexdigest().encode()))
    return KafkaRecord(topics.of_agency(row["agency"]), area, tuple(headers), value)


def as_backlog(record: KafkaRecord) -> KafkaRecord:
    """The record, marked as one of a backlog."""
    return record.with_header(BACKLOG_HEADER, BACKLOG.decode())


def read_number(text: bytes) -> int | None:
    """The number of a NUMBER_HEADER behind its series; None where it is none."""
    return int(text) if text.isdigit() and len(text) <= _NUMBER_DIGITS and int(text) > 0 else None


def plain_rows(events: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows of EVENTS as mappings by column, times in microseconds UTC, identifiers as (kind, value)."""
    for batch in events.select(EVENTS.names).to_batches(max_chunksize=16_384):
        columns = [
            (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_pylist()
            for column in batch.columns
        ]
        for values in zip(*columns, strict=True):
            row = dict(zip(EVENTS.names, values, strict=True))
            row["identifiers"] = [(one["kind"], one["value"]) for one in row["identifiers"]]
            yield row


def heartbeat(
    *, source: str, topic: str, area: str, beat_id: str, sent_at: int, sequence: int, waiting: int, every_seconds: float
) -> KafkaRecord:
    """That a source lives: the last sequence number that it gave, and how many of its records wait to be sent.

    `sent_at` is in microseconds UTC, `beat_id` new each time.
    """
    event = {
        "specversion": "1.0",
        "id": beat_id,
        "source": source,
        "type": HEARTBEAT_TYPE,
        "time": write_instant(sent_at),
        "partitionkey": area,
        "datacontenttype": "application/json",
        "data": {"sequence": sequence, "waiting": waiting, "every_seconds": every_seconds},
    }
    headers, value = to_kafka(event)
    return KafkaRecord(topic, area.encode(), tuple(headers), value or b"")
