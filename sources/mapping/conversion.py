"""Rows of an existing system's files to events, by a mapping: those of a file, and those that were refused and kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import duckdb
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.admission import admit
from throughline.schemas.acceptance.events import EVENTS, REJECTS, Batch
from throughline.schemas.acceptance.rows import join_batches
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.entry import MappingProblemsError
from throughline.sources.formats.registry import read_rows, row_format
from throughline.sources.formats.rows import Rows, row_rejects, row_table
from throughline.sources.mapping.fit import check_mapping
from throughline.sources.mapping.parts import Mapping
from throughline.sources.mapping.statement import MappingSql
from throughline.sources.mapping.times import MACROS

BATCH_ROWS = 100_000
STATED = pa.schema([("id", pa.string()), ("revision", pa.string())])


@dataclass(frozen=True)
class Converted:
    """The events and rejects of a run of rows; how many rows it has, and how many of them the filters leave out.

    Of a mapping that compares snapshots also `changes`, events that count only where they say something else than in
    the snapshot before; `stated`, id and revision of every event that a row says, accepted or not; and whether some row
    does not say them (`is_unsure`).
    """

    batch: Batch
    rows: int
    left_out: int
    changes: pa.Table
    stated: pa.Table
    is_unsure: bool


def read_mapped(path: Path, mapping: Mapping, domain: Domain) -> Iterator[Batch]:
    """The events of a file, in bounded batches, admitted by the domain's rules.

    A row that the filters leave out is in neither table; every other is in one of them, or, with several
    `emits`, in both. Raises MappingProblemsError before the first batch if the mapping does not fit the file or the
    domain, DataError if the file cannot be read.
    """
    for made in convert(read_rows(path, mapping.reading), mapping, domain, path):
        if made.batch.events.num_rows or made.batch.rejects.num_rows:
            yield made.batch


def map_again(path: Path, records: Sequence[tuple[int, bytes]], mapping: Mapping, domain: Domain) -> Batch:
    """The events of rows of a file that were refused and kept, each given as (position, bytes).

    A row that was kept as JSON with the names of its columns does not need the file; for one that was kept as it stood
    there, DataError is raised where the file is gone. Raises MappingProblemsError where the mapping does not fit.
    """
    found = row_format(path, mapping.settings)
    if found is not None and found.again is not None:
        rows = [found.again(path, mapping.reading.get(found.key, {}), records)]
    else:
        named = [(position, column_values(raw) or {}) for position, raw in records]
        rows = [_rows_of(columns, list(run)) for columns, run in groupby(named, key=lambda record: tuple(record[1]))]
    return join_batches([made.batch for made in convert(rows, mapping, domain, path)])


def column_values(raw: bytes) -> dict[str, str | None] | None:
    """The columns of a row that was kept as JSON; None where it is something else."""
    try:
        row = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(row, dict) or not all(value is None or isinstance(value, str) for value in row.values()):
        return None
    return row


def _rows_of(columns: tuple[str, ...], records: list[tuple[int, dict[str, str | None]]]) -> Rows:
    values = [pa.array([row[name] for _, row in records], pa.string()) for name in columns]
    positions = pa.array([position for position, _ in records], pa.int64())
    return Rows(columns, row_table(values, positions, None), row_rejects("", []))


def convert(found: Iterable[Rows], mapping: Mapping, domain: Domain, path: Path) -> Iterator[Converted]:
    """What the mapping makes of rows that were read from `path`, in bounded runs. Raises as `read_mapped` does."""
    columns, queries, wanted, stated, taken = None, [], "", "", ""
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("set variable origin = $1", [str(path)])
        connection.execute(MACROS)
        for rows in found:
            if rows.columns != columns:
                problems = check_mapping(mapping, rows.columns, domain, path, rows.nested)
                if problems:
                    raise MappingProblemsError(problems)
                plan = MappingSql(mapping, domain.rules, rows.columns, path, domain.time_zone)
                columns, queries, wanted = rows.columns, plan.queries(), plan.filter()
                stated, taken = (plan.stated(), plan.taken()) if mapping.compares else ("", "")
            for start in range(0, max(rows.table.num_rows, 1), BATCH_ROWS):
                part = Rows(
                    rows.columns,
                    rows.table.slice(start, BATCH_ROWS),
                    rows.rejects.slice(0 if start == 0 else rows.rejects.num_rows),
                )
                yield _convert_run(connection, queries, wanted, part, domain, mapping, stated, taken)


def _convert_run(
    connection: duckdb.DuckDBPyConnection,
    queries: list[str],
    wanted: str,
    rows: Rows,
    domain: Domain,
    mapping: Mapping,
    stated: str,
    taken: str,
) -> Converted:
    rejects = [rows.rejects]
    events: list[pa.Table] = []
    changes: list[pa.Table] = []
    said = STATED.empty_table()
    left_out = 0
    count = rows.table.num_rows
    if count:
        connection.register("source_rows", rows.table)
        kept = connection.execute(f"select count(*) from source_rows r where {wanted}").fetchone()
        left_out = count - (kept[0] if kept else 0)
        for query, emit in zip(queries, mapping.emits, strict=True):
            made = connection.execute(query).to_arrow_table()
            fault = pc.is_valid(made["fault_reason"])
            rejects.append(_faults(made.filter(fault)))
            good = made.filter(pc.invert(fault))
            admitted = admit(good.select(EVENTS.names).cast(EVENTS), domain.rules, raw=good["raw"])
            (changes if emit.is_change else events).append(admitted.events)
            # what is kept of a row is the row, not the event that was made of it
            has_lines = rows.table["raw"].null_count == 0
            rejects.append(admitted.rejects if has_lines else _without_raw(admitted.rejects))
        if stated:
            said = connection.execute(stated).to_arrow_table().cast(STATED)
        connection.unregister("source_rows")
    if taken and said["revision"].null_count == said.num_rows:
        said = pa.concat_tables([said, connection.execute(taken).to_arrow_table().cast(STATED)])
    refused = _whole(pa.concat_tables(rejects), rows)
    accepted = pa.concat_tables(events) if events else EVENTS.empty_table()
    return Converted(
        Batch(accepted, refused),
        count + rows.rejects.num_rows,
        left_out,
        pa.concat_tables([EVENTS.empty_table(), *changes]),
        said,
        rows.rejects.num_rows > 0 or any(column.null_count for column in said.slice(0, count * len(queries)).columns),
    )


def _without_raw(rejects: pa.Table) -> pa.Table:
    place = rejects.schema.get_field_index("raw")
    return rejects.set_column(place, REJECTS.field(place), pa.nulls(rejects.num_rows, pa.binary()))


def _faults(made: pa.Table) -> pa.Table:
    faults = ["fault_reason", "fault_field", "fault_detail"]
    names = ["origin", "position", *faults, "raw", "source", "id", "type"]
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
