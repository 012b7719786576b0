"""CloudEvents 1.0 on the wire: structured JSON, JSON batch and Kafka binary mode, to one dict and back.

The dict is the JSON form of the specification: attributes by name, `data` (any JSON value, text, or bytes for
a media type that is neither). Nothing here knows the catalogue. Faults in data
are returned as a `Reject`, never raised.

Source: CloudEvents 1.0 core, JSON event format and Kafka protocol binding; `shared/data/cloudevents`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from throughline.schemas.acceptance.judge import check_attributes
from throughline.schemas.acceptance.reject import Reject, read_json

_NAME = re.compile(r"[a-z0-9]+").fullmatch
_NAME_LIMIT = 20  # the specification's SHOULD; we keep to it when writing and do not insist when reading


def from_structured(raw: bytes) -> dict[str, Any] | Reject:
    """One event in structured JSON mode; `data_base64` becomes `data` as bytes."""
    event = read_json(raw)
    if isinstance(event, Reject):
        return event
    return _from_object(event)


def from_batch(raw: bytes) -> list[dict[str, Any] | Reject] | Reject:
    """The events of a JSON batch (`application/cloudevents-batch+json`), each with its own outcome."""
    batch = read_json(raw)
    if isinstance(batch, Reject):
        return batch
    if not isinstance(batch, list):
        return Reject("not_json", None, "a batch must be a JSON array")
    return [_from_object(event) for event in batch]


def from_kafka(headers: Iterable[tuple[str, bytes | None]], value: bytes | None) -> dict[str, Any] | Reject:
    """An event from a Kafka record: the mode follows from the `content-type` header.

    In binary mode JSON data is parsed, text is decoded, other data (Avro) stays bytes; no value: no `data`.
    """
    event: dict[str, Any] = {}
    content_type: str | None = None
    for name, encoded in headers:
        try:
            text = None if encoded is None else encoded.decode()
        except UnicodeDecodeError:
            return Reject("not_utf8", name if name.isascii() else None, "a header is not UTF-8")
        if name.lower() == "content-type":
            content_type = text
        elif name.startswith("ce_"):
            event[name[3:]] = text
    media = (content_type or "").split(";")[0].strip().lower()
    if media.startswith("application/cloudevents"):
        if media not in {"application/cloudevents", "application/cloudevents+json"}:
            return Reject("bad_attribute", "content-type", "only the JSON event format is read, and no batches")
        return from_structured(value or b"")
    if content_type is not None:
        event["datacontenttype"] = content_type
    fault = check_attributes(event)
    if fault is not None:
        return fault
    if value is None:
        return event
    if media in {"", "application/json", "text/json"} or media.endswith("+json"):
        data = read_json(value)
        if isinstance(data, Reject):
            return data
        event["data"] = data
    elif media.startswith("text/") or media.endswith(("/xml", "+xml")):
        try:
            event["data"] = value.decode()
        except UnicodeDecodeError:
            return Reject("not_utf8", "data", "the data is not UTF-8")
    else:
        event["data"] = value
    return event


def to_structured(event: Mapping[str, Any]) -> bytes:
    """The event in structured JSON mode, keys sorted; bytes go as `data_base64`."""
    return orjson.dumps(_to_object(event), option=orjson.OPT_SORT_KEYS)


def to_batch(events: Iterable[Mapping[str, Any]]) -> bytes:
    """The events as one JSON batch."""
    return orjson.dumps([_to_object(event) for event in events], option=orjson.OPT_SORT_KEYS)


def to_kafka(event: Mapping[str, Any]) -> tuple[list[tuple[str, bytes]], bytes | None]:
    """Headers and value of a Kafka record in binary mode: `ce_` headers and `content-type`, never
    `ce_datacontenttype`.

    Raises ValueError for an attribute name that the specification does not allow: that is our fault, not the
    data's.
    """
    headers: list[tuple[str, bytes]] = []
    for name, value in event.items():
        if name in {"data", "data_base64", "datacontenttype"} or value is None:
            continue
        if not _NAME(name) or len(name) > _NAME_LIMIT:
            raise ValueError(f"{name!r} cannot be a CloudEvents attribute: a–z, 0–9, at most {_NAME_LIMIT}")
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        headers.append((f"ce_{name}", text.encode()))
    data = event.get("data")
    content_type = event.get("datacontenttype") or "application/json"
    headers.append(("content-type", str(content_type).encode()))
    if data is None and "data" not in event:
        return headers, None
    if isinstance(data, bytes):
        return headers, data
    if isinstance(data, str) and "json" not in content_type:
        return headers, data.encode()
    return headers, orjson.dumps(data, option=orjson.OPT_SORT_KEYS)


def _from_object(event: Any) -> dict[str, Any] | Reject:
    if not isinstance(event, dict):
        return Reject("not_an_object", None, "an event must be a JSON object")
    fault = check_attributes(event)
    if fault is not None:
        return fault
    if event.get("data_base64") is None:
        return event
    if event.get("data") is not None:
        return Reject("bad_attribute", "data_base64", "an event has `data` or `data_base64`, not both")
    encoded = event.pop("data_base64")
    try:
        event["data"] = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return Reject("bad_attribute", "data_base64", "`data_base64` must be base64 text")
    return event


def _to_object(event: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(event.get("data"), bytes):
        return dict(event)
    return {name: value for name, value in event.items() if name != "data"} | {
        "data_base64": base64.b64encode(event["data"]).decode()
    }
