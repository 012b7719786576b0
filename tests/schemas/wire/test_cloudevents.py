"""CloudEvents on the wire: structured, batch and Kafka binary mode, there and back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from throughline.schemas.acceptance.judge import check_attributes
from throughline.schemas.acceptance.media import data_of
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.wire.cloudevents import from_batch, from_kafka, to_kafka, to_structured

MOST = 262_144
Headers = list[tuple[str, bytes]]


def one_of(headers: Headers, value: bytes | None) -> Any:
    """The event of a record that has one."""
    ((event, raw, number),) = from_kafka(headers, value, MOST)
    assert (raw, number) == (value, None)
    return event


def structured_of(value: bytes) -> Any:
    return one_of([("content-type", b"application/cloudevents+json")], value)


def test_the_six_minimal_conformance_events_have_their_attributes(shared_data: Path) -> None:
    """Each of the published minimal events is a CloudEvent, by Kafka and back, and in a batch."""
    text = (shared_data / "cloudevents" / "conformance_yaml_v1.0_v1_minimum.yaml").read_text()
    given = [one["ContextAttributes"] | {"data": one["Data"]} for one in yaml.safe_load_all(text)]
    assert len(given) == 6
    for one in given:
        one["specversion"] = str(one["specversion"])
        if "json" in one["datacontenttype"]:
            one["data"] = orjson.loads(one["data"])
        assert check_attributes(one) is None
        assert one_of(*to_kafka(one)) == one
        assert structured_of(to_structured(one)) == one
    assert [(event, number) for event, _, number in from_batch(orjson.dumps(given), MOST)] == [
        (one, number) for number, one in enumerate(given, 1)
    ]


def test_the_six_events_of_an_older_specification_are_refused(shared_data: Path) -> None:
    """The published minimal events of CloudEvents 0.3 are refused by their version, in either mode."""
    text = (shared_data / "cloudevents" / "conformance_yaml_v0.3_v03_minimum.yaml").read_text()
    given = [one["ContextAttributes"] | {"data": one["Data"]} for one in yaml.safe_load_all(text)]
    assert len(given) == 6
    refused = Reject("bad_attribute", "specversion", "only CloudEvents 1.0 is read")
    for one in given:
        one["specversion"] = str(one["specversion"])
        assert check_attributes(structured_of(orjson.dumps(one))) == refused
        assert check_attributes(one_of(*to_kafka(one))) == refused


def test_the_structured_mode_of_http_is_the_same_json(shared_data: Path) -> None:
    """The body that the conformance feature posts gives the attributes and data that it states."""
    text = (shared_data / "cloudevents" / "conformance_features_http-protocol-binding.feature").read_text()
    structured = text.split("Scenario Outline")[2]
    request, data = re.findall(r'"""\s*(.*?)\s*"""', structured, re.S)
    body = request.partition("\n\n")[2]
    rows = structured.split("Examples:")[0].split("Then the attributes are")[1]
    expected = dict(_cells(rows)) | {"data": orjson.loads(data)}
    assert len(expected) == 7
    assert structured_of(body.encode()) == expected


def test_the_kafka_feature_holds(shared_data: Path) -> None:
    """Binary and structured mode give the attributes and data that the conformance feature states."""
    text = (shared_data / "cloudevents" / "conformance_features_kafka-protocol-binding.feature").read_text()
    binary, structured = text.split("Scenario Outline")
    value, data = re.findall(r'"""\s*(.*?)\s*"""', binary, re.S)
    tables = re.split(r"Then the attributes are", binary)
    headers = [(k, v.encode()) for k, v in _cells(tables[0])]
    expected = dict(_cells(tables[1])) | {"data": orjson.loads(data)}
    assert one_of(headers, value.encode()) == expected
    value, data = re.findall(r'"""\s*(.*?)\s*"""', structured, re.S)
    rows, media = structured.split("Examples:")
    expected = dict(_cells(rows.split("Then the attributes are")[1])) | {"data": orjson.loads(data)}
    types = [one for one in re.findall(r"\|\s*([^|\n]+?)\s*\|", media) if one != "contentType"]
    assert len(types) == 2
    for content_type in types:
        assert one_of([("content-type", content_type.encode())], value.encode()) == expected


def _cells(text: str) -> list[tuple[str, str]]:
    pairs = re.findall(r"\|\s*(\S+)\s*\|\s*(.+?)\s*\|", text)
    return [(name, value) for name, value in pairs if name != "key" and "<" not in value]


def test_the_media_type_is_never_a_ce_header() -> None:
    """It travels as `content-type`; an extension with a name that is not allowed is not sent."""
    headers, value = to_kafka({"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data": {"a": 1}})
    assert ("content-type", b"application/json") in headers
    assert not any(name == "ce_datacontenttype" for name, _ in headers)
    assert value == b'{"a":1}'
    with pytest.raises(ValueError, match="cannot be"):
        to_kafka({"Bad_Name": "x"})


def test_bytes_travel_as_they_are() -> None:
    """Avro data is the value in binary mode and base64 in structured mode; both attributes at once are refused."""
    given = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "datacontenttype": "application/avro"}
    assert one_of(*to_kafka(given | {"data": b"\0\1"})) == given | {"data": b"\0\1"}
    assert data_of(structured_of(orjson.dumps(given | {"data_base64": "AAE="}))) == b"\0\1"
    assert data_of({"data": 1, "data_base64": "AAE="}) == Reject(
        "bad_attribute", "data_base64", "an event has `data` or `data_base64`, not both"
    )


@pytest.mark.parametrize("stated", [{}, {"datacontenttype": "Application/JSON; charset=utf-8"}])
def test_json_in_base64_is_json(stated: dict[str, str]) -> None:
    assert data_of(stated | {"data_base64": "eyJhIjoxfQ=="}) == {"a": 1}
    assert data_of(stated | {"data_base64": "e30"}) == Reject(
        "bad_attribute", "data_base64", "`data_base64` must be base64 text"
    )
    found = data_of(stated | {"data_base64": "e3s="})
    assert (found.reason, found.field) == ("not_json", "data")


def test_the_events_of_a_batch_stand_alone() -> None:
    """A bad one costs no neighbour; an array without an event, and what is no array, are refused whole."""
    found = list(from_batch(b'[{"id": "1"}, {"id": }, [], {"id": "4"}]', MOST))
    assert [(raw, number) for _, raw, number in found] == [
        (b'{"id": "1"}', 1), (b'{"id": }', 2), (b"[]", 3), (b'{"id": "4"}', 4),
    ]  # fmt: skip
    assert [one[0].reason if isinstance(one[0], Reject) else one[0] for one in found] == [
        {"id": "1"}, "not_json", [], {"id": "4"},
    ]  # fmt: skip
    assert list(from_batch(b" [ ] ", MOST)) == [([], b"[]", None)]
    for raw in (b'{"id": "1"}', b""):
        ((event, own, number),) = from_batch(raw, MOST)
        assert (event.reason, own, number) == ("not_json", raw, None)


def test_a_tombstone_has_no_data() -> None:
    """A record without a value is an event without `data`."""
    headers, value = to_kafka({"specversion": "1.0", "id": "1", "source": "s", "type": "t"})
    assert value is None
    assert "data" not in one_of(headers, value)
