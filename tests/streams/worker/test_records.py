"""Records of case events in each mode, and each reason for which one is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest

from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.kafka_record import KafkaRecord, heartbeat, plain_rows, record_of
from throughline.sources.formats.registry import read_events
from throughline.streams.log.fetch import Fetch
from throughline.streams.worker.records import CaseRecords, read_case_records

TOPIC = "police.case-events"
LINE = (
    '{"specversion":"1.0","id":"%d","source":"urn:example:police:rms","type":"police.crime.recorded",'
    '"time":"2026-03-02T10:15:00Z","partitionkey":"20","data":{"unit":"20PP","identifiers":{"crime_ref":"20/%d/26"},'
    '"offence_group":"stalking"}}'
)
NO_HASH = {"ce_contenthash": None}
Value = Callable[[bytes], bytes | None]


@cache
def domain() -> Domain:
    return load_domain()


@cache
def topics() -> Topics:
    return load_topics(domain())


@cache
def schemas() -> SchemaStore:
    return SchemaStore(domain())


@cache
def rows() -> list[Mapping[str, Any]]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "crimes.jsonl"
        file.write_text("\n".join(LINE % (n, n) for n in range(4)) + "\n")
        return [row for batch in read_events(file, domain()) for row in plain_rows(batch.events)]


def avro() -> KafkaRecord:
    return record_of(rows()[0], schemas(), topics())


def structured() -> KafkaRecord:
    return record_of(rows()[0], schemas(), topics(), type_prefix=domain().type_prefix, structured=True)


def read(
    *records: tuple[bytes | None, Mapping[str, bytes | None]], topic: str = TOPIC, partition: int | None = None
) -> CaseRecords:
    """What stands at offsets 10, 11, … of the partition of area 20."""
    fetch = Fetch(
        topic,
        topics().partition_of("20") if partition is None else partition,
        [10 + place for place in range(len(records))],
        [1_772_000_000_000 + place for place in range(len(records))],
        [value for value, _ in records],
        [tuple(headers.items()) for _, headers in records],
    )
    return read_case_records(fetch, domain(), schemas(), topics())


def changed(record: KafkaRecord, **headers: bytes | None) -> dict[str, bytes | None]:
    """Its headers with others; None takes one away."""
    named = {**dict(record.headers), **headers}
    return {name.replace("content_type", "content-type"): text for name, text in named.items() if text is not None}


def as_json(**headers: bytes | None) -> dict[str, bytes | None]:
    """The headers of the record in binary mode with JSON."""
    return {**changed(avro(), ce_contenthash=None, **headers), "content-type": b"application/json"}


def data() -> bytes:
    return orjson.dumps(orjson.loads(structured().value)["data"])


def reason_of(found: CaseRecords) -> str:
    assert found.batch.events.num_rows == 0
    (reason,) = found.batch.rejects["reason"].to_pylist()
    return str(reason)


def test_each_mode_says_the_same_event() -> None:
    one, other = avro(), structured()
    found = read((one.value, dict(one.headers)), (other.value, dict(other.headers)), (data(), as_json()))

    assert found.batch.rejects.to_pylist() == []
    assert found.batch.events["position"].to_pylist() == [10, 11, 12]
    ignored = ("position", "received_at", "raw")
    events = [{k: v for k, v in row.items() if k not in ignored} for row in found.batch.events.to_pylist()]
    assert events[0] == events[1] == events[2]


def test_when_the_broker_had_a_record_stands_beside_it_whether_it_is_good_or_not() -> None:
    one = avro()
    found = read((None, {}), (one.value, dict(one.headers)))
    (refused,), (accepted,) = (
        found.batch.rejects["received_at"].to_pylist(),
        found.batch.events["received_at"].to_pylist(),
    )

    assert (accepted - refused).total_seconds() == pytest.approx(0.001)


@pytest.mark.parametrize("header", [b"\0\0\0\0\7", b"\1" + 16 * b"\7"])
def test_what_stands_before_the_body_goes_before_a_header(header: bytes) -> None:
    """A record that says by its own first bytes which schema wrote it is read by that, whatever the header names."""
    one = avro()
    found = read((one.value, {**dict(one.headers), "__value_schema_id": header}))

    assert (found.batch.events.num_rows, found.batch.rejects.to_pylist()) == (1, [])


def test_a_sign_of_life_is_no_event() -> None:
    beat = heartbeat(
        source="urn:example:police:rms",
        topic=TOPIC,
        area="20",
        beat_id="b1",
        sent_at=1_772_000_000_000_000,
        sequence=7,
        waiting=2,
        every_seconds=30.0,
    )
    found = read((beat.value, dict(beat.headers)))

    assert found.batch.events.num_rows == found.batch.rejects.num_rows == 0
    (said,) = found.heartbeats.to_pylist()
    assert (said["source"], said["area"], said["sequence"], said["waiting"]) == ("urn:example:police:rms", "20", 7, 2)


@pytest.mark.parametrize(
    ("value", "headers", "reason"),
    [
        (lambda v: None, NO_HASH, "truncated"),
        (lambda v: b"", NO_HASH, "unknown_schema"),
        (lambda v: b"\xc3\x01" + b"\0" * 60, NO_HASH, "unknown_schema"),
        (lambda v: b"\xc3\x02" + v[2:], NO_HASH, "unknown_schema"),
        (lambda v: v[:-1], NO_HASH, "truncated"),
        (lambda v: v + b"\0", NO_HASH, "trailing_bytes"),
        (lambda v: v * 2, NO_HASH, "trailing_bytes"),
        (lambda v: b"\xc3\x01" + b"\0" * 300_000, NO_HASH, "too_large"),
        (lambda v: v[:-1] + bytes([v[-1] ^ 1]), {}, "content_hash_mismatch"),
        (lambda v: v, {"ce_contenthash": b"\xff\xfe"}, "content_hash_mismatch"),
    ],
)
def test_avro_is_refused(value: Value, headers: Mapping[str, bytes | None], reason: str) -> None:
    one = avro()

    assert reason_of(read((value(one.value), changed(one, **headers)))) == reason


@pytest.mark.parametrize(
    ("value", "headers", "reason"),
    [
        (b'{"a":', {}, "not_json"),
        (b"[" * 3_000 + b"]" * 3_000, {}, "not_json"),
        (b"{}", {"ce_type": b"police.no.such"}, "unknown_type"),
        (b"{}", {"ce_id": b"\xff\xfe"}, "not_utf8"),
        (b"{}", {"ce_specversion": b"0.3"}, "bad_attribute"),
        (b"{}", {"ce_contenthash": b"00"}, "content_hash_mismatch"),
        (b" " * 300_000, {}, "too_large"),
    ],
)
def test_json_in_binary_mode_is_refused(value: bytes, headers: Mapping[str, bytes | None], reason: str) -> None:
    assert reason_of(read((value, {**as_json(), **headers}))) == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"[1]", "not_an_object"),
        (b'{"d": "\xff"}', "not_utf8"),
        (b'{"specversion": "1.0", "id": "7"}', "missing_attribute"),
        (b"{" + b" " * 300_000 + b"}", "too_large"),
    ],
)
def test_a_structured_event_is_refused(value: bytes, reason: str) -> None:
    assert reason_of(read((value, {"content-type": b"application/cloudevents+json"}))) == reason


@pytest.mark.parametrize("value", [None, b"", b"{}", b"[]", b"7", b'{"sequence":1,"waiting":2,"every_seconds":"x"}'])
def test_a_sign_of_life_that_says_nothing_is_refused(value: bytes | None) -> None:
    headers = {
        "ce_type": b"throughline.source.heartbeat.v1",
        "ce_source": b"urn:throughline:police:20:rms",
        "ce_time": b"2026-03-02T10:15:00Z",
    }

    assert reason_of(read((value, headers))) == "bad_heartbeat"


def test_an_agency_is_believed_in_its_own_topic_only() -> None:
    one = avro()

    assert reason_of(read((one.value, dict(one.headers)), topic="cps.case-events")) == "wrong_topic"


def test_an_area_is_taken_from_its_own_partition_only() -> None:
    one = avro()
    astray = (topics().partition_of("20") + 1) % topics().partitions

    assert reason_of(read((one.value, dict(one.headers)), partition=astray)) == "wrong_partition"


def test_bad_ones_do_not_stop_their_neighbours() -> None:
    """Events and rejects keep their offsets, and each record comes out once."""
    good = [record_of(row, schemas(), topics()) for row in rows()]
    found = read(
        (good[0].value, dict(good[0].headers)),
        (b"\0\0", {}),
        (good[1].value, dict(good[1].headers)),
        (b"nothing", as_json()),
        (good[2].value, dict(good[2].headers)),
    )

    assert sorted(found.batch.events["position"].to_pylist()) == [10, 12, 14]
    assert sorted(found.batch.rejects["position"].to_pylist()) == [11, 13]
