"""How a record says that it is JSON: media types know no case, and a record that says nothing is told what to say."""

from __future__ import annotations

from functools import cache

import orjson
import pytest

from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.streams.log.fetch import Fetch, Headers
from throughline.streams.worker.records import CaseRecords, read_case_records

ATTRIBUTES = {
    "specversion": "1.0", "id": "h1", "source": "urn:example:police:rms", "type": "police.crime.recorded",
    "time": "2026-03-02T10:15:00Z", "partitionkey": "20",
}  # fmt: skip
DATA = {"unit": "20PP", "identifiers": {"crime_ref": "20/1/26"}, "offence_group": "stalking"}
BINARY = [(f"ce_{name}", text.encode()) for name, text in ATTRIBUTES.items()]


@cache
def domain() -> Domain:
    return load_domain()


@cache
def topics() -> Topics:
    return load_topics(domain())


@cache
def schemas() -> SchemaStore:
    return SchemaStore(domain())


def read(headers: Headers, value: bytes) -> CaseRecords:
    fetch = Fetch("police.case-events", topics().partition_of("20"), [0], [1_772_000_000_000], [value], [headers])
    return read_case_records(fetch, domain(), schemas(), topics())


@pytest.mark.parametrize(
    "header",
    [
        *[("content-type", b"application/json"), ("content-type", b"application/json; charset=utf-8")],
        *[("content-type", b"Application/JSON"), ("content-type", b"text/json"), ("Content-Type", b"application/json")],
        *[("content-type", b"application/vnd.police.crime+json"), ("content-type", b" application/json ;x=y")],
    ],
)
def test_json_in_binary_mode_is_read_whatever_the_case(header: tuple[str, bytes]) -> None:
    found = read([*BINARY, header], orjson.dumps(DATA))

    assert found.batch.events["id"].to_pylist() == ["h1"]


def test_json_in_binary_mode_that_says_nothing_of_its_type_is_read() -> None:
    """CloudEvents: data without a type is JSON."""
    assert read(BINARY, orjson.dumps(DATA)).batch.events["id"].to_pylist() == ["h1"]


@pytest.mark.parametrize("name", ["content-type", "Content-Type"])
def test_a_structured_event_is_read_whatever_the_case(name: str) -> None:
    value = orjson.dumps({**ATTRIBUTES, "data": DATA})

    assert read([(name, b"Application/CloudEvents+JSON; charset=UTF-8")], value).batch.events.num_rows == 1


def test_a_structured_event_without_headers_is_told_what_to_say() -> None:
    (reject,) = read([], orjson.dumps({**ATTRIBUTES, "data": DATA})).batch.rejects.to_pylist()

    assert (reject["reason"], reject["field"]) == ("bad_attribute", "content-type")
    assert "application/cloudevents+json" in reject["detail"]


def test_a_type_without_end_is_none() -> None:
    (reject,) = read(
        [*BINARY, ("content-type", b"x" * 100_000 + b"+json")], orjson.dumps(DATA)
    ).batch.rejects.to_pylist()

    assert reject["reason"] == "unknown_schema"
