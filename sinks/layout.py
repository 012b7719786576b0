"""How rows lie in the file of a store: in groups small enough that few of them are read for the cases of a batch.

DuckDB keeps the least and the greatest value of each column for each group of rows, and reads a group only where its
rows may be among those asked for. It does not keep the size of groups in the file: whoever writes it says it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

# measured for batches of 200 events: groups of 2,048 and of 32,768 rows cost more
_ROWS_OF_A_GROUP = 8_192
# the keys of so many rows choose the groups that are read (usually of 50 rows)
_KEYS_THAT_CHOOSE = 1_000
# the newest layout is written in four fifths of the time of the one that DuckDB would choose
_STORAGE_VERSION = "v1.5.0"
_DATABASE = "store"


def open_file(
    path: Path, settings: Mapping[str, str | bool | int | float | list[str]] | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection that writes the file at `path`, which is made if it is not there; its database is `store`."""
    connection = duckdb.connect(":memory:", config=dict(settings or {}))
    try:
        # global: a cursor has settings of its own, and must not take the zone of the machine
        connection.execute("set global TimeZone = 'UTC'")
        connection.execute(f"set global dynamic_or_filter_threshold = {_KEYS_THAT_CHOOSE}")
        named = str(path).replace("'", "''")
        connection.execute(
            f"attach '{named}' as {_DATABASE} (row_group_size {_ROWS_OF_A_GROUP}, storage_version '{_STORAGE_VERSION}')"
        )
        connection.execute(f"use {_DATABASE}")
    except BaseException:
        connection.close()
        raise
    return connection
