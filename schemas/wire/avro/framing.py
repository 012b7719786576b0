"""The bytes before an Avro body that say which schema wrote it.

- Avro single-object encoding: `C3 01`, the CRC-64-AVRO fingerprint of the schema (8 bytes, little-endian),
body.
- Confluent V0: `00`, the registry's schema id (4 bytes, big-endian), body. Written and read.
- Confluent V1: `01` and the schema's GUID (16 bytes), before the body or in the Kafka header
`__value_schema_id`.
  Only read.

Sources: Avro 1.12 specification, "Single-object encoding"; Confluent Schema Registry wire format.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from uuid import UUID

SINGLE_OBJECT = b"\xc3\x01"
SCHEMA_ID_HEADER = "__value_schema_id"
SINGLE_OBJECT_LENGTH = 10
CONFLUENT_V0_LENGTH = 5
CONFLUENT_V1_LENGTH = 17

SchemaKey = bytes | int | UUID
"""What names a schema: 8 fingerprint bytes as on the wire (little-endian), a registry id, or a GUID."""


@dataclass(frozen=True, slots=True)
class Framed:
    """A message whose schema is named: `key`, and where its body begins."""

    key: SchemaKey
    start: int


def frame_single_object(fingerprint: bytes, body: bytes) -> bytes:
    """Single-object encoding of `body`; `fingerprint` is CRC-64-AVRO as 8 little-endian bytes."""
    if len(fingerprint) != 8:
        raise ValueError("a CRC-64-AVRO fingerprint has 8 bytes")
    return SINGLE_OBJECT + fingerprint + body


def frame_confluent(schema_id: int, body: bytes) -> bytes:
    """Confluent wire format V0 of `body`."""
    return struct.pack(">bI", 0, schema_id) + body


def read_frame(raw: bytes) -> Framed | None:
    """Which schema wrote `raw`, by its first bytes; None if they name none (too short, or another format)."""
    if raw[:2] == SINGLE_OBJECT:
        return Framed(raw[2:10], SINGLE_OBJECT_LENGTH) if len(raw) >= SINGLE_OBJECT_LENGTH else None
    if raw[:1] == b"\x00" and len(raw) >= CONFLUENT_V0_LENGTH:
        return Framed(int.from_bytes(raw[1:5], "big"), CONFLUENT_V0_LENGTH)
    if raw[:1] == b"\x01" and len(raw) >= CONFLUENT_V1_LENGTH:
        return Framed(UUID(bytes=raw[1:17]), CONFLUENT_V1_LENGTH)
    return None


def read_schema_header(header: bytes | None) -> SchemaKey | None:
    """The schema that the Kafka header `__value_schema_id` names (V1, or V0 put into a header), or None."""
    framed = read_frame(header) if header and header[:2] != SINGLE_OBJECT else None
    return framed.key if framed is not None and framed.start == len(header or b"") else None
