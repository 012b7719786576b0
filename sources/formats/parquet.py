"""Parquet: of events, in the layout of EVENTS or of CloudEvents, and of an existing system's rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from throughline.errors import DataError
from throughline.schemas.acceptance.admission import admit
from throughline.schemas.acceptance.events import EVENTS, Batch
from throughline.schemas.acceptance.reject import Reject, read_json
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.sources.formats.arrow_faults import (
    NOT_UTF8,
    in_micros,
    rejected_rows,
    row_text,
    rows_not_utf8,
    without_rows,
)
from throughline.sources.formats.json_lines import judge_again
from throughline.sources.formats.registry import EventFormat, RowFormat
from throughline.sources.formats.rows import Rows, row_rejects, row_table

_ROWS = 100_000

# Attributes of the flattened CloudEvents layout; `data` is JSON text.
_FLAT_NEEDED = ("id", "source", "type", "data")
_FLAT_OTHERS = (
    *("specversion", "time", "occurredon", "recordedtime", "partitionkey", "sequence", "correlationid", "causationid"),
    *("contenthash", "subject", "datacontenttype", "dataschema", "revision", "retracts"),
)


def read_event_table(path: Path, domain: Domain, batch_rows: int) -> Iterator[Batch]:
    """The events of a file; `position` is the row from 1."""
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if len(set(names)) < len(names):
                raise DataError("has two columns of one name", file=path)
            is_flat = set(_FLAT_NEEDED) <= set(names) and "identifiers" not in names
            if not is_flat:
                _check_events_layout(path, file.schema_arrow)
            first = 1
            for found in file.iter_batches(batch_size=batch_rows):
                table = pa.Table.from_batches([found])
                odd = rows_not_utf8(table)
                sound = without_rows(table, odd) if odd else table
                read = _flat if is_flat else _laid_out
                batch = read(sound, domain, path, first)
                yield rejected_rows(batch, table, odd, str(path), first) if odd else batch
                first += found.num_rows
            if first - 1 != file.metadata.num_rows:
                raise DataError(f"has {first - 1} rows and says that it has {file.metadata.num_rows}", file=path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the last: names of columns that are no text
        raise DataError("cannot be read as Parquet", file=path, hint=f"The reader says: {error}") from error


def _check_events_layout(path: Path, schema: pa.Schema) -> None:
    missing = [name for name in ("source", "id", "type", "occurred_at", "identifiers") if name not in schema.names]
    if missing:
        raise DataError(
            f"has no column `{missing[0]}`",
            file=path,
            field=missing[0],
            hint="Parquet of events has the columns of EVENTS, or those of CloudEvents (id, source, type, "
            "time, data). Another table needs a mapping.",
        )
    unknown = [name for name in schema.names if name not in EVENTS.names]
    if unknown:
        raise DataError(
            f"has a column `{unknown[0]}` that events do not have",
            file=path,
            field=unknown[0],
            hint="Take it out, or put it into the JSON of `data`.",
        )


def _laid_out(table: pa.Table, domain: Domain, path: Path, first: int) -> Batch:
    """The layout of EVENTS."""
    return admit(_conform(table, path, first), domain.rules)


def _conform(table: pa.Table, path: Path, first: int) -> pa.Table:
    """The columns of EVENTS in their types; a missing one is null, `version` 1, precision `instant`, `data`
    {}.
    """
    count = table.num_rows
    columns = []
    for field in EVENTS:
        if field.name == "origin":
            columns.append(pa.repeat(str(path), count))
        elif field.name == "position":
            columns.append(pa.array(range(first, first + count), pa.int64()))
        elif field.name in table.column_names:
            columns.append(_cast(table[field.name], field, path))
        else:
            given = {"version": 1, "occurred_precision": "instant", "data": "{}"}.get(field.name)
            columns.append(
                pa.nulls(count, field.type) if given is None else pa.repeat(pa.scalar(given, field.type), count)
            )
    return pa.table(columns, schema=EVENTS)


def _cast(column: pa.ChunkedArray, field: pa.Field, path: Path) -> pa.ChunkedArray:
    if column.type == field.type:
        return column
    try:
        if pa.types.is_timestamp(column.type) and pa.types.is_timestamp(field.type):
            # With a zone Arrow holds UTC already; nanoseconds are cut off, as for JSON events.
            return column.cast(field.type, safe=False) if column.type.unit == "ns" else column.cast(field.type)
        if pa.types.is_list(field.type) or pa.types.is_string(field.type) or pa.types.is_integer(field.type):
            return column.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        pass
    raise DataError(
        f"has `{field.name}` as {column.type}, not as {field.type}",
        file=path,
        field=field.name,
        hint="Write it in that type.",
    )


def _flat(table: pa.Table, domain: Domain, path: Path, first: int) -> Batch:
    """The flattened CloudEvents layout: one JSON line is written for each row and read as such."""
    unknown = [name for name in table.column_names if name not in (*_FLAT_NEEDED, *_FLAT_OTHERS)]
    if unknown:
        raise DataError(
            f"has a column `{unknown[0]}` that is no attribute of CloudEvents",
            file=path,
            field=unknown[0],
            hint="Put it into the JSON of `data`.",
        )
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute("set timezone = 'UTC'")
        table = in_micros(table)
        connection.register("found", table)
        texts = ", ".join(_flat_text(name, table.schema.field(name).type) for name in table.column_names)
        rows = connection.execute(f"select {texts} from found").to_arrow_table().to_pylist()
    lines = []
    for row in rows:
        event = {name: value for name, value in row.items() if value is not None} | {
            "specversion": row.get("specversion") or "1.0"
        }
        if isinstance(row["data"], str) and not isinstance(read := read_json(row["data"].encode()), Reject):
            event["data"] = read  # else it stays text, and is refused
        try:
            lines.append(orjson.dumps(event))
        except orjson.JSONEncodeError:  # it reads deeper than it writes
            lines.append(orjson.dumps(event | {"data": row["data"]}))
    return events_from_json_lines(lines, domain, str(path), first)


def _flat_text(name: str, kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        zoned = f"\"{name}\" at time zone 'UTC'" if kind.tz is not None else f'"{name}"'
        return f"strftime(({zoned})::timestamp, '%Y-%m-%dT%H:%M:%S.%fZ') as \"{name}\""
    if pa.types.is_nested(kind):
        return f'to_json("{name}")::varchar as "{name}"'
    return f'"{name}"::varchar as "{name}"'


def read_table(path: Path) -> Iterator[Rows]:
    """Parquet as text: times as ISO, nested values as JSON; `position` is the row from 1."""
    try:
        with pq.ParquetFile(path) as file, duckdb.connect(":memory:", config={"threads": 1}) as connection:
            connection.execute("set timezone = 'UTC'")
            names = tuple(file.schema_arrow.names)
            if len(set(names)) < len(names):
                raise DataError("has two columns of one name", file=path, hint="Rename one of them.")
            nested = tuple(field.name for field in file.schema_arrow if pa.types.is_nested(field.type))
            yield replace(_rows_of(names, [pa.array([], pa.string())] * len(names), 1), nested=nested)
            first = 1
            for batch in file.iter_batches(batch_size=_ROWS):
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


def _is_event(raw: bytes) -> bool:
    """Whether the bytes are a whole CloudEvent, rather than the data or a part of one."""
    try:
        event = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return False
    return isinstance(event, dict) and "specversion" in event


FORMATS = (
    EventFormat((".parquet", ".pq"), read_event_table, judge_again, _is_event),
    RowFormat((".parquet", ".pq"), lambda path, settings: read_table(path)),
)
