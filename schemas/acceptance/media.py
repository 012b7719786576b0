"""What the data of an event is by its media type, and data that came as base64."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from throughline.schemas.acceptance.reject import Reject, read_json

# of a media type; more is none
_MOST_CHARS = 200


def is_json(content_type: Any) -> bool:
    """Whether a media type is JSON: it knows no case, and may have parameters. Nothing said is JSON (CloudEvents)."""
    return content_type is None or (type(content_type) is str and media_type(content_type) == "json")


@lru_cache(maxsize=256)
def media_type(content_type: str) -> str:
    """The media type in small letters without its parameters; `json` for each that is JSON data."""
    media = content_type[:_MOST_CHARS].partition(";")[0].strip().lower()
    if media.startswith("application/cloudevents"):
        return media
    return "json" if media in {"", "application/json", "text/json"} or media.endswith("+json") else media


def data_of(event: Mapping[str, Any]) -> Any | Reject:
    """The data of an event, out of its base64 where it came so: JSON if it is of a type of JSON, else bytes."""
    encoded = event.get("data_base64")
    if encoded is None:
        return event.get("data")
    if event.get("data") is not None:
        return Reject("bad_attribute", "data_base64", "an event has `data` or `data_base64`, not both")
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return Reject("bad_attribute", "data_base64", "`data_base64` must be base64 text")
    return read_data(data) if is_json(event.get("datacontenttype")) else data


def read_data(raw: bytes) -> Any | Reject:
    """Data that is JSON."""
    read = read_json(raw)
    return (
        Reject(read.reason, "data", read.detail.replace("the record", "`data`")) if isinstance(read, Reject) else read
    )
