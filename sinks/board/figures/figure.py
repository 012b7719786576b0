"""A figure as a page needs it: read from the stores once for each state, whoever asks for it how often."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from throughline.sinks.board.figures.choice import Choice
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.measures.answer import NOT_STATED, answer
from throughline.sinks.measures.comparison import compared
from throughline.sinks.measures.facts import facts
from throughline.sinks.measures.headline import Number, Series, headline, series
from throughline.sinks.measures.measure import Measure


def rows_of(asked: Asked, measure: Measure, as_of: datetime | None) -> pa.Table:
    """What is counted (see `facts`), to `as_of`."""
    facets = [facet.name for facet in asked.settings.domain.facets]
    key = ("rows", measure.name, as_of)
    return asked.kept.get(asked.facts.stamp, key, lambda: facts(asked.connection, measure, facets, as_of))


def figure(asked: Asked, chosen: Choice, cuts: tuple[str, ...] | None = None) -> pa.Table:
    """The figure (see `answer`) by the chosen cuts, or by `cuts`; with the earlier one beside it, if that is asked."""
    by = chosen.cuts if cuts is None else cuts

    def counted(as_of: datetime | None) -> pa.Table:
        rows = rows_of(asked, chosen.measure, as_of)
        key = ("figure", chosen.key, by, as_of)
        return asked.kept.get(asked.facts.stamp, key, lambda: answer(chosen.measure, rows, by, chosen.where))

    now = counted(asked.as_of)
    return now if chosen.beside is None else compared(chosen.measure, counted(chosen.beside), now, by)


def number(asked: Asked, chosen: Choice, as_of: datetime | None) -> Number:
    """The one number of the figure, counted to `as_of`."""
    rows = rows_of(asked, chosen.measure, as_of)
    key = ("figure", chosen.key, (), as_of)
    found = asked.kept.get(asked.facts.stamp, key, lambda: answer(chosen.measure, rows, (), chosen.where))
    return headline(chosen.measure, found)


def months(asked: Asked, chosen: Choice) -> Series:
    """The one number month by month."""
    rows = rows_of(asked, chosen.measure, asked.as_of)
    key = ("months", chosen.key, asked.as_of)
    return asked.kept.get(asked.facts.stamp, key, lambda: series(chosen.measure, held(chosen, rows), asked.counted_to))


def held(chosen: Choice, rows: pa.Table) -> pa.Table:
    """The rows that have the chosen values, of what the rows have."""
    for name, value in chosen.where.items():
        if name in rows.column_names:
            rows = rows.filter(pc.equal(pc.fill_null(rows[name], NOT_STATED), value))
    return rows
