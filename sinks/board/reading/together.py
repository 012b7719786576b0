"""Several stores under one set of tables and views, read only: areas are disjoint, so rows of a table simply add up.

The public views are made again over the tables of all stores, so that what counts over cases, such as `sources` or
`delays`, counts over all of them. The rules (catalogue, standards, calendar) are those of the first.

The schema `main` shows everything; in the schema `one_case` the same names show one case alone (`one_case.py`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb

from throughline.errors import UsageError
from throughline.sinks.board.reading.one_case import make_one_case
from throughline.sinks.damage import translated
from throughline.sinks.schema import check_version, make_views, public_schema, view_texts

# what a domain says, the same in each store
_RULES = {
    "agencies", "alert_rules", "calendar", "domain", "effects", "event_types", "facet_statements", "facet_values",
    "facets", "figure_rules", "identifier_kinds", "shareable_fields", "standard_events",
    "standards", "store_meta",
}  # fmt: skip
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}


def open_together(
    copies: Sequence[tuple[Path, Path]], *, memory: str, spill: str, folder: Path, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection to the stores, given as (store, copy of it), that reads them and no other file.

    `memory` and `spill` as `Limits` has them; what is spilt goes to `folder`. One question takes `threads`, half of the
    processors if not given: the other half answers somebody else. Raises StoreError, StoreTooNew or
    StoreDamaged for a store that cannot be read, UsageError where they are not of one domain.
    """
    threads = threads or max((os.cpu_count() or 1) // 2, 1)
    connection = duckdb.connect(":memory:", config={**_SETTINGS, "memory_limit": memory, "threads": threads})
    try:
        connection.execute(f"set temp_directory = '{_quoted(folder)}'")
        connection.execute(f"set max_temp_directory_size = '{spill}'")
        connection.execute("set global TimeZone = 'UTC'")
        for place, (store, copy) in enumerate(copies):
            with translated(store, opening=True):
                connection.execute(f"attach '{_quoted(copy)}' as store_{place} (read_only)")
                found = dict(connection.execute(f"select key, value from store_{place}.store_meta").fetchall())
            check_version(store, found, public_schema(), write=False)
        _check_one_domain(connection, [store for store, _ in copies])
        _make_tables(connection, len(copies))
        connection.execute("set enable_external_access = false")
    except duckdb.CatalogException as error:
        connection.close()
        raise UsageError(f"`{copies[0][0]}` is not a store of Throughline: {error}") from None
    except BaseException:
        connection.close()
        raise
    return connection


def _check_one_domain(connection: duckdb.DuckDBPyConnection, stores: Sequence[Path]) -> None:
    names = [
        row[0] if (row := connection.execute(f"select name from store_{place}.domain").fetchone()) else None
        for place in range(len(stores))
    ]
    for store, name in zip(stores, names, strict=True):
        if name != names[0]:
            raise UsageError(
                f"`{store}` has the domain {name}, and `{stores[0]}` has {names[0]}.",
                hint="Stores that are shown together are of one domain.",
            )


def _make_tables(connection: duckdb.DuckDBPyConnection, stores: int) -> None:
    """The tables, macros and views of a store, in `main` and in `one_case`."""
    tables = connection.execute(
        "select table_name from duckdb_tables() where database_name = 'store_0' order by all"
    ).fetchall()
    for (table,) in tables:
        of = range(1 if table in _RULES else stores)
        rows = " union all by name ".join(f"select * from store_{place}.{table}" for place in of)
        connection.execute(f"create view main.{table} as {rows}")
    macros = connection.execute(
        "select function_name, parameters, macro_definition from duckdb_functions() "
        "where database_name = 'store_0' and function_type = 'macro' and not internal"
    ).fetchall()
    made_by_migrations = connection.execute(
        "select view_name, sql from duckdb_views() where database_name = 'store_0' and not internal"
    ).fetchall()
    views = view_texts(connection, public_schema())
    texts = {name: text for name, text in made_by_migrations if name not in views} | views

    def make_macros() -> None:
        for name, parameters, definition in macros:
            connection.execute(f"create macro {name}({', '.join(parameters)}) as {definition}")

    connection.execute("use memory.main")
    make_macros()
    make_views(connection, dict(texts))
    make_one_case(connection, sorted(_RULES), texts, make_macros)
    connection.execute("use memory.main")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
