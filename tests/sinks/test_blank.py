"""A store that is copied from one made before is as one that was made step by step."""

from __future__ import annotations

from pathlib import Path

import duckdb

from throughline.sinks.schema import meta, public_schema, read_schema
from throughline.sinks.store import open_memory_store, open_store

SHAPE = (
    "select table_name, comment from duckdb_tables() where not internal order by all",
    "select view_name, comment, column_count from duckdb_views() where not internal order by all",
    "select table_name, column_name, data_type, is_nullable, column_default, comment from duckdb_columns() "
    "where not internal order by all",
    "select table_name, constraint_text from duckdb_constraints() order by all",
    "select key, value from store_meta where key not in ('store', 'stamp', 'fence', 'commit') order by all",
)


def shape(connection: duckdb.DuckDBPyConnection) -> list[list[tuple[object, ...]]]:
    return [connection.execute(query).fetchall() for query in SHAPE]


def test_a_copy_has_every_table_view_and_comment(tmp_path: Path) -> None:
    """In memory and as a file; a schema that is not the public one, though it says the same, is made by its steps."""
    root = Path(__file__).resolve().parents[2] / "sinks"
    with open_memory_store(schema=read_schema(root / "migrations", root / "views")) as made:
        expected = shape(made.connection)
    assert all(expected)
    with open_memory_store() as store:
        assert shape(store.connection) == expected
    with open_store(tmp_path / "a.duckdb", write=True) as store:
        assert shape(store.connection) == expected
        assert int(meta(store.connection)["schema_version"]) == public_schema().version


def test_every_store_has_an_id_of_its_own(tmp_path: Path) -> None:
    """Else the mark of one would stand for another."""
    ids = []
    for number in range(2):
        with open_memory_store() as store:
            ids.append(meta(store.connection)["store"])
        with open_store(tmp_path / f"{number}.duckdb", write=True) as store:
            ids.append(meta(store.connection)["store"])
    assert len(set(ids)) == 4
