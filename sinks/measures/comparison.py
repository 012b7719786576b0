"""A figure beside the same figure of an earlier time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import duckdb
import pyarrow as pa

from throughline.sinks.measures.measure import Measure
from throughline.sql import registered


def compared(measure: Measure, earlier: pa.Table, later: pa.Table, cuts: Sequence[str]) -> pa.Table:
    """One row per combination of cuts that either figure has: for each number `x` of `answer`, `x_before` and `x`.

    What only one of the two has is null in the other.
    """
    keys = [*cuts, *([] if measure.kind == "durations" else ["outcome"])]
    numbers = [name for name in later.column_names if name not in keys]
    joined = " and ".join(f'b."{key}" is not distinct from n."{key}"' for key in keys) or "true"
    columns = [f'coalesce(n."{key}", b."{key}") as "{key}"' for key in keys]
    columns += [part for name in numbers for part in (f'b."{name}" as "{name}_before"', f'n."{name}"')]
    order = ", ".join(f'"{key}" nulls first' for key in keys) or "1"
    text = f"select {', '.join(columns)} from later n full join earlier b on {joined} order by {order}"
    with _engine().cursor() as connection, registered(connection, earlier=earlier, later=later):
        return connection.execute(text).to_arrow_table()


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """An empty database, whose cursors each see their own tables: opening one takes longer than to compare."""
    return duckdb.connect(config={"python_enable_replacements": "false", "memory_limit": "256MB", "threads": 1})
