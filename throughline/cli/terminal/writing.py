"""Rows to standard output in the format that was asked for, and files where --out says."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import duckdb
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from throughline.cli.terminal.options import chosen_format
from throughline.errors import InfrastructureError
from throughline.sinks.questions.query import Format, query
from throughline.sinks.questions.question import question
from throughline.sinks.questions.table import printable
from throughline.streams.join.accept import Counts


def say(text: str, *, is_error: bool = False) -> None:
    """Lines for people. Names of files and columns stand in them as they are given, and none of them steers a
    terminal."""
    click.echo("\n".join(map(printable, text.split("\n"))), err=is_error)


def write_query(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    format_: Format | None,
    rows: int,
    values: Mapping[str, Any] | None = None,
    spare: Sequence[str] = (),
) -> None:
    """What a SELECT gives, with `values` for its parameters.

    A table shows at most `rows` rows, and leaves columns of `spare` out where they do not fit the terminal.
    """
    kind = chosen_format(format_)
    out = sys.stdout.buffer if kind == "parquet" else sys.stdout
    query(connection, statement, out=out, values=values, format=kind, rows=rows, spare=spare)


def write_answer(
    connection: duckdb.DuckDBPyConnection, name: str, format_: Format | None, most: int, /, **given: Any
) -> None:
    """What the question called `name` gives, with `given` for its parameters; a table shows at most `most` rows."""
    asked = question(name)
    write_query(connection, asked.sql, format_, most, asked.values(given), asked.spare)


def write_rows(columns: list[str], rows: list[tuple[Any, ...]], format_: Format | None) -> None:
    """Rows that come from no store, in the same forms; all columns are texts, an empty one is null."""
    texts = [pa.array([row[i] or None for row in rows], pa.string()) for i in range(len(columns))]
    with duckdb.connect(":memory:") as connection:
        connection.register("listed", pa.table(texts, columns))
        write_query(connection, "from listed", format_, max(len(rows), 1))


def print_counts(counts: Counts, console: Console) -> None:
    """What became of the records, one line each."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right")
    table.add_column()
    by_reason = sorted(counts.quarantined.items(), key=lambda item: (-item[1], item[0]))
    totals = {"read": counts.read, "accepted": counts.accepted, "duplicate": counts.duplicate}
    totals["quarantined"] = sum(counts.quarantined.values())
    for what, n in [*totals.items(), *((f"  {reason}", n) for reason, n in by_reason)]:
        table.add_row(f"{n:,}", what)
    console.print(table)


def write_file(path: Path, content: bytes) -> None:
    """A file, whole or not at all, in folders that are made for it. Raises InfrastructureError where it cannot be
    written: what was there before is there still.
    """
    new = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            new.write_bytes(content)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise InfrastructureError(
            f"`{path}` cannot be written: {error.strerror}.", hint="Name another place with --out."
        ) from error
