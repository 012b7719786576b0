"""JSON of an existing system to Rows: each object of a path is a row, and what stands in it its columns.

A file is one document, one a line, or an array of them. The path begins in the document: `cases[].events[]` are the
objects in each list `events` of each object in the list `cases`; `.` is the document itself. A column is a path from
the row: `id`, `suspect.name`, and of the objects around it `../urn`, `../../made`. What stands in a list is a list in
JSON, which a mapping reads by `split: json`. Reasons: those of `read_json`, `not_object`, `too_deep`, `nul_character`,
`too_large`. `position` counts rows and what was refused from 1: of one document a line, the lines.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from throughline.errors import DataError
from throughline.schemas.acceptance.reject import Reject, read_json
from throughline.schemas.definitions.entry import Entry
from throughline.schemas.pages.key import Key, Section
from throughline.schemas.wire.documents import Documents, Value
from throughline.sources.formats.kinds import refuse_other_kind
from throughline.sources.formats.registry import RowFormat, Settings
from throughline.sources.formats.rows import Fault, Rows, row_rejects, row_table
from throughline.sources.formats.text import FIRST, SECOND, WHOLE, Share, blocks_of, open_bytes
from throughline.sources.sheets.cells import number_text

_ROWS = 20_000
_COLUMNS = 2_000
_ROW_BYTES = 262_144
_DOCUMENT_BYTES = 1 << 26
_BLOCK = 1 << 24
_PORTION = 1 << 16
_DEPTH = 100

# by path what stands there, in its order
Found = dict[str, list[str]]
# a name, and whether a list of objects stands there
Step = tuple[str, bool]


class _Refused(Exception):  # noqa: N818 — leaves the walk only
    def __init__(self, reason: str, detail: str) -> None:
        self.reject = Reject(reason, None, detail)


def read_json_rows(path: Path, settings: Settings) -> Iterator[Rows]:
    """The rows of a file; `settings` may give `rows`, else each document is one. The first Rows has none.

    Two passes, of which the first gathers the columns. Raises DataError where there is no row and nothing refused, and
    where a file is plainly of another kind.
    """
    columns: dict[str, None] = {}
    lists: set[str] = set()
    refused: Reject | None = None
    is_empty = True
    for found, _ in _records(path, settings, lists, FIRST):
        is_empty = False
        if isinstance(found, Reject):
            refused = refused or found
        else:
            columns.update(dict.fromkeys(found))
        if len(columns) > _COLUMNS:
            raise DataError(f"has more than {_COLUMNS} different paths in its rows", file=path)
    if is_empty:
        said = settings.get("rows", ".")
        raise DataError(f"has nothing at `{said}`", file=path, hint="Look at `json: {rows: …}` of the mapping.")
    if refused is not None and not columns:
        hint = "Mend what writes it, or export it again."
        said = f"has no record that can be read: {refused.detail}"
        raise DataError(said, file=path, line=_first_fault(path), hint=hint)
    names = tuple(columns)
    nested = tuple(name for name in names if name in lists)
    yield _rows(names, nested, [], 1, path)
    first = 1
    gathered: list[tuple[Found | Reject, bytes]] = []
    for one in _records(path, settings, set(), SECOND):
        gathered.append(one)
        if len(gathered) == _ROWS:
            yield _rows(names, nested, gathered, first, path)
            first, gathered = first + _ROWS, []
    if gathered:
        yield _rows(names, nested, gathered, first, path)


def _rows(
    columns: tuple[str, ...], nested: tuple[str, ...], given: list[tuple[Found | Reject, bytes]], first: int, path: Path
) -> Rows:
    faults: list[Fault] = []
    placed: list[tuple[int, Found]] = []
    for position, (found, raw) in enumerate(given, first):
        if isinstance(found, Reject):
            faults.append((position, found.reason, found.field, found.detail, raw[:_ROW_BYTES]))
        elif sum(len(one) for many in found.values() for one in many) > _ROW_BYTES // 4:
            said = f"a row may have {_ROW_BYTES // 4:,} characters"
            faults.append((position, "too_large", None, said, orjson.dumps(found)[:_ROW_BYTES]))
        else:
            placed.append((position, found))
    arrays = []
    for name in columns:
        is_list = name in nested
        cells: list[str | None] = []
        for _, found in placed:
            values = found.get(name)
            cells.append(None if values is None else orjson.dumps(values).decode() if is_list else values[0])
        arrays.append(pa.array(cells, pa.string()))
    positions = pa.array([position for position, _ in placed], pa.int64())
    return Rows(columns, row_table(arrays, positions, None), row_rejects(str(path), faults), nested)


def _records(path: Path, settings: Settings, lists: set[str], share: Share) -> Iterator[tuple[Found | Reject, bytes]]:
    """What stands in each row and around it; of a document that is refused why, and its bytes. `lists` takes the paths
    that may have several values."""
    steps = _steps(settings.get("rows", "."))
    for value in documents_of(path, share):
        read = read_json(value.raw) if len(value.raw) <= _DOCUMENT_BYTES else None
        if read is None and len(value.raw) > _DOCUMENT_BYTES:
            read = Reject("too_large", None, "a document, or an element of the outermost array, may have 64 MB")
        if isinstance(read, Reject):
            detail = f"{read.detail} (line {value.line})"
            yield Reject(read.reason, read.field, detail), value.raw
            continue
        # one by one: what was read before a fault stands
        rows = _walk(read, steps, [], lists)
        while True:
            try:
                found = next(rows)
            except StopIteration:
                break
            except _Refused as refused:
                yield refused.reject, value.raw
                break
            yield found, b""


def _first_fault(path: Path) -> int | None:
    """The line where a file ceases to be JSON; None where it does not, or not in its first 64 MB."""
    with open_bytes(path) as file:
        head = file.read(_DOCUMENT_BYTES)
    try:
        orjson.loads(head.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        return error.lineno
    return None


def documents_of(path: Path, share: Share = WHOLE) -> Iterator[Value]:
    """The documents of a file: quickly where each has a line, or the file is one."""
    with open_bytes(path, share) as file:
        head = file.read(_DOCUMENT_BYTES)
        text = head[: 1 << 16].removeprefix(codecs.BOM_UTF8).lstrip()
        if not text:
            raise DataError("is empty", file=path, hint="Export it again.")
        if text[:1] not in (b"{", b"["):
            refuse_other_kind(path, head)
        if text[:1] == b"{" and len(head) < _DOCUMENT_BYTES and b"\n" in head.strip():
            whole = head.removeprefix(codecs.BOM_UTF8)
            try:
                orjson.loads(whole)
            except orjson.JSONDecodeError:
                pass
            else:
                yield Value(1, whole, None)
                return
        documents: Documents | None = None
        line = 1
        is_array = text[:1] == b"["
        for block in blocks_of(file, _BLOCK, head=head):
            for raw in block.removesuffix(b"\n").split(b"\n"):
                bare = raw.strip()
                if documents is None and bare[:1] == b"{" and bare[-1:] == b"}":
                    yield Value(line, bare, None)
                elif documents is None and not bare:
                    pass
                else:
                    documents = documents or Documents(_DOCUMENT_BYTES, line)
                    for start in range(0, len(raw) + 1, _PORTION):
                        yield from documents.feed((raw + b"\n")[start : start + _PORTION])
                    if not documents.is_open and not is_array:
                        documents = None
                line += 1
        if documents is not None:
            yield from documents.close()


def _walk(value: Any, steps: list[Step], around: list[Found], lists: set[str]) -> Iterator[Found]:
    """The rows of a value; `around` are the objects around it, the outermost first."""
    if not isinstance(value, dict):
        raise _Refused("not_object", "a row, or what leads to it, is no object")
    if not steps:
        found: Found = {}
        _gather(value, "", found, lists, False, 0)
        for up, outer in enumerate(reversed(around), 1):
            for name, values in outer.items():
                found["../" * up + name] = values
        yield found
        return
    (name, is_list), rest = steps[0], steps[1:]
    own: Found = {}
    mine: set[str] = set()
    _gather({key: inner for key, inner in value.items() if key != name}, "", own, mine, False, 0)
    lists.update("../" * len(steps) + one for one in mine)
    inner = value.get(name)
    if inner is None:
        return
    if isinstance(inner, list) != is_list:
        said = "a list" if is_list else "no list"
        raise _Refused("not_object", f"`{'.'.join(one for one, _ in steps)}` of `rows` has to begin with {said}")
    for one in inner if is_list else [inner]:
        yield from _walk(one, rest, [*around, own], lists)


def columns_of(value: dict[str, Any]) -> tuple[Found, set[str]] | Reject:
    """What stands in an object, by its path, and which paths may have several values."""
    found: Found = {}
    lists: set[str] = set()
    try:
        _gather(value, "", found, lists, False, 0)
    except _Refused as refused:
        return refused.reject
    return found, lists


def _gather(value: Any, path: str, found: Found, lists: set[str], in_list: bool, depth: int) -> None:
    if depth > _DEPTH:
        raise _Refused("too_deep", f"a row nests deeper than {_DEPTH} levels")
    if isinstance(value, dict):
        for name, inner in value.items():
            _gather(inner, f"{path}.{name}" if path else name, found, lists, in_list, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _gather(inner, path, found, lists, True, depth + 1)
    elif (text := _text(value)) is not None:
        many = found.setdefault(path, [])
        many.append(text)
        if in_list or len(many) > 1:
            lists.add(path)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number_text(repr(value))
    if "\x00" in value:
        raise _Refused("nul_character", "the row has the character U+0000")
    return value.strip() or None


def _steps(rows: str) -> list[Step]:
    return [] if rows == "." else [(one.removesuffix("[]"), one.endswith("[]")) for one in rows.split(".")]


KEYS = Section(
    "`json`",
    "JSON that is no CloudEvents. A column is a path from the row: `id`, `suspect.name`, and around it `../urn`.",
    (
        Key(
            "rows",
            "The path to the objects that are the rows, `[]` behind a list; without it each document is one.",
            'json: {rows: "cases[].events[]"}\nidentifiers: {crime_ref: ../no}\n'
            "time: {column: at}\nid: {columns: [../no, at]}",
            "identifiers.crime_ref → 20/000123/26",
            file='{"cases": [{"no": "20/000123/26", "events": [{"at": "2026-01-05T10:15:00Z"}]}]}',
        ),
    ),
)


def _settings(entry: Entry) -> Settings:
    KEYS.only(entry)
    rows = entry.text("rows")
    if rows and rows != "." and any(not name or set(name) & set("[]*/") for name, _ in _steps(rows)):
        entry.fault("rows", "must be names from the document, lists with [], such as cases[].events[]; or a point.")
    return {"rows": rows}


FORMATS = (
    RowFormat(
        (".json", ".jsonl", ".ndjson"), read_json_rows, key="json", settings=_settings, is_packed=True, sections=(KEYS,)
    ),
)
