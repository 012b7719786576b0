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
# a domain stands for the type that it is of
_COLUMNS = text(
    """
    select a.attname, b.typname, b.typcategory::text, format_type(a.atttypid, a.atttypmod)
    from pg_attribute a
    join pg_type t on t.oid = a.atttypid
    join pg_type b on b.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
    where a.attrelid = to_regclass(:name) and a.attnum > 0 and not a.attisdropped
    order by a.attnum
    """
)


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
    in_postgres = connection.dialect.name == "postgresql"
    if name:
        _must_exist(connection, name)
        # by the catalogue: the user may not be allowed to read every column
        columns = _declared_in_postgres(connection, name) if in_postgres else _declared(connection, name)
    else:
        probe = connection.execute(select(text("*")).select_from(source).where(false()))
        assert probe.cursor is not None
        described: Any = probe.cursor.description
        names, oids = [str(one[0]) for one in described], [one[1] for one in described]
        if in_postgres:
            known = {row[0]: tuple(row[1:]) for row in connection.execute(_TYPES, {"oids": oids})}
            columns = tuple(written_column(one, *known[oid]) for one, oid in zip(names, oids, strict=True))
        else:
            columns = tuple(Column(one, "", "", python_text) for one in names)
    if len({one.name for one in columns}) < len(columns):
        raise DatabaseRefused("The SELECT gives two columns one name.", hint="Give each a name of its own, by `as`.")
    return columns


def _declared_in_postgres(connection: Connection, name: str) -> tuple[Column, ...]:
    schema, _, plain = name.rpartition(".")
    quote = connection.dialect.identifier_preparer.quote
    written = ".".join(quote(one) for one in (schema, plain) if one)
    return tuple(written_column(*row) for row in connection.execute(_COLUMNS, {"name": written}))


def _declared(connection: Connection, name: str) -> tuple[Column, ...]:
    schema, _, plain = name.rpartition(".")
    found = inspect(connection).get_columns(plain, schema=schema or None)
    types = ("" if isinstance(one["type"], NullType) else str(one["type"]) for one in found)
    return tuple(Column(one["name"], type_, "", python_text) for one, type_ in zip(found, types, strict=True))


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
