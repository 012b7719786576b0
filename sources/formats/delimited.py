"""CSV files to Rows: any delimiter, UTF-8 or Windows-1252, gzip; every line ends in a row or in a reject.

A record may go over several lines inside quotes. A quote that is never closed costs one line, not the rest
of the file. Reasons: not_utf8, nul_character, too_large, unclosed_quote, ragged_row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from throughline.errors import DataError
from throughline.sources.formats.rows import Rows, row_rejects, row_table
from throughline.sources.formats.text import detect_encoding, line_blocks

RECORD_BYTES = 262_144
_BLOCK = 1 << 24
_DELIMITERS = ",;\t|"

Fault = tuple[int, str, str | None, str, bytes]


def read_csv(path: Path, settings: dict[str, str], *, origin: str, record_bytes: int = RECORD_BYTES) -> Iterator[Rows]:
    """The rows of a CSV file; `settings` may give delimiter, quote and encoding. The first line names the
    columns.

    The first Rows may have no row, so that the columns of an empty table are known. Raises DataError where
    the file has no header, is not text, or cannot be read.
    """
    encoding = settings.get("encoding", "").lower() or detect_encoding(path)
    if encoding not in {"utf-8", "utf-8-sig", "cp1252"}:
        raise DataError(
            f"has no reader for the encoding `{encoding}`",
            file=path,
            hint="`csv: encoding:` is utf-8 or cp1252.",
        )
    reader: _Reader | None = None
    for block in line_blocks(path, _BLOCK):
        if reader is None:
            head, _, block = block.partition(b"\n")
            reader = _Reader(path, origin, settings, encoding, record_bytes, head)
            yield Rows(reader.columns, reader.empty, row_rejects(origin, []))
        yield reader.read(block)
    if reader is None:
        raise DataError("is empty", file=path, hint="A CSV file begins with a line that names its columns.")
    if reader.held:
        yield reader.read(b"", last=True)


def read_csv_again(path: Path, settings: dict[str, str], records: Sequence[tuple[int, bytes]]) -> Rows:
    """The rows of single records of a CSV file, given as (line, bytes) as they stood in the `raw` of Rows.

    The first line of the file names their columns: it has to be there still. Raises DataError as `read_csv` does.
    """
    encoding = settings.get("encoding", "").lower() or detect_encoding(path)
    head = next(iter(line_blocks(path, _BLOCK)), b"").partition(b"\n")[0]
    reader = _Reader(path, str(path), settings, encoding, RECORD_BYTES, head)
    found = []
    for line, record in records:
        reader.line, reader.held = line, []
        # a record that could be decoded was kept as UTF-8, whatever its file is in
        reader.encoding = "utf-8" if encoding != "cp1252" or _is_utf8(record) else encoding
        found.append(reader.read(record + b"\n", last=True))
    tables = [reader.empty, *(rows.table for rows in found)]
    return Rows(
        reader.columns,
        pa.concat_tables(tables).combine_chunks(),
        pa.concat_tables([row_rejects(str(path), []), *(rows.rejects for rows in found)]),
    )


def _is_utf8(record: bytes) -> bool:
    try:
        record.decode()
    except UnicodeDecodeError:
        return False
    return True


class _Reader:
    """Holds what goes over the border of two blocks: the line number, and the lines of a record not yet
    closed.
    """

    def __init__(
        self, path: Path, origin: str, settings: dict[str, str], encoding: str, record_bytes: int, head: bytes
    ):
        self.path, self.origin, self.encoding, self.record_bytes = path, origin, encoding, record_bytes
        try:
            header = head.decode("utf-8" if encoding != "cp1252" else encoding).rstrip("\r")
        except UnicodeDecodeError:
            raise DataError("has a header that is not UTF-8", file=path, line=1, hint="Save it as UTF-8.") from None
        if "\x00" in header:
            raise DataError("is not text: its first line has U+0000", file=path, line=1)
        self.quote = settings.get("quote", '"')
        self.delimiter = settings.get("delimiter", "").replace("\\t", "\t") or _delimiter(header, self.quote)
        for name, text in (("quote", self.quote), ("delimiter", self.delimiter)):
            if len(text.encode()) != 1:
                raise DataError(f"`csv: {name}:` must be one ASCII character", file=path)
        if not header.strip():
            raise DataError("has an empty first line", file=path, line=1, hint="The first line names the columns.")
        opens = re.escape(self.quote) + "(?:[^" + re.escape(self.quote) + "]|" + re.escape(self.quote * 2) + ")*"
        bare = f"[^{re.escape(self.delimiter + self.quote)}][^{re.escape(self.delimiter)}]*"
        closed = f"(?:{opens}{re.escape(self.quote)}[^{re.escape(self.delimiter)}]*|{bare}|)"
        self.is_closed = re.compile(f"(?s){closed}(?:{re.escape(self.delimiter)}{closed})*").fullmatch
        if self.is_closed(header) is None:
            raise DataError("has a quote in its header that is not closed", file=path, line=1)
        parsed = self._parse(header.encode() + b"\n", None)
        self.columns = tuple((column[0].as_py() or "").strip() for column in parsed)
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            raise DataError(f"has two columns `{twice[0]}`", file=path, line=1, hint="Rename one of them.")
        none = pa.array([], pa.string())
        self.empty = row_table([none] * len(self.columns), pa.array([], pa.int64()), pa.array([], pa.binary()))
        self.line = 2
        self.held: list[str] = []

    def read(self, block: bytes, *, last: bool = False) -> Rows:
        """The rows of a block of whole lines; a record that is still open is held for the next block."""
        faults: list[Fault] = []
        first = self.line - len(self.held)
        text = self._decode(block, faults)
        lines = text.split("\n")
        if lines and lines[-1] == "":
            lines.pop()
        self.line += len(lines)
        lines = [*self.held, *lines]
        self.held = []
        records, positions = self._records(lines, first, faults, last)
        values = self._values(records, positions, faults)
        table = self.empty
        if records:
            raw = pa.array(records, pa.string()).cast(pa.binary())
            table = row_table(values, pa.array(positions, pa.int64()), raw)
        return Rows(self.columns, table, row_rejects(self.origin, sorted(faults)))

    def _decode(self, block: bytes, faults: list[Fault]) -> str:
        if self.encoding == "cp1252":
            return block.decode("cp1252", errors="replace")
        try:
            return block.decode()
        except UnicodeDecodeError:
            kept = []
            for number, line in enumerate(block.removesuffix(b"\n").split(b"\n"), self.line):
                try:
                    kept.append(line.decode())
                except UnicodeDecodeError:
                    faults.append((number, "not_utf8", None, "the line is not UTF-8", line))
                    kept.append("")
            return "\n".join(kept) + "\n"

    def _records(self, lines: list[str], first: int, faults: list[Fault], last: bool) -> tuple[list[str], list[int]]:
        """Records and the lines they begin at: lines joined while a quote is open; empty ones are left
        out.
        """
        quote, limit = self.quote, self.record_bytes
        records: list[str] = []
        positions: list[int] = []
        i, count = 0, len(lines)
        while i < count:
            record, end = lines[i], i + 1
            if quote in record and record.count(quote) % 2 and not self._closed(record):
                parts, size, odd = [record], len(record), True
                while odd and end < count and size <= limit:
                    parts.append(lines[end])
                    size += len(lines[end]) + 1
                    odd ^= lines[end].count(quote) % 2 == 1
                    end += 1
                if odd and end == count and size <= limit and not last:
                    self.held = lines[i:]
                    break
                if odd:
                    faults.append((first + i, "unclosed_quote", None, "a quote is not closed", record.encode()))
                    i += 1
                    continue
                record = "\n".join(parts)
            record = record.removesuffix("\r")
            if record:
                if len(record) > limit:
                    faults.append((first + i, "too_large", None, f"a record may have {limit} bytes", record.encode()))
                elif "\x00" in record:
                    faults.append(
                        (
                            first + i,
                            "nul_character",
                            None,
                            "the row has the character U+0000",
                            record.encode(),
                        )
                    )
                else:
                    records.append(record)
                    positions.append(first + i)
            i = end
        return records, positions

    def _closed(self, record: str) -> bool:
        # An odd number of quotes is no open quote if one stands inside a field that does not begin with it:
        # 5" pipe.
        return len(record) <= self.record_bytes and self.is_closed(record.removesuffix("\r")) is not None

    def _values(self, records: list[str], positions: list[int], faults: list[Fault]) -> list[pa.Array]:
        """The columns of the records; ragged ones are taken out of `records` and `positions`."""
        ragged: list[int] = []
        parts = self._parts(records, 0, ragged)
        values = [
            pa.concat_arrays([part[c] for part in parts]) if parts else pa.array([], pa.string())
            for c in range(len(self.columns))
        ]
        for i in reversed(ragged):
            detail = f"the row does not have {len(self.columns)} fields"
            faults.append((positions.pop(i), "ragged_row", None, detail, records.pop(i).encode()))
        return values

    def _parts(self, records: list[str], first: int, ragged: list[int]) -> list[list[pa.Array]]:
        """The columns of the records in parts; `ragged` takes the indexes, from `first`, of those left out, ascending.

        A quote in an odd place shifts the records after it: then the two halves are parsed alone.
        """
        if not records:
            return []
        found: list[int] = []
        values = self._parse(("\n".join(records) + "\n").encode(), found)
        if values and len(values[0]) == len(records) - len(found):
            ragged += [first + i for i in found]
            return [values]
        if len(records) == 1:
            ragged.append(first)
            return []
        middle = len(records) // 2
        left = self._parts(records[:middle], first, ragged)
        return left + self._parts(records[middle:], first + middle, ragged)

    def _parse(self, text: bytes, ragged: list[int] | None) -> list[pa.Array]:
        """Parse records into text columns; `ragged` (None: the header itself) takes the indexes of those
        left out.
        """
        if not text:
            return []

        def skip(row: pacsv.InvalidRow) -> str:
            assert ragged is not None
            ragged.append(row.number - 1)
            return "skip"

        names = None if ragged is None else [f"c{i}" for i in range(len(self.columns))]
        try:
            table = pacsv.read_csv(
                pa.py_buffer(text),
                read_options=pacsv.ReadOptions(
                    use_threads=False,
                    column_names=names,
                    autogenerate_column_names=names is None,
                    block_size=len(text) + 64,
                ),
                parse_options=pacsv.ParseOptions(
                    delimiter=self.delimiter,
                    quote_char=self.quote,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                    invalid_row_handler=None if ragged is None else skip,
                ),
                convert_options=pacsv.ConvertOptions(
                    column_types={name: pa.string() for name in names} if names else None,
                    default_column_type=pa.string(),
                    strings_can_be_null=True,
                    null_values=[""],
                    quoted_strings_can_be_null=True,
                    check_utf8=False,
                ),
            )
        except pa.ArrowInvalid:
            if ragged is None:
                raise DataError("has a header that cannot be read", file=self.path, line=1) from None
            return []
        return [_trimmed(column) for column in table.columns]


def _trimmed(column: pa.ChunkedArray) -> pa.Array:
    text = column.combine_chunks().cast(pa.string())
    trimmed = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _delimiter(header: str, quote: str) -> str:
    bare = re.sub(f"{re.escape(quote)}[^{re.escape(quote)}]*{re.escape(quote)}", "", header)
    return max(_DELIMITERS, key=lambda mark: (bare.count(mark), -_DELIMITERS.index(mark)))
