"""How Avro messages become events and back: frames, bulk decoding, and what becomes of a damaged message."""

from __future__ import annotations

import io
import json
import random
import struct
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import fastavro
import orjson
import pytest
from catalogue_events import FUZZ, SMALL, event, examples
from listed_stewards import with_stewards

from bench.hostile.values import damaged
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.acceptance.judge import row_or_reject
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rows import ROW_COLUMNS
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.wire.avro.bodies import BodyCodec
from throughline.schemas.wire.avro.codec import SchemaStore, decode_messages, encode_row
from throughline.schemas.wire.avro.framing import (
    frame_confluent,
    frame_single_object,
    read_frame,
    read_schema_header,
)
from throughline.schemas.wire.avro.record import avro_record
from throughline.schemas.wire.avro.schema import canonical_and_fingerprint, compile_avro
from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.schemas.wire.kafka_record import plain_rows

TYPE = "police.suspect.decided"


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain(SMALL)


@pytest.fixture(scope="module")
def store(domain: Domain) -> SchemaStore:
    return SchemaStore(domain)


@pytest.fixture(scope="module")
def good(store: SchemaStore) -> bytes:
    return encode_event(event(), store)


def encode_event(event: dict[str, Any], store: SchemaStore, *, schema_id: int | None = None) -> bytes:
    """The message of an accepted event."""
    row = row_or_reject(event, store.rules)
    assert not isinstance(row, Reject), row
    return encode_row(dict(zip(ROW_COLUMNS, row, strict=True)), store, schema_id=schema_id)


def decode(messages: list[bytes | None], store: SchemaStore, **more: Any) -> Batch:
    return decode_messages(messages, store, "topic-0", range(len(messages)), **more)


def reasons(batch: Batch) -> list[str]:
    return list(batch.rejects["reason"].to_pylist())


def test_published_wire_vectors(shared_data: Path) -> None:
    """Confluent V0 headers and Apache's single-object message, byte for byte."""
    published = json.loads((shared_data / "avro" / "wire_vectors.json").read_text())
    for vector in published["confluent_wire_format"]:
        message = bytes.fromhex(vector.get("message_hex") or vector["header_hex"])
        framed = read_frame(message)
        assert framed is not None
        assert (framed.key, framed.start) == (vector["schema_id"], 5)
        assert frame_confluent(vector["schema_id"], message[5:]) == message
        if "value_hex" in vector:
            assert message[framed.start :] == bytes.fromhex(vector["value_hex"])
    single = published["avro_single_object"]
    framed = read_frame(bytes.fromhex(single["message_hex"]))
    assert framed is not None
    assert framed.key == bytes.fromhex(single["fingerprint_le_hex"])


def test_apache_single_object_message(shared_data: Path) -> None:
    """Fingerprint, value and bytes of Java's message are ours."""
    folder = shared_data / "avro" / "apache_data" / "messageV1"
    schema, message = (folder / "test_schema.avsc").read_text(), (folder / "test_message.bin").read_bytes()
    _, fingerprint = canonical_and_fingerprint(schema)
    framed = read_frame(message)
    assert framed is not None
    assert framed.key == fingerprint
    # The file says of itself that a map follows the schema's fields: one byte, an empty map.
    codec = BodyCodec(schema)
    body = message[framed.start :]
    assert codec.read_record(body) == {"id": 42, "name": "Bill", "tags": ["dog_lover", "cat_hater"]}
    table, places, bad = codec.decode([body])
    assert (table.to_pylist(), places, bad) == ([codec.read_record(body)], [0], [])
    assert frame_single_object(fingerprint, codec.encode(table)[0].as_py()) == message


def test_a_schema_may_be_named_by_a_header(store: SchemaStore) -> None:
    """Confluent V1: magic byte 1 and a GUID, in a header or before the body; V0 in a header too."""
    guid = UUID("89791762-2336-4186-9674-299b90a802e2")
    header = b"\x01" + guid.bytes
    assert read_schema_header(header) == guid
    assert read_schema_header(b"\0" + struct.pack(">I", 7)) == 7
    for wrong in (None, b"", b"\x01short", header + b"x", b"\xc3\x01" + b"x" * 8):
        assert read_schema_header(wrong) is None
    store.register(guid, TYPE, 1)
    store.register(7, TYPE, 1)
    body = encode_event(event(), store)[10:]
    messages = [header + body, body, encode_event(event(), store, schema_id=7)]
    batch = decode(messages, store, keys={1: guid})
    assert batch.events.num_rows == 3
    assert batch.rejects.num_rows == 0


def test_what_was_written_before_there_were_revisions_is_read(domain: Domain, store: SchemaStore) -> None:
    """Its schema has another fingerprint; it says the same."""
    given = event()
    (row,) = plain_rows(events_from_json_lines([orjson.dumps(given)], domain, "topic-0", 0).events)
    earlier = compile_avro(store.of(TYPE).avro.form, with_revision=False)
    record = {name: value for name, value in avro_record(row, earlier).items() if name not in {"revision", "retracts"}}
    written = frame_single_object(earlier.fingerprint, BodyCodec(earlier.schema_json).encode_record(record))
    assert b"revision" not in earlier.schema_json.encode()
    assert decode([written], store).events.equals(decode([encode_event(given, store)], store).events)


def test_avro_and_json_give_the_same_rows(domain: Domain, store: SchemaStore) -> None:
    """Every column of the event, whichever way it came."""
    given = [
        event(),
        event(time=..., occurredon="2026-03"),
        event(time=..., occurredon="2026-02-28"),
        event("police.victim.assessed", data={"enhanced": False}),
        event(recordedtime=..., sequence=...),
        event("police.victim.told", data={"about": 'a "quoted" \\ name\n'}),
        event(time="2026-03-02T10:15:00.000001Z"),
        event(revision="2026-03-02"),
        event(revision=7, retracts=True),
    ]
    from_avro = decode([encode_event(one, store) for one in given], store)
    from_json = events_from_json_lines([orjson.dumps(one) for one in given], domain, "topic-0", 0)
    assert from_avro.rejects.num_rows == 0
    assert from_avro.events.sort_by("position").equals(from_json.events.sort_by("position"))


@pytest.mark.parametrize("name", ["small", "england_wales", "road_fines", "process_log"])
def test_both_decoders_read_every_type(name: str) -> None:
    """pyruhvro and fastavro agree on the example of every type, and so does the JSON way."""
    folder = SMALL if name == "small" else Path(__file__).resolve().parents[3] / "schemas" / "domains" / name
    domain = with_stewards(load_domain(folder))
    store = SchemaStore(domain)
    given = examples(domain)
    for one in given:
        row = row_or_reject(one, domain.rules)
        assert not isinstance(row, Reject), (one["type"], row)
        columns = dict(zip(ROW_COLUMNS, row, strict=True))
        stored = store.of(columns["type"], columns["version"])
        assert stored is not None
        record = avro_record(columns, stored.avro)
        body = stored.bodies.encode_record(record)
        table, places, bad = stored.bodies.decode([body])
        assert (places, bad) == ([0], [])
        assert stored.bodies.encode(table)[0].as_py() == body
        assert {k: v for k, v in table.to_pylist()[0].items() if isinstance(v, str)} == {
            k: v for k, v in record.items() if isinstance(v, str)
        }
    from_avro = decode([encode_event(one, store) for one in given], store)
    from_json = events_from_json_lines([orjson.dumps(one) for one in given], domain, "topic-0", 0)
    assert reasons(from_avro) == []
    assert from_avro.events.sort_by("position").equals(from_json.events.sort_by("position"))


def test_each_bad_message_has_its_own_reason(store: SchemaStore, good: bytes) -> None:
    """And its neighbours are accepted."""
    bad: dict[bytes | None, str] = {
        b"": "unknown_schema",
        b"plain text": "unknown_schema",
        good[:9]: "unknown_schema",
        b"\xc3\x01" + b"x" * 8 + good[10:]: "unknown_schema",
        b"\0\0\0\x09\x09" + good[10:]: "unknown_schema",
        good[:10]: "truncated",
        good[:-1]: "truncated",
        good + b"\0": "trailing_bytes",
        good + good: "trailing_bytes",
        good[:10] + b"\x02\xff" + good[14:]: "bad_avro",
        good + b"\0" * 300_000: "too_large",
        None: "truncated",
    }
    messages: list[bytes | None] = []
    for message in bad:
        messages += [good, message]
    batch = decode([*messages, good], store)
    assert batch.events.num_rows == len(bad) + 1
    found = {one["position"]: (one["reason"], one["raw"]) for one in batch.rejects.to_pylist()}
    assert found == {2 * i + 1: (reason, message) for i, (message, reason) in enumerate(bad.items())}


def test_catalogue_rules_hold_for_avro_too(store: SchemaStore) -> None:
    """What Avro cannot say (area, agency, normal form, years) is judged as for JSON."""
    stored = store.of(TYPE)
    assert stored is not None
    row = dict(zip(ROW_COLUMNS, _row(event(), store), strict=True))
    record = avro_record(row, stored.avro)
    year = 366 * 86_400_000_000
    cases: list[tuple[dict[str, Any], str]] = [
        ({"area": "99"}, "unknown_area"),
        ({"agency": "cps"}, "wrong_agency"),
        ({"agency": "coastguard"}, "unknown_agency"),
        ({"id": ""}, "bad_attribute"),
        ({"occurred_at": 8000 * year}, "time_out_of_range"),
        ({"occurred_at": -1900 * year}, "time_out_of_range"),
        ({"occurred_at": 2**62}, "bad_time"),
        ({"recorded_at": 2**62}, "bad_time"),
        ({"occurred_on": "2026-03"}, "precision_conflict"),
        ({"occurred_at": None}, "missing_attribute"),
        ({"occurred_at": None, "occurred_on": "2026-02-30"}, "bad_time"),
        ({"occurred_at": None, "occurred_on": "2026"}, "bad_time"),
        ({"occurred_at": None, "occurred_on": "1026-02-03"}, "time_out_of_range"),
        ({"unit": "x" * 5000}, "field_too_long"),
        ({"unit": "a\0b"}, "nul_character"),
        ({"decision": "UNKNOWN"}, "bad_field"),
        ({"reasons": ["x"] * 2000}, "bad_field"),
        ({"identifiers": [{"kind": "passport", "value": "1"}]}, "malformed_identifier"),
        ({"identifiers": [{"kind": "urn", "value": ""}]}, "malformed_identifier"),
        ({"identifiers": [{"kind": "urn", "value": "1"}] * 2000}, "bad_field"),
    ]
    frame = stored.avro.fingerprint
    messages = [frame_single_object(frame, stored.bodies.encode_record(record | change)) for change, _ in cases]
    batch = decode([*messages, encode_event(event(), store)], store)
    found = {one["position"]: one["reason"] for one in batch.rejects.to_pylist()}
    assert found == {place: reason for place, (_, reason) in enumerate(cases)}
    assert batch.events.num_rows == 1


def _row(given: dict[str, Any], store: SchemaStore) -> Any:
    return row_or_reject(given, store.rules)


def test_identifiers_of_avro_are_sorted_once_and_normal(store: SchemaStore) -> None:
    """A publisher's order, repeats and small letters do not make another event."""
    stored = store.of(TYPE)
    assert stored is not None
    record = avro_record(dict(zip(ROW_COLUMNS, _row(event(), store), strict=True)), stored.avro)
    other = [
        {"kind": "urn", "value": "20pp0000126"},
        {"kind": "urn", "value": "20PP0000126"},
        {"kind": "crime_ref", "value": "20/1/26"},
    ]
    record |= {"identifiers": other, "reasons": ["public_interest", "evidence", "evidence"]}
    message = frame_single_object(stored.avro.fingerprint, stored.bodies.encode_record(record))
    plain = record | {"identifiers": other[1:]}
    unsorted = frame_single_object(stored.avro.fingerprint, stored.bodies.encode_record(plain))
    events = decode([encode_event(event(), store), message, unsorted], store).events.drop_columns(["position"])
    assert len({json.dumps(one, default=str) for one in events.to_pylist()}) == 1


def test_an_array_bomb_is_refused_quickly(store: SchemaStore, good: bytes) -> None:
    """A count of 2**60 items in a few bytes, a negative count, a huge length: no memory, no hang."""
    codec = BodyCodec(
        json.dumps(
            {
                "type": "record",
                "name": "R",
                "fields": [
                    {"name": "id", "type": "string"},
                    {"name": "items", "type": {"type": "array", "items": "string"}},
                ],
            }
        )
    )

    def number(value: int) -> bytes:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, "long", value)
        return out.getvalue()

    fine = codec.encode_record({"id": "a", "items": ["b"]})
    for bomb in (
        number(2**60),
        number(2**31),
        number(-(2**63)),
        number(-(2**40)) + number(8),
        b"\xff" * 9 + b"\x01",
    ):
        body = number(1) + b"a" + bomb + b"\0" * 40
        table, places, bad = codec.decode([fine, body, fine])
        assert (table.num_rows, places, [place for place, _ in bad]) == (2, [0, 2], [1])
    huge = number(2**62) + b"aaaa"
    assert [place for place, _ in codec.decode([huge])[2]] == [0]


def test_another_spelling_of_the_same_body_is_accepted() -> None:
    """A list in several blocks, or with its byte size, is Avro too: it is looked at alone and kept."""
    codec = BodyCodec(
        json.dumps(
            {
                "type": "record",
                "name": "R",
                "fields": [{"name": "items", "type": {"type": "array", "items": "string"}}],
            }
        )
    )
    plain = codec.encode_record({"items": ["a", "b"]})
    sized, blocks = b"\x03\x08\x02a\x02b\x00", b"\x02\x02a\x02\x02b\x00"
    table, places, bad = codec.decode([plain, sized, blocks])
    assert table["items"].to_pylist() == [["a", "b"]] * 3
    assert sorted(places) == [0, 1, 2]
    assert bad == []


def test_a_content_hash_finds_what_decoding_cannot(store: SchemaStore, good: bytes) -> None:
    """A flipped bit that is still valid Avro is refused where the publisher sent a hash."""
    stated = sha256(good).hexdigest()
    flipped = good.replace(b"e1", b"e0", 1)
    assert decode([flipped], store).events.num_rows == 1
    batch = decode([good, flipped], store, content_hashes={0: stated, 1: stated})
    assert batch.events["position"].to_pylist() == [0]
    assert reasons(batch) == ["content_hash_mismatch"]


def test_no_damaged_message_is_lost_raises_or_is_taken_with_a_wrong_hash(store: SchemaStore, good: bytes) -> None:
    """Seeded damage: every message ends in events or rejects; none with a hash is accepted unless it is
    intact."""
    chance = random.Random(20260302)
    sources = [
        good,
        encode_event(event("police.call.made", data={"answers": "P1"}), store),
        encode_event(event(time=..., occurredon="2026-03"), store, schema_id=None),
    ]
    messages: list[bytes | None] = []
    hashes: dict[int, str] = {}
    for place in range(FUZZ):
        source = chance.choice(sources)
        messages.append(damaged(source, chance) if chance.random() < 0.9 else source)
        if place % 2:
            hashes[place] = sha256(source).hexdigest()
    batch = decode(messages, store, content_hashes=hashes)
    accepted, refused = batch.events["position"].to_pylist(), batch.rejects["position"].to_pylist()
    assert sorted(accepted + refused) == list(range(FUZZ))
    assert all(messages[place] in sources for place in accepted if place % 2)
    intact = {place for place, message in enumerate(messages) if message in sources}
    assert intact <= set(accepted)
    # What decoded though damaged without a hash is at least a whole record, by both decoders.
    for place in accepted[:2000]:
        message = messages[place]
        assert message is not None
        framed = read_frame(message)
        assert framed is not None
        stored = store.find(framed.key)
        assert stored is not None
        assert not isinstance(stored.bodies.read_record(message[framed.start :]), Reject)


def test_two_types_with_one_avro_form_are_refused(domain: Domain, store: SchemaStore) -> None:
    """Every schema of a store is found by its own fingerprint."""
    keys = [stored.avro.fingerprint for stored in store]
    assert len(set(keys)) == len(keys)
    for stored in store:
        assert store.find(stored.avro.fingerprint) is stored
