"""A record with the field at fault marked, for somebody who asked to see its content."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson

MARK = "▶ "


def marked(raw: bytes, field: str | None) -> list[str] | None:
    """A JSON record as lines of printable ASCII, those of `field` (a dotted path) behind MARK; None for other bytes.

    A field that an event lacks has a line of its own, which says so.
    """
    try:
        record = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(record, dict):
        return None
    lines = _lines(record, "", _path(record, field))
    return [(MARK if is_marked else " " * len(MARK)) + text for is_marked, text in lines]


def _path(record: dict[str, Any], field: str | None) -> tuple[str, ...] | None:
    """Where the field stands in the record; None for no field, and for one that a row of an export has not."""
    if field is None:
        return None
    if field in record:  # a column of an export may have any name
        return (field,)
    path = tuple(field.split("."))
    if "specversion" in record or path[0] in record:
        return path
    return None


def _lines(value: Any, head: str, path: tuple[str, ...] | None, depth: int = 0) -> Iterator[tuple[bool, str]]:
    """(whether it is marked, text); `path` is what is left of the path to the field, () at the field itself."""
    indent = "  " * depth
    if not isinstance(value, dict) or not value:
        yield path is not None, f"{indent}{head}{json.dumps(value)}"
        return
    yield path == (), f"{indent}{head}{{"
    for name, one in value.items():
        rest = path[1:] if path and path[0] == name else None
        yield from _lines(one, f"{json.dumps(name)}: ", rest, depth + 1)
    if path and path[0] not in value:
        yield True, f"{indent}  {json.dumps(path[0])} is missing"
    yield path == (), f"{indent}}}"
