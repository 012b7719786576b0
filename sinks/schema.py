"""The schema of a store: numbered migrations, public views, and `store_meta`, where it says what it is.

`store_meta(key, value)`: `store` (id), `schema_version`, `commit` and `stamp` (see `mark.py`), `fence` (the
token of the writer), `views` (JSON: name of each public view to the SHA-256 of its text), `rules` (the same of the
tables of rules, by who writes them), `release`.

A line of a view with `$facet` in it stands there once for each facet of the store's domain: such a view has columns
that are data, and is made again when they change.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import duckdb

from throughline import __version__
from throughline.errors import StoreDamaged, StoreError, StoreTooNew
from throughline.sql import one_row, with_parts

_NAME = re.compile(r"(\d{4})_\w+\.sql")
_META = """
create table store_meta (key varchar not null, value varchar not null);
comment on table store_meta is 'One row per fact about the store itself.';
comment on column store_meta.key is 'Name of the fact.';
comment on column store_meta.value is 'Its value, as text.';
"""


@dataclass(frozen=True)
class Migration:
    """One step of the schema: `number` counts from 1 without gaps."""

    number: int
    name: str
    text: str


@dataclass(frozen=True)
class Schema:
    """Migrations in order, and the text of each public view by its name."""

    migrations: tuple[Migration, ...]
    views: dict[str, str]

    @property
    def version(self) -> int:
        return len(self.migrations)


def read_schema(migrations: Traversable, views: Traversable) -> Schema:
    """Read NNNN_name.sql from one folder and view.sql from another, in which `{name}` is what several views share, of
    `parts/name.sql` there; a gap in numbers raises StoreError."""
    steps: list[Migration] = []
    for file in sorted(migrations.iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".sql"):
            continue
        named = _NAME.fullmatch(file.name)
        if named is None or int(named[1]) != len(steps) + 1:
            raise StoreError(f"The migration `{file.name}` should be called `{len(steps) + 1:04}_….sql`.")
        steps.append(Migration(int(named[1]), file.name, file.read_text(encoding="utf-8")))
    texts = {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8")
        for file in sorted(views.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".sql")
    }
    if (shared := views / "parts").is_dir():
        parts = {part.name.removesuffix(".sql"): part.read_text(encoding="utf-8") for part in shared.iterdir()}
        texts = {name: with_parts(text, parts) for name, text in texts.items()}
    return Schema(tuple(steps), texts)


@cache
def public_schema() -> Schema:
    folder = files("throughline.sinks")
    return read_schema(folder / "migrations", folder / "views")


def views_as_of(connection: duckdb.DuckDBPyConnection, as_of: datetime | None) -> list[str]:
    """The public views that can be counted to `as_of` (UTC, naive; None: now).

    Before the latest event of the store those are left out that show only what is known today.
    """
    views = public_schema().views
    (latest,) = one_row(connection, "select coalesce(max(reached_at), max(last_at)) from case_facts")
    if as_of is None or latest is None or as_of >= latest:
        return list(views)
    return [name for name, text in views.items() if "getvariable('as_of')" in text]


def meta(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """`store_meta` as a dictionary; empty for a database without any table, which may become a store."""
    tables = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
    if "store_meta" not in tables:
        if tables:
            raise StoreError(
                f"`{_file_of(connection)}` is a DuckDB file, but not a store of Throughline.", hint="Name another file."
            )
        return {}
    return dict(connection.execute("select key, value from store_meta").fetchall())


def _file_of(connection: duckdb.DuckDBPyConnection) -> str:
    (path,) = one_row(connection, "select path from duckdb_databases() where database_name = current_database()")
    return path or "it"


def set_meta(connection: duckdb.DuckDBPyConnection, key: str, value: str) -> None:
    """Write one fact into `store_meta`, in the caller's transaction."""
    changed = connection.execute("update store_meta set value = ? where key = ?", [value, key]).fetchone()
    if changed is None or changed[0] == 0:
        connection.execute("insert into store_meta values (?, ?)", [key, value])


def check_version(path: Path, found: dict[str, str], schema: Schema, *, write: bool) -> None:
    """Raise where this release cannot read the store: newer, or older and not to be migrated now."""
    try:
        version = int(found["schema_version"])
    except (KeyError, ValueError):
        raise StoreDamaged(f"`{path}` does not say which version its schema has.") from None
    if version > schema.version:
        raise StoreTooNew(
            f"`{path}` was written by Throughline {found.get('release', 'unknown')}, a newer version (schema version "
            f"{version}); this is {__version__} (schema version {schema.version}).",
            hint="Use that version, or a later one.",
        )
    if version < schema.version and not write:
        raise StoreError(
            f"`{path}` has schema version {version}; this version of Throughline reads {schema.version}.",
            hint=f"`throughline rebuild --store {path}` brings it up to date.",
        )


def migrate(connection: duckdb.DuckDBPyConnection, schema: Schema) -> bool:
    """Bring the schema up to date, in the caller's transaction; whether anything was changed."""
    found = meta(connection)
    if not found:
        connection.execute(_META)
        set_meta(connection, "store", uuid.uuid4().hex)
        set_meta(connection, "commit", "0")
    version = int(found.get("schema_version", 0))
    for step in schema.migrations[version:]:
        _run(connection, step.name, step.text)
    # after a migration all of them: the tables they read may have changed
    changed = _renew_views(connection, schema, every=version < schema.version)
    if found and version == schema.version and not changed:
        return False
    set_meta(connection, "schema_version", str(schema.version))
    set_meta(connection, "release", __version__)
    return True


def fit_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Make those public views again whose columns follow from the facets in the store, in the caller's transaction."""
    _renew_views(connection, public_schema())


def view_texts(connection: duckdb.DuckDBPyConnection, schema: Schema) -> dict[str, str]:
    """The text of each view for the facets in the store."""
    facets = []
    if connection.execute("select 1 from duckdb_tables() where table_name = 'facets'").fetchone():
        facets = connection.execute("select facet, title || ': ' || doc from facets order by ordinal").fetchall()
    return {name: _for_each_facet(text, facets) for name, text in schema.views.items()}


def _for_each_facet(text: str, facets: list[tuple[str, str]]) -> str:
    lines = []
    for line in text.splitlines(keepends=True):
        each = facets if "$facet" in line else [("", "")]
        lines += [line.replace("$facet", facet).replace("$meaning", _quoted(meaning)) for facet, meaning in each]
    return "".join(lines)


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _renew_views(connection: duckdb.DuckDBPyConnection, schema: Schema, *, every: bool = False) -> bool:
    """Make the views whose text is another than the store's, or all; whether there were any."""
    views = json.loads(meta(connection).get("views", "{}"))
    texts = view_texts(connection, schema)
    wanted = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
    if views == wanted and not every:
        return False
    stale = [name for name in wanted if every or views.get(name) != wanted[name]]
    # dropped first: a new view must not read an old one that no longer runs
    for name in {*stale, *views.keys() - wanted.keys()}:
        connection.execute(f'drop view if exists "{name}"')
    make_views(connection, {name: texts[name] for name in stale})
    set_meta(connection, "views", json.dumps(wanted, sort_keys=True))
    return True


def make_views(connection: duckdb.DuckDBPyConnection, texts: dict[str, str]) -> None:
    """Make the views, each after those that it reads: one that finds a name missing is tried again later."""
    while texts:
        waiting = {}
        for name, text in texts.items():
            try:
                connection.execute(text)
            except duckdb.CatalogException:
                waiting[name] = text
            except duckdb.Error as error:
                raise StoreError(f"`views/{name}.sql` does not run: {error}") from error
        if len(waiting) == len(texts):
            name, text = next(iter(waiting.items()))
            _run(connection, f"views/{name}.sql", text)
        texts = waiting


def _run(connection: duckdb.DuckDBPyConnection, name: str, text: str) -> None:
    try:
        connection.execute(text)
    except (duckdb.ProgrammingError, duckdb.NotSupportedError) as error:
        raise StoreError(f"`{name}` does not run: {error}") from error
