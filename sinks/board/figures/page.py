"""`/figures/{name}`: one figure, by any cut, with its chart, its table and its months."""

from __future__ import annotations

from functools import partial
from typing import Any

import pyarrow as pa

from throughline.sinks.board.figures.chart import chart, trend_chart
from throughline.sinks.board.figures.choice import Choice, choice, measures_of, offered
from throughline.sinks.board.figures.figure import figure, months, number, rows_of
from throughline.sinks.board.figures.table import table
from throughline.sinks.board.figures.wording import Wording, between, number_words, of_what, ordered
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.page import NotFoundError, Page
from throughline.sinks.measures.grouping import NOT_STATED
from throughline.sinks.measures.measure import Measure

# a list to choose from that is longer is no help
_CHOICES = 60


def measure_at(asked: Asked) -> Measure:
    """The measure that the address names. Raises NotFoundError where there is none."""
    known = measures_of(asked)
    name = asked.values["measure"]
    if name not in known:
        raise NotFoundError(f"There is no figure called {name}.", "Choose one from the pages above.")
    return known[name]


def one_figure(asked: Asked) -> Page:
    """The page of one figure."""
    measure = measure_at(asked)
    chosen = choice(asked, measure)
    wording = Wording(asked.names, asked.settings.domain)
    found = figure(asked, chosen)
    # the chart shows the present, also where an earlier figure stands beside it
    present = found if chosen.beside is None else figure(asked, Choice(measure, chosen.cuts, chosen.where, None))
    series = months(asked, chosen)
    return Page(
        "figure.html",
        measure.title,
        {
            "measure": measure,
            "said": said(asked, chosen),
            "earlier": None if chosen.beside is None else said(asked, chosen, earlier=True),
            "beside": chosen.beside,
            "beside_day": asked.text("beside"),
            "chart": chart(asked, chosen, present, wording),
            "table": table(asked, chosen, found, wording),
            "trend": trend_chart(measure, series),
            "months": [
                {
                    "name": wording.value("month", one.month),
                    "value": number_words(measure, one.number),
                    "cases": one.number.cases,
                    "is_whole": one.is_whole,
                    "signal": one.signal,
                }
                for one in series.months
            ],
            "variation": series.variation,
            "cuts": offered(measure, asked.settings.domain),
            "chosen": chosen,
            "filters": _filters(asked, chosen, wording),
            "held_to": [
                {
                    "title": offered(measure, asked.settings.domain).get(cut, "Outcome"),
                    "value": wording.said(measure, cut, value),
                    "address": asked.address(**{cut: None}),
                }
                for cut, value in chosen.where.items()
            ],
        },
    )


def said(asked: Asked, chosen: Choice, *, earlier: bool = False) -> dict[str, Any]:
    """The one number of a figure in words."""
    found = number(asked, chosen, chosen.beside if earlier else asked.as_of)
    return {
        "number": number_words(chosen.measure, found),
        "says": chosen.measure.headline.says,
        "of": of_what(chosen.measure, found),
        "between": between(found),
        "value": found.value,
    }


def _filters(asked: Asked, chosen: Choice, wording: Wording) -> list[dict[str, Any]]:
    """What the figure can be held to: each cut that the rows have, with its values in words."""
    known = {cut: title for cut, title in offered(chosen.measure, asked.settings.domain).items() if cut != "month"}
    rows = rows_of(asked, chosen.measure, asked.as_of, known)
    made = []
    for cut, title in known.items():
        if cut not in rows.column_names:
            continue
        key = ("values", chosen.measure.name, cut, asked.as_of, asked.known_at)
        values = asked.kept.get(asked.facts.stamp, key, partial(_values, rows, cut))
        if 1 < len(values) <= _CHOICES or cut in chosen.where:
            labels = {value: wording.value(cut, value) for value in ordered(cut, values)}
            made.append({"name": cut, "title": title, "values": labels, "chosen": chosen.where.get(cut, "")})
    return made


def _values(rows: pa.Table, cut: str) -> list[str]:
    return sorted(str(NOT_STATED if value is None else value) for value in rows[cut].unique().to_pylist())
