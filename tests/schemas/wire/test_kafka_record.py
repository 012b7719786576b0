"""How an accepted event travels over Kafka, and comes back as the same row."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import orjson
import pytest
from catalogue_events import examples
from listed_stewards import with_stewards

from throughline.errors import UsageError
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore, decode_messages
from throughline.schemas.wire.cloudevents import from_kafka
from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.schemas.wire.kafka_record import heartbeat, plain_rows, record_of


@pytest.fixture(scope="module")
def domain() -> Domain:
    return with_stewards(load_domain(None))


@pytest.fixture(scope="module")
def store(domain: Domain) -> SchemaStore:
    return SchemaStore(domain)


@pytest.fixture(scope="module")
def topics(domain: Domain) -> Topics:
    return load_topics(domain, prefix="t.")


def accepted(events: list[dict[str, Any]], domain: Domain) -> Batch:
    batch = events_from_json_lines([orjson.dumps(event) for event in events], domain, "made", 1)
    assert batch.rejects.num_rows == 0, batch.rejects.to_pylist()
    return batch


def test_every_type_comes_back_as_the_same_row(domain: Domain, store: SchemaStore, topics: Topics) -> None:
    """The example of each type of the catalogue: events, to records, to events."""
    batch = accepted(examples(domain), domain)
    rows = list(plain_rows(batch.events))

    records = [record_of(row, store, topics) for row in rows]
    read = decode_messages([record.value for record in records], store, "topic-0", range(len(records)))

    assert read.rejects.num_rows == 0
    given = batch.events.drop_columns(["origin", "position"])
    order = [("id", "ascending")]
    assert read.events.drop_columns(["origin", "position"]).sort_by(order).equals(given.sort_by(order))


def test_the_headers_are_those_of_cloudevents_in_binary_mode(
    domain: Domain, store: SchemaStore, topics: Topics
) -> None:
    record = record_of(row_of(domain), store, topics)

    assert (record.topic, record.key) == ("t.police.case-events", b"20")
    assert dict(record.headers) == {
        "content-type": b"application/avro",
        "ce_specversion": b"1.0",
        "ce_id": b"e1",
        "ce_source": b"urn:example:police:rms",
        "ce_type": b"uk.cjs.police.crime.recorded.v1",
        "ce_time": b"2026-03-02T10:15:00.250000Z",
        "ce_partitionkey": b"20",
        "ce_recordedtime": b"2026-03-02T11:00:00Z",
        "ce_sequence": b"000123",
        "ce_contenthash": sha256(record.value).hexdigest().encode(),
    }
    assert record.value.startswith(b"\xc3\x01")


@pytest.mark.parametrize("label", ["2026-03-02", "2026-03"])
def test_a_day_or_a_month_stays_one(label: str, domain: Domain, store: SchemaStore, topics: Topics) -> None:
    headers = dict(record_of(row_of(domain, time=None, occurredon=label), store, topics).headers)

    assert headers["ce_occurredon"] == label.encode()
    assert "ce_time" not in headers


def test_a_revision_and_a_retraction_are_headers(domain: Domain, store: SchemaStore, topics: Topics) -> None:
    headers = dict(record_of(row_of(domain, revision=7, retracts=True), store, topics).headers)

    assert (headers["ce_revision"], headers["ce_retracts"]) == (b"000000000000000007", b"true")
    assert not {"ce_revision", "ce_retracts"} & dict(record_of(row_of(domain), store, topics).headers).keys()


def test_what_an_event_does_not_say_is_no_header(domain: Domain, store: SchemaStore, topics: Topics) -> None:
    headers = dict(record_of(row_of(domain, sequence=None, recordedtime=None), store, topics).headers)

    assert not {"ce_sequence", "ce_recordedtime"} & headers.keys()


def test_structured_mode_is_the_whole_event_as_json(domain: Domain, store: SchemaStore, topics: Topics) -> None:
    """A reader of CloudEvents gets it from the value alone, and it is the same row."""
    record = record_of(row_of(domain), store, topics, type_prefix=domain.type_prefix, structured=True)

    ((event, _, _),) = from_kafka(record.headers, record.value, 1_000_000)

    assert dict(record.headers)["content-type"] == b"application/cloudevents+json"
    assert dict(record.headers)["ce_contenthash"] == sha256(record.value).hexdigest().encode()
    assert isinstance(event, dict)
    assert next(plain_rows(accepted([event], domain).events)) == row_of(domain)


def test_a_publishers_own_number_is_a_header_and_no_content(domain: Domain, store: SchemaStore, topics: Topics) -> None:
    plain = record_of(row_of(domain, sequence=None), store, topics)

    numbered = plain.with_header("ce_sequence", "000000000007")

    assert dict(numbered.headers)["ce_sequence"] == b"000000000007"
    assert numbered.value == plain.value


def test_an_agency_without_a_topic_is_named(domain: Domain, store: SchemaStore, topics: Topics) -> None:
    with pytest.raises(UsageError, match="`nobody` has no topic"):
        record_of(row_of(domain) | {"agency": "nobody"}, store, topics)


def test_a_heartbeat_says_how_far_its_source_is() -> None:
    record = heartbeat(
        source="urn:s", topic="t.police.case-events", area="20", beat_id="b1", sent_at=0, sequence=7, waiting=2,
        every_seconds=30,
    )  # fmt: skip

    assert (record.topic, record.key) == ("t.police.case-events", b"20")
    assert dict(record.headers) == {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_id": b"b1",
        "ce_source": b"urn:s",
        "ce_type": b"throughline.source.heartbeat.v1",
        "ce_partitionkey": b"20",
        "ce_time": b"1970-01-01T00:00:00Z",
    }
    assert orjson.loads(record.value) == {"sequence": 7, "waiting": 2, "every_seconds": 30}


def row_of(domain: Domain, **attributes: Any) -> dict[str, Any]:
    event = {
        "specversion": "1.0",
        "id": "e1",
        "source": "urn:example:police:rms",
        "type": "uk.cjs.police.crime.recorded.v1",
        "time": "2026-03-02T10:15:00.25Z",
        "recordedtime": "2026-03-02T11:00:00Z",
        "sequence": "000123",
        "partitionkey": "20",
        "data": {"unit": "20PP", "identifiers": {"crime_ref": "20/000123/26"}, "offence_group": "stalking"},
    } | attributes
    named = {name: value for name, value in event.items() if value is not None}
    return next(plain_rows(accepted([named], domain).events))
