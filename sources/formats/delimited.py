"""CSV files to Rows: any delimiter, UTF-8 or Windows-1252, gzip, lines that end in LF, CRLF or CR.

Every line that is not empty ends in a row or in a reject. A record may go over several lines inside quotes, and so may
the header. A quote that is never closed, or that would make one text of lines which are records by themselves, costs
its own line. Reasons: not_utf8, nul_character, too_large, unclosed_quote, ragged_row.

Arrow reads a run of lines where each is a record: it has to find as many rows as there are lines. Wherever it does not,
Python's csv reads the run one record at a time.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from throughline.errors import DataError
from throughline.schemas.definitions.entry import Entry
from throughline.schemas.pages.key import Key, Section
from throughline.sources.formats.kinds import refuse_other_kind
from throughline.sources.formats.registry import RowFormat, Settings
from throughline.sources.formats.rows import Fault, Rows, row_rejects, row_table
from throughline.sources.formats.text import line_blocks, open_bytes

RECORD_BYTES = 262_144
# as many as a sheet of Excel has
_COLUMNS = 16_384
_BLOCK = 1 << 24
_RUN_LINES = 20_000
# how far on an open quote is followed at least, once many were followed in vain
_LEAST_REACH = 256
_DELIMITERS = ",;\t|"
# what Excel writes above a header to say its delimiter
_FOR_EXCEL = re.compile(rb'(?:\xef\xbb\xbf)?"?sep=(.)"?\r?\n', re.IGNORECASE).match
_ENCODINGS = {"": ("utf-8", "cp1252"), "utf-8": ("utf-8",), "utf-8-sig": ("utf-8",), "cp1252": ("cp1252",)}

_CHARACTER = re.compile("[!-~]").fullmatch
# what stands for a byte that no encoding of the file has
_UNDECODED = re.compile("[\udc80-\udcff]").search

# a limit of the whole process: at first it is less than a record of ours may have
csv.field_size_limit(max(csv.field_size_limit(), RECORD_BYTES))


def read_csv(path: Path, settings: Settings) -> Iterator[Rows]:
    """The rows of a CSV file; `settings` may give delimiter, quote, encoding and how many lines to
    skip. The first record behind them names the columns.

    Without an encoding each line is UTF-8 if it can be, else Windows-1252. The first Rows may have no row, so that the
    columns of an empty table are known. Raises DataError where the file has no header, is not text, or cannot be read.
    """
    reader = _Reader(path, settings)
    for block in reader.blocks():
        yield reader.read(block)
    if reader.held:
        yield reader.read(b"", last=True)


def read_csv_again(path: Path, settings: Settings, records: Sequence[tuple[int, bytes]]) -> Rows:
    """The rows of single records of a CSV file, given as (line, bytes) as they stood in the `raw` of Rows.

    The header of the file names their columns: it has to be there still. Raises DataError as `read_csv` does.
    """
    if not path.is_file():
        raise DataError("is not there any more", file=path, hint="Only its header says which column is which.")
    reader = _Reader(path, settings)
    reader.read(next(reader.blocks()))
    # a record that could be decoded was kept as UTF-8, whatever its file is in
    reader.encodings = ("utf-8",) if reader.encodings == ("utf-8",) else ("utf-8", "cp1252")
    found = []
    for line, record in records:
        reader.line, reader.held = line, []
        found.append(reader.read(record + b"\n", last=True))
    tables = [reader.no_rows, *(rows.table for rows in found)]
    return Rows(
        reader.columns,
        pa.concat_tables(tables).combine_chunks(),
        pa.concat_tables([row_rejects(str(path), []), *(rows.rejects for rows in found)]),
    )


@dataclass
class _Found:
    """What a block has given so far; `first` is the number of its first line."""

    first: int
    tables: list[pa.Table] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def take(self, values: list[pa.Array], positions: Sequence[int], records: list[str]) -> None:
        raw = pa.array(records, pa.string()).cast(pa.binary())
        self.tables.append(row_table([_trimmed(column) for column in values], pa.array(positions, pa.int64()), raw))

    def refuse(self, position: int, reason: str, detail: str, record: str) -> None:
        self.faults.append((position, reason, None, detail, record.encode(errors="surrogateescape")))


class _Reader:
    """Holds what goes over the border of two blocks: the line number, and the lines of a record not yet closed."""

    def __init__(self, path: Path, settings: Settings):
        self.path = path
        # those with a name, and how many fields a row has: more where the header ends in delimiters
        self.columns: tuple[str, ...] = ()
        self.width = 0
        self.is_rest_ignored = "" in settings.get("ignored", ())
        self.encodings = _ENCODINGS[settings.get("encoding", "").lower()]
        self.quote = settings.get("quote", '"')
        with open_bytes(path) as file:
            head = file.read(RECORD_BYTES)
        refuse_other_kind(path, head)
        if not head:
            raise DataError("is empty", file=path, hint="A CSV file begins with a line that names its columns.")
        quote = re.escape(self.quote)
        self.skip: int = settings.get("skip", 0)
        if not self.skip and (said := _FOR_EXCEL(head)):
            delimiter = "\\t" if said[1] == b"\t" else said[1].decode("latin-1")
            hint = f'Say so in the mapping: `csv: {{delimiter: "{delimiter}", skip: "1"}}`.'
            raise DataError("begins with a line for Excel that is no header", file=path, line=1, hint=hint)
        titles = re.match(f"(?:[^\r\n]*(?:\r\n|\r|\n)){{{self.skip}}}", text := head.decode("latin-1"))
        bare = re.sub(f"{quote}[^{quote}]*{quote}", "", text[titles.end() :] if titles else "")
        first = re.split("[\r\n]", bare, maxsplit=1)[0]
        self.is_mac = bare.startswith("\r", len(first)) and not bare.startswith("\r\n", len(first))
        self.delimiter = settings.get("delimiter") or max(_DELIMITERS, key=first.count)
        self.line = 1
        self.held: list[str] = []
        self.reach = RECORD_BYTES

    def blocks(self) -> Iterator[bytes]:
        """The file in blocks of whole lines, which end in LF whatever they end in."""
        return line_blocks(self.path, _BLOCK, is_mac=self.is_mac)

    def read(self, block: bytes, *, last: bool = False) -> Rows:
        """The rows of a block of whole lines; a record that is still open is held for the next block."""
        found = _Found(self.line - len(self.held))
        lines = [*self.held, *self._decoded(block)]
        self.line, self.held = found.first + len(lines), []
        at = 0 if self.columns else self._header(lines)
        while at < len(lines) and not self.held:
            run = lines[at : at + _RUN_LINES]
            at = at + len(run) if self._read_run(run, at, found) else self._read_records(lines, at, found, last)
        return Rows(
            self.columns,
            pa.concat_tables(found.tables or [self.no_rows]),
            row_rejects(str(self.path), sorted(found.faults)),
        )

    def _decoded(self, block: bytes) -> list[str]:
        try:
            text = block.decode(self.encodings[0])
        except UnicodeDecodeError:
            return [self._decoded_line(line) for line in block.removesuffix(b"\n").split(b"\n")]
        return text.removesuffix("\n").split("\n") if text else []

    def _decoded_line(self, line: bytes) -> str:
        for encoding in self.encodings:
            try:
                return line.decode(encoding)
            except UnicodeDecodeError:
                continue
        # the record that it is part of is refused with these bytes
        return line.decode(errors="surrogateescape")

    def _undecoded(self) -> str:
        names = " nor ".join({"utf-8": "UTF-8", "cp1252": "Windows-1252"}[name] for name in self.encodings)
        return f"neither {names}" if len(self.encodings) > 1 else f"not {names}"

    def _header(self, lines: list[str]) -> int:
        """Take the columns from the first record behind the lines that are skipped; the place of the next."""
        at, line = self.skip, self.skip + 1
        if len(lines) < line:
            raise DataError(f"has {len(lines)} lines, of which `skip` leaves out {at}", file=self.path)
        if not lines[at].strip():
            hint = "It names the columns. Lines above it are left out by `csv: {skip: 2}`."
            raise DataError(
                f"has an empty {'first line' if at == 0 else 'header'}", file=self.path, line=line, hint=hint
            )
        names, taken = self._record(lines, at)
        if names is None:
            raise DataError("has a quote in its header that is not closed", file=self.path, line=line)
        if any(_UNDECODED(text) for text in lines[at : at + taken]):
            raise DataError(
                f"has a header that is {self._undecoded()}", file=self.path, line=line, hint="Save it as UTF-8."
            )
        if any("\x00" in name for name in names):
            raise DataError("is not text: its header has U+0000", file=self.path, line=line)
        if len(names) > _COLUMNS:
            raise DataError(
                f"has {len(names):,} columns, more than {_COLUMNS:,}",
                file=self.path,
                line=line,
                hint="Look whether its delimiter is another: `csv: {delimiter: …}`.",
            )
        self.width = len(names)
        while names and not names[-1].strip():
            names.pop()
        if not names:
            raise DataError("has a header that names no column", file=self.path, line=line)
        self.columns = tuple(name.strip() for name in names)
        self.ragged = f"the row does not have {self.width} fields"
        self.no_rows = row_table([pa.array([], pa.string())] * len(names), pa.array([], pa.int64()), None)
        twice = sorted(name for name, times in Counter(self.columns).items() if times > 1)
        if twice:
            raise DataError(f"has two columns `{twice[0]}`", file=self.path, line=line, hint="Rename one of them.")
        return at + taken

    def _read_run(self, lines: list[str], at: int, found: _Found) -> bool:
        """Read a run in which each line is a record; False, and nothing found, where one may be something else."""
        text = "\n".join(lines)
        if "\r" in text:
            lines = [line.removesuffix("\r") for line in lines]
            text = "\n".join(lines)
        positions: Sequence[int] = range(found.first + at, found.first + at + len(lines))
        if "" in lines:
            positions = [position for position, line in zip(positions, lines, strict=True) if line]
            lines = [line for line in lines if line]
            text = "\n".join(lines)
        if "\r" in text or "\x00" in text or (len(text) > RECORD_BYTES and max(map(len, lines)) > RECORD_BYTES):
            return False
        # a quote that the last line leaves open swallows the line behind it, and so does not pass for closed
        after = self.delimiter.join("." * self.width)
        ragged: list[int] = []
        try:
            encoded = f"{text}\n{after}\n".encode()
        except UnicodeEncodeError:  # a line that could not be decoded
            return False
        values = self._parse(encoded, ragged)
        # a row has at least a line of its own: where there are as many, each has one
        if not values or len(values[0]) + len(ragged) != len(lines) + 1 or len(lines) in ragged:
            return False
        if any(_has_text(column[:-1]) for column in self._nameless(values)):
            return False
        values = values[: len(self.columns)]
        for place in ragged:
            found.refuse(positions[place], "ragged_row", self.ragged, lines[place])
        if ragged:
            left_out = set(ragged)
            lines = [line for place, line in enumerate(lines) if place not in left_out]
            positions = [position for place, position in enumerate(positions) if place not in left_out]
        found.take([column[:-1] for column in values], positions, lines)
        return True

    def _parse(self, text: bytes, ragged: list[int]) -> list[pa.Array]:
        """Rows as columns of text; none where that fails. `ragged` takes the numbers of the rows left out."""

        def skip(row: pacsv.InvalidRow) -> str:
            ragged.append(row.number - 1)
            return "skip"

        names = [f"c{i}" for i in range(self.width)]
        try:
            table = pacsv.read_csv(
                pa.py_buffer(text),
                read_options=pacsv.ReadOptions(use_threads=False, column_names=names, block_size=len(text) + 64),
                parse_options=pacsv.ParseOptions(
                    delimiter=self.delimiter,
                    quote_char=self.quote,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                    invalid_row_handler=skip,
                ),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
                ),
            )
        except pa.ArrowInvalid:
            return []
        return [column.combine_chunks() for column in table.columns]

    def _read_records(self, lines: list[str], at: int, found: _Found, last: bool) -> int:
        """Read at least a run of lines record by record; the place of the first line that was not read."""
        until = min(at + _RUN_LINES, len(lines))
        rows: list[list[str]] = []
        positions: list[int] = []
        records: list[str] = []
        while at < until:
            position, line, taken = found.first + at, lines[at].removesuffix("\r"), 1
            if len(line) > RECORD_BYTES:
                found.refuse(position, "too_large", f"a record may have {RECORD_BYTES} bytes", line)
            elif line:
                row: list[str] | None = line.split(self.delimiter)
                if self.quote in line or "\r" in line:
                    row, taken = self._record(lines, at)
                if row is None and taken and not last:
                    self.held = lines[at:]
                    break
                if row is None:
                    if taken:  # followed to the end of the file in vain
                        self._reach_less_far()
                    taken = 1
                record = "\n".join(lines[at : at + taken]).removesuffix("\r") if taken > 1 else line
                if _UNDECODED(record):
                    found.refuse(position, "not_utf8", f"the row is {self._undecoded()}", record)
                elif row is None:
                    found.refuse(position, "unclosed_quote", "a quote is not closed", line)
                elif "\x00" in record:
                    found.refuse(position, "nul_character", "the row has the character U+0000", record)
                elif len(row) != self.width:
                    found.refuse(position, "ragged_row", self.ragged, record)
                elif any(one.strip() for one in self._nameless(row)):
                    found.refuse(position, "ragged_row", "the row has a value in a column without a name", record)
                else:
                    rows.append(row[: len(self.columns)])
                    positions.append(position)
                    records.append(record)
            at += taken
        if rows:
            found.take([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], positions, records)
        return at

    def _nameless(self, fields: list[Any]) -> list[Any]:
        """Of the fields of a row, or of the columns of many, those that must be empty."""
        return [] if self.is_rest_ignored else fields[len(self.columns) :]

    def _record(self, lines: list[str], at: int) -> tuple[list[str] | None, int]:
        """The row of the record that begins at a line, and how many lines it has.

        No row where its quote is not closed; the number is then 0 unless it might be in the next block.
        """
        size = taken = 0
        is_open = False

        def following() -> Iterator[str]:
            nonlocal size, taken, is_open
            for place in range(at, len(lines)):
                line = lines[place]
                size += len(line) + 1
                if taken and size > self.reach:
                    break
                taken += 1
                yield line + "\n"
            is_open = True

        dialect: dict[str, Any] = {"delimiter": self.delimiter, "quotechar": self.quote}
        try:
            row = next(csv.reader(following(), **dialect))
        except csv.Error:  # a CR outside of quotes
            return [], 1
        if is_open:
            if size <= self.reach:
                return None, taken
            self._reach_less_far()
            return None, 0
        if taken == 1:
            return row, 1
        # over several lines, it has to be what RFC 4180 says to the letter: a stray quote seldom looks like it
        record = lines[at : at + taken]
        try:
            row = next(csv.reader((line + "\n" for line in record), strict=True, **dialect))
        except csv.Error:
            return None, 0
        if self.columns and (len(row) != self.width or self._hides_records(record[1:-1])):
            return None, 0
        self.reach = RECORD_BYTES
        return row, taken

    def _reach_less_far(self) -> None:
        self.reach = max(self.reach // 2, _LEAST_REACH)

    def _hides_records(self, inside: list[str]) -> bool:
        """Whether the whole lines inside quotes have as many fields as the header, each of them, and enough to tell."""
        delimiters = self.width - 1
        return len(inside) * delimiters > 1 and all(line.count(self.delimiter) == delimiters for line in inside)


def _has_text(column: pa.Array) -> bool:
    return bool(pc.any(pc.not_equal(pc.utf8_trim_whitespace(column), "")).as_py())


def _trimmed(column: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


KEYS = Section(
    "`csv`",
    "Text with a delimiter: `.csv`, `.tsv`, `.txt`. What is left out is detected.",
    (
        Key(
            "delimiter",
            "One character; `\\t` is a tab.",
            'csv: {delimiter: "|"}',
            "identifiers.crime_ref → 20/000123/26",
            file="No|When\n20/000123/26|2026-01-05T10:15:00Z\n",
        ),
        Key(
            "quote",
            "The character around values that have the delimiter in them.",
            'csv: {quote: "\'"}',
            "identifiers.crime_ref → 20/000123/26",
            file="No,When\n'20/000123/26',2026-01-05T10:15:00Z\n",
        ),
        Key(
            "encoding",
            "`utf-8` or `cp1252`. Without it each line is UTF-8 if it can be, else Windows-1252.",
            "csv: {encoding: utf-8}",
            "identifiers.crime_ref → 20/000123/26",
            file="No,When\n20/000123/26,2026-01-05T10:15:00Z\n",
        ),
        Key(
            "skip",
            "How many lines stand above the header.",
            'csv: {skip: "1"}',
            "identifiers.crime_ref → 20/000123/26",
            file="Crimes of January\nNo,When\n20/000123/26,2026-01-05T10:15:00Z\n",
        ),
    ),
)


def _settings(entry: Entry) -> Settings:
    KEYS.only(entry)
    said: dict[str, Any] = {key: entry.word(key) for key in entry.map}
    if not (skipped := said.pop("skip", "0")).isdecimal() or len(skipped) > 3:
        entry.fault("skip", "must be a whole number below 1000: how many lines stand above the header.")
        skipped = "0"
    said["skip"] = int(skipped)
    if said.get("delimiter") == "\\t":
        said["delimiter"] = "\t"
    for key in ("delimiter", "quote"):
        if key in said and not (said[key] == "\t" or _CHARACTER(said[key])):
            entry.fault(key, "must be one ASCII character.")
    if said.get("encoding", "").lower() not in _ENCODINGS:
        entry.fault("encoding", f"`{said['encoding']}` has no reader.", "Write utf-8 or cp1252.")
    return said


FORMATS = (
    RowFormat(
        (".csv", ".tsv", ".txt"),
        read_csv,
        read_csv_again,
        key="csv",
        settings=_settings,
        is_packed=True,
        sections=(KEYS,),
    ),
)
