"""Where the rows stand in what is nested: the path in XML, and in JSON, that is repeated most."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from throughline.errors import DataError, UsageError
from throughline.sources.formats.json_records import documents_of, read_json_rows
from throughline.sources.formats.registry import Settings
from throughline.sources.formats.text import open_bytes
from throughline.sources.sheets.elements import drop, parsed

HAS_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}")
_ELEMENTS = 100_000
_DOCUMENTS = 2_000

# the settings of a mapping, and sentences of evidence
Found = tuple[Settings, tuple[str, ...]]


def _most_repeated(counts: Counter[tuple[str, ...]], dated: set[tuple[str, ...]]) -> tuple[str, ...] | None:
    """The path that is repeated most among those with a date somewhere in them; of equals the outermost."""
    known = {path: count for path, count in counts.items() if path in dated} or counts
    return max(known, key=lambda path: (known[path], -len(path)), default=None)


def xml_rows(path: Path) -> Found:
    """Which elements of a file are its rows. Raises DataError where none could be."""
    counts: Counter[tuple[str, ...]] = Counter()
    dated: set[tuple[str, ...]] = set()
    prefixes: dict[str, str] = {}
    at: list[str] = []
    structured: set[int] = set()
    seen = 0
    with open_bytes(path) as file:
        for event, element in parsed(file, str(path), ("start", "end"), ["*"]):
            if event == "start":
                seen += 1
                structured.add(len(at))
                at.append(_prefixed(str(element.tag), element.nsmap, prefixes))
                structured.discard(len(at))
                continue
            here = tuple(at)
            texts = (element.text or "", *map(str, element.attrib.values()))
            if any(HAS_DATE.search(text) for text in texts):
                dated |= {here[:depth] for depth in range(1, len(here) + 1)}
            if len(here) in structured or element.attrib:
                counts[here] += 1
            at.pop()
            if len(here) > 1:
                drop(element)
            if seen > _ELEMENTS:
                break
    rows = _most_repeated(Counter({one: count for one, count in counts.items() if len(one) > 1}), dated)
    if rows is None:
        raise DataError("has no element in its outermost one that could be a row", file=path)
    said: dict[str, Any] = {"rows": "/" + "/".join(rows)}
    if prefixes:
        said["namespaces"] = {prefix: uri for uri, prefix in prefixes.items()}
    said_of = f"XML: {counts[rows]} elements `{said['rows']}`, the most repeated path with a date in it"
    return said, (said_of,)


def _prefixed(tag: str, nsmap: dict[str | None, str], prefixes: dict[str, str]) -> str:
    uri, _, local = tag.rpartition("}")
    uri = uri.removeprefix("{")
    if not uri:
        return local
    if uri not in prefixes:
        own = next((prefix for prefix, one in nsmap.items() if one == uri and prefix), None)
        taken = set(prefixes.values())
        prefixes[uri] = own if own and own not in taken else f"n{len(prefixes) + 1}"
    return f"{prefixes[uri]}:{local}"


def json_rows(path: Path) -> Found:
    """Which objects of a file are its rows. Raises DataError where none could be, UsageError for CloudEvents."""
    counts: Counter[tuple[str, ...]] = Counter()
    dated: set[tuple[str, ...]] = set()
    is_event = False
    documents = 0
    for document in islice(documents_of(path), _DOCUMENTS):
        try:
            value = orjson.loads(document.raw)
        except orjson.JSONDecodeError:
            continue
        documents += 1
        is_event = is_event or (isinstance(value, dict) and "specversion" in value)
        for rows, has_date in _objects(value, ()):
            counts[rows] += 1
            if has_date:
                dated.add(rows)
    if is_event:
        hint = f"Read them as they are: `throughline replay {path}`."
        raise UsageError(f"`{path}` has CloudEvents: they need no mapping.", hint=hint)
    if documents == 1 and len(counts) > 1:
        # one document is what is around the rows
        counts.pop((), None)
    found = _most_repeated(counts, dated & counts.keys())
    if found is None:
        if not documents:
            next(read_json_rows(path, {}), None)  # it says why
        raise DataError("has no object that could be a row", file=path, hint="Is it JSON of records?")
    path_of_rows = ".".join(found) or "."
    is_document = path_of_rows == "."
    where = "every document is a row" if is_document else f"{counts[found]} objects at `{path_of_rows}`"
    return {} if is_document else {"rows": path_of_rows}, (f"JSON: {where}",)


def _objects(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Each object that could be a row, by the path to it, and whether a date stands in it, outside its lists."""
    if not isinstance(value, dict) or len(path) > 20:
        return
    own = {name: inner for name, inner in value.items() if not isinstance(inner, list)}
    yield path, bool(HAS_DATE.search(orjson.dumps(own).decode()))
    for name, inner in value.items():
        if set(name) & set("[].*/") or not name:
            continue
        if isinstance(inner, list) and inner and all(isinstance(one, dict) for one in inner):
            for one in inner:
                yield from _objects(one, (*path, f"{name}[]"))
        elif isinstance(inner, dict) and path == ():
            # an envelope around the rows
            yield from (found for found in _objects(inner, (name,)) if found[0] != (name,))
