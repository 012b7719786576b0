"""Rows to standard output, in the format that was asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa

from throughline.cli.terminal.options import chosen_format
from throughline.sinks.questions.query import Format, query


def write_query(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    format_: Format | None,
    rows: int,
    spare: Sequence[str] = (),
) -> None:
    """What a SELECT gives; a table shows at most `rows` rows, and leaves columns of `spare` out to fit the terminal."""
    kind = chosen_format(format_)
    out = sys.stdout.buffer if kind == "parquet" else sys.stdout
    query(connection, statement, out=out, format=kind, rows=rows, spare=spare)


def write_rows(columns: list[str], rows: list[tuple[Any, ...]], format_: Format | None) -> None:
    """Rows that come from no store, in the same forms; all columns are texts, an empty one is null."""
    texts = [pa.array([row[i] or None for row in rows], pa.string()) for i in range(len(columns))]
    with duckdb.connect(":memory:") as connection:
        connection.register("listed", pa.table(texts, columns))
        write_query(connection, "from listed", format_, max(len(rows), 1))
