"""A store without any event, made once for a process: to make another takes many times as long as to copy it."""

from __future__ import annotations

import uuid
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from throughline.sinks.layout import open_file
from throughline.sinks.schema import migrate, public_schema, set_meta


@cache
def blank_file() -> bytes:
    """The content of a store's file with the public schema. Whoever takes it gives it an id of its own."""
    with TemporaryDirectory(prefix="throughline-blank-") as folder:
        path = Path(folder) / "blank.duckdb"
        with open_file(path) as connection:
            connection.execute("begin transaction")
            migrate(connection, public_schema())
            connection.execute("commit")
            connection.execute("checkpoint")
        return path.read_bytes()


def copy_blank(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a database in memory, with nothing in it, the public schema, in a transaction of its own."""
    with TemporaryDirectory(prefix="throughline-blank-") as folder:
        path = Path(folder) / "blank.duckdb"
        path.write_bytes(blank_file())
        connection.execute(f"attach '{path}' as blank (read_only)")
        connection.execute("copy from database blank to memory")
        connection.execute("detach blank")
    name(connection)


def name(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a copy the id by which a store differs from all others."""
    set_meta(connection, "store", uuid.uuid4().hex)
