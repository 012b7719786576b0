"""OpenDocument spreadsheets (.ods) as sheets, streamed: OpenDocument 1.2 part 1, chapters 9 and 19."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from throughline.errors import DataError
from throughline.sources.sheets.cells import ERRORS, Area, Cell, Row, Sheet, Spoilt, number_text
from throughline.sources.sheets.elements import Element, drop, parsed
from throughline.sources.sheets.package import Package

_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
_TABLE, _OFFICE, _TEXT, _STYLE = (f"{{{_OASIS}{name}:1.0}}" for name in ("table", "office", "text", "style"))
_CELLS = {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}
_COLUMNS = 16_384
_ROWS = 1_048_576
_CHUNK = 1 << 20
# cells with a value, most of them only said to be there again: a column that is filled to the end of its sheet, and so
# many for each that is written
_REPEATED, _REPEATED_EACH = 2 * _ROWS, 50
_DURATION = re.compile(r"PT(\d+)H(\d\d?)M(\d\d?)(?:[.,]\d+)?S").fullmatch
_MIDNIGHT = "T00:00:00"


def sheets(package: Package) -> list[Sheet]:
    """The sheets of a document in its order."""
    if "META-INF/manifest.xml" in package.parts:
        with package.part("META-INF/manifest.xml") as file:
            if b"encryption-data" in file.read(_CHUNK):
                raise DataError("is protected by a password", file=package.path, hint="Save it without one.")
    return list(_Document(package).sheets())


class _Document:
    def __init__(self, package: Package) -> None:
        self.package = package
        self.where = str(package.path)

    def sheets(self) -> Iterator[Sheet]:
        hidden: set[str] = set()
        style = ""
        with self.package.part("content.xml") as file:
            tags = [f"{_STYLE}style", f"{_STYLE}table-properties", f"{_TABLE}table", f"{_TABLE}table-row"]
            place = 0
            for event, element in parsed(file, self.where, ("start", "end"), tags):
                if element.tag == f"{_STYLE}style":
                    style = element.get(f"{_STYLE}name", "")
                elif element.tag == f"{_STYLE}table-properties":
                    hidden |= {style} if element.get(f"{_TABLE}display") == "false" else set()
                elif element.tag == f"{_TABLE}table" and event == "start":
                    name, is_hidden = element.get(f"{_TABLE}name", ""), element.get(f"{_TABLE}style-name") in hidden
                    yield self._sheet(name, is_hidden, place)
                    place += 1
                elif event == "end":
                    drop(element)

    def _sheet(self, name: str, is_hidden: bool, place: int) -> Sheet:
        return Sheet(name, is_hidden, lambda: self.merged(place), lambda: self.rows(place))

    def merged(self, place: int) -> list[Area]:
        """The merged cells of a sheet; most documents have none, and need not be read for them."""
        with self.package.part("content.xml") as file:
            rest = b""
            while chunk := file.read(_CHUNK):
                if b"-spanned=" in rest + chunk:
                    break
                rest = chunk[-16:]
            else:
                return []
        found: list[Area] = []
        with self.package.part("content.xml") as file:
            for number, _, row in self._rows_of(file, place):
                column = 0
                for cell in row:
                    wide, high = (int(cell.get(f"{_TABLE}number-{what}-spanned", "1")) for what in ("columns", "rows"))
                    if (wide, high) != (1, 1):
                        found.append((number, number + high - 1, column, column + wide - 1))
                    column += int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
        return found

    @contextmanager
    def rows(self, place: int) -> Iterator[Iterator[Row]]:
        with self.package.part("content.xml") as file:
            yield self._read(self._rows_of(file, place))

    def _rows_of(self, file: object, place: int) -> Iterator[tuple[int, int, Element]]:
        """Each row that has cells: its number, how often it stands there, and its element."""
        table, depth, number = -1, 0, 1
        for event, element in parsed(file, self.where, ("start", "end"), [f"{_TABLE}table", f"{_TABLE}table-row"]):
            if element.tag == f"{_TABLE}table":
                # a table in a cell is no sheet
                depth += 1 if event == "start" else -1
                table += event == "start" and depth == 1
            elif event == "end":
                times = int(element.get(f"{_TABLE}number-rows-repeated", "1"))
                if table == place and depth == 1:
                    yield number, times, element
                    number += times
                if depth == 1:
                    drop(element)
                if table > place:
                    return

    def _read(self, found: Iterator[tuple[int, int, Element]]) -> Iterator[Row]:
        written = repeated = 0
        for number, times, row in found:
            cells: dict[int, Cell] = {}
            column = 0
            for cell in row:
                if cell.tag not in _CELLS:
                    continue
                wide = int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
                value = _cell(cell)
                if value is not None:
                    if not 0 < wide <= _COLUMNS - column:
                        raise DataError("has more columns than a sheet can have", file=self.package.path, line=number)
                    cells |= dict.fromkeys(range(column, column + wide), value)
                    written += 1
                column += wide
            if cells:
                if not 0 < times <= _ROWS - number + 1:
                    raise DataError("has more rows than a sheet can have", file=self.package.path, line=number)
                repeated += times * len(cells)
                if repeated > _REPEATED + _REPEATED_EACH * written:
                    hint = "No export says the same so often: look at where it comes from."
                    raise DataError("repeats its values without end", file=self.package.path, line=number, hint=hint)
                for more in range(times):
                    yield number + more, cells


def _cell(cell: Element) -> Cell:
    kind = cell.get(f"{_OFFICE}value-type")
    lines = ["".join(one.itertext()) for one in cell if one.tag == f"{_TEXT}p"]
    shown: str = cell.get(f"{_OFFICE}string-value") or "\n".join(lines)
    has_formula = cell.get(f"{_TABLE}formula") is not None
    if has_formula and (shown in ERRORS or shown.startswith("Err:")):
        return Spoilt(shown[:20], "an error instead of a value")
    if kind is None:
        if has_formula:
            return Spoilt("", "a formula whose result was not saved: open the file, and save it")
        return shown or None
    if kind in ("float", "percentage", "currency"):
        return number_text(cell.get(f"{_OFFICE}value", shown))
    if kind == "date":
        moment: str = cell.get(f"{_OFFICE}date-value", shown)
        # what shows a time of day is an instant, also at midnight
        return moment.removesuffix(_MIDNIGHT) if ":" not in shown else moment
    if kind == "time":
        found = _DURATION(cell.get(f"{_OFFICE}time-value", ""))
        if not found:
            return Spoilt(shown[:20], "a time of another form than OpenDocument's")
        return f"{int(found[1]):02}:{int(found[2]):02}:{int(found[3]):02}"
    if kind == "boolean":
        return "TRUE" if cell.get(f"{_OFFICE}boolean-value") == "true" else "FALSE"
    return shown or None
