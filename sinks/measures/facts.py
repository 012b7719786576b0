"""The rows behind a figure: read from a store, one for each thing that a measure counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb
import pyarrow as pa

from throughline.sinks.damage import translated
from throughline.sinks.measures.measure import Measure
from throughline.sql import sql


def facts(
    connection: duckdb.DuckDBPyConnection, measure: Measure, facets: Sequence[str], as_of: datetime | None = None
) -> pa.Table:
    """The rows of a measure, counted to `as_of` (UTC, naive; the latest event if None).

    Columns: those of its SQL (see `measure.py`), `area`, each of `facets`, and `month` (`YYYY-MM`, in the domain's time
    zone; null where the time is not known). Stores of other areas give rows that can be put beneath these. Raises
    StoreDamaged for a file that cannot be read.
    """
    cursor = connection.cursor()
    with translated(None):
        cursor.execute("set variable as_of = ?::timestamp", [as_of])
        text = sql(__package__, "facts").replace("{facts}", measure.sql)
        return cursor.execute(
            text.replace("{facets}", "".join(f'c."{facet}",\n  ' for facet in facets))
        ).to_arrow_table()


def counted_to(connection: duckdb.DuckDBPyConnection, as_of: datetime | None) -> datetime | None:
    """The time to which figures count: `as_of`, or that of the latest event; None in an empty store."""
    cursor = connection.cursor()
    cursor.execute("set variable as_of = ?::timestamp", [as_of])
    row = cursor.execute("select as_of from as_at").fetchone()
    return None if row is None else row[0]
