"""Why a record is not accepted, as a value: one bad record never stops its neighbours."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

_NAME = re.compile("[a-z][a-z_]{0,40}").fullmatch


@dataclass(frozen=True, slots=True)
class Reject:
    """`reason` is a snake_case code, `field` a dotted path or None, `detail` a sentence without any content
    of the record."""

    reason: str
    field: str | None
    detail: str


def parse_json(raw: bytes) -> Any | Reject:
    """Parse JSON strictly (RFC 8259: no NaN, no lone surrogates, at most 1,024 levels); of a name that stands twice in
    an object the last counts."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            raw.decode()
        except UnicodeDecodeError:
            return Reject("not_utf8", None, "the record is not UTF-8")
        return Reject("not_json", None, "the record is not JSON, or nests too deep")


def read_json(raw: bytes) -> Any | Reject:
    """Parse JSON as strictly, and refuse an object that has a name twice: of two values that contradict one another
    nobody knows which is meant."""
    read = parse_json(raw)
    if isinstance(read, Reject):
        return read
    try:
        # a name that was lost took its quotes along; only an escaped quote could stand in for one
        if raw.count(b'"') == orjson.dumps(read).count(b'"') and b"\\u" not in raw:
            return read
    except orjson.JSONEncodeError:  # it reads deeper than it writes
        pass
    return _repeated_name(raw) or read


class _Repeated(Exception):  # noqa: N818 — carries the name out of the parser
    pass


def _repeated_name(raw: bytes) -> Reject | None:
    def once(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            raise _Repeated(next(name for name in names if names.count(name) > 1))

    try:
        json.loads(raw, object_pairs_hook=once, parse_int=str, parse_float=str)
    except _Repeated as found:
        name = str(found)
        # a name of the catalogue may be told; any other may be content
        field = name if _NAME(name) else None
        return Reject("repeated_name", field, "an object of the record has a name twice")
    except RecursionError:
        return Reject("not_json", None, "the record nests too deep")
    return None


def names_written(lines: Sequence[bytes]) -> int:
    """How many names of objects many lines of JSON have at most, at once: one that stands twice makes it more than were
    read. -1 where it cannot be told."""
    text = np.frombuffer(b"\n".join([b"", *lines]), dtype=np.uint8)
    before = text[np.flatnonzero(text == ord(":")) - 1]
    return -1 if (before <= ord(" ")).any() else int((before == ord('"')).sum())


def names_read(value: Any) -> int:
    """How many names the objects of a parsed value have."""
    found, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            found += len(one)
            one = list(one.values())
        if isinstance(one, list):
            waiting += one
    return found
