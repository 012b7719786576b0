"""Text of fixed width to Rows: each line is a row, and each column has its place in it.

A line is UTF-8 if it can be, else Windows-1252, and places count characters. A line that has something outside the
columns, a tab, or another width than the mapping says is a reject (`ragged_row`): its values cannot be told. Blank
lines are none. Reasons besides: not_utf8, nul_character, too_large.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from throughline.errors import DataError
from throughline.schemas.definitions.entry import Entry
from throughline.schemas.pages.key import Key, Section
from throughline.sources.formats.kinds import refuse_other_kind
from throughline.sources.formats.registry import RowFormat, Settings
from throughline.sources.formats.rows import Fault, Rows, row_rejects, row_table
from throughline.sources.formats.text import line_blocks, open_bytes

_BLOCK = 1 << 22
_LINE_BYTES = 262_144
_LAST = 100_000

# a name, and the first and last place, from 1
Place = tuple[str, int, int]


def read_fixed(path: Path, settings: Settings) -> Iterator[Rows]:
    """The rows of a file; `settings` needs `columns` and may give `skip` (lines at the top), `width` (of each line) and
    `count` (what a place is: characters or bytes). `position` is the line. The first Rows has none."""
    if "columns" not in settings:
        hint = "Say where its columns stand: `fixed: {columns: [{name: …, from: 1, to: 12}]}`."
        raise DataError("has columns of fixed width, and the mapping does not say which", file=path, hint=hint)
    columns: tuple[Place, ...] = settings["columns"]
    names = tuple(name for name, _, _ in columns)
    with open_bytes(path) as file:
        refuse_other_kind(path, file.read(4096))
    yield _rows(names, {}, [], path)
    number = 0
    for block in line_blocks(path, _BLOCK):
        rows: dict[int, list[str | None]] = {}
        faults: list[Fault] = []
        for raw in block.removesuffix(b"\n").split(b"\n"):
            number += 1
            if number <= settings.get("skip", 0) or not raw.strip():
                continue
            row = _row(raw.removesuffix(b"\r"), columns, settings.get("width"), settings.get("count", ""))
            if isinstance(row, list):
                rows[number] = row
            else:
                faults.append((number, row[0], None, row[1], raw))
        yield _rows(names, rows, faults, path)


def _rows(names: tuple[str, ...], rows: dict[int, list[str | None]], faults: list[Fault], path: Path) -> Rows:
    values = zip(*rows.values(), strict=True) if rows else [[] for _ in names]
    arrays = [pa.array(column, pa.string()) for column in values]
    return Rows(names, row_table(arrays, pa.array(rows, pa.int64()), None), row_rejects(str(path), faults))


def _row(raw: bytes, columns: tuple[Place, ...], width: int | None, count: str) -> list[str | None] | tuple[str, str]:
    """The values of a line, or reason and detail of a reject. Where nobody says whether places count characters or
    bytes, and a line gives other values by the one than by the other, it is refused."""
    if len(raw) > _LINE_BYTES:
        return "too_large", f"a line may have {_LINE_BYTES:,} bytes"
    try:
        line = raw.decode()
    except UnicodeDecodeError:
        try:
            line = raw.decode("cp1252")
        except UnicodeDecodeError:
            return "not_utf8", "the line is neither UTF-8 nor Windows-1252"
    if "\x00" in line:
        return "nul_character", "the line has the character U+0000"
    if "\t" in line:
        return "ragged_row", "the line has a tab: nobody knows how wide it is"
    is_short = len(line) < len(raw)
    length = len(raw) if count == "bytes" else len(line)
    if width is not None and length != width:
        return "ragged_row", f"the line has {length} {count or 'characters'}, and {width} are said"
    by_bytes = _of_bytes(raw, columns) if is_short and count != "characters" and (count or width is None) else None
    if count == "bytes" and by_bytes is not None:
        return by_bytes
    found = _values(line, columns)
    if isinstance(found, list) and isinstance(by_bytes, list) and found != by_bytes:
        said = "the line has a character of several bytes: say by `count` whether places are characters or bytes"
        return "ragged_row", said
    return found


def _of_bytes(raw: bytes, columns: tuple[Place, ...]) -> list[str | None] | tuple[str, str]:
    """The same, where a place is a byte of UTF-8."""
    found = _values(raw.decode("latin-1"), columns)
    if isinstance(found, tuple):
        return found
    try:
        return [None if value is None else value.encode("latin-1").decode() for value in found]
    except UnicodeDecodeError:
        return "not_utf8", "a column begins or ends within a character"


def _values(line: str, columns: tuple[Place, ...]) -> list[str | None] | tuple[str, str]:
    at = 0
    for _, first, last in sorted(columns, key=lambda place: place[1]):
        if line[at : first - 1].strip():
            return "ragged_row", f"the line has something before place {first} that is in no column"
        at = max(at, last)
    if line[at:].strip():
        return "ragged_row", f"the line has something behind place {at}, where its columns end"
    return [line[first - 1 : last].strip() or None for _, first, last in columns]


_LINE = "20/000123/26 2026-01-05"
_FORM = 'time: {column: When, format: "%Y-%m-%d"}'
_COLUMNS = 'columns: [{name: No, from: "1", to: "12"}, {name: When, from: "14", to: "23"}]'
PLACES = Section(
    "`fixed.columns`",
    "The columns of a line, each with its place.",
    tuple(
        Key(name, says, f"fixed: {{{_COLUMNS}}}\n{_FORM}", "identifiers.crime_ref → 20/000123/26", file=f"{_LINE}\n")
        for name, says in (
            ("name", "What the mapping calls it."),
            ("from", "Its first place, from 1."),
            ("to", "Its last place."),
        )
    ),
)
KEYS = Section(
    "`fixed`",
    "Lines of fixed width: `.fwf`, `.dat`, and `.txt` and `.prn` where a mapping has this key.",
    (
        Key(
            "columns",
            "Where the columns stand.",
            f"fixed: {{{_COLUMNS}}}\n{_FORM}",
            "identifiers.crime_ref → 20/000123/26",
            file=f"{_LINE}\n",
        ),
        Key(
            "skip",
            "How many lines stand at the top that are no rows.",
            f'fixed: {{skip: "1", {_COLUMNS}}}\n{_FORM}',
            "identifiers.crime_ref → 20/000123/26",
            file=f"Crimes of January\n{_LINE}\n",
        ),
        Key(
            "count",
            "What a place is: `characters` or `bytes`. Without it a line that the two read differently is refused.",
            f"fixed: {{count: bytes, {_COLUMNS}}}\n{_FORM}",
            "identifiers.crime_ref → 20/000123/26",
            file=f"{_LINE}\n",
        ),
        Key(
            "width",
            "How long each line is: another is refused.",
            f'fixed: {{width: "23", {_COLUMNS}}}\n{_FORM}',
            "refused: ragged_row",
            file=f"{_LINE}  \n",
        ),
    ),
)


def _settings(entry: Entry) -> Settings:
    KEYS.only(entry)
    said: dict[str, Any] = {}
    for key in ("skip", "width"):
        if text := entry.text(key, needed=False):
            if not text.isdecimal() or len(text) > 5:
                entry.fault(key, "must be a whole number.")
            else:
                said[key] = int(text)
    columns: list[Place] = []
    for part in entry.entries("columns"):
        PLACES.only(part)
        name, first, last = part.text("name"), part.text("from"), part.text("to")
        is_number = all(one.isdecimal() and len(one) <= len(str(_LAST)) for one in (first, last))
        if not (is_number and 1 <= int(first) <= int(last) <= _LAST):
            part.fault("from", "and `to` must be the first and last place of the column, from 1.")
            continue
        if name in (one for one, _, _ in columns):
            part.fault("name", "stands twice.")
        if any(int(first) <= to and start <= int(last) for _, start, to in columns):
            part.fault("from", "is in another column, too.")
        columns.append((name, int(first), int(last)))
    if not columns:
        entry.fault("columns", "is missing.", "Write [{name: crime, from: 1, to: 12}].")
    if count := entry.choice("count", ("characters", "bytes"), needed=False):
        said["count"] = count
    return said | {"columns": tuple(columns)}


FORMATS = (
    RowFormat(
        (".fwf", ".dat"),
        read_fixed,
        key="fixed",
        settings=_settings,
        asked=(".txt", ".prn"),
        is_packed=True,
        sections=(KEYS, PLACES),
    ),
)
