"""Event files to batches of EVENTS: JSON Lines of CloudEvents, Avro container files, and Parquet of two
layouts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from throughline.errors import DataError
from throughline.schemas.acceptance.admission import admit
from throughline.schemas.acceptance.events import EVENTS, Batch
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.avro.container import read_container
from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.sources.formats.arrow_times import in_micros
from throughline.sources.formats.text import line_blocks
from throughline.sources.formats.utf8 import rejected_rows, rows_not_utf8, without_rows

BATCH_ROWS = 491_520
_BLOCK = 1 << 25
JSON_LINES = (".jsonl", ".ndjson", ".json")
AVRO = (".avro",)
PARQUET = (".parquet", ".pq")
# A domain's schemas take longer to compile than a small file to read: once per domain object.
_STORES: dict[int, tuple[Domain, SchemaStore]] = {}

# Attributes of the flattened CloudEvents layout; `data` is JSON text.
_FLAT_NEEDED = ("id", "source", "type", "data")
_FLAT_OTHERS = (
    "specversion",
    "time",
    "occurredon",
    "recordedtime",
    "partitionkey",
    "sequence",
    "correlationid",
    "causationid",
    "contenthash",
    "subject",
    "datacontenttype",
    "dataschema",
)


def is_event_file(path: Path) -> bool:
    """Whether the ending of a name is that of an event file. Parquet may be one, or an existing system's
    table.
    """
    return ending_of(path) in {*JSON_LINES, *AVRO, *PARQUET}


def read_events(path: Path, domain: Domain, *, batch_rows: int = BATCH_ROWS) -> Iterator[Batch]:
    """The events of a file, judged by the domain's rules, in batches of at most about `batch_rows`.

    Every record ends as an event or as a reject. `origin` is the path as given, `position` the line or row
    from 1. Raises DataError where the file as a whole cannot be read; batches before the damage have been
    given out.
    """
    if path.is_dir():
        raise DataError("is a directory", file=path, hint="Name the files in it.")
    ending = ending_of(path)
    if ending in JSON_LINES:
        batches = _json_lines(path, domain, batch_rows)
    elif ending in AVRO:
        batches = _avro(path, domain)
    elif ending in PARQUET:
        batches = _parquet(path, domain, batch_rows)
    else:
        raise DataError(
            "has no reader for this ending",
            file=path,
            hint="Event files are .jsonl, .ndjson, .json (each also .gz), .avro and .parquet. Others need a mapping.",
        )
    for batch in batches:
        if batch.events.num_rows or batch.rejects.num_rows:
            yield batch


def ending_of(path: Path) -> str:
    """The ending of a name in lower case, `.gz` aside; empty for a name without one."""
    return next((s.lower() for s in reversed(path.suffixes) if s.lower() != ".gz"), "")


def _json_lines(path: Path, domain: Domain, batch_rows: int) -> Iterator[Batch]:
    line = 1
    for block in line_blocks(path, _BLOCK):
        lines = block.removesuffix(b"\n").split(b"\n")
        for start in range(0, len(lines), batch_rows):
            part = lines[start : start + batch_rows]
            yield events_from_json_lines(part, domain, str(path), line)
            line += len(part)


def _avro(path: Path, domain: Domain) -> Iterator[Batch]:
    made = _STORES.get(id(domain))
    if made is None or made[0] is not domain:
        made = _STORES[id(domain)] = (domain, SchemaStore(domain))
    yield from read_container(path, made[1])


def _parquet(path: Path, domain: Domain, batch_rows: int) -> Iterator[Batch]:
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
    unknown = [name for name in table.column_names if name not in {*_FLAT_NEEDED, *_FLAT_OTHERS}]
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
        try:
            if isinstance(row["data"], str):
                event["data"] = orjson.loads(row["data"])
        except orjson.JSONDecodeError:
            pass  # stays text: refused with its reason as a line of JSON would be
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
