"""Files of an existing system to events, by a mapping: CSV, Parquet and XES."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from throughline.errors import DataError
from throughline.schemas.acceptance.admission import admit
from throughline.schemas.acceptance.events import EVENTS, REJECTS, Batch
from throughline.schemas.definitions.domain import Domain
from throughline.sources.formats.arrow_times import in_micros
from throughline.sources.formats.delimited import RECORD_BYTES, read_csv
from throughline.sources.formats.rows import Rows, row_rejects, row_table
from throughline.sources.formats.utf8 import NOT_UTF8, row_text, rows_not_utf8, without_rows
from throughline.sources.formats.xes import read_xes
from throughline.sources.mapping.fit import check_mapping, refuse_mapping
from throughline.sources.mapping.mapping import Mapping
from throughline.sources.mapping.statement import MappingSql

BATCH_ROWS = 100_000
_FAULTS_LISTED = 1000


@dataclass
class DryRun:
    """What a mapping would make of a file; nothing was published.

    `problems` keep it from running at all; `faults` (line, column, reason, detail), the first thousand, keep
    single rows from being events; `reasons` counts all of them. `repeated_ids` are events whose id another
    row has too.
    """

    file: str
    problems: list[str] = field(default_factory=list)
    rows: int = 0
    left_out: int = 0
    events: int = 0
    rejects: int = 0
    repeated_ids: int = 0
    types: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str | None, str, str]] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """The report, line by line, for people."""
        yield from (f"cannot run: {problem}" for problem in self.problems)
        for line, column, reason, detail in self.faults:
            yield f"{self.file}:{line}: {reason}" + (f" in `{column}`" if column else "") + f": {detail}"
        if self.rejects > len(self.faults):
            yield f"… and {self.rejects - len(self.faults)} more"
        yield (
            f"{self.rows} rows: {self.events} events, {self.rejects} rejects, {self.left_out} rows left out by filters"
        )
        yield from (f"  {count:>9}  {name}" for name, count in sorted(self.types.items()))
        yield from (f"  {count:>9}  rejected: {name}" for name, count in sorted(self.reasons.items()))
        if self.repeated_ids:
            yield f"  {self.repeated_ids:>9}  events with the id of another row: copies, if they say the same"


def read_mapped(path: Path, mapping: Mapping, domain: Domain) -> Iterator[Batch]:
    """The events of a file, in bounded batches, admitted by the domain's rules.

    A row that the filters leave out is in neither table; every other is in one of them, or, with several
    `emits`, in both. Raises MappingError before the first batch if the mapping does not fit the file or the
    domain, DataError if the file cannot be read.
    """
    for batch, _ in _mapped(path, mapping, domain):
        if batch.events.num_rows or batch.rejects.num_rows:
            yield batch


def map_rows(rows: Rows, mapping: Mapping, domain: Domain, path: Path) -> Batch:
    """The events of rows that were read already; `path` is the file that they were read from, there or not.

    Raises MappingError if the mapping does not fit the columns or the domain.
    """
    refuse_mapping(check_mapping(mapping, rows.columns, domain, path))
    plan = MappingSql(mapping, domain.rules, rows.columns, path)
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("set variable origin = $1", [str(path)])
        return _batch(connection, plan.queries(), plan.filter(), rows, domain)[0]


def dry_run(mapping: Mapping, path: Path, domain: Domain) -> DryRun:
    """Read the whole file and say what fits and what does not; publish nothing."""
    report = DryRun(str(path))
    ids: list[pa.ChunkedArray] = []
    try:
        for rows in read_rows(path, mapping):
            report.problems = [str(problem) for problem in check_mapping(mapping, rows.columns, domain, path)]
            break
        if report.problems:
            return report
        for batch, (count, left_out) in _mapped(path, mapping, domain):
            report.rows += count
            report.left_out += left_out
            report.events += batch.events.num_rows
            report.rejects += batch.rejects.num_rows
            report.types.update(batch.events["type"].to_pylist())
            report.reasons.update(batch.rejects["reason"].to_pylist())
            room = _FAULTS_LISTED - len(report.faults)
            for row in batch.rejects.slice(0, room).to_pylist():
                report.faults.append((row["position"], row["field"], row["reason"], row["detail"]))
            ids.append(batch.events["id"])
    except DataError as error:
        report.problems.append(str(error))
    if ids:
        every = pa.chunked_array([chunk for column in ids for chunk in column.chunks], pa.string())
        report.repeated_ids = len(every) - pc.count_distinct(every).as_py()
    return report


def read_rows(path: Path, mapping: Mapping) -> Iterator[Rows]:
    """The rows of a file, by its name: .csv, .tsv, .txt, .parquet, .xes (each of the texts also .gz)."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    kind = next((s for s in reversed(suffixes) if s != ".gz"), "")
    origin = str(path)
    if path.is_dir():
        raise DataError("is a directory", file=path, hint="Name the files in it, or a pattern such as DIR/*.csv.")
    if kind in {".parquet", ".pq"}:
        return _parquet_rows(path)
    if kind == ".xes":
        return read_xes(path, BATCH_ROWS)
    if kind in {".csv", ".tsv", ".txt"}:
        return read_csv(path, mapping.csv, origin=origin, record_bytes=RECORD_BYTES)
    raise DataError(
        "has no reader for this ending",
        file=path,
        hint="A mapping reads .csv, .tsv, .txt, .parquet, .xes and .gz.",
    )


def _mapped(path: Path, mapping: Mapping, domain: Domain) -> Iterator[tuple[Batch, tuple[int, int]]]:
    """Batches, each with the number of rows read for it and left out of it by the filters."""
    queries: list[str] | None = None
    wanted = ""
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("set variable origin = $1", [str(path)])
        for rows in read_rows(path, mapping):
            if queries is None:
                refuse_mapping(check_mapping(mapping, rows.columns, domain, path))
                plan = MappingSql(mapping, domain.rules, rows.columns, path)
                queries = plan.queries()
                wanted = plan.filter()
            for start in range(0, max(rows.table.num_rows, 1), BATCH_ROWS):
                part = Rows(
                    rows.columns,
                    rows.table.slice(start, BATCH_ROWS),
                    rows.rejects.slice(0 if start == 0 else rows.rejects.num_rows),
                )
                yield _batch(connection, queries, wanted, part, domain)


def _batch(
    connection: duckdb.DuckDBPyConnection, queries: list[str], wanted: str, rows: Rows, domain: Domain
) -> tuple[Batch, tuple[int, int]]:
    rejects = [rows.rejects]
    events: list[pa.Table] = []
    left_out = 0
    count = rows.table.num_rows
    if count:
        connection.register("source_rows", rows.table)
        kept = connection.execute(f"select count(*) from source_rows r where {wanted}").fetchone()
        left_out = count - (kept[0] if kept else 0)
        for query in queries:
            made = connection.execute(query).to_arrow_table()
            fault = pc.is_valid(made["fault_reason"])
            rejects.append(_faults(made.filter(fault)))
            good = made.filter(pc.invert(fault))
            admitted = admit(good.select(EVENTS.names).cast(EVENTS), domain.rules, raw=good["raw"])
            events.append(admitted.events)
            # what is kept of a row is the row, not the event that was made of it
            has_lines = rows.table["raw"].null_count == 0
            rejects.append(admitted.rejects if has_lines else _without_raw(admitted.rejects))
        connection.unregister("source_rows")
    refused = _whole(pa.concat_tables(rejects), rows)
    accepted = pa.concat_tables(events) if events else EVENTS.empty_table()
    return Batch(accepted, refused), (count + rows.rejects.num_rows, left_out)


def _without_raw(rejects: pa.Table) -> pa.Table:
    place = rejects.schema.get_field_index("raw")
    return rejects.set_column(place, REJECTS.field(place), pa.nulls(rejects.num_rows, pa.binary()))


def _faults(made: pa.Table) -> pa.Table:
    names = [
        "origin",
        "position",
        "fault_reason",
        "fault_field",
        "fault_detail",
        "raw",
        "source",
        "id",
        "type",
    ]
    return made.select(names).rename_columns(REJECTS.names).cast(REJECTS)


def _whole(rejects: pa.Table, rows: Rows) -> pa.Table:
    """Give rejects that have no original line the row as JSON."""
    missing = pc.is_null(rejects["raw"])
    if not pc.any(missing).as_py():
        return rejects
    lost = pc.index_in(rejects["position"], value_set=rows.table["position"].combine_chunks())
    raws = rejects["raw"].to_pylist()
    for i, (place, is_missing) in enumerate(zip(lost.to_pylist(), missing.to_pylist(), strict=True)):
        if is_missing and place is not None:
            row = rows.table.slice(place, 1).to_pylist()[0]
            raws[i] = orjson.dumps({name: row[f"c{c}"] for c, name in enumerate(rows.columns)})
    return rejects.set_column(rejects.schema.get_field_index("raw"), "raw", pa.array(raws, pa.binary()))


def _parquet_rows(path: Path) -> Iterator[Rows]:
    """Parquet as text: times as ISO, nested values as JSON; `position` is the row from 1."""
    try:
        with pq.ParquetFile(path) as file, duckdb.connect(":memory:", config={"threads": 1}) as connection:
            connection.execute("set timezone = 'UTC'")
            names = tuple(file.schema_arrow.names)
            if len(set(names)) < len(names):
                raise DataError("has two columns of one name", file=path, hint="Rename one of them.")
            yield _rows_of(names, [pa.array([], pa.string())] * len(names), 1)
            first = 1
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                numbered = in_micros(pa.table(list(batch.columns), names=[f"c{i}" for i in range(len(names))]))
                odd = rows_not_utf8(numbered)
                connection.register("found", without_rows(numbered, odd) if odd else numbered)
                cast = ", ".join(_as_text(f"c{i}", kind) for i, kind in enumerate(numbered.schema.types))
                values = connection.execute(f"select {cast} from found").to_arrow_table() if names else numbered
                connection.unregister("found")
                rows = _rows_of(names, [column.combine_chunks() for column in values.columns], first)
                yield _without_odd(rows, pa.Table.from_batches([batch]), odd, str(path), first) if odd else rows
                first += batch.num_rows
    except (pa.ArrowException, OSError, UnicodeDecodeError, duckdb.Error) as error:
        raise DataError("cannot be read as Parquet", file=path, hint=f"The reader says: {error}") from error


def _without_odd(rows: Rows, table: pa.Table, odd: list[int], origin: str, first: int) -> Rows:
    """The rows but those of the numbers `odd`, whose text is not UTF-8: they are rejects."""
    faults = [
        (first + row, NOT_UTF8.reason, NOT_UTF8.field, NOT_UTF8.detail, row_text(table.slice(row, 1))) for row in odd
    ]
    places = pa.array([first + row for row in odd], pa.int64())
    kept = rows.table.filter(pc.invert(pc.is_in(rows.table["position"], value_set=places)))
    return Rows(rows.columns, kept, row_rejects(origin, faults))


def _as_text(column: str, kind: pa.DataType) -> str:
    if pa.types.is_nested(kind):
        return f"to_json({column})::varchar as {column}"
    return f"nullif(trim({column}::varchar), '') as {column}"


def _rows_of(names: tuple[str, ...], values: list[pa.Array], first: int) -> Rows:
    count = len(values[0]) if values else 0
    positions = pa.array(range(first, first + count), pa.int64())
    return Rows(names, row_table(values, positions, None), row_rejects("", []))
