"""A domain's topics and messages as AsyncAPI: by its own schema, and true to what a publisher sends."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import fastavro
import jsonschema_rs
import orjson
import pytest
from catalogue_events import SMALL, examples

from throughline.schemas.contracts.asyncapi import asyncapi
from throughline.schemas.contracts.json_schema import json_schema
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.schemas.wire.kafka_record import plain_rows, record_of
from throughline.sources.connection.security import MECHANISMS

# of the npm package @asyncapi/specs: see the README beside it
OFFICIAL = Path(__file__).resolve().parents[2] / "given" / "standards" / "asyncapi-3.0.0.json"


@cache
def domain() -> Domain:
    return load_domain()


@cache
def topics() -> Topics:
    return load_topics(domain())


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    # as it is written
    made: dict[str, Any] = json.loads(json.dumps(asyncapi(domain(), topics())))
    return made


@pytest.fixture(scope="module")
def official() -> Any:
    return jsonschema_rs.Draft7Validator(json.loads(OFFICIAL.read_bytes()))


def test_document_is_asyncapi(document: dict[str, Any], official: Any) -> None:
    assert [(fault.message[:200], list(fault.instance_path)) for fault in official.iter_errors(document)] == []


def test_what_is_no_asyncapi_is_seen(document: dict[str, Any], official: Any) -> None:
    assert not official.is_valid(document | {"asyncapi": "2.0.0"})
    assert not official.is_valid(document | {"operations": {"publish": {"action": "shout"}}})


def test_a_client_is_let_in_as_the_broker_settings_can_say(document: dict[str, Any]) -> None:
    """A scheme for each mechanism of SASL, and one for certificates; the settings have no other way to be somebody."""
    schemes = document["components"]["securitySchemes"]
    named = {one["description"].partition("`sasl.mechanism: ")[2].partition("`")[0] for one in schemes.values()}

    assert named - {""} == set(MECHANISMS)
    assert [one["type"] for one in schemes.values() if "sasl.mechanism" not in one["description"]] == ["X509"]
    (broker,) = document["servers"].values()
    assert [one["$ref"].rpartition("/")[2] for one in broker["security"]] == list(schemes)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for one in value.values():
                yield from references(one)
        elif isinstance(value, list):
            for one in value:
                yield from references(one)

    found = set(references(document))
    assert len(found) > 200
    for reference in found:
        at: Any = document
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]


def test_every_type_is_on_the_topic_of_its_agency(document: dict[str, Any]) -> None:
    on = document["channels"]["cps.case-events"]["messages"]
    assert on["uk.cjs.cps.pcd.triaged.v1"] == {"$ref": "#/components/messages/uk.cjs.cps.pcd.triaged.v1"}
    assert not any(name.startswith("uk.cjs.police") for name in on)
    kept = document["channels"]["cps.case-events"]["bindings"]["kafka"]
    assert (kept["partitions"], kept["topicConfiguration"]["retention.ms"]) == (12, -1)
    assert {one.name for one in topics()} == set(document["channels"])


def test_records_that_are_sent_are_what_the_document_says(document: dict[str, Any]) -> None:
    """Headers by their schema, the value by the Avro or the JSON of its message."""
    lines = [orjson.dumps(one) for one in examples(domain())[:40:4]]
    events = events_from_json_lines(lines, domain(), "", 1).events
    assert events.num_rows
    store = SchemaStore(domain())
    schemas = document["components"]["schemas"]
    common = {name: one for name, one in schemas.items() if not name.startswith(domain().type_prefix)}
    for row in plain_rows(events):
        for structured in (False, True):
            sent = record_of(row, store, topics(), type_prefix=domain().type_prefix, structured=structured)
            headers = {name: text.decode() for name, text in sent.headers}
            message = document["components"]["messages"][headers["ce_type"] + (".json" if structured else "")]
            assert message["contentType"] == headers["content-type"]
            assert headers["ce_type"] in document["channels"][sent.topic]["messages"]
            own = {headers["ce_type"]: schemas[headers["ce_type"]]}
            shared = {"components": {"schemas": {**common, **own}}}
            jsonschema_rs.Draft7Validator({**message["headers"], **shared}).validate(headers)
            jsonschema_rs.Draft7Validator({**message["bindings"]["kafka"]["key"], **shared}).validate(sent.key.decode())
            if structured:
                payload = {"allOf": [message["payload"]], **shared}
                jsonschema_rs.Draft7Validator(payload).validate(json.loads(sent.value))
                jsonschema_rs.Draft202012Validator(json_schema(domain(), row["type"])).validate(json.loads(sent.value))
            else:
                # behind the mark and the fingerprint of single-object encoding
                read = fastavro.schemaless_reader(io.BytesIO(sent.value[10:]), message["payload"]["schema"], None)
                assert isinstance(read, dict)
                assert read["id"] == row["id"]


def test_domain_of_any_agency_has_its_types_on_every_topic() -> None:
    small = load_domain(SMALL)
    made = asyncapi(small, topics())
    assert made["components"]["messages"]
