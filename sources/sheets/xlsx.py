"""Excel workbooks (.xlsx, .xlsm) as sheets, streamed: ECMA-376 part 1, chapter 18.

Numbers are taken as they are written. What calamine would make empty has its reason here: cells with an error, and
formulas whose result was never saved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

from throughline.errors import DataError
from throughline.sources.sheets.cells import Area, Cell, Row, Sheet, Spoilt, column_number, moment_text, number_text
from throughline.sources.sheets.elements import Element, drop, parsed
from throughline.sources.sheets.package import Package

_STRINGS_BYTES = 1 << 29
_COLUMNS = 16_384
_ROWS = 1_048_576
_CHUNK = 1 << 20
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})").fullmatch
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"']([A-Z]+)(\d+):([A-Z]+)(\d+)[\"']")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# formats that a workbook need not list, by their numbers
_BUILT_IN = (
    dict.fromkeys((14, 15, 16, 17, *range(27, 37), *range(50, 59)), "date")
    | dict.fromkeys((18, 19, 20, 21, 45, 47), "time")
    | {22: "instant", 46: "duration"}
)


def sheets(package: Package) -> list[Sheet]:
    """The sheets of a workbook in its order. Raises DataError where its parts do not fit together."""
    book = _Workbook(package)
    return [
        Sheet(name, is_hidden, lambda part=part: book.merged(part), lambda part=part: book.rows(part))  # type: ignore[misc]
        for name, is_hidden, part in book.sheets
    ]


class _Workbook:
    def __init__(self, package: Package) -> None:
        self.package = package
        self.where = str(package.path)
        relations = self._relations("_rels/.rels", "")
        main = next((target for kind, target in relations.values() if kind.endswith("/officeDocument")), "")
        if not main:
            raise DataError("is a zip file, and no workbook", file=package.path, hint="Unpack it first.")
        folder, name = str(PurePosixPath(main).parent), PurePosixPath(main).name
        self.relations = self._relations(f"{folder}/_rels/{name}.rels", folder)
        self.is_1904 = False
        self.sheets: list[tuple[str, bool, str]] = []
        for element in self._elements(main, "workbookPr", "sheet"):
            if element.tag.endswith("}workbookPr"):
                self.is_1904 = element.get("date1904", "0") in ("1", "true", "on")
                continue
            kind, part = self.relations.get(element.get(_RELATION) or element.get(_STRICT_RELATION) or "", ("", ""))
            if kind.endswith("/worksheet"):
                self.sheets.append((element.get("name", ""), element.get("state", "visible") != "visible", part))
        self._strings: list[str] | None = None
        self._kinds: list[str] | None = None

    def _elements(self, part: str, *names: str) -> Iterator[Element]:
        with self.package.part(part) as file:
            for _, element in parsed(file, self.where, ("end",), [f"{{*}}{name}" for name in names]):
                yield element

    def _relations(self, part: str, folder: str) -> dict[str, tuple[str, str]]:
        """By id the kind and the part that is meant."""
        found = {}
        for one in self._elements(part, "Relationship"):
            target = one.get("Target", "")
            pieces: list[str] = []
            for piece in (target if target.startswith("/") else f"{folder}/{target}").split("/"):
                if piece == ".." and pieces:
                    pieces.pop()
                elif piece not in ("", ".", ".."):
                    pieces.append(piece)
            found[one.get("Id", "")] = (one.get("Type", ""), "/".join(pieces))
        return found

    def _part(self, kind: str) -> str:
        return next((part for name, part in self.relations.values() if name.endswith(f"/{kind}")), "")

    @property
    def strings(self) -> list[str]:
        """The texts that cells share."""
        if self._strings is None:
            self._strings = []
            if part := self._part("sharedStrings"):
                if self.package.size(part) > _STRINGS_BYTES:
                    raise DataError("has more than 512 MB of text", file=self.package.path, hint="Split it.")
                for element in self._elements(part, "si"):
                    self._strings.append(_text(element))
                    drop(element)
        return self._strings

    @property
    def kinds(self) -> list[str]:
        """What the format of each style shows: date, time, instant, duration, or '' where it is none of them."""
        if self._kinds is None:
            self._kinds = []
            codes: dict[int, str] = {}
            if part := self._part("styles"):
                for element in self._elements(part, "numFmt", "cellXfs"):
                    if element.tag.endswith("}numFmt"):
                        codes[int(element.get("numFmtId", "0"))] = format_kind(element.get("formatCode", ""))
                        continue
                    numbers = [int(one.get("numFmtId", "0")) for one in element]
                    self._kinds = [codes.get(one, _BUILT_IN.get(one, "")) for one in numbers]
        return self._kinds

    def merged(self, part: str) -> list[Area]:
        """The merged cells of a sheet. They stand behind its rows, so the whole part is looked through."""
        found, rest = [], b""
        with self.package.part(part) as file:
            while chunk := file.read(_CHUNK):
                text = rest + chunk
                for one in _MERGED.finditer(text):
                    first, last = column_number(one[1].decode()), column_number(one[3].decode())
                    found.append((int(one[2]), int(one[4]), first, last))
                cut = text.rfind(b">") + 1
                rest = text[cut:][-4096:]
        return found

    @contextmanager
    def rows(self, part: str) -> Iterator[Iterator[Row]]:
        with self.package.part(part) as file:
            yield self._rows(parsed(file, self.where, ("end",), ["{*}row"]))

    def _rows(self, found: Iterator[tuple[str, Element]]) -> Iterator[Row]:
        last = 0
        places: dict[str, int] = {}
        for _, row in found:
            number = int(row.get("r") or last + 1)
            if not last < number <= _ROWS:
                raise DataError(f"has the row {number} behind the row {last}", file=self.package.path, line=number)
            last = number
            cells: dict[int, Cell] = {}
            column = -1
            for cell in row:
                reference = cell.get("r")
                if reference is None:
                    column += 1
                else:
                    name = reference.rstrip("0123456789")
                    if name not in places:
                        if not _REFERENCE(reference) or column_number(name) >= _COLUMNS:
                            problem = f"has a cell `{reference[:20]}` that no sheet has"
                            raise DataError(problem, file=self.package.path, line=number)
                        places[name] = column_number(name)
                    column = places[name]
                if (value := self._cell(cell)) is not None:
                    cells[column] = value
            drop(row)
            if cells:
                yield number, cells

    def _cell(self, cell: Element) -> Cell:
        written: str | None = None
        has_formula, inline = False, None
        for part in cell:
            name = part.tag[-2:]
            if name == "}v":
                written = part.text
            elif name == "}f":
                has_formula = True
            elif name == "is":
                inline = part
        kind = cell.get("t", "n")
        if kind == "s" and written:
            place = int(written) if written.strip().isdecimal() else -1
            if not 0 <= place < len(self.strings):
                return Spoilt(written[:20], "a text that the workbook does not have")
            return self.strings[place]
        if kind == "inlineStr" and inline is not None:
            return _text(inline)
        if kind == "e":
            return Spoilt((written or "#N/A")[:20], "an error instead of a value")
        if not written:
            if has_formula and kind != "str":
                return Spoilt("", "a formula whose result was not saved: open the file, and save it")
            return None
        if kind == "str":
            return _unescaped(written)
        if kind == "b":
            return "TRUE" if written.strip() in ("1", "true") else "FALSE"
        if kind == "d":
            return written
        style = cell.get("s")
        kinds = self.kinds
        if style is not None and (place := int(style)) < len(kinds) and kinds[place]:
            return moment_text(written, kinds[place], is_1904=self.is_1904)
        return number_text(written.strip())


def _text(element: Element) -> str:
    """The text of a string, of all its runs, without what says how it is pronounced."""
    runs = []
    for part in element:
        if part.tag.endswith("}t"):
            runs.append(part.text or "")
        elif part.tag.endswith("}r"):
            runs += [one.text or "" for one in part if one.tag.endswith("}t")]
    return _unescaped("".join(runs))


def _unescaped(text: str) -> str:
    if "_x" not in text:
        return text
    # two halves of a character are one; a half alone is left for the reader to refuse
    halves = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return halves.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def format_kind(code: str) -> str:
    """What a format of numbers shows: date, time, instant, duration, or ''."""
    if code.lower() in ("general", "standard", "@"):
        return ""
    # only of positive numbers; without texts, what is escaped, and colours, conditions and languages in brackets
    bare = re.sub(r'"[^"]*"|\\.|_.|\*.', "", code.lower()).partition(";")[0]
    if re.search(r"\[(?:h+|m+|s+)\]", bare):
        return "duration"
    bare = re.sub(r"\[[^\]]*\]|am/pm|a/p", "", bare)
    has_clock = bool(set(bare) & {"h", "s"})
    has_date = bool(set(bare) & {"y", "d"}) or ("m" in bare and not has_clock)
    return "instant" if has_date and has_clock else "date" if has_date else "time" if has_clock else ""
