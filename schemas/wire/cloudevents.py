"""CloudEvents 1.0 on the wire: structured JSON, JSON batch and Kafka binary mode, to one dict and back.

The dict is the JSON form of the specification: attributes by name, `data` (any JSON value, text, or bytes for
a media type that is neither) or `data_base64`. Nothing here knows the catalogue, or judges. What cannot be read is
returned as a `Reject`, never raised.

Source: CloudEvents 1.0 core, JSON event format and Kafka protocol binding; `shared/data/cloudevents`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from throughline.schemas.acceptance.media import media_type, read_data
from throughline.schemas.acceptance.reject import Reject, read_json
from throughline.schemas.wire.documents import values_of

BATCH = "application/cloudevents-batch+json"

_NAME = re.compile(r"[a-z0-9]+").fullmatch
_NAME_LIMIT = 20  # the specification's SHOULD; we keep to it when writing and do not insist when reading

Stated = tuple[Any, bytes | None, int | None]
"""An event as its record states it (the dict of its JSON form, or why there is none), its bytes, and which of a batch
it is (from 1)."""


def from_kafka(headers: Iterable[tuple[str, bytes | None]], value: bytes | None, most_bytes: int) -> list[Stated]:
    """The events of a Kafka record: the mode follows from the `content-type` header. An event may have `most_bytes`.

    In binary mode JSON data is parsed, text is decoded, other data (Avro) stays bytes; no value: no `data`. Data that
    cannot be read is a `Reject` in its place.
    """
    event: dict[str, Any] = {}
    content_type: str | None = None
    for name, encoded in headers:
        try:
            text = None if encoded is None else encoded.decode()
        except UnicodeDecodeError:
            return [(Reject("not_utf8", name if name.isascii() else None, "a header is not UTF-8"), value, None)]
        if name.lower() == "content-type":
            content_type = text
        elif name.startswith("ce_"):
            event[name[3:]] = text
    media = media_type(content_type or "")
    if media == BATCH:
        return list(from_batch(value or b"", most_bytes))
    if value is not None and len(value) > most_bytes:
        return [(too_large(most_bytes), value, None)]
    if media.startswith("application/cloudevents"):
        if media not in {"application/cloudevents", "application/cloudevents+json"}:
            told = "an event by itself is read in the JSON event format alone, as is a batch"
            return [(Reject("bad_attribute", "content-type", told), value, None)]
        return [(read_json(value or b""), value, None)]
    if content_type is not None:
        event["datacontenttype"] = content_type
    if value is not None:
        event["data"] = _data(media, value)
    return [(event, value, None)]


def from_batch(raw: bytes, most_bytes: int) -> Iterator[Stated]:
    """The events of a JSON batch (`application/cloudevents-batch+json`), each by itself; an event may have
    `most_bytes`."""
    if raw.lstrip()[:1] != b"[":
        yield Reject("not_json", None, "a batch must be a JSON array"), raw, None
        return
    for _, own, number in values_of(raw, most_bytes, is_array=True):
        yield too_large(most_bytes) if len(own) > most_bytes else read_json(own), own, number


def too_large(most_bytes: int) -> Reject:
    """That a record is larger than the domain allows."""
    return Reject("too_large", None, f"a record may have {most_bytes} bytes")


def _data(media: str, value: bytes) -> Any | Reject:
    if media == "json":
        return read_data(value)
    if media.startswith("text/") or media.endswith(("/xml", "+xml")):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return Reject("not_utf8", "data", "the data is not UTF-8")
    return value


def to_structured(event: Mapping[str, Any]) -> bytes:
    """The event in structured JSON mode, keys sorted."""
    return orjson.dumps(event, option=orjson.OPT_SORT_KEYS)


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
