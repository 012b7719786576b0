"""How a file is laid out, as a mapping says it: delimiter, header, sheet, the path of the rows, places in a line."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from throughline.errors import DataError, UsageError
from throughline.sources.formats.kinds import refuse_other_kind
from throughline.sources.formats.registry import Settings
from throughline.sources.formats.text import blocks_of, open_bytes
from throughline.sources.formats.workbook import open_sheets
from throughline.sources.workbench.nesting import HAS_DATE, json_rows, xml_rows

_HEAD_BYTES = 1 << 18
_LINES = 200
_HEADER_LINES = 10
_DELIMITERS = ",;\t|"
_APOSTROPHES = re.compile(r"'[^']*'(?:([,;\t|])'[^']*')(?:\1'[^']*')*").fullmatch


@dataclass(frozen=True)
class Layout:
    """What a mapping says of a file under the key `key`; `evidence` are sentences without any value."""

    key: str
    settings: Settings
    evidence: tuple[str, ...]


def layout_of(path: Path, key: str, sheet: str) -> Layout:
    """The layout of a file that is read by the format `key`. `sheet` names one of a spreadsheet, or is empty.

    Raises DataError where nothing can be told, UsageError for a sheet that is not there.
    """
    if key == "excel":
        return _workbook(path, sheet)
    if key == "xml":
        return Layout(key, *xml_rows(path))
    if key == "json":
        return Layout(key, *json_rows(path))
    lines, encoding = _lines(path)
    if key == "fixed" or (key == "csv" and path.suffix.lower() == ".txt" and not _is_delimited(lines)):
        return _fixed(path, lines)
    return _delimited(path, lines, encoding)


def _lines(path: Path) -> tuple[list[str], str]:
    """The first lines of a text, and its encoding: utf-8, or cp1252 where a line is not that; '' for ASCII."""
    with open_bytes(path) as file:
        head = file.read(_HEAD_BYTES)
        refuse_other_kind(path, head)
        first = next(blocks_of(file, _HEAD_BYTES, is_mac=b"\n" not in head, head=head), b"")
    if not first.strip():
        raise DataError("is empty", file=path, hint="Draft from a file that has rows.")
    if b"\x00" in first:
        hint = "Save it as UTF-8 (in Excel: `CSV UTF-8`), or name it by what it is."
        raise DataError("is not text: it has the character U+0000", file=path, hint=hint)
    lines, encoding = [], ""
    for raw in first.split(b"\n")[:_LINES]:
        try:
            line = raw.decode()
            encoding = encoding or ("" if raw.isascii() else "utf-8")
        except UnicodeDecodeError:
            line, encoding = raw.decode("cp1252", errors="replace"), "cp1252"
        lines.append(line.removesuffix("\r"))
    return lines, encoding


def _split(line: str, delimiter: str, quote: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, quotechar=quote), [])
    except csv.Error:
        return []


def _widths(lines: Sequence[str], delimiter: str, quote: str = '"') -> Counter[int]:
    return Counter(len(_split(line, delimiter, quote)) for line in lines if line.strip())


def _record(lines: Sequence[str], place: int, quote: str) -> str:
    """The line at a place, with those behind it that a name with line breaks takes."""
    last = place + 1
    while last < min(len(lines), place + _HEADER_LINES) and sum(one.count(quote) for one in lines[place:last]) % 2:
        last += 1
    return "\n".join(lines[place:last])


def _is_delimited(lines: Sequence[str]) -> bool:
    return any((most := _widths(lines, mark).most_common(1)) and most[0][0] > 1 for mark in _DELIMITERS)


def _delimited(path: Path, lines: Sequence[str], encoding: str) -> Layout:
    """The delimiter by which most lines have the same number of fields, and the first line that has it."""
    scored = []
    quote = "'" if _APOSTROPHES(next((line for line in lines if line.strip()), "").strip()) else '"'
    for mark in _DELIMITERS:
        widths = _widths(lines, mark, quote)
        if widths:
            width, count = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]))
            scored.append((width > 1, count, width, mark))
    has_many, count, width, delimiter = max(scored)
    # a title that a spreadsheet saved has the delimiters, and next to nothing between them
    skip = next(
        (
            place
            for place in range(len(lines))
            if len(cells := _split(_record(lines, place, quote), delimiter, quote)) == width
            and sum(map(bool, map(str.strip, cells))) >= 0.6 * width
        ),
        0,
    )
    said: dict[str, Any] = {"delimiter": "\\t" if delimiter == "\t" else delimiter} if has_many else {}
    name = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}[delimiter]
    evidence = [
        f"CSV: {name} between {width} fields in {count} of the first {sum(1 for one in lines if one.strip())} lines"
    ]
    if quote == "'":
        said["quote"] = quote
        evidence.append("the names of the columns stand between apostrophes")
    if skip:
        said["skip"] = skip
        evidence.append(f"{skip} {'line' if skip == 1 else 'lines'} above the line that names the columns")
    if encoding == "cp1252":
        evidence.append("some lines are Windows-1252; without `encoding` each is read by the one that fits it")
    if HAS_DATE.search(lines[skip]):
        evidence.append(
            "the first line has a date in it: if it is a row, put a line with the names of the columns above"
        )
    return Layout("csv", said, tuple(evidence))


def _fixed(path: Path, lines: Sequence[str]) -> Layout:
    """The columns between the places that are blank in every line; a first line without digits names them."""
    full = [line for line in lines if line.strip()]
    if any("\t" in line for line in full):
        raise DataError("has tabs: nobody knows how wide they are", file=path, hint="Export it as CSV.")
    names_row = full[0] if len(full) > 1 and not re.search(r"\d", full[0]) else None
    body = full[1:] if names_row else full
    width = max(map(len, full))
    blank = [all(len(line) <= place or line[place] == " " for line in body) for place in range(width)]
    places: list[tuple[int, int]] = []
    for place in range(width):
        if not blank[place]:
            begun = place == 0 or blank[place - 1]
            places[len(places) - (0 if begun else 1) :] = [(place if begun else places[-1][0], place)]
    if len(places) < 2:
        hint = "Say where its columns stand: `fixed: {columns: [{name: …, from: 1, to: 12}]}`."
        raise DataError("has no place that is blank in every line", file=path, hint=hint)
    titles = [(names_row or "")[first : last + 1].strip() for first, last in places]
    if names_row and not all(titles):
        # a name may be wider than what stands below it
        ends = [*(first for first, _ in places[1:]), len(names_row)]
        starts = [first for first, _ in places]
        titles = [" ".join(names_row[first:end].split()) for first, end in zip(starts, ends, strict=True)]
    named = _once([title or f"column_{number}" for number, title in enumerate(titles, 1)])
    columns = tuple((name, first + 1, last + 1) for name, (first, last) in zip(named, places, strict=True))
    evidence = [f"fixed width: {len(columns)} columns between places that are blank in all of {len(body)} lines"]
    said: dict[str, Any] = {"columns": columns}
    if names_row:
        said["skip"] = lines.index(names_row) + 1
        evidence.append("the first line has no digit: taken for the names of the columns")
    return Layout("fixed", said, tuple(evidence))


def _once(names: Sequence[str]) -> list[str]:
    seen: Counter[str] = Counter()
    made = []
    for name in names:
        seen[name] += 1
        made.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return made


def _workbook(path: Path, wanted: str) -> Layout:
    """The sheet with the most rows, and the first row that is as wide as those below it."""
    with open_sheets(path) as sheets:
        if wanted and wanted not in (sheet.name for sheet in sheets):
            listed = ", ".join(f"`{sheet.name}`" for sheet in sheets)
            raise UsageError(f"`{path}` has no sheet `{wanted}`.", hint=f"Its sheets: {listed}.")
        found = []
        for sheet in sheets:
            if wanted and sheet.name != wanted:
                continue
            with sheet.rows() as rows:
                first = list(islice(rows, _LINES))
            if first:
                found.append((len(first), sheet, first))
        if not found:
            raise DataError("has no sheet with a value in it", file=path, hint="Export it again.")
        _, sheet, first = max(found, key=lambda one: one[0])
        others = [one.name for _, one, _ in found if one is not sheet]
        merged = sheet.merged()
    filled = [
        (number, [cell for cell in cells.values() if isinstance(cell, str) and cell.strip()]) for number, cells in first
    ]
    usual = Counter(len(cells) for _, cells in filled).most_common(1)[0][0]
    header = next(number for number, cells in filled if len(cells) >= 0.6 * usual)
    said: dict[str, Any] = {}
    evidence = [f"a spreadsheet: the names of the columns stand in row {header}"]
    if others:
        said["sheet"] = sheet.name
        count = len(others)
        evidence.append(
            f"{count} other {'sheet has' if count == 1 else 'sheets have'} rows: draft one by `--sheet NAME`"
        )
    if header > 1:
        said["header_row"] = header
    if any(area[0] > header for area in merged):
        said["merged"] = "fill"
        evidence.append("cells below the header are merged: `fill` gives each of their rows the value")
    return Layout("excel", said, tuple(evidence))
