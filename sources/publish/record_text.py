"""How an outbox writes a record down: its headers as text, and what it knows an event by."""

from __future__ import annotations

from hashlib import blake2b

import orjson

from throughline.schemas.wire.kafka_record import KafkaRecord

SEQUENCE_DIGITS = 12


def headers_text(record: KafkaRecord) -> str:
    """The headers of a record as JSON: [[name, text], …]."""
    return orjson.dumps([(name, text.decode()) for name, text in record.headers]).decode()


def headers_of(text: str) -> tuple[tuple[str, bytes], ...]:
    """The headers that `headers_text` wrote."""
    return tuple((name, value.encode()) for name, value in orjson.loads(text))


def event_hash(topic: str, source: bytes, event_id: bytes, content_hash: bytes) -> bytes:
    """What an outbox knows an event by: 16 bytes."""
    return blake2b(b"\0".join((topic.encode(), source, event_id, content_hash)), digest_size=16).digest()
