"""Read a store with one SELECT, as a table for people, or as CSV, JSON or Parquet row by row.

The connection of a store opened for reading can neither write nor reach a file; what is refused here is
refused with a sentence, before DuckDB refuses it with another.
"""

from __future__ import annotations

import csv
import json
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO, Literal, TextIO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from throughline.errors import QueryError, ThroughlineError
from throughline.sinks.damage import translated
from throughline.sinks.questions.explanation import QUERY_HINT, explained
from throughline.sinks.questions.limits import Limits, limited
from throughline.sinks.questions.scope import in_scope
from throughline.sinks.questions.table import printable, width_of, write_table
from throughline.sinks.sheets.cell import shown

Format = Literal["table", "csv", "json", "parquet"]
FORMATS: tuple[Format, ...] = ("table", "csv", "json", "parquet")
TABLE_ROWS = 200
_ROWS_AT_ONCE = 10_000
# what a single statement that only reads can begin with; DuckDB counts `pragma` and `show` among its SELECTs
_FIRST_WORDS = {
    "select",
    "from",
    "with",
    "values",
    "table",
    "describe",
    "show",
    "summarize",
    "pivot",
    "unpivot",
}


def query(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    *,
    out: TextIO | BinaryIO,
    values: Mapping[str, Any] | None = None,
    format: Format = "table",
    rows: int = TABLE_ROWS,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    views: Collection[str] | None = None,
    stuck: Callable[[ThroughlineError], None] | None = None,
    width: int | None = None,
    spare: Sequence[str] = (),
) -> int:
    """Run one SELECT and write what it gives to `out` (binary for parquet, else text); how many rows.

    `values` are bound to its parameters (`$name`). With `views` it may read these alone; without, every table: pass
    them wherever somebody else wrote the query.

    A table shows at most `rows` rows, is `width` characters wide, and says what it leaves out: rows, and columns of
    `spare` where there is no room for them. CSV has a header, empty for null, lists and structs as JSON, and no text
    that a spreadsheet would run. JSON is one array with an object in each line. Times are ISO 8601, UTC. Raises
    QueryError for what is not a single SELECT, for what DuckDB refuses (with line and column), and for what takes
    more than `limits` (the memory and disk of the connection are set where it is opened); `stuck` as `limited` has it.
    """
    check_readable(connection, sql, values or {})
    if views is not None:
        sql = in_scope(connection, sql, views)
    with _explained(connection, sql), limited(connection, limits, stuck):
        result = connection.execute(sql, dict(values) if values else None)
        names = [column[0] for column in result.description]
        if format == "parquet":
            return _write_parquet(result, out)  # type: ignore[arg-type]
        if format == "csv":
            return _write_csv(result, names, out)  # type: ignore[arg-type]
        if format == "json":
            return _write_json(result, names, out)  # type: ignore[arg-type]
        return _write_table(result, names, out, rows, width, spare)  # type: ignore[arg-type]


def check_readable(connection: duckdb.DuckDBPyConnection, sql: str, values: Collection[str] = ()) -> None:
    """Raise QueryError unless `sql` is one statement that only reads and has no parameters but those of `values`."""
    with _explained(connection, sql):
        statements = connection.extract_statements(sql)
    if not statements:
        raise QueryError("There is no query.", hint=QUERY_HINT)
    if len(statements) > 1:
        raise QueryError(f"There are {len(statements)} statements, and one is run at a time.", hint=QUERY_HINT)
    (statement,) = statements
    words = _without_comments(sql).lstrip("( \t\r\n").split(None, 1)
    first = words[0].lower().rstrip(";(*") if words else ""
    if statement.type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise QueryError(f"`{first.upper()}` does not only read.", hint=QUERY_HINT)
    if statement.type == duckdb.StatementType.SELECT and first not in _FIRST_WORDS:
        raise QueryError(f"`{first.upper()}` is not a query.", hint=QUERY_HINT)
    if statement.named_parameters - set(values):
        raise QueryError("The query has parameters (`?`, `$1`); write the values themselves.", hint=QUERY_HINT)


def _without_comments(sql: str) -> str:
    """`sql` from its first word on: comments before it left out."""
    text = sql.lstrip()
    while text.startswith(("--", "/*")):
        text = text.partition("\n" if text.startswith("--") else "*/")[2].lstrip()
    return text


@contextmanager
def _explained(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[None]:
    try:
        with translated(None):
            yield
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise explained(connection, sql, error) from None


def _write_parquet(result: duckdb.DuckDBPyConnection, out: BinaryIO) -> int:
    reader = result.to_arrow_reader(_ROWS_AT_ONCE * 10)
    written = 0
    with pq.ParquetWriter(out, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_table(pa.Table.from_batches([batch]))
            written += batch.num_rows
    return written


def _write_csv(result: duckdb.DuckDBPyConnection, names: list[str], out: TextIO) -> int:
    writer = csv.writer(_Lines(out))
    writer.writerow(map(shown, names))
    written = 0
    while chunk := result.fetchmany(_ROWS_AT_ONCE):
        writer.writerows([_cell(shown(value)) for value in row] for row in chunk)
        written += len(chunk)
    return written


class _Lines:
    """Rows of CSV that end as other lines here do. Only a writer that ends them by CR LF puts a CR in quotes, and
    bare it would begin a row."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, row: str) -> None:
        self._out.write(f"{row.removesuffix(chr(13) + chr(10))}\n")


def _write_json(result: duckdb.DuckDBPyConnection, names: list[str], out: TextIO) -> int:
    keys = _distinct(names)
    written = 0
    out.write("[")
    while chunk := result.fetchmany(_ROWS_AT_ONCE):
        lines = (json.dumps(dict(zip(keys, map(_plain, row), strict=True)), ensure_ascii=False) for row in chunk)
        out.write((",\n" if written else "\n") + ",\n".join(lines))
        written += len(chunk)
    out.write("\n]\n")
    return written


def _write_table(
    result: duckdb.DuckDBPyConnection, names: list[str], out: TextIO, rows: int, width: int | None, spare: Sequence[str]
) -> int:
    found = result.fetchmany(rows + 1)
    texts = [[None if value is None else printable(str(_cell(value))) for value in row] for row in found[:rows]]
    width = width or width_of(out)
    notes = write_table(out, [printable(name) for name in names], texts, width, spare)
    if len(found) > rows:
        notes.insert(0, f"The first {rows} rows. For all of them: --format csv, json or parquet.")
    else:
        notes.insert(0, f"{len(found)} row{'' if len(found) == 1 else 's'}.")
    out.writelines(f"{textwrap.fill(note, width)}\n" for note in notes)
    return len(texts)


def _distinct(names: list[str]) -> list[str]:
    """Names as keys of an object: the second `x` is called `x_2`, so no column is lost."""
    keys: list[str] = []
    for name in names:
        key, n = name, 1
        while key in keys:
            n += 1
            key = f"{name}_{n}"
        keys.append(key)
    return keys


def _plain(value: Any) -> Any:
    """A value as JSON has it: times in ISO 8601, bytes in hexadecimal, decimals and infinities as text."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value)


def _cell(value: Any) -> Any:
    plain = _plain(value)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, dict | list) else plain
