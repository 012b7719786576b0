"""OCEL 2.0 in JSON, streamed: the elements of its four lists, one by one.

Source: OCEL 2.0 specification, JSON format: `objectTypes`, `eventTypes`, `objects`, `events`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import orjson

from throughline.errors import DataError
from throughline.schemas.acceptance.reject import Reject, read_json
from throughline.sources.objects.contents import Contents, Event, Kind, Object, Relation

# plain, or unpacked
Stream = IO[bytes] | Any
_BLOCK = 1 << 20
_ELEMENT_BYTES = 1 << 23
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]|"', re.DOTALL).finditer
_LISTS = {"objectTypes", "eventTypes", "objects", "events"}


def read_ocel_json(file: Stream, path: Path) -> Contents:
    """What stands in a file, which is open. Raises DataError where it is damaged or cut off, or is no OCEL 2.0."""
    seen = set()
    for name, raw in _elements(file, path):
        seen.add(name)
        if name not in _LISTS:
            continue
        element = read_json(raw)
        if isinstance(element, Reject) or not isinstance(element, dict):
            said = element.detail if isinstance(element, Reject) else "it is no object"
            raise DataError(f"has an element in `{name}` that cannot be read: {said}", file=path)
        try:
            yield from _content(name, element)
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(f"has an element in `{name}` that lacks {error}", file=path) from None
    if not seen & _LISTS:
        hint = "A log of version 1 has `ocel:events`: export it as version 2."
        raise DataError("has none of the lists of OCEL 2.0", file=path, hint=hint)


def _content(name: str, element: dict[str, Any]) -> Contents:
    if name in {"objectTypes", "eventTypes"}:
        attributes = tuple(str(one["name"]) for one in element.get("attributes") or ())
        yield Kind("object" if name == "objectTypes" else "event", str(element["name"]), attributes)
        return
    own = str(element["id"])
    of = "object" if name == "objects" else "event"
    given = element.get("attributes") or ()
    if of == "object":
        values = ((str(one["name"]), str(one["time"]), text) for one in given if (text := _text(one["value"])) != "")
        yield Object(own, str(element["type"]), tuple(values))
    else:
        yield Event(own, str(element["type"]), str(element["time"]), {str(a["name"]): _text(a["value"]) for a in given})
    for one in element.get("relationships") or ():
        yield Relation(of, own, str(one["objectId"]), str(one.get("qualifier") or ""))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _elements(file: Stream, path: Path) -> Iterator[tuple[str, bytes]]:
    """The elements of the lists at the top of a document: the name of the list and its bytes."""
    held, scanned = b"", 0
    depth, begins, name, last = 0, 0, "", b""
    is_last = False
    while not is_last:
        block = file.read(_BLOCK)
        is_last = not block
        held += block
        at = scanned
        for found in _TOKEN(held, scanned):
            token = found[0]
            if token == b'"':
                if is_last:
                    raise _cut_off(path)
                at = found.start()  # the rest of the text is still to come
                break
            at = found.end()
            if token in (b"{", b"["):
                depth += 1
                if depth == 2:
                    name = last.decode("utf-8", "replace")
                if depth == 3:
                    begins = found.start()
            elif token in (b"}", b"]"):
                depth -= 1
                if depth == 2:
                    yield name, held[begins:at]
                    begins = at
            elif depth == 1:
                last = token[1:-1]
        kept = begins if depth >= 3 else at
        held, scanned, begins = held[kept:], at - kept, 0
        if len(held) > _ELEMENT_BYTES:
            raise DataError(f"has an element of more than {_ELEMENT_BYTES >> 20} MB", file=path)
    if depth:
        raise _cut_off(path)


def _cut_off(path: Path) -> DataError:
    return DataError("ends within a list or text", file=path, hint="Export it again: it is cut off, or damaged.")
