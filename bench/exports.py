"""The same rows as CSV and as every other kind of export, read through one mapping: `python -m bench.exports`.

Prints rows a second of the processor, the ratio to CSV and the peak of memory of each, and ends non-zero where one
gives other events than the CSV.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from xml.sax.saxutils import quoteattr

import orjson
import xlsxwriter

from bench.instruments.stages import peak_bytes
from throughline.schemas.definitions.domain import load_domain
from throughline.sources.mapping.conversion import read_mapped
from throughline.sources.mapping.mapping import load_mapping

COLUMNS = ("crime", "at", "unit", "status", "offence", "note")
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


KINDS: dict[str, Callable[[Path, Iterator[Row]], str]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "ods": write_ods,
    "xml": write_xml,
    "json": write_json,
    "jsonl": write_lines,
    "dat": write_fixed,
}


def measure(path: Path, mapping: Path) -> None:
    """The process of one kind: prints events, seconds of the processor, the peak in bytes and a digest."""
    read, domain = load_mapping(mapping), load_domain()
    started, count, seen = time.process_time(), 0, 0
    for batch in read_mapped(path, read, domain):
        count += batch.events.num_rows
        columns = batch.events.select(["id", "unit", "occurred_at", "data"]).to_pylist() if count <= 200_000 else []
        for row in columns:
            seen ^= int.from_bytes(blake2b(repr(row).encode(), digest_size=8).digest())
    print(count, time.process_time() - started, peak_bytes(), seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--megabytes", type=int, default=0, help="of the XML, which then has rows of its own number")
    parser.add_argument("--only", choices=KINDS, action="append", default=[])
    parser.add_argument("--seed", type=int, default=0, help="not used: the rows are always the same")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--measure", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(*given.measure)
        return
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        expected: tuple[str, str] | None = None
        rate = 0.0
        print(f"{'kind':6} {'MB':>8} {'rows':>10} {'rows/s':>10} {'of CSV':>8} {'peak MB':>8}")
        for kind, write in KINDS.items():
            if given.only and kind not in ("csv", *given.only):
                continue
            is_large = kind == "xml" and given.megabytes
            path, mapping = folder / f"rows.{kind}", folder / f"{kind}.yaml"
            said = write(path, rows_of(given.megabytes * 6_000 if is_large else given.rows))
            text = _MAPPING
            for name in COLUMNS:
                text = text.replace(f"${name}", f'"@{name}"' if kind == "xml" and name in COLUMNS[:3] else name)
            mapping.write_text(text + said)
            command = [sys.executable, "-m", "bench.exports", "--measure", str(path), str(mapping)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(f"{kind}: {done.stderr[-2000:]}")
            count, seconds, peak, seen = done.stdout.split()
            speed = int(count) / float(seconds)
            rate = rate or speed
            size = path.stat().st_size / 1e6
            print(f"{kind:6} {size:8.1f} {int(count):10,} {speed:10,.0f} {speed / rate:8.2f} {int(peak) / 1e6:8.0f}")
            expected = expected or (count, seen)
            if not is_large and (count, seen) != expected:
                sys.exit(f"{kind} gives other events than the CSV")
            path.unlink()


if __name__ == "__main__":
    main()
