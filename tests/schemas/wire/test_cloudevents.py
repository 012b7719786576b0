"""CloudEvents on the wire: structured, batch and Kafka binary mode, there and back."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
import yaml

from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.wire.cloudevents import (
    check_attributes,
    from_batch,
    from_kafka,
    from_structured,
    to_batch,
    to_kafka,
    to_structured,
)


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
        assert from_kafka(*to_kafka(one)) == one
        assert from_structured(to_structured(one)) == one
    assert from_batch(to_batch(given)) == given


def test_the_six_events_of_an_older_specification_are_refused(shared_data: Path) -> None:
    """The published minimal events of CloudEvents 0.3 are refused by their version, in either mode."""
    text = (shared_data / "cloudevents" / "conformance_yaml_v0.3_v03_minimum.yaml").read_text()
    given = [one["ContextAttributes"] | {"data": one["Data"]} for one in yaml.safe_load_all(text)]
    assert len(given) == 6
    refused = Reject("bad_attribute", "specversion", "only CloudEvents 1.0 is read")
    for one in given:
        one["specversion"] = str(one["specversion"])
        assert from_structured(orjson.dumps(one)) == refused
        assert from_kafka(*to_kafka(one)) == refused


def test_the_structured_mode_of_http_is_the_same_json(shared_data: Path) -> None:
    """The body that the conformance feature posts gives the attributes and data that it states."""
    text = (shared_data / "cloudevents" / "conformance_features_http-protocol-binding.feature").read_text()
    structured = text.split("Scenario Outline")[2]
    request, data = re.findall(r'"""\s*(.*?)\s*"""', structured, re.S)
    body = request.partition("\n\n")[2]
    rows = structured.split("Examples:")[0].split("Then the attributes are")[1]
    expected = dict(_cells(rows)) | {"data": orjson.loads(data)}
    assert len(expected) == 7
    assert from_structured(body.encode()) == expected


def test_the_kafka_feature_holds(shared_data: Path) -> None:
    """Binary and structured mode give the attributes and data that the conformance feature states."""
    text = (shared_data / "cloudevents" / "conformance_features_kafka-protocol-binding.feature").read_text()
    binary, structured = text.split("Scenario Outline")
    value, data = re.findall(r'"""\s*(.*?)\s*"""', binary, re.S)
    tables = re.split(r"Then the attributes are", binary)
    headers = [(k, v.encode()) for k, v in _cells(tables[0])]
    expected = dict(_cells(tables[1])) | {"data": orjson.loads(data)}
    assert from_kafka(headers, value.encode()) == expected
    value, data = re.findall(r'"""\s*(.*?)\s*"""', structured, re.S)
    rows, media = structured.split("Examples:")
    expected = dict(_cells(rows.split("Then the attributes are")[1])) | {"data": orjson.loads(data)}
    types = [one for one in re.findall(r"\|\s*([^|\n]+?)\s*\|", media) if one != "contentType"]
    assert len(types) == 2
    for content_type in types:
        assert from_kafka([("content-type", content_type.encode())], value.encode()) == expected


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
    """Avro data is the value in binary mode and base64 in structured mode; both attributes at once are
    refused."""
    given = {
        "specversion": "1.0",
        "id": "1",
        "source": "s",
        "type": "t",
        "datacontenttype": "application/avro",
        "data": b"\0\1",
    }
    assert from_kafka(*to_kafka(given)) == given
    assert from_structured(to_structured(given)) == given
    both = b'{"specversion":"1.0","id":"1","source":"s","type":"t","data":1,"data_base64":"AAE="}'
    assert from_structured(both) == Reject(
        "bad_attribute", "data_base64", "an event has `data` or `data_base64`, not both"
    )


def test_a_tombstone_has_no_data() -> None:
    """A record without a value is an event without `data`."""
    headers, value = to_kafka({"specversion": "1.0", "id": "1", "source": "s", "type": "t"})
    assert value is None
    found = from_kafka(headers, value)
    assert isinstance(found, dict)
    assert "data" not in found
