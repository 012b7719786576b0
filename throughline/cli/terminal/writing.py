"""Rows to standard output in the format that was asked for, and files where --out says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from throughline.cli.terminal.options import chosen_format
from throughline.errors import InfrastructureError
from throughline.sinks.questions.query import Format, query


def write_query(connection: duckdb.DuckDBPyConnection, statement: str, format_: Format | None, rows: int) -> None:
    """What a SELECT gives; a table shows at most `rows` rows."""
    kind = chosen_format(format_)
    query(connection, statement, out=sys.stdout.buffer if kind == "parquet" else sys.stdout, format=kind, rows=rows)


def write_rows(columns: list[str], rows: list[tuple[Any, ...]], format_: Format | None) -> None:
    """Rows that come from no store, in the same forms; all columns are texts, an empty one is null."""
    texts = [pa.array([row[i] or None for row in rows], pa.string()) for i in range(len(columns))]
    with duckdb.connect(":memory:") as connection:
        connection.register("listed", pa.table(texts, columns))
        write_query(connection, "from listed", format_, max(len(rows), 1))


def write_file(path: Path, content: bytes) -> None:
    """A file, in folders that are made for it. Raises InfrastructureError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise InfrastructureError(
            f"`{path}` cannot be written: {error.strerror}.", hint="Name another place with --out."
        ) from error
