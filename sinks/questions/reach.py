"""How far a query counts: to the latest event, or to an earlier day where the views that it reads can."""

from __future__ import annotations

from datetime import datetime

import duckdb

from throughline.errors import QueryError
from throughline.sinks.questions.scope import in_scope
from throughline.sinks.schema import public_schema


def count_to(connection: duckdb.DuckDBPyConnection, as_of: datetime | None) -> bool:
    """Let the views count to `as_of` (UTC, naive; None: the latest event). Whether that is a day before it."""
    row = connection.execute("select last_event_at from as_at").fetchone()
    connection.execute("set variable as_of = ?::timestamp", [as_of])
    return as_of is not None and row is not None and row[0] is not None and as_of < row[0]


def check_counts_back(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise QueryError for a query that reads a view which can only show the present."""
    views = public_schema().views
    counting = [name for name, text in views.items() if "getvariable('as_of')" in text]
    try:
        in_scope(connection, sql, counting)
    except QueryError:
        in_scope(connection, sql, views)
        raise QueryError(
            "The query reads a view that shows what is known today, and cannot be counted to an earlier day.",
            hint=f"These can: {', '.join(f'`{name}`' for name in counting)}.",
        ) from None
