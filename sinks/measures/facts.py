"""The rows behind a figure: read from a store, one for each thing that a measure counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import duckdb
import pyarrow as pa

from throughline.errors import DomainError
from throughline.sinks.damage import translated
from throughline.sinks.measures.measure import Measure
from throughline.sql import sql


def facts(
    connection: duckdb.DuckDBPyConnection, measure: Measure, facets: Sequence[str], as_of: datetime | None = None
) -> pa.Table:
    """The rows of a measure, counted to `as_of` (UTC, naive; the latest event if None).

    Columns: those of its SQL (see `measure.py`), `area`, each of `facets`, and `month` (`YYYY-MM`, in the domain's time
    zone; null where the time is not known). Stores of other areas give rows that can be put beneath these. Raises
    DomainError where the SQL cannot be run or lacks a column, and StoreDamaged for a file that cannot be read.
    """
    text = sql(__package__, "facts").replace("{facets}", "".join(f'c."{facet}",\n  ' for facet in facets))
    with translated(None), counting_to(connection, as_of), _explained(measure):
        rows = connection.execute(text.replace("{facts}", measure.sql)).to_arrow_table()
    if missing := [name for name in measure.columns if name not in rows.column_names]:
        raise DomainError(
            f"The SQL of the measure `{measure.name}` gives no {', '.join(f'`{name}`' for name in missing)}.",
            hint="docs/how-to/extend.md says which columns a measure has.",
        )
    return rows


@contextmanager
def _explained(measure: Measure) -> Iterator[None]:
    """Say of which measure the SQL is that DuckDB does not take."""
    try:
        yield
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
        raise DomainError(
            f"The SQL of the measure `{measure.name}` cannot be run: {str(error).splitlines()[0]}",
            hint="`throughline measure NAME --about` prints it.",
        ) from error


def counted_to(connection: duckdb.DuckDBPyConnection, as_of: datetime | None) -> datetime | None:
    """The time to which figures count: `as_of`, or that of the latest event; None in an empty store."""
    with counting_to(connection, as_of):
        row = connection.execute("select as_of from as_at").fetchone()
    return None if row is None else row[0]


@contextmanager
def counting_to(connection: duckdb.DuckDBPyConnection, as_of: datetime | None) -> Iterator[None]:
    """Let the views count to `as_of` within the block, and to what they counted before after it."""
    row = connection.execute("select getvariable('as_of')::timestamp").fetchone()
    connection.execute("set variable as_of = ?::timestamp", [as_of])
    try:
        yield
    finally:
        connection.execute("set variable as_of = ?::timestamp", [None if row is None else row[0]])
