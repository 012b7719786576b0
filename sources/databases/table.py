"""What a table, a view or a SELECT has: its columns with their types, and a few of its rows.

A person who drafts a mapping looks at it by `sample`; a poll asks for the columns each time, so that one which is new
is noticed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, FromClause, Select, bindparam, column, false, inspect, select, table, text
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.types import NullType

from throughline.errors import DatabaseRefused
from throughline.schemas.definitions.entry import nearest
from throughline.sources.databases.address import Database
from throughline.sources.databases.values import Column, Unreadable, python_text, written_column

_TYPES = text(
    "select oid::bigint, typname, typcategory::text, format_type(oid, null) from pg_type where oid in :oids"
).bindparams(bindparam("oids", expanding=True))


@dataclass(frozen=True)
class Sample:
    """The columns of a table as (name, type in the words of the database, '' where it does not say one), and some of
    its rows: of each row a text or None for each column. `<bytes>` and the like stand for what is no text."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str | None, ...], ...]


def sample(url: str, name: str, rows: int = 100) -> Sample:
    """The columns of a table or view, and `rows` of its rows at most, in the order in which the database gives them.

    `name` may have a schema (`crimes`, `records.crimes`). Raises UsageError, DatabaseRefused, DatabaseUnavailable.
    """
    with Database(url) as database, database.transaction() as connection:
        source = named_table(name)
        columns = columns_of(connection, source, name)
        wanted: Select[*tuple[Any, ...]] = (
            select(*(column(one.name) for one in columns)).select_from(source).limit(rows)
        )
        found = connection.execute(wanted, execution_options={"as_text": True}).fetchall()
    return Sample(
        tuple((one.name, one.sql_type) for one in columns),
        tuple(tuple(_shown(one, value) for one, value in zip(columns, row, strict=True)) for row in found),
    )


def _shown(of: Column, value: Any) -> str | None:
    try:
        return of.text(value)
    except Unreadable as error:
        return f"<{error.what}>"


def named_table(name: str) -> FromClause:
    """The table of a name that may have a schema before it."""
    schema, _, plain = name.rpartition(".")
    return table(plain, schema=schema or None)


def written_select(query: str) -> FromClause:
    """A SELECT in the words of the database, in the place of a table."""
    # a colon before a word would be a parameter
    words = re.sub(r"(?<![:\\]):(?=\w)", r"\\:", query.strip().rstrip(";"))
    return text(words).columns().subquery("selected")


def columns_of(connection: Connection, source: FromClause, name: str) -> tuple[Column, ...]:
    """The columns of `source`, in its order. `name` is that of a table, '' for a SELECT. Raises DatabaseRefused."""
    if name:
        _must_exist(connection, name)
    probe = connection.execute(select(text("*")).select_from(source).where(false()))
    names = list(probe.keys())
    if connection.dialect.name == "postgresql":
        assert probe.cursor is not None
        described: Any = probe.cursor.description
        oids = [int(one[1]) for one in described]
        known = {row[0]: tuple(row[1:]) for row in connection.execute(_TYPES, {"oids": oids})}
        columns = tuple(written_column(one, *known[oid]) for one, oid in zip(names, oids, strict=True))
    else:
        said = _declared(connection, name) if name else {}
        columns = tuple(Column(one, said.get(one, ""), "", python_text) for one in names)
    if len(set(names)) < len(names):
        raise DatabaseRefused(
            f"{name or 'The SELECT'} has two columns of one name.", hint="Give each a name of its own, by `as`."
        )
    return columns


def _declared(connection: Connection, name: str) -> dict[str, str]:
    schema, _, plain = name.rpartition(".")
    found = inspect(connection).get_columns(plain, schema=schema or None)
    return {one["name"]: "" if isinstance(one["type"], NullType) else str(one["type"]) for one in found}


def _must_exist(connection: Connection, name: str) -> None:
    schema, _, plain = name.rpartition(".")
    look = inspect(connection)
    try:
        if look.has_table(plain, schema=schema or None):
            return
        known = [*look.get_table_names(schema=schema or None), *look.get_view_names(schema=schema or None)]
    except NoSuchTableError:
        known = []
    raise DatabaseRefused(
        f"The database has no table `{name}`.", hint=nearest(plain, known) or "Check its name and schema."
    )
