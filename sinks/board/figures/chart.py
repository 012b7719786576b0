"""The chart of a figure, as its measure says that it is drawn; every number in it stands in the table beneath."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from throughline.sinks.board.figures.choice import Choice
from throughline.sinks.board.figures.figure import rows_of
from throughline.sinks.board.figures.wording import Wording, cell, ordered, percent
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.words.names import lowered
from throughline.sinks.charts.bars import Bar, bars
from throughline.sinks.charts.curve import curve
from throughline.sinks.charts.drawing import COLOURS
from throughline.sinks.charts.flow import Pair, flow
from throughline.sinks.charts.spans import Span, spans
from throughline.sinks.charts.trend import Limits, Point, trend
from throughline.sinks.measures.answer import held as rows_held
from throughline.sinks.measures.grouping import NOT_STATED, case_codes, has_value
from throughline.sinks.measures.headline import Series
from throughline.sinks.measures.measure import Measure
from throughline.sinks.measures.survival import Survival

_DAY = 86_400
# so many groups can be told apart; the table has them all
_CURVES = len(COLOURS)
_LINES = 24


def chart(asked: Asked, chosen: Choice, figure: pa.Table, wording: Wording) -> Markup | None:
    """The figure drawn by its first cut; null where there is nothing to draw."""
    if not any(figure["cases"].to_pylist()):
        return None
    measure = chosen.measure
    title = f"{measure.title}{_by(chosen, wording, asked)}"
    if measure.drawn == "curves":
        if chosen.cuts == ("from_agency", "to_agency"):
            return _flow(chosen, figure, wording, title)
        return _curves(asked, chosen, figure, wording, title)
    if measure.drawn == "spans":
        return _spans(chosen, figure, wording, title)
    return _bars(chosen, figure, wording, title)


def trend_chart(measure: Measure, found: Series) -> Markup | None:
    """The one number of the measure month by month; null for fewer than three months."""
    points = _points(measure, found)
    if sum(point.value is not None for point in points) < 3:
        return None
    unit = _DAY if measure.kind == "durations" else 1
    usual = found.variation
    limits = None if usual is None else Limits(usual.mean / unit, usual.lower / unit, usual.upper / unit)
    what = "Days" if measure.kind == "durations" else "Share"
    return trend(
        points, limits, f"{measure.title}, month by month", f"{what} {measure.headline.says}, for each month.",
        are_shares=measure.kind != "durations", value=what,
    )  # fmt: skip


def _points(measure: Measure, found: Series) -> list[Point]:
    unit = _DAY if measure.kind == "durations" else 1
    return [
        Point(one.month, None if (value := one.number.value) is None else value / unit, one.signal, one.is_whole)
        for one in found.months
    ]


def _by(chosen: Choice, wording: Wording, asked: Asked) -> str:
    if not chosen.cuts:
        return ""
    return f", by {wording.cut(chosen, chosen.cuts[0], asked.settings.domain)}"


def _groups(chosen: Choice, figure: pa.Table) -> list[dict[str, Any]]:
    """The rows of the first cut alone: of a second cut, the totals."""
    rows: list[dict[str, Any]] = [row for row in figure.to_pylist() if row["cases"] is not None]
    rows = [row for row in rows if all(row[cut] is None for cut in chosen.cuts[1:])]
    if not chosen.cuts:
        return rows
    cut = chosen.cuts[0]
    present = [row for row in rows if row[cut] is not None]
    order = ordered(cut, list(dict.fromkeys(str(row[cut]) for row in present)))
    return sorted(present, key=lambda row: order.index(str(row[cut])))


def _bars(chosen: Choice, figure: pa.Table, wording: Wording, title: str) -> Markup | None:
    measure = chosen.measure
    rows = [row for row in _groups(chosen, figure) if row["outcome"] is not None]
    cut = chosen.cuts[0] if chosen.cuts else None
    order = [one.value for one in measure.outcomes] + [NOT_STATED]
    rows.sort(key=lambda row: order.index(row["outcome"]) if row["outcome"] in order else len(order))
    if cut is None:
        made = [
            Bar(wording.outcome(measure, row["outcome"]), measure.counts, _counted(row), _count(row)) for row in rows
        ]
        desc = "; ".join(f"{bar.group}: {bar.says}" for bar in made)
        return bars(made, title, f"Number of {measure.counts}. {desc}.", value=f"Number of {measure.counts}")
    shown = list(dict.fromkeys(row[cut] for row in _groups(chosen, figure)))[:_LINES]
    rows = [row for row in rows if row[cut] in shown]
    rows.sort(key=lambda row: shown.index(row[cut]))
    if measure.drawn == "counts":
        made = [
            Bar(
                wording.value(cut, row[cut]), wording.outcome(measure, row["outcome"]), _counted(row),
                _count(row),
            )
            for row in rows
        ]  # fmt: skip
        return bars(made, title, f"Number of {measure.counts}.", value=f"Number of {measure.counts}")
    made = [
        Bar(
            wording.value(cut, row[cut]),
            wording.outcome(measure, row["outcome"]),
            _share(row["share"]),
            percent(row["share"]),
        )
        for row in rows
        if row["share"] is not None
    ]
    parts = list(dict.fromkeys(bar.part for bar in made))
    if len(parts) == 2 and set(measure.headline.outcomes) < {one.value for one in measure.outcomes}:
        # of two, one says the other
        said = {wording.outcome(measure, value) for value in measure.headline.outcomes}
        made = [bar for bar in made if bar.part in said]
    parts = list(dict.fromkeys(bar.part for bar in made))
    axis = f"Share of {measure.counts}" + (f": {lowered(parts[0])}" if len(parts) == 1 else "")
    desc = f"Share of {measure.counts}: {'; '.join(parts)}."
    return bars(made, title, desc, are_shares=True, value=axis) if made else None


def _share(share: float | None) -> float:
    """As exact as it can be seen, so that the charts of two days are often one, which is drawn once."""
    return round(share or 0, 3)


def _counted(row: dict[str, Any]) -> int:
    """Where things may not be counted, since a small number would follow from it, cases are."""
    return int(row["cases"] if row["counted"] is None else row["counted"])


def _count(row: dict[str, Any]) -> str:
    return f"{_counted(row):,}"


def _spans(chosen: Choice, figure: pa.Table, wording: Wording, title: str) -> Markup | None:
    measure = chosen.measure
    rows = [row for row in _groups(chosen, figure) if row["outcome"] is not None]
    if chosen.cuts:
        # whose time it was is drawn for all; the table has it by the cut
        rows = [
            row
            for row in figure.to_pylist()
            if row["outcome"] is not None and row["cases"] is not None and all(row[cut] is None for cut in chosen.cuts)
        ]
    listed = [one.value for one in measure.outcomes]
    rows = [row for row in rows if row["least_share"] is not None]
    rows.sort(key=lambda row: (row["outcome"] in listed, -(row["least_share"] or 0)))
    made = [
        Span(
            wording.outcome(measure, row["outcome"]), _share(row["least_share"]), _share(row["most_share"]),
            _range(row["least_share"], row["most_share"]),
        )
        for row in rows
    ]  # fmt: skip
    if not made:
        return None
    desc = "; ".join(f"{span.name}: {span.says}" for span in made)
    return spans(made, title, f"Share of the whole time, certain and at most. {desc}.", value="Share of the whole time")


def _range(least: float | None, most: float | None) -> str:
    low, high = percent(least), percent(most)
    return low if low == high else f"{low} to {high}"


def _curves(asked: Asked, chosen: Choice, figure: pa.Table, wording: Wording, title: str) -> Markup | None:
    """The largest of the groups that the figure shows. Where small numbers are hidden, in steps of many cases: a step
    of the whole curve is one."""
    rows = rows_of(asked, chosen.measure, asked.as_of, {*chosen.cuts, *chosen.where})
    rows = rows_held(chosen.measure, rows, chosen.where)
    least = 1 if asked.settings.register is None else asked.settings.domain.disclosure.threshold
    estimates: dict[str, pa.Table] = {}
    if chosen.cuts and chosen.cuts[0] in rows.column_names:
        cut = chosen.cuts[0]
        for group in sorted(_groups(chosen, figure), key=lambda row: -row["cases"])[:_CURVES]:
            held = rows.filter(pa.array(has_value(rows[cut], group[cut])))
            estimates[wording.value(cut, group[cut])] = _estimate(held, least)
    elif rows.num_rows and figure["cases"].to_pylist()[0] is not None:
        estimates["All"] = _estimate(rows, least)
    estimates = {name: table for name, table in estimates.items() if table.num_rows > 1}
    if not estimates:
        return None
    desc = f"The share that has not ended, by days. Drawn for {', '.join(estimates)}."
    if least > 1:
        desc += f" In steps of {least} or more."
    return curve(estimates, title, desc, ended="Days")


def _estimate(rows: pa.Table, least: int) -> pa.Table:
    """The curve of the rows, none of its steps of fewer than `least` cases."""
    rows = rows.filter(pc.is_valid(rows["seconds"]))
    if rows.num_rows == 0:
        return pa.table({"seconds": [0.0]})
    seconds = np.asarray(rows["seconds"].to_numpy(), dtype=float)
    estimate = Survival(seconds, np.asarray(rows["ended"].to_numpy(zero_copy_only=False), dtype=bool))
    if least == 1:
        return estimate.curve()
    # a case may have ended several times: so many of one case are one
    most = int(np.bincount(case_codes(rows["case_id"])[0]).max())
    return estimate.coarse_curve(least * most)


def _flow(chosen: Choice, figure: pa.Table, wording: Wording, title: str) -> Markup | None:
    made = [
        Pair(
            wording.value("agency", row["from_agency"]), wording.value("agency", row["to_agency"]), _counted(row),
            f"{_counted(row):,}\n{cell('median_seconds', row['median_seconds'])}",
        )
        for row in figure.to_pylist()
        if row["from_agency"] is not None and row["to_agency"] is not None and row["cases"] is not None
    ]  # fmt: skip
    desc = f"How many {chosen.measure.counts} went from each agency to each other one, and the median time."
    return flow(made, title, desc) if made else None
