"""How far a query counts: to the latest event, or to an earlier day where the views that it reads can."""

from __future__ import annotations

from datetime import datetime

import duckdb

from throughline.errors import QueryError
from throughline.sinks.questions.scope import in_scope
from throughline.sinks.schema import public_schema, views_as_of


def count_to(connection: duckdb.DuckDBPyConnection, as_of: datetime | None) -> bool:
    """Let the views count to `as_of` (UTC, naive; None: the latest event). Whether that is a day before it."""
    connection.execute("set variable as_of = ?::timestamp", [as_of])
    return len(views_as_of(connection, as_of)) < len(public_schema().views)


def check_counts_back(connection: duckdb.DuckDBPyConnection, sql: str, as_of: datetime | None) -> None:
    """Raise QueryError for a query that reads a view which can only show the present, where `as_of` is earlier."""
    counting = views_as_of(connection, as_of)
    try:
        in_scope(connection, sql, counting)
    except QueryError:
        in_scope(connection, sql, public_schema().views)
        raise QueryError(
            "The query reads a view that shows what is known today, and cannot be counted to an earlier day.",
            hint=f"These can: {', '.join(f'`{name}`' for name in counting)}.",
        ) from None
