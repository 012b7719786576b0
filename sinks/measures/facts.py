"""The rows behind a figure: read from a store, one for each thing that a measure counts.

A text stands in them once, however many rows have it (Arrow's dictionaries): so millions of rows take little memory,
and are cut by numbers instead of by texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from throughline.errors import DomainError
from throughline.sinks.damage import translated
from throughline.sinks.measures.measure import Measure
from throughline.sql import sql


def facts(
    connection: duckdb.DuckDBPyConnection,
    measure: Measure,
    facets: Sequence[str],
    as_of: datetime | None = None,
    cases: pa.Table | None = None,
) -> pa.Table:
    """The rows of a measure, counted to `as_of` (UTC, naive; the latest event if None), the shortest duration first.

    Columns: those of its SQL (see `measure.py`), `area`, each of `facets`, and `month` (`YYYY-MM`, in the domain's time
    zone; null where the time is not known); texts as dictionaries. Stores of other areas give rows that can be put
    beneath these. `cases` is what `cases_of` gives for the same facets and time, where it is at hand. Raises
    DomainError where the SQL cannot be run or lacks a column, and StoreDamaged for a file that cannot be read.
    """
    with translated(None), counting_to(connection, as_of), explained(measure):
        found = connection.execute(measure.sql).to_arrow_table()
        domain = connection.execute("select time_zone from domain").fetchone()
    if missing := [name for name in measure.columns if name not in found.column_names]:
        raise DomainError(
            f"The SQL of the measure `{measure.name}` gives no {', '.join(f'`{name}`' for name in missing)}.",
            hint="docs/how-to/extend.md says which columns a measure has.",
        )
    if cases is None:
        cases = cases_of(connection, facets, as_of)
    # a store that has no domain yet has no rows either
    return _with_cuts(found, cases, facets, ZoneInfo("UTC" if domain is None else domain[0]))


def cases_of(connection: duckdb.DuckDBPyConnection, facets: Sequence[str], as_of: datetime | None) -> pa.Table:
    """One row per case, in order of its id: case_id, and by what its rows can be cut: `area` and each of `facets`."""
    text = sql(__package__, "cases").replace("{facets}", "".join(f'"{facet}",\n  ' for facet in facets))
    with translated(None), counting_to(connection, as_of):
        found = connection.execute(text).to_arrow_table()
    columns = {name: found[name].combine_chunks() for name in found.column_names}
    return pa.table({name: one if name == "case_id" else once(one) for name, one in columns.items()})


def month_of(times: pa.ChunkedArray, zone: ZoneInfo) -> pa.DictionaryArray:
    """The month (`YYYY-MM`) of each time (UTC, naive) where it is of this time zone; null for a null.

    Found by where each month begins: to ask the time zone of every row takes longer than all else.
    """
    stated = times.combine_chunks().cast(pa.timestamp("us"))
    at = stated.cast(pa.int64()).fill_null(0).to_numpy()
    bounds = pc.min_max(stated).as_py()
    if bounds["min"] is None:
        return pa.nulls(len(stated), pa.dictionary(pa.int16(), pa.string()))
    # a day more on either side is enough for any time zone
    first, last = (12 * year for year in (max(bounds["min"].year - 1, 1), min(bounds["max"].year + 1, 9998)))
    months = [(number // 12, number % 12 + 1) for number in range(first, last + 12)]
    begins = [round(datetime(year, month, 1, tzinfo=zone).astimezone(UTC).timestamp() * 1e6) for year, month in months]
    place = np.searchsorted(np.array(begins), at, side="right") - 1
    names = pa.array([f"{year:04}-{month:02}" for year, month in months])
    indices = pa.array(place.astype(np.int32), mask=np.asarray(stated.is_null()) | (place < 0))
    return _short(pa.DictionaryArray.from_arrays(indices, names))


def _with_cuts(found: pa.Table, cases: pa.Table, facets: Sequence[str], zone: ZoneInfo) -> pa.Table:
    """The rows of a measure with what follows from their case and time, in order of `seconds` where there are any."""
    ids = cases["case_id"].combine_chunks()
    place = pc.index_in(found["case_id"].combine_chunks(), value_set=ids)
    if place.null_count:
        # of a case that has not begun by then nothing is counted
        found, place = found.filter(place.is_valid()), place.drop_null()
    if "seconds" in found.column_names:
        # in order, so that medians and curves need not sort them again
        order = _in_order(found["seconds"])
        found, place = found.take(order), place.take(order)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {"case_id": pa.DictionaryArray.from_arrays(place, ids)}
    for name in found.drop_columns(["case_id"]).column_names:
        column = found[name].combine_chunks()
        columns[name] = once(column) if pa.types.is_string(column.type) else column
    for name in ("area", *facets):
        columns[name] = cases[name].combine_chunks().take(place)
    columns["month"] = month_of(found["counted_at"], zone)
    return pa.table(columns)


def once(column: pa.Array) -> pa.DictionaryArray:
    """A column of texts in which each text stands once."""
    return _short(column.dictionary_encode())


def _short(column: pa.DictionaryArray) -> pa.DictionaryArray:
    """With the short numbers that nearly every cut has room for."""
    if len(column.dictionary) > np.iinfo(np.int16).max:
        return column
    return pa.DictionaryArray.from_arrays(column.indices.cast(pa.int16()), column.dictionary)


def _in_order(seconds: pa.ChunkedArray) -> pa.Array:
    values: NDArray[np.float64] = seconds.to_numpy().astype(np.float64)
    return pa.array(np.argsort(values, kind="stable"))


@contextmanager
def explained(measure: Measure) -> Iterator[None]:
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
