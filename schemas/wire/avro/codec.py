"""Avro messages to events and events to Avro messages, thousands at a time.

A message names its schema by its first bytes (`schemas/wire/avro/framing.py`) or by a Kafka header. Everything in the
data ends in `Batch.events` or `Batch.rejects`; reasons: unknown_schema, too_large, truncated, trailing_bytes, bad_avro,
content_hash_mismatch, and those of the catalogue's rules (`schemas/acceptance/judge.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa

from throughline.errors import CodecError, DomainError
from throughline.schemas.acceptance.admission import Decoded, Record, admit_decoded
from throughline.schemas.acceptance.events import EVENTS, REJECTS, Batch
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rows import RowBatch
from throughline.schemas.acceptance.rules import Rules
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.wire.avro.bodies import BodyCodec
from throughline.schemas.wire.avro.columns import Group, events_of
from throughline.schemas.wire.avro.framing import (
    SINGLE_OBJECT_LENGTH,
    SchemaKey,
    frame_confluent,
    frame_single_object,
    read_frame,
)
from throughline.schemas.wire.avro.record import avro_record, cloudevent_of, plain_columns
from throughline.schemas.wire.avro.schema import AvroType, compile_avro

# The shared prefix of a message is one of few: the frame of each is read once per batch.
_HEAD = {0xC3: SINGLE_OBJECT_LENGTH, 0x00: 5, 0x01: 17}


@dataclass(frozen=True)
class StoredType:
    """A compiled type and the codec of its bodies."""

    avro: AvroType
    bodies: BodyCodec


class SchemaStore:
    """Which schema a message was written with: every version of every type, by fingerprint, registry id or GUID."""

    def __init__(self, domain: Domain) -> None:
        """Compile the domain's types. Raises DomainError if two of them have the same Avro form."""
        self.rules: Rules = domain.rules
        self._by_key: dict[SchemaKey, StoredType] = {}
        self._by_version: dict[tuple[str, int], StoredType] = {}
        for form in self.rules.forms:
            avro = compile_avro(form)
            twin = self._by_key.get(avro.fingerprint)
            if twin is not None:
                raise DomainError(
                    f"{form.type} v{form.version} has the same Avro form as "
                    f"{twin.avro.form.type} v{twin.avro.form.version}",
                    hint="Give one of them another name: a message could not say which of them it is.",
                )
            stored = StoredType(avro, BodyCodec(avro.schema_json))
            self._by_key[avro.fingerprint] = self._by_version[form.type, form.version] = stored

    def register(self, key: SchemaKey, type_name: str, version: int) -> None:
        """Note under which id or GUID a registry keeps a type's schema."""
        self._by_key[key] = self._by_version[type_name, version]

    def find(self, key: SchemaKey) -> StoredType | None:
        """The type that `key` names."""
        return self._by_key.get(key) or self._earlier.get(key)

    @cached_property
    def _earlier(self) -> Mapping[SchemaKey, StoredType]:
        """The types as they were before there were revisions: compiled when the first such record comes."""
        forms = [compile_avro(form, with_revision=False) for form in self.rules.forms]
        return {avro.fingerprint: StoredType(avro, BodyCodec(avro.schema_json)) for avro in forms}

    def of(self, type_name: str, version: int = 1) -> StoredType | None:
        return self._by_version.get((type_name, version))

    def __iter__(self) -> Iterator[StoredType]:
        return iter(self._by_version.values())


def decode_messages(
    messages: Sequence[bytes | None],
    store: SchemaStore,
    origin: str,
    positions: Sequence[int],
    *,
    keys: Mapping[int, SchemaKey] | None = None,
    content_hashes: Mapping[int, str] | None = None,
) -> Batch:
    """Decode framed Avro messages to EVENTS, schema by schema; None (a tombstone) is a truncated message.

    `positions` stands beside `messages`. `keys` names, by place in `messages`, the schema of a message without a frame
    (from a Kafka header); `content_hashes` the SHA-256 (hex) of a message's bytes, which is then checked.
    """
    refused = RowBatch(origin)
    groups: dict[tuple[SchemaKey | None, int], list[int]] = {}
    unfit = dict(_unfit(messages, store.rules.record_bytes, content_hashes or {}))
    for place, fault in unfit.items():
        refused.reject(positions[place], fault, messages[place], None)
    heads: dict[bytes, list[int]] = {}
    for place, message in enumerate(messages):
        if message is None or place in unfit:
            continue
        if keys and place in keys:
            groups.setdefault((keys[place], 0), []).append(place)
        else:
            heads.setdefault(message[: _HEAD.get(message[0], 1)] if message else b"", []).append(place)
    for head, places in heads.items():
        framed = read_frame(head)
        groups.setdefault((None, 0) if framed is None else (framed.key, framed.start), []).extend(places)

    good: list[Group] = []
    for (key, start), places in groups.items():
        stored = None if key is None else store.find(key)
        if stored is None:
            fault = Reject("unknown_schema", None, "no schema of the domain has written this record")
            for place in places:
                refused.reject(positions[place], fault, messages[place], None)
            continue
        bodies = [message[start:] for place in places if (message := messages[place]) is not None]
        decoded, kept, bad = stored.bodies.decode(bodies)
        for i, fault in bad:
            refused.reject(positions[places[i]], fault, messages[places[i]], None)
        if kept:
            good.append(Group(stored.avro, decoded, [places[i] for i in kept]))
    return _admit(good, store.rules, messages, positions, refused)


def decode_bodies(
    stored: StoredType, bodies: Sequence[bytes], rules: Rules, origin: str, positions: Sequence[int]
) -> Batch:
    """Decode bodies of one schema to EVENTS; `positions` stands beside `bodies`.

    The bytes of a reject are framed as a single object, so that they say which schema has written them.
    """
    refused = RowBatch(origin)
    decoded, kept, bad = stored.bodies.decode(bodies)
    for i, fault in bad:
        refused.reject(positions[i], fault, bodies[i], None)
    good = [Group(stored.avro, decoded, kept)] if kept else []
    batch = _admit(good, rules, bodies, positions, refused)
    if not batch.rejects.num_rows:
        return batch
    framed = [frame_single_object(stored.avro.fingerprint, raw) for raw in batch.rejects["raw"].to_pylist()]
    place = batch.rejects.schema.get_field_index("raw")
    return Batch(batch.events, batch.rejects.set_column(place, REJECTS.field(place), pa.array(framed, pa.binary())))


def _admit(
    groups: Sequence[Group], rules: Rules, raw: Sequence[bytes | None], positions: Sequence[int], refused: RowBatch
) -> Batch:
    """Decoded records to events and rejects by the rules; `refused` has the rejects so far."""
    if not groups:
        return refused.build()
    columns, doubts, fields = events_of(groups)
    places = np.concatenate([np.asarray(group.places, dtype=np.int64) for group in groups])
    columns["origin"] = pa.repeat(refused.origin, len(places))
    columns["position"] = pa.array(np.asarray(positions, dtype=np.int64)[places])
    events = pa.Table.from_arrays([columns[name] for name in EVENTS.names], schema=EVENTS)

    def records(rows: Sequence[int]) -> Iterator[Record]:
        numbers, first = np.asarray(rows, dtype=np.int64), 0
        for group in groups:
            own = numbers[(numbers >= first) & (numbers < first + len(group.places))] - first
            first += len(group.places)
            for row, record in zip(
                own.tolist(), plain_columns(group.records.take(pa.array(own))).to_pylist(), strict=True
            ):
                yield cloudevent_of(record, group.avro), raw[group.places[row]], None

    batch, bad = admit_decoded(Decoded(events, doubts, records, fields), rules), refused.build().rejects
    return Batch(batch.events, pa.concat_tables([bad, batch.rejects]) if bad.num_rows else batch.rejects)


def encode_row(row: Mapping[str, Any], store: SchemaStore, *, schema_id: int | None = None) -> bytes:
    """The Avro message of a row of EVENTS (a mapping by column, times in microseconds UTC)."""
    stored = store.of(row["type"], row["version"])
    if stored is None:
        raise CodecError(f"the domain has no type {row['type']} v{row['version']}", field="type")
    body = stored.bodies.encode_record(avro_record(row, stored.avro))
    if schema_id is not None:
        return frame_confluent(schema_id, body)
    return frame_single_object(stored.avro.fingerprint, body)


def _unfit(
    messages: Sequence[bytes | None], limit: int, content_hashes: Mapping[int, str]
) -> Iterator[tuple[int, Reject]]:
    """Places of the messages that are not decoded at all, and why: each place once."""
    for place, message in enumerate(messages):
        if message is None:
            yield place, Reject("truncated", None, "the record has no value")
        elif len(message) > limit:
            yield place, Reject("too_large", None, f"a record may have {limit} bytes")
        elif place in content_hashes and sha256(message).hexdigest() != content_hashes[place].lower():
            detail = "the bytes are not what their hash says"
            yield place, Reject("content_hash_mismatch", "contenthash", detail)
