"""SQL kept in files: each file beside the module that runs it, its first comment saying what a row is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb
import pyarrow as pa

Given = Sequence[Any] | Mapping[str, Any] | None


@cache
def sql(package: str, name: str) -> str:
    """The text of `name`.sql in the folder of `package` (`name` may have folders: `models/steps`)."""
    return files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def with_parts(text: str, parts: Mapping[str, str]) -> str:
    """The SQL with each of the parts that it names in braces in its place; a part may name others."""
    for name, part in parts.items():
        if (place := f"{{{name}}}") in text:
            text = text.replace(place, with_parts(part, parts))
    return text


def cursor_of(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A connection of its own to the same store, to be closed; one of DuckDB alone would not know what `use` chose."""
    (database,) = one_row(connection, "select current_database()")
    cursor = connection.cursor()
    cursor.execute(f'use "{database}"')
    return cursor


def one_row(connection: duckdb.DuckDBPyConnection, query: str, given: Given = None) -> tuple[Any, ...]:
    """The first row of a query that always has one, such as a count."""
    row: tuple[Any, ...] = connection.execute(query, given).fetchall()[0]
    return row


def rows_by_name(connection: duckdb.DuckDBPyConnection, query: str, given: Given = None) -> list[dict[str, Any]]:
    """The rows of a query by the names of their columns."""
    rows: list[dict[str, Any]] = connection.execute(query, given).to_arrow_table().to_pylist()
    return rows


def make_table(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
    """Make a temporary table of a few rows, in the place of an earlier one; `columns` as SQL declares them."""
    connection.execute(f"create or replace temp table {name} ({columns})")
    if rows:
        connection.executemany(f"insert into {name} values ({', '.join('?' * len(rows[0]))})", rows)


@contextmanager
def registered(connection: duckdb.DuckDBPyConnection, **tables: pa.Table) -> Iterator[None]:
    """Let the queries of the block read these tables by their names."""
    for name, table in tables.items():
        connection.register(name, table)
    try:
        yield
    finally:
        for name in tables:
            connection.unregister(name)
