"""Hostile exports: the rows of one log of contacts in each form of file, odd in their cells or damaged as a whole."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.hostile_sources import markup, sheets, text_files
from bench.hostile_sources.attempt import Case, Made, Reader, Row, rows_of
from bench.hostile_sources.damage import cell, spoilt
from throughline.errors import DataError
from throughline.schemas.definitions.domain import Domain
from throughline.sources.formats.registry import read_rows
from throughline.sources.mapping.conversion import convert
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.mapping.parts import Mapping

MAPPING = Path(__file__).with_name("contacts.yaml")
NAMES = ("entry", "area", "unit", "crime", "file", "at", "entered", "what", "channel", "person", "remark")
UNTOUCHED = 0.1
_KNOWN = 60
_MOST = 400
_FEW = 12

Cells = list[str]


@dataclass(frozen=True)
class Form:
    """A form of file. `write` gives a file of rows; of those in the set it may write the cells as no program would.

    `spoil` damages a file in its own way, `words` are what its form has a meaning for; `damages` is the share of files
    that are damaged as a whole, and `is_line` says that a row which is damaged may take others with it.
    """

    ending: str
    write: Callable[[list[Cells], set[int], random.Random], bytes]
    spoil: Callable[[bytes, random.Random], bytes]
    words: tuple[bytes, ...]
    damages: float = 0.5
    takes_others: bool = False


def contact(number: int) -> Cells:
    """A row that is accepted."""
    what, channel = ("Contact", "sms") if number % 3 else ("Attempt", "sms")
    at = f"2026-03-{number % 27 + 1:02}T10:{number % 60:02}:00"
    return [f"n{number}", "20", "20PP", f"20/{number}/26", "20PP0012326", at, at, what, channel, "v1", "x"]


def read_file(path: Path, mapping: Mapping, domain: Domain) -> Iterator[Made]:
    """What the mapping makes of a file."""
    for one in convert(read_rows(path, mapping.reading), mapping, domain, path):
        yield Made(one.batch.events, one.batch.rejects, one.rows, one.left_out)


def by_id(found: Iterator[Made]) -> dict[str, Row]:
    """The events that came, by their ids."""
    return {row["id"]: row for made in found for _, row in rows_of(made.events)}


class Exports:
    """Hostile files of one form."""

    def __init__(self, form: Form, domain: Domain, folder: Path) -> None:
        self.form, self.domain = form, domain
        self.path = folder / f"contacts{form.ending}"
        self.mapping = load_mapping(MAPPING)
        self.path.write_bytes(form.write([contact(number) for number in range(_KNOWN)], set(), random.Random(0)))
        self.known = list(by_id(self._read()).values())
        if len(self.known) != _KNOWN:
            raise DataError(f"gives {len(self.known)} events of {_KNOWN} good rows", file=self.path)

    def _read(self) -> Iterator[Made]:
        return read_file(self.path, self.mapping, self.domain)

    def case(self, chance: random.Random) -> Case:
        is_damaged = chance.random() < self.form.damages
        rows, odd, kept = [], set(), {}
        for place in range(_FEW if is_damaged else _MOST):
            if chance.random() < UNTOUCHED:
                number = chance.randrange(_KNOWN)
                rows.append(contact(number))
                kept[self.known[number]["id"]] = self.known[number]
                continue
            row = contact(_KNOWN + chance.randrange(1_000_000))
            for _ in range(chance.choice((1, 1, 1, 2, 5))):
                at = chance.randrange(len(row))
                row[at] = cell(chance, row[at])
            rows.append(row)
            odd.add(place)
        content = self.form.write(rows, odd, chance)
        if is_damaged:
            content = (
                self.form.spoil(content, chance) if chance.random() < 0.6 else spoilt(content, chance, self.form.words)
            )
            self.path.write_bytes(content)
            return Case(1, self._read, may_refuse=True)
        self.path.write_bytes(content)
        return Case(len(rows), self._read, untouched={} if self.form.takes_others else kept)


FORMS = {
    "csv": Form(".csv", text_files.csv_of, text_files.spoil_csv, (b"entry", b",", b'"', b"\n"), 0.4),
    "csv_quotes": Form(
        ".csv", text_files.loose_csv_of, text_files.spoil_csv, (b",", b'"', b"\r", b"\n"), 0.3, takes_others=True
    ),
    "fixed": Form(".dat", text_files.fixed_of, text_files.spoil_lines, (b" ", b"\n"), 0.4),
    "json": Form(".json", text_files.json_of, text_files.spoil_json, (b"log", b"contacts", b"[", b"{", b":"), 0.4),
    "xml": Form(".xml", markup.xml_of, markup.spoil_xml, (b"<log>", b"</contact>", b"<at>", b">", b"&amp;"), 0.5),
    "xlsx": Form(
        ".xlsx", sheets.xlsx_of, sheets.spoil_package, (b"PK\x01\x02", b"PK\x05\x06", b"xl/workbook.xml"), 0.5
    ),
    "ods": Form(".ods", sheets.ods_of, sheets.spoil_package, (b"PK\x01\x02", b"PK\x05\x06", b"content.xml"), 0.5),
    "xls": Form(".xls", sheets.xls_of, sheets.spoil_xls, (b"W\x00o\x00r\x00k\x00", b"\x04\x02", b"\x09\x08"), 0.5),
}


def reader_of(name: str) -> Callable[[Domain, Path], Reader]:
    return lambda domain, folder: Exports(FORMS[name], domain, folder)


READERS = {name: reader_of(name) for name in FORMS}
