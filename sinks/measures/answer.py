"""A figure: what a measure says of its rows, by any of their cuts, with every total.

Functions from table to table: the rows may come from one store or from several, and may be read once for many figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import duckdb
import numpy as np
import pyarrow as pa

from throughline.errors import UsageError
from throughline.schemas.definitions.entry import nearest
from throughline.sinks.measures.measure import BAND, COUNTED, CUTS, Measure
from throughline.sinks.measures.survival import Survival
from throughline.sql import registered, sql

NOT_STATED = "not stated"
MOST_CUTS = 3
_WEEK = 7 * 24 * 3600
# upper ends in seconds: the steps in which agencies speak of waiting
_BANDS = (
    (_WEEK, "under 1 week"),
    (4 * _WEEK, "1 to 4 weeks"),
    (12 * _WEEK, "4 to 12 weeks"),
    (26 * _WEEK, "12 to 26 weeks"),
)
_LONGEST = "26 weeks or more"
BANDS = (*(title for _, title in _BANDS), _LONGEST)
_NUMBERS = {
    "outcomes": "outcome, seconds",
    "durations": "seconds, ended",
    "times": "outcome, least, most",
}


def is_duration(name: str) -> bool:
    """Whether a column of an answer holds seconds."""
    return "seconds" in name or name.startswith("median_")


def cuts_of(measure: Measure, rows: pa.Table, facets: Mapping[str, str]) -> dict[str, str]:
    """What a measure can be cut by, and the words for each."""
    found = {**CUTS, **measure.cuts, **facets}
    return {**found, **BAND} if "seconds" in rows.column_names else found


def answer(
    measure: Measure, rows: pa.Table, cuts: Sequence[str] = (), where: Mapping[str, str] | None = None
) -> pa.Table:
    """The figure of `rows` (as `facts` gives them) that have the values of `where`, for each combination of `cuts` and
    each total over one or several of them, in which the cut is null.

    What follows the cuts, by the kind of the measure:

    - `outcomes`: outcome (null: all), cases, counted, share (of 1, of those whose outcome is known), and, where the
      rows have an age, median_seconds and longest_seconds
    - `durations`: cases, counted, still_open, median_seconds with its interval (median_least, median_most),
      p90_seconds, after Kaplan and Meier; null where so many have not ended
    - `times`: outcome, cases, least_seconds, most_seconds, least_share, most_share (of the whole time)

    Raises UsageError for a cut that the rows do not have, for one that is given twice, and for more than three.
    """
    where = where or {}
    _check(measure, rows, cuts, where)
    if len(set(cuts)) < len(cuts):
        raise UsageError(f"A figure is cut once by each thing, and there are {', '.join(cuts)}.")
    if len(cuts) > MOST_CUTS:
        raise UsageError(f"At most {MOST_CUTS} cuts at once, and there are {len(cuts)}.")
    with engine().cursor() as connection, registered(connection, facts=with_band(rows)):
        _cut(connection, measure, rows, cuts, where)
        if measure.kind == "durations":
            return _durations(connection, cuts)
        return _shares(connection, measure, rows, cuts)


@cache
def engine() -> duckdb.DuckDBPyConnection:
    """An empty database, whose cursors each see their own tables: opening one takes longer than most figures."""
    return duckdb.connect(config={"python_enable_replacements": "false"})


def chosen(measure: Measure, rows: pa.Table, where: Mapping[str, str]) -> pa.Table:
    """The rows behind a figure: those that have the values of `where`, in order of time, with their `band` where they
    have an age or a duration. Raises UsageError for a cut that the rows do not have."""
    _check(measure, rows, (), where)
    with engine().cursor() as connection, registered(connection, facts=with_band(rows)):
        text = f"from facts where {_condition(where)} order by counted_at, case_id"
        return connection.execute(text, list(where.values())).to_arrow_table()


def _check(measure: Measure, rows: pa.Table, cuts: Sequence[str], where: Mapping[str, str]) -> None:
    offered = {*rows.column_names} - COUNTED
    if "seconds" in rows.column_names:
        offered |= BAND.keys()
    for name in (*cuts, *where):
        if name not in offered and not (name == "outcome" and name in where and measure.kind != "durations"):
            raise UsageError(f"`{measure.name}` cannot be cut by `{name}`.", hint=nearest(name, sorted(offered)))


def _condition(where: Mapping[str, str]) -> str:
    """Every cut by its text, so that one which is no text can be chosen too; a parameter for each value."""
    return " and ".join([f"coalesce(\"{name}\"::varchar, '{NOT_STATED}') = ?" for name in where] or ["true"])


def with_band(rows: pa.Table) -> pa.Table:
    """The rows with the cut `band`, where they have an age or a duration: in which of `BANDS` it lies."""
    if "seconds" not in rows.column_names:
        return rows
    seconds = rows["seconds"].to_numpy(zero_copy_only=False).astype(np.float64)
    place = np.searchsorted([end for end, _ in _BANDS], np.nan_to_num(seconds), side="right")
    return rows.append_column("band", pa.array(BANDS).take(pa.array(place, mask=np.isnan(seconds))))


def _cut(
    connection: duckdb.DuckDBPyConnection,
    measure: Measure,
    rows: pa.Table,
    cuts: Sequence[str],
    where: Mapping[str, str],
) -> None:
    numbers = _NUMBERS[measure.kind]
    if measure.kind == "outcomes":
        said = f"coalesce(outcome, '{NOT_STATED}') as outcome"
        numbers = f"{said}, {'seconds' if 'seconds' in rows.column_names else 'null::double as seconds'}"
    columns = "".join(f'coalesce("{name}"::varchar, \'{NOT_STATED}\') as "{name}",\n  ' for name in cuts)
    text = sql(__package__, "kinds_sql/cut").replace("{columns}", columns)
    connection.execute(text.replace("{numbers}", numbers).replace("{chosen}", _condition(where)), list(where.values()))


def _written(text: str, cuts: Sequence[str]) -> str:
    order = "".join(f'"{name}" nulls first, ' for name in cuts)
    return text.replace("{cuts}", "".join(f'"{name}", ' for name in cuts)).replace("{order}", order)


def _shares(connection: duckdb.DuckDBPyConnection, measure: Measure, rows: pa.Table, cuts: Sequence[str]) -> pa.Table:
    text = _written(sql(__package__, f"kinds_sql/{measure.kind}"), cuts)
    given = {"unknown": [*measure.unknown_outcomes, NOT_STATED]} if measure.kind == "outcomes" else None
    found = connection.execute(text, given).to_arrow_table()
    if measure.kind == "outcomes" and "seconds" not in rows.column_names:
        return found.drop_columns(["median_seconds", "longest_seconds"])
    return found


def _durations(connection: duckdb.DuckDBPyConnection, cuts: Sequence[str]) -> pa.Table:
    names = ", ".join(f'"{name}"' for name in cuts)
    text = _written(sql(__package__, "kinds_sql/durations"), cuts)
    found = connection.execute(text.replace("{group}", f"group by cube ({names})" if cuts else "")).to_arrow_table()
    medians: list[tuple[float | None, ...]] = []
    nineties: list[float | None] = []
    for seconds, ended in zip(found["seconds"], found["ended"], strict=True):
        if seconds.as_py() is None:
            medians.append((None, None, None))
            nineties.append(None)
            continue
        estimate = Survival(seconds.values.to_numpy(zero_copy_only=False), ended.values.to_numpy(zero_copy_only=False))
        median = estimate.quantile(0.5)
        medians.append((median.seconds, median.least, median.most))
        nineties.append(estimate.quantile(0.9).seconds)
    made = found.drop_columns(["seconds", "ended"])
    for place, name in enumerate(("median_seconds", "median_least", "median_most")):
        made = made.append_column(name, pa.array([median[place] for median in medians], pa.float64()))
    return made.append_column("p90_seconds", pa.array(nineties, pa.float64()))
