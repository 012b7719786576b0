"""Spreadsheets (.xlsx, .xlsm, .ods, .xls) to Rows: one sheet, the row that names the columns, and the rows below it.

What a file is its content says, not its ending. Every row with a value ends in a row or in a reject, whose position
is the number of the row in the sheet. Reasons: `bad_cell` (an error, a formula without a result, a number that is no
date), `merged_cell`, `ragged_row` (a value in a column without a name), `nul_character`, `too_large`. A cell of a
column that the mapping ignores costs no row. Empty rows are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from throughline.errors import DataError
from throughline.schemas.definitions.entry import Entry
from throughline.schemas.pages.key import Key, Section
from throughline.sources.formats.registry import RowFormat, Settings
from throughline.sources.formats.rows import Fault, Rows, row_rejects, row_table
from throughline.sources.formats.text import watched
from throughline.sources.sheets import ods, xls, xlsx
from throughline.sources.sheets.cells import Area, Cell, Row, Sheet, Spoilt, is_whole, letters
from throughline.sources.sheets.package import open_package

_ROWS = 20_000
_COLUMNS = 2_000
_MERGED = 10_000
_ROW_BYTES = 262_144
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def read_workbook(path: Path, settings: Settings) -> Iterator[Rows]:
    """The rows of a sheet; `settings` may give `sheet` (its name), `header_row` (from 1), `merged` (`fill`: the value
    of a merged cell stands in each of its rows) and the columns `ignored`. The first Rows has none.

    Without `header_row` the first row with a value names the columns. Raises DataError where that cannot be done, where
    several sheets have rows and none is named, and where the file is damaged, protected, or something else.
    """
    with open_sheets(path) as sheets:
        yield from _Reader(path, _chosen(path, sheets, settings.get("sheet", "")), settings).read()


@contextmanager
def open_sheets(path: Path) -> Iterator[list[Sheet]]:
    """The sheets of a file in its order, while it is open. Raises DataError where it is damaged, protected, or none."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror or error})", file=path) from error
    if head.startswith(_OLE):
        if _ENCRYPTED in path.read_bytes():
            raise DataError("is protected by a password", file=path, hint="Save it without one.")
        yield xls.sheets(path)
        return
    if not head.startswith(b"PK"):
        raise DataError(f"is {_other_kind(head)}, not a spreadsheet", file=path, hint=_OTHER_HINT)
    with path.open("rb") as file, watched(path, file), open_package(path, file) as package:
        yield ods.sheets(package) if "content.xml" in package.parts else xlsx.sheets(package)


_OTHER_HINT = "Name it by what it is, or open it in a spreadsheet program and save it as .xlsx."


def _other_kind(head: bytes) -> str:
    """What a file is that some systems name `.xls`."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:500].lower()
    if not head:
        return "empty"
    if head.startswith(b"\x1f\x8b"):
        return "packed (gzip: unpack it first)"
    if text.startswith(b"<?xml") or text.startswith(b"<workbook"):
        return "XML"
    if text.startswith((b"<html", b"<!doctype html", b"<table", b"<meta", b"<head")):
        return "an HTML page"
    if b"\x00" not in head and any(mark in head for mark in (b",", b";", b"\t")):
        return "text such as CSV"
    return "of another kind"


def _chosen(path: Path, sheets: list[Sheet], name: str) -> Sheet:
    listed = ", ".join(f"`{one.name}`" + (" (hidden)" if one.is_hidden else "") for one in sheets)
    if name:
        found = next((one for one in sheets if one.name == name), None)
        if found is None:
            raise DataError(f"has no sheet `{name}`", file=path, hint=f"Its sheets: {listed or 'none'}.")
        return found
    filled = [one for one in sheets if _has_rows(one)]
    if not filled:
        raise DataError("has no sheet with a value in it", file=path, hint="Export it again.")
    if len(filled) > 1:
        hint = f"Its sheets: {listed}. Say which one in the mapping: `excel: {{sheet: …}}`."
        raise DataError(f"has {len(filled)} sheets with rows", file=path, hint=hint)
    return filled[0]


def _has_rows(sheet: Sheet) -> bool:
    with sheet.rows() as rows:
        return next(rows, None) is not None


class _Reader:
    def __init__(self, path: Path, sheet: Sheet, settings: Settings) -> None:
        self.path, self.sheet = path, sheet
        self.header_row: int = settings.get("header_row", 0)
        self.is_filled = settings.get("merged") == "fill"
        self.ignored = set(settings.get("ignored", ()))
        self.columns: tuple[str, ...] = ()
        self.places: dict[int, int] = {}
        self.merged: list[Area] = []
        # of merged cells that go on below: what they show
        self.shown: dict[Area, Cell] = {}

    def read(self) -> Iterator[Rows]:
        areas = self.sheet.merged()
        if len(areas) > _MERGED:
            raise self._fault(f"has more than {_MERGED} merged cells", None, "Take them apart.")
        with self.sheet.rows() as rows:
            header, rest = self._header(rows)
            self._name_columns(*header)
            self.merged = sorted(area for area in areas if area[1] > header[0])
            yield self._rows([])
            gathered: list[Row] = []
            for row in rest:
                gathered.append(row)
                if len(gathered) == _ROWS:
                    yield self._rows(gathered)
                    gathered = []
            if gathered:
                yield self._rows(gathered)

    def _fault(self, problem: str, row: int | None, hint: str) -> DataError:
        return DataError(f"(sheet `{self.sheet.name}`) {problem}", file=self.path, line=row, hint=hint)

    def _header(self, rows: Iterator[Row]) -> tuple[Row, Iterator[Row]]:
        hint = "Say which row names the columns: `excel: {header_row: 3}`."
        for row in rows:
            if row[0] >= self.header_row:
                if row[0] > self.header_row > 0:
                    break
                return row, rows
        if not self.header_row:
            raise self._fault("has no row with a value", None, hint)
        raise self._fault("has nothing in the row that is to name the columns", self.header_row, hint)

    def _name_columns(self, number: int, cells: dict[int, Cell]) -> None:
        names: list[str] = []
        for column, cell in sorted(cells.items()):
            if isinstance(cell, Spoilt):
                raise self._fault(f"has {cell.reason} in {letters(column)}{number}, in its header", number, "Mend it.")
            if cell is None or not (name := " ".join(cell.split())):
                continue
            if not is_whole(name):
                raise self._fault(f"has half a character in {letters(column)}{number}", number, "Mend it.")
            if name in names:
                raise self._fault(f"has two columns `{name}`", number, "Rename one of them.")
            self.places[column] = len(names)
            names.append(name)
        if not 0 < len(names) <= _COLUMNS:
            raise self._fault(f"names {len(names)} columns; 1 to {_COLUMNS} can be read", number, "Is it the header?")
        self.columns = tuple(names)

    def _rows(self, found: list[Row]) -> Rows:
        faults: list[Fault] = []
        positions: list[int] = []
        values: list[list[str | None]] = []
        for number, cells in found:
            fault = self._merge(number, cells) if self.merged else None
            row: list[str | None] = [None] * len(self.columns)
            size = 0
            for column, cell in cells.items():
                place = self.places.get(column)
                if isinstance(cell, Spoilt):
                    name = None if place is None else self.columns[place]
                    if fault is None and name not in self.ignored:
                        fault = ("bad_cell", name, f"{letters(column)}{number} has {cell.reason}")
                    continue
                text = cell.strip() if cell else ""
                if not text:
                    continue
                size += len(text)
                if place is None:
                    said = f"{letters(column)}{number} has a value, and its column has no name in the header"
                    fault = fault or ("ragged_row", None, said)
                    continue
                if not is_whole(text):
                    said = f"{letters(column)}{number} has half a character"
                    fault = fault or ("not_utf8", self.columns[place], said)
                    continue
                if "\x00" in text:
                    fault = fault or ("nul_character", self.columns[place], "the row has the character U+0000")
                row[place] = text
            if size > _ROW_BYTES // 4:
                fault = fault or ("too_large", None, f"a row may have {_ROW_BYTES // 4:,} characters")
            if fault is not None:
                faults.append((number, *fault, self._raw(cells)))
            elif any(text is not None for text in row):
                positions.append(number)
                values.append(row)
        arrays = [pa.array(column, pa.string()) for column in zip(*values, strict=True)] if values else []
        arrays = arrays or [pa.array([], pa.string())] * len(self.columns)
        return Rows(
            self.columns,
            row_table(arrays, pa.array(positions, pa.int64()), None),
            row_rejects(str(self.path), faults),
        )

    def _merge(self, number: int, cells: dict[int, Cell]) -> tuple[str, str | None, str] | None:
        """What merged cells make of a row: filled in, or a fault."""
        self.merged = [area for area in self.merged if area[1] >= number]
        for area in self.merged:
            first, _, left, right = area
            if first > number:
                break
            columns = [column for column in range(left, right + 1) if column in self.places]
            names = [self.columns[self.places[column]] for column in columns]
            if all(name in self.ignored for name in names):
                continue
            if not self.is_filled:
                said = f"{letters(left)}{first} is merged with its neighbours: which rows its value is of is not said"
                return "merged_cell", names[0], said
            if first == number:
                self.shown[area] = cells.get(left)
            if (shown := self.shown.get(area)) is not None:
                cells.update(dict.fromkeys(columns, shown))
        return None

    def _raw(self, cells: dict[int, Cell]) -> bytes:
        """A row that was refused, by the names of its columns; what has none by its letter."""
        row: dict[str, Any] = {}
        for column, cell in sorted(cells.items()):
            place = self.places.get(column)
            # no text: what is read again from it is never taken for a value
            shown: Any = {"unreadable": cell.shows} if isinstance(cell, Spoilt) else cell
            if isinstance(cell, str) and not is_whole(cell):
                shown = {"unreadable": cell.encode(errors="replace").decode()}
            row[f"({letters(column)})" if place is None else self.columns[place]] = shown
        whole = orjson.dumps(dict.fromkeys(self.columns) | row)
        return whole[:_ROW_BYTES]


# of the files here: the sheet `Cases`; a tab parts cells, and `^` is merged with the cell above
KEYS = Section(
    "`excel`",
    "A spreadsheet: `.xlsx`, `.xlsm`, `.ods`, `.xls`.",
    (
        Key(
            "sheet",
            "The sheet, where several have rows.",
            "excel: {sheet: Cases}",
            "identifiers.crime_ref → 20/000123/26",
            file="No\tWhen\n20/000123/26\t2026-01-05T10:15:00Z\n",
        ),
        Key(
            "header_row",
            "The row that names the columns, from 1. Without it the first with a value.",
            'excel: {header_row: "2"}',
            "identifiers.crime_ref → 20/000123/26",
            file="Crimes of January\nNo\tWhen\n20/000123/26\t2026-01-05T10:15:00Z\n",
        ),
        Key(
            "merged",
            "`refuse` (the default) rows of merged cells, or `fill`: each row has the value.",
            "excel: {merged: fill}\nid: {columns: [When]}",
            "identifiers.crime_ref → 20/000123/26",
            file="No\tWhen\n20/000123/26\t2026-01-05T10:15:00Z\n^\t2026-01-06T10:15:00Z\n",
        ),
    ),
)


def _settings(entry: Entry) -> Settings:
    KEYS.only(entry)
    said: dict[str, Any] = {"sheet": entry.word("sheet")} if "sheet" in entry.map else {}
    header = entry.text("header_row", needed=False)
    if header and not (header.isdecimal() and len(header) <= 7 and 1 <= int(header) <= 1_000_000):
        entry.fault("header_row", "must be the number of the row that names the columns, from 1.")
    elif header:
        said["header_row"] = int(header)
    return said | {"merged": entry.choice("merged", ("refuse", "fill"), needed=False)}


FORMATS = (
    RowFormat((".xlsx", ".xlsm", ".ods", ".xls"), read_workbook, key="excel", settings=_settings, sections=(KEYS,)),
)
