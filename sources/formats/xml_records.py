"""XML of an existing system to Rows: each element of a path is a row, and what stands in it its columns.

A column is a path from the row: `@id`, `suspect/name`, `suspect/@role`, and of the elements around it `../@area`,
`../urn`, `../../header/made`; `.` is the text of the row itself. Only names of children, attributes and `..`: no
conditions, no functions. Something that a row has several times is a list in JSON, which a mapping reads by
`split: json`.

Streamed by lxml in two passes; the first gathers the columns, so that a file which is not well-formed, or has something
of no use, is refused before a row is read. What follows a row in an element around it belongs to the rows that follow;
where rows stand before it, the file is refused, since they would lack it. Names are written with the prefixes that the
mapping gives under `namespaces`, and where it gives none without.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from throughline.errors import DataError
from throughline.schemas.definitions.entry import Entry
from throughline.schemas.pages.key import Key, Section
from throughline.sources.formats.registry import RowFormat, Settings
from throughline.sources.formats.rows import Fault, Rows, row_rejects, row_table
from throughline.sources.formats.text import FIRST, SECOND, Share, open_bytes
from throughline.sources.sheets.elements import HELD_BYTES, Element, parsed

_ROWS = 20_000
_COLUMNS = 2_000
_ROW_BYTES = 262_144
_AROUND_BYTES = 1 << 20
_HELD = 200_000

# by path what stands there, in its order
Found = dict[str, list[str]]


def read_xml(path: Path, settings: Settings) -> Iterator[Rows]:
    """The rows of a file; `settings` needs `rows` (names of elements from the outermost) and may give `namespaces`
    (prefix to name). `position` counts the rows from 1. The first Rows has none.

    Raises DataError with its line where the file is not well-formed, declares a document type, or has no such element.
    """
    if "rows" not in settings:
        hint = "Say which elements are the rows in the mapping: `xml: {rows: /export/case}`."
        raise DataError("is XML, and the mapping does not say what its rows are", file=path, hint=hint)
    columns: dict[str, bool] = {}
    count = 0
    for _, found in _records(path, settings, FIRST):
        count += 1
        for name, values in found.items():
            columns[name] = columns.get(name, False) or len(values) > 1
        if len(columns) > _COLUMNS:
            raise DataError(f"has more than {_COLUMNS} different paths in its rows", file=path)
    if not count:
        hint = "Look at its path and its namespaces, and at the names in the file."
        raise DataError(f"has no element `{settings['rows']}`", file=path, hint=hint)
    yield _rows(columns, [], 1, path)
    first = 1
    gathered: list[tuple[int, Found]] = []
    for one in _records(path, settings, SECOND):
        gathered.append(one)
        if len(gathered) == _ROWS:
            yield _rows(columns, gathered, first, path)
            first, gathered = first + _ROWS, []
    if gathered:
        yield _rows(columns, gathered, first, path)


def _rows(columns: dict[str, bool], found: list[tuple[int, Found]], first: int, path: Path) -> Rows:
    """`columns`: whether a path may have several values."""
    faults: list[Fault] = []
    placed: list[tuple[int, Found]] = []
    for position, (line, values) in enumerate(found, first):
        size = sum(len(one) for many in values.values() for one in many)
        if size > _ROW_BYTES // 4:
            said = f"the element in line {line} has more than {_ROW_BYTES // 4:,} characters"
            faults.append((position, "too_large", None, said, orjson.dumps(values)[:_ROW_BYTES]))
        else:
            placed.append((position, values))
    arrays = []
    for name, is_list in columns.items():
        cells: list[str | None] = []
        for _, values in placed:
            given = values.get(name)
            cells.append(None if given is None else orjson.dumps(given).decode() if is_list else given[0])
        arrays.append(pa.array(cells, pa.string()))
    positions = pa.array([position for position, _ in placed], pa.int64())
    nested = tuple(name for name, is_list in columns.items() if is_list)
    return Rows(tuple(columns), row_table(arrays, positions, None), row_rejects(str(path), faults), nested)


def _records(path: Path, settings: Settings, share: Share) -> Iterator[tuple[int, Found]]:
    """The line where each row's element begins, and what stands in it and around it."""
    names = {uri: prefix for prefix, uri in settings.get("namespaces", {}).items()}
    wanted = [name for name in settings["rows"].split("/") if name]
    short: dict[str, str] = {}
    # of each open element that leads to rows: what stands in it so far, by path, its characters, whether it had a row
    around: list[Found] = []
    beside: list[int] = []
    had_rows: list[bool] = []
    ignored = set(settings.get("ignored", ()))
    depth = matched = held = at = 0
    with open_bytes(path, share) as file:
        for event, element in parsed(file, str(path), ("start", "end"), ["*"]):
            if event == "start":
                depth += 1
                held += 1
                if held > _HELD or file.tell() - at > HELD_BYTES:
                    problem = f"has an element with more than {_HELD:,} others or 32 MB in it"
                    raise DataError(problem, file=path, line=element.sourceline, hint="Is it the right path?")
                if matched == depth - 1 < len(wanted) and _named(element.tag, names, short) == wanted[depth - 1]:
                    matched = depth
                    if depth < len(wanted):
                        around.append({})
                        had_rows.append(False)
                        beside.append(0)
                        _attributes(element, "", names, short, around[-1])
                continue
            if depth <= matched + (matched < len(wanted)):
                held, at = 0, file.tell()
            if depth == matched == len(wanted):
                found: Found = {}
                _gather(element, "", names, short, found)
                _forget(element)
                for up, outer in enumerate(reversed(around), 1):
                    found |= {"../" * up + name: values for name, values in outer.items()}
                had_rows = [True] * len(had_rows)
                yield element.sourceline or 0, found
                matched -= 1
            elif depth == matched:
                if element.text and not element.text.isspace():
                    problem = f"has a text in `{wanted[matched - 1]}`, beside the elements in it"
                    raise DataError(problem, file=path, line=element.sourceline, hint="It would belong to no row.")
                around.pop()
                had_rows.pop()
                beside.pop()
                matched -= 1
                _forget(element)
            elif depth == matched + 1 and 0 < matched < len(wanted):
                # beside rows: a part of what stands around them
                aside: Found = {}
                name = _named(element.tag, names, short)
                _gather(element, name, names, short, aside)
                _forget(element)
                behind = ["../" * (len(wanted) - matched) + one for one in aside] if had_rows[-1] else []
                if not ignored.issuperset(behind):
                    problem = f"has `{name}` behind rows that it may belong to"
                    hint = f"Let the system export it before them, or list it under `ignore:` as `{behind[0]}`."
                    raise DataError(problem, file=path, line=element.sourceline, hint=hint)
                for one, values in aside.items():
                    around[-1].setdefault(one, []).extend(values)
                beside[-1] += sum(len(value) + 16 for values in aside.values() for value in values)
                if beside[-1] > _AROUND_BYTES:
                    raise DataError("has too much around its rows", file=path, line=element.sourceline)
            elif not matched:
                _forget(element)
            depth -= 1


def _forget(element: Element) -> None:
    """Drop an element that was read, and everything before it; its tail goes with it."""
    parent = element.getparent()
    element.clear()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def _gather(element: Element, path: str, names: dict[str, str], short: dict[str, str], found: Found) -> None:
    """Add what stands in an element by the paths from the row; its nesting is bounded by the parser."""
    _attributes(element, f"{path}/" if path else "", names, short, found)
    texts = [element.text]
    for child in element:
        if isinstance(child.tag, str):
            name = _named(child.tag, names, short)
            _gather(child, f"{path}/{name}" if path else name, names, short, found)
        texts.append(child.tail)
    if text := " ".join(one.strip() for one in texts if one and not one.isspace()):
        found.setdefault(path or ".", []).append(text)


def _attributes(element: Element, path: str, names: dict[str, str], short: dict[str, str], found: Found) -> None:
    for name, value in element.attrib.items():
        if (text := str(value).strip()) and not str(name).startswith("{http://www.w3.org/2001/XMLSchema-instance}"):
            found.setdefault(f"{path}@{_named(str(name), names, short)}", []).append(text)


def _named(tag: Any, names: dict[str, str], short: dict[str, str]) -> str:
    """The name of an element or attribute with the prefix that the mapping gives to its namespace."""
    known = short.get(tag)
    if known is None:
        uri, _, local = tag.rpartition("}")
        prefix = names.get(uri[1:])
        known = short[tag] = f"{prefix}:{local}" if prefix else local
    return known


KEYS = Section(
    "`xml`",
    "XML. A column is a path from the row: `@id`, `suspect/name`, and around it `../@area`; `.` is its text.",
    (
        Key(
            "rows",
            "Which elements are the rows: names from the outermost.",
            'xml: {rows: /export/case}\nidentifiers: {crime_ref: "@no"}\ntime: {column: at}\nid: {columns: ["@no"]}',
            "identifiers.crime_ref → 20/000123/26",
            file='<export><case no="20/000123/26"><at>2026-01-05T10:15:00Z</at></case></export>',
        ),
        Key(
            "namespaces",
            "Prefixes and the namespaces that they stand for.",
            "xml: {rows: /c:export/c:case, namespaces: {c: urn:example}}\n"
            'identifiers: {crime_ref: "@no"}\ntime: {column: c:at}\nid: {columns: ["@no"]}',
            "identifiers.crime_ref → 20/000123/26",
            file='<export xmlns="urn:example"><case no="20/000123/26"><at>2026-01-05T10:15:00Z</at></case></export>',
        ),
    ),
)


def _settings(entry: Entry) -> Settings:
    KEYS.only(entry)
    rows = entry.text("rows")
    if rows and (
        not rows.startswith("/") or any(not name or set(name) & set("[]()*@.") for name in rows[1:].split("/"))
    ):
        entry.fault("rows", "must be names of elements from the outermost, such as /export/case.")
    part = entry.entry("namespaces")
    given = {} if part is None else {prefix: part.text(prefix) for prefix in part.map}
    return {"rows": rows, "namespaces": given}


FORMATS = (RowFormat((".xml",), read_xml, key="xml", settings=_settings, is_packed=True, sections=(KEYS,)),)
