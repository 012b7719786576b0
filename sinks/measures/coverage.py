"""What a figure does not show because too little of an agency's data is there, as the view `delays` does not.

Numbers of cases and of what is counted stand; shares and durations of such an agency do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from throughline.sinks.damage import translated
from throughline.sinks.measures.answer import is_duration
from throughline.sinks.measures.measure import Measure
from throughline.sql import cursor_of, sql


def not_covered(connection: duckdb.DuckDBPyConnection, measure: Measure) -> dict[str, str]:
    """Why figures of an agency are withheld, by its id: those whose coverage is below the domain's threshold for the
    `figure` on which the measure rests. Empty for a measure that rests on none. Raises StoreDamaged."""
    return all_not_covered(connection).get(measure.figure, {}) if measure.figure else {}


def all_not_covered(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """As `not_covered`, for each figure of the view: asked for all of them, it reads every event once."""
    found: dict[str, dict[str, str]] = {}
    with translated(None):
        for figure, agency, why in cursor_of(connection).execute(sql(__package__, "withheld")).fetchall():
            found.setdefault(figure, {})[agency] = why
    return found


def among(measure: Measure, rows: pa.Table, withheld: Mapping[str, str]) -> dict[str, str]:
    """Those of `withheld` that are in the figure of `rows` (as `facts` gives them): totals rest on their data too."""
    found: set[str] = set()
    for name in ("agency", *measure.cuts):
        for value in rows[name].unique().to_pylist() if name in rows.column_names else ():
            found |= set(_named(value))
    return {agency: why for agency, why in withheld.items() if agency in found}


def withhold(
    measure: Measure,
    figure: pa.Table,
    cuts: Sequence[str],
    where: Mapping[str, str],
    withheld: Mapping[str, str],
) -> pa.Table:
    """The figure (of `answer` or `compared`) with `withheld` as its last column: why shares and durations of the row
    are not shown, null where they are. Rows of an agency are those that a cut, or what was chosen, says are its own."""
    of_agencies = {"agency", *measure.cuts}
    given = [value for name, value in where.items() if name in of_agencies]
    cut = [figure[name].to_pylist() for name in cuts if name in of_agencies]
    reasons: list[str | None] = []
    for values in zip(*cut, strict=True) if cut else ((),) * figure.num_rows:
        why = [withheld[agency] for value in (*given, *values) for agency in _named(value) if agency in withheld]
        reasons.append(" ".join(dict.fromkeys(why)) or None)
    shown = pa.array([reason is None for reason in reasons], pa.bool_())
    for place, name in enumerate(figure.column_names):
        if "share" in name or is_duration(name):
            kept = pc.if_else(shown, figure[name], pa.scalar(None, figure[name].type))
            figure = figure.set_column(place, name, kept)
    return figure.append_column("withheld", pa.array(reasons, pa.string()))


def _named(value: str | None) -> Iterator[str]:
    """The agencies that a value of a cut may name: one, or a pair (`cps and police`)."""
    yield from (value or "").split(" and ")
