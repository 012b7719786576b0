"""The same made-up crimes in each kind of export, and what a mapping says of each."""

from __future__ import annotations

import csv
import struct
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import quoteattr

import orjson
import xlsxwriter

COLUMNS = ("crime", "at", "unit", "status", "offence", "note")
XLS_ROWS = 65_535
"""As many as a sheet of an old Excel file has below its header."""

_MAPPING = """
title: Crimes
source: urn:throughline:police:20:bench
area: {constant: "20"}
unit: $unit
identifiers: {crime_ref: $crime}
type: $status
types: {NEW: police.crime.recorded}
time: {column: $at, format: iso, zone: Europe/London}
fields: {offence_group: {column: $offence, values: {STALK: stalking, HARASS: harassment}}}
id: {columns: [$crime]}
ignore: [$note]
"""
_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"

Row = tuple[str, str, str, str, str, str]


def write(kind: str, folder: Path, rows: int) -> tuple[Path, Path]:
    """A file of so many rows (as many of them as fit into an old Excel file), and its mapping."""
    path, mapping = folder / f"rows.{kind}", folder / f"{kind}.yaml"
    said = KINDS[kind](path, rows_of(min(rows, XLS_ROWS) if kind == "xls" else rows))
    text = _MAPPING
    for name in COLUMNS:
        text = text.replace(f"${name}", f'"@{name}"' if kind == "xml" and name in COLUMNS[:3] else name)
    mapping.write_text(text + said)
    return path, mapping


def rows_of(count: int) -> Iterator[Row]:
    """Made-up crimes, each at another minute."""
    first = datetime.fromisoformat("2025-06-01T00:00:00")
    for i in range(count):
        at = (first + timedelta(minutes=i % 300_000)).isoformat()
        yield f"20/{i:06}/26", at, f"20P{i % 7}", "NEW", ("STALK", "HARASS")[i % 2], f"words of {i} & more"


def write_csv(path: Path, rows: Iterator[Row]) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        out.writerows(rows)
    return ""


def write_xlsx(path: Path, rows: Iterator[Row]) -> str:
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet, form = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet.write_row(0, 0, COLUMNS)
        for y, row in enumerate(rows, 1):
            for x, value in enumerate(row):
                if x == 1:
                    sheet.write_datetime(y, x, datetime.fromisoformat(value), form)
                else:
                    sheet.write_string(y, x, value)
    return ""


def write_ods(path: Path, rows: Iterator[Row]) -> str:
    def cell(value: str) -> str:
        return f'<c:table-cell o:value-type="string" o:string-value={quoteattr(value)}/>'

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("content.xml", "w") as file:
        spaces = f'xmlns:o="{_OASIS}office:1.0" xmlns:c="{_OASIS}table:1.0"'
        file.write(f'<o:document-content {spaces}><o:body><o:spreadsheet><c:table c:name="T">'.encode())
        for row in (COLUMNS, *rows):
            file.write(f"<c:table-row>{''.join(map(cell, row))}</c:table-row>".encode())
        file.write(b"</c:table></o:spreadsheet></o:body></o:document-content>")
    return ""


def write_xml(path: Path, rows: Iterator[Row]) -> str:
    with path.open("w", encoding="utf-8") as file:
        file.write("<export>\n")
        for row in rows:
            given = "".join(f" {name}={quoteattr(value)}" for name, value in zip(COLUMNS[:3], row[:3], strict=True))
            inside = f"<status>{row[3]}</status><offence>{row[4]}</offence><note>{row[5].replace('&', '&amp;')}</note>"
            file.write(f"<case{given}>{inside}</case>\n")
        file.write("</export>\n")
    return "xml: {rows: /export/case}\n"


def write_json(path: Path, rows: Iterator[Row]) -> str:
    with path.open("wb") as file:
        file.write(b'{"cases": [\n')
        for place, row in enumerate(rows):
            file.write(b",\n" * (place > 0) + orjson.dumps(dict(zip(COLUMNS, row, strict=True))))
        file.write(b"\n]}\n")
    return 'json: {rows: "cases[]"}\n'


def write_lines(path: Path, rows: Iterator[Row]) -> str:
    with path.open("wb") as file:
        for row in rows:
            file.write(orjson.dumps(dict(zip(COLUMNS, row, strict=True))) + b"\n")
    return ""


def write_fixed(path: Path, rows: Iterator[Row]) -> str:
    widths = (14, 20, 6, 6, 8, 40)
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write("".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip() + "\n")
    first, said = 1, []
    for name, width in zip(COLUMNS, widths, strict=True):
        said.append(f"{{name: {name}, from: {first}, to: {first + width - 1}}}")
        first += width
    return f"fixed: {{columns: [{', '.join(said)}]}}\n"


def write_xls(path: Path, rows: Iterator[Row]) -> str:
    """BIFF8, each value a text, in a compound file of sectors of 4 KiB.

    Source: [MS-XLS] 2.4 (BOF, BoundSheet8, Dimensions, Label), [MS-CFB] 2.2 to 2.6.
    """

    def record(kind: int, content: bytes) -> bytes:
        return struct.pack("<HH", kind, len(content)) + content

    def label(y: int, x: int, text: str) -> bytes:
        return record(0x204, struct.pack("<HHHHB", y, x, 0, len(text), 1) + text.encode("utf-16-le"))

    cells = b"".join(label(y, x, text) for y, row in enumerate((COLUMNS, *rows)) for x, text in enumerate(row))
    sheet = record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
    sheet += record(0x200, struct.pack("<IIHHH", 0, XLS_ROWS + 1, 0, len(COLUMNS), 0)) + cells + record(0x0A, b"")
    head = record(0x809, struct.pack("<HHHHII", 0x600, 0x05, 0, 0, 0, 0)) + record(0x42, struct.pack("<H", 1200))
    named = b"\x00\x00\x05\x00Cases"
    at = len(head) + 4 + 4 + len(named) + 4
    stream = head + record(0x85, struct.pack("<I", at) + named) + record(0x0A, b"") + sheet
    path.write_bytes(_compound(stream))
    return ""


def _compound(stream: bytes) -> bytes:
    """A compound file (version 4) with one stream, the workbook."""
    sector, free, end = 4096, 0xFFFFFFFF, 0xFFFFFFFE
    size = -(-len(stream) // sector)
    tables = 1
    while tables * 1024 < tables + 1 + size:
        tables += 1
    chain = [0xFFFFFFFD] * tables + [end] + [*range(tables + 2, tables + 1 + size), end]
    chain += [free] * (tables * 1024 - len(chain))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 4, 0xFFFE, 12, 6) + b"\0" * 6
    head += struct.pack("<IIIIIIIII", 1, tables, tables, 0, 4096, end, 0, end, 0)
    head += struct.pack("<109I", *(list(range(tables)) + [free] * 109)[:109])
    entries = b""
    for name, kind, child, first, length in (
        ("Root Entry", 5, 1, tables + 1, 0),  # nothing is in it, and calamine wants a place all the same
        ("Workbook", 2, free, tables + 1, size * sector),
    ):
        written = name.encode("utf-16-le") + b"\0\0"
        entries += written.ljust(64, b"\0") + struct.pack("<HBBIII", len(written), kind, 1, free, free, child)
        entries += b"\0" * 36 + struct.pack("<IQ", first, length)
    table = struct.pack(f"<{len(chain)}I", *chain)
    return head.ljust(sector, b"\0") + table + entries.ljust(sector, b"\0") + stream.ljust(size * sector, b"\0")


KINDS: dict[str, Callable[[Path, Iterator[Row]], str]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "ods": write_ods,
    "xls": write_xls,
    "xml": write_xml,
    "json": write_json,
    "jsonl": write_lines,
    "dat": write_fixed,
}
