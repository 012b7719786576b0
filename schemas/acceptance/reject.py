"""Why a record is not accepted, as a value: one bad record never stops its neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Reject:
    """`reason` is a snake_case code, `field` a dotted path or None, `detail` a sentence without any content
    of the record."""

    reason: str
    field: str | None
    detail: str


def read_json(raw: bytes) -> Any | Reject:
    """Parse JSON strictly (RFC 8259: no NaN, no lone surrogates, at most 1,024 levels); of equal keys the
    last counts."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            raw.decode()
        except UnicodeDecodeError:
            return Reject("not_utf8", None, "the record is not UTF-8")
        return Reject("not_json", None, "the record is not JSON, or nests too deep")
