"""A store in a notebook: its public views as pandas, Polars or Arrow tables, read only.

    from throughline import notebook

    with notebook.open("cases.duckdb") as store:
        store.cases.df()

This keeps a slip from reading what is personal; it is no lock. Who may read the file can read all of it with DuckDB.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from throughline.errors import QueryError, UsageError
from throughline.sinks.questions.explanation import explained
from throughline.sinks.questions.query import check_readable
from throughline.sinks.questions.reach import check_counts_back, count_to
from throughline.sinks.questions.scope import in_scope
from throughline.sinks.schema import public_schema
from throughline.sinks.store import Store, open_store


class Rows:
    """Rows that are fetched when they are asked for: a relation of DuckDB, with its methods (`filter`, `limit` …)."""

    def __init__(self, relation: duckdb.DuckDBPyRelation) -> None:
        self.relation = relation

    def df(self) -> pd.DataFrame:
        """As a table of pandas; times are UTC, naive."""
        return self.relation.df()

    def pl(self) -> Any:
        """As a table of Polars. Raises UsageError where Polars is not installed."""
        try:
            import polars  # noqa: F401
        except ModuleNotFoundError:
            raise UsageError(
                "Polars is not installed here.", hint="`pip install polars`, or take `.df()` (pandas) or `.arrow()`."
            ) from None
        return self.relation.pl()

    def arrow(self) -> pa.Table:
        """As a table of Arrow."""
        return self.relation.to_arrow_table()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.relation, name)
        if not callable(found):
            return found

        @wraps(found)
        def called(*given: Any, **named: Any) -> Any:
            made = found(*given, **named)
            return Rows(made) if isinstance(made, duckdb.DuckDBPyRelation) else made

        return called

    def __repr__(self) -> str:
        return repr(self.relation)


class Notebook(AbstractContextManager["Notebook"]):
    """An open store: each public view by its name (`store.cases`, `store["cases"]`), and `sql` over them."""

    def __init__(self, store: Store, as_of: datetime | None) -> None:
        self._store = store
        self._as_of = as_of
        self._counts_back = count_to(store.connection, as_of)

    @property
    def views(self) -> tuple[str, ...]:
        """The names of the public views; docs/tables.md says what a row of each is."""
        return tuple(sorted(public_schema().views))

    def sql(self, text: str, values: Mapping[str, Any] | None = None) -> Rows:
        """One SELECT over the public views (and what is public of `events`); `values` are bound to its `$name`.

        Raises QueryError for a query that reads or does more, or that DuckDB refuses.
        """
        connection = self._store.connection
        check_readable(connection, text, values or {})
        if self._counts_back:
            check_counts_back(connection, text, self._as_of)
        allowed = in_scope(connection, text, public_schema().views)
        try:
            return Rows(connection.sql(allowed, params=dict(values) if values else None))
        except duckdb.Error as error:
            raise explained(connection, text, error) from None

    def close(self) -> None:
        self._store.close()

    def __getitem__(self, view: str) -> Rows:
        if view not in self.views:
            raise QueryError(f"`{view}` is not a public view.", hint=f"There are: {', '.join(self.views)}.")
        return self.sql(f'from "{view}"')

    def __getattr__(self, view: str) -> Rows:
        if view.startswith("_") or view not in self.views:
            raise AttributeError(f"There is no public view `{view}`. There are: {', '.join(self.views)}.")
        return self[view]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.views]

    def __exit__(self, *_: object) -> None:
        self.close()


def open(store: Path | str, *, as_of: datetime | str | None = None) -> Notebook:
    """Open a store, or a snapshot of one, to look at.

    With `as_of` (ISO 8601 or a datetime; naive: UTC), its views count to that time and not to the latest event.

    Raises UsageError for an `as_of` that is no time, and what `open_store` raises.
    """
    until = _utc(as_of)
    opened = open_store(store, write=False)
    try:
        return Notebook(opened, until)
    except BaseException:
        opened.close()
        raise


def _utc(as_of: datetime | str | None) -> datetime | None:
    if isinstance(as_of, str):
        try:
            as_of = datetime.fromisoformat(as_of)
        except ValueError:
            raise UsageError(f"`{as_of}` is no time.", hint="Write 2025-01-31 or 2025-01-31T12:00:00Z.") from None
    return as_of.astimezone(UTC).replace(tzinfo=None) if as_of is not None and as_of.tzinfo else as_of
