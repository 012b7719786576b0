"""A chapter of the paper: the figures of one topic, each by the cut that a board asks for first, and by month."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from xml.sax.saxutils import unescape

from markupsafe import Markup

from throughline.sinks.board.figures.chart import chart, trend_chart
from throughline.sinks.board.figures.choice import Choice, measures_of, offered
from throughline.sinks.board.figures.figure import figure, months
from throughline.sinks.board.figures.grid import grid
from throughline.sinks.board.figures.table import table
from throughline.sinks.board.figures.topic import TOPICS, first_cuts
from throughline.sinks.board.figures.wording import Wording, number_words
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.pack.first import number_of
from throughline.sinks.board.pack.paper import Chapter, Chart, Figure, Line, Table
from throughline.sinks.board.words.duration import counted
from throughline.sinks.board.words.names import lowered
from throughline.sinks.disclosure.marker import SYMBOL, wording
from throughline.sinks.measures.headline import Month, Series
from throughline.sinks.measures.measure import Measure
from throughline.sinks.sheets.grid import Column, Grid, Kind

# the latest, so that one stands beside the same of the year before
_MONTHS = 13
_REMARKS = {"beyond": "Beyond what is usual", "shift": "Part of a shift", None: ""}


def chapters(asked: Asked) -> tuple[Chapter, ...]:
    """The topics in the order of the board; one of which the domain has no measure is left out."""
    known = measures_of(asked).values()
    made = []
    for name, (title, lead) in TOPICS.items():
        found = tuple(_figure(asked, measure) for measure in known if measure.page == name)
        if found:
            made.append(Chapter(title, lead, found))
    return tuple(made)


def _figure(asked: Asked, measure: Measure) -> Figure:
    domain = asked.settings.domain
    words = Wording(asked.names, domain)
    chosen = Choice(measure, first_cuts(asked, measure), {}, None)
    beside = Choice(measure, chosen.cuts, {}, asked.moment("beside"))
    found = figure(asked, chosen)
    series = months(asked, Choice(measure, (), {}, None))
    trend = trend_chart(measure, series)
    return Figure(
        name=measure.name,
        number=number_of(asked, measure),
        asks=measure.asks,
        chart=_chart(chart(asked, chosen, found, words)),
        table=_table(asked, chosen, found, words),
        months=_chart(trend),
        usual=_usual(series) if trend is not None else "",
        months_table=_months_table(measure, series, words) if trend is not None else None,
        unknown=measure.unknown,
        not_for=measure.not_for,
        method=measure.method,
        review=measure.review,
        grid=grid(beside, figure(asked, beside), words, domain),
        months_grid=_months_grid(measure, series) if series.months else None,
    )


def _chart(svg: Markup | None) -> Chart | None:
    if svg is None:
        return None
    title, desc = (re.search(f"<{tag}[^>]*>(.*?)</{tag}>", svg, re.DOTALL) for tag in ("title", "desc"))
    parts = [unescape(one[1], {"&#34;": '"', "&#39;": "'"}).strip() for one in (title, desc) if one is not None]
    return Chart(str(svg), f"Chart: {'. '.join(parts)} The table has every number of it.")


def _table(asked: Asked, chosen: Choice, found: Any, words: Wording) -> Table:
    """The table of the board, without columns in which nothing stands; `[c]` where a long reason would."""
    shown = table(asked, chosen, found, words)
    threshold = asked.settings.domain.disclosure.threshold
    known = offered(chosen.measure, asked.settings.domain)
    cuts = ", ".join(lowered(known[cut]) for cut in chosen.cuts)
    by = f", by {cuts}" if len(chosen.cuts) == 1 else f" ({cuts})" if cuts else ""
    caption = f"{chosen.measure.title}{by}"
    if any(wording("table", threshold) in row.cells for row in shown.rows):
        return Table(caption, (), 0, (), wording("table", threshold))
    full = [place for place in range(len(shown.numbers)) if any(row.cells[place] != "–" for row in shown.rows)]
    secondary = wording("secondary", threshold)
    notes = []
    if any(secondary in row.cells for row in shown.rows):
        notes.append(f"{SYMBOL}: {secondary}.")
    if shown.left_out:
        notes.append(f"{counted(shown.left_out, 'more row')} in the workbook.")
    return Table(
        caption,
        (*(head or "All" for head in shown.heads), *(shown.numbers[place] for place in full)),
        len(shown.heads),
        tuple(
            Line(
                (*row.names, *(SYMBOL if row.cells[place] == secondary else row.cells[place] for place in full)),
                row.is_total,
            )
            for row in shown.rows
        ),
        " ".join(notes),
    )


def _usual(series: Series) -> str:
    if series.variation is None:
        return "There are too few whole months to say what is usual."
    return (
        "Months between the dashed lines differ no more than they usually do. A diamond marks one that does, an empty "
        "circle one that is not over."
    )


def _months_table(measure: Measure, series: Series, words: Wording) -> Table:
    lines = [
        Line(
            (
                words.value("month", one.month),
                _remark(one),
                number_words(measure, one.number),
                "–" if one.number.is_hidden else f"{one.number.cases:,}",
            )
        )
        for one in series.months
    ]
    value = "Half took" if measure.kind == "durations" else "Share"
    left = len(lines) - _MONTHS
    return Table(
        f"{measure.title}, month by month",
        ("Month", "Remark", value, "Cases"),
        2,
        tuple(lines[-_MONTHS:]),
        f"The {counted(left, 'month')} before are in the workbook." if left > 0 else "",
    )


def _months_grid(measure: Measure, series: Series) -> Grid:
    """A row for each month, with what is usual beside it: its mean and limits, in the unit of the number."""
    is_time = measure.kind == "durations"
    kind: Kind = "days" if is_time else "share"
    unit = 86_400 if is_time else 1
    usual = series.variation
    heads = ["Half took", *(["Mean", "Lower limit", "Upper limit"] if usual else [])]
    if not is_time:
        heads[0] = "Share"
    limits = [] if usual is None else [usual.mean / unit, usual.lower / unit, usual.upper / unit]
    rows = []
    for one in series.months:
        value = one.number.value
        # a hidden one is empty here, as a chart would draw a sign as nought; the remark says it
        said = None if value is None else value / unit
        rows.append(
            (
                date.fromisoformat(f"{one.month}-01"),
                said,
                *limits,
                SYMBOL if one.number.is_hidden else one.number.cases,
                "; ".join(filter(None, ("Hidden" if one.number.is_hidden else "", _remark(one)))),
            )
        )
    columns = [Column("Month", "month"), *(Column(f"{head}{' (days)' if is_time else ''}", kind) for head in heads)]
    return Grid((*columns, Column("Cases", "number"), Column("Remark", "text")), tuple(rows))


def _remark(one: Month) -> str:
    return _REMARKS[one.signal] if one.is_whole else "Not over yet"
