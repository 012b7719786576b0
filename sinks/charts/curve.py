"""Curves of what has not ended yet, day by day: the estimate of Kaplan and Meier with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pyarrow as pa
from markupsafe import Markup

from throughline.sinks.charts.drawing import COLOURS, DASHES, WIDTH, drawing_data, drawn, drawn_once, share_axis

_DAY = 86_400
# so many steps of a curve are as good to the eye as all of them
_STEPS = 200


def curve(estimates: Mapping[str, pa.Table], title: str, desc: str, *, ended: str) -> Markup:
    """A line for each group, by name: tables of seconds, not_yet, low, high (see `Survival.curve`).

    The axis ends where all but few have ended: at the longest ninth tenth of a group, or at its last step. `ended` says
    what the days are counted to, as in `days until received`.
    """
    names = tuple(estimates)
    end = max((_end(table) for table in estimates.values()), default=1.0) or 1.0
    steps = [
        (name, min(row["seconds"] / _DAY, end), row["not_yet"], row["low"], row["high"])
        for name, table in estimates.items()
        for row in _thinned(table, end)
    ]
    return _lines(steps, names, end, title, desc, ended)


@drawn_once
def _lines(
    steps: tuple[tuple[str, float, float, float, float], ...],
    names: tuple[str, ...],
    end: float,
    title: str,
    desc: str,
    ended: str,
) -> Markup:
    """Of each step the name of its line, the days, the share and its interval."""
    rows = [dict(zip(("name", "days", "share", "low", "high"), step, strict=True)) for step in steps]
    base = alt.Chart(drawing_data(rows)).encode(
        x=alt.X("days:Q", title=ended, scale=alt.Scale(domain=[0, end], nice=False)),
    )
    colours = alt.Scale(domain=[*names], range=list(COLOURS[: len(names)]))
    band = base.mark_area(opacity=0.15, interpolate="step-after", strokeWidth=0).encode(
        y=alt.Y("low:Q", axis=share_axis("Share still waiting"), scale=alt.Scale(domain=[0, 1])),
        y2=alt.Y2("high:Q"),
        color=alt.Color("name:N", sort=[*names], scale=colours, legend=None),
    )
    line = base.mark_line(interpolate="step-after", strokeWidth=2.5).encode(
        y=alt.Y("share:Q"),
        color=alt.Color("name:N", sort=[*names], scale=colours, legend=_legend(names)),
        strokeDash=alt.StrokeDash(
            "name:N",
            sort=[*names],
            scale=alt.Scale(domain=[*names], range=[list(dash) for dash in DASHES[: len(names)]]),
            legend=_legend(names),
        ),
    )
    return drawn(
        alt.layer(band, line)
        .resolve_scale(color="independent", strokeDash="independent")
        .properties(width=WIDTH - 70, height=260),
        title,
        desc,
    )


def _legend(names: Sequence[str]) -> alt.Legend | None:
    # the same in colour and dash, so that they become one
    return alt.Legend(columns=2, symbolType="stroke", symbolSize=400, symbolStrokeWidth=2.5) if len(names) > 1 else None


def _end(table: pa.Table) -> float:
    """Days by which nine in ten have ended, or of the last step."""
    seconds, is_reached = table["seconds"].to_numpy(), table["not_yet"].to_numpy() <= 0.05
    return float(seconds[np.argmax(is_reached)] if is_reached.any() else seconds[-1]) / _DAY


def _thinned(table: pa.Table, end: float) -> list[dict[str, float]]:
    # a curve of a million steps: those that are drawn are chosen before they are rows
    places = np.flatnonzero(table["seconds"].to_numpy() / _DAY <= end)
    chosen = places[:: max(len(places) // _STEPS, 1)]
    if len(places) and chosen[-1] != places[-1]:
        chosen = np.append(chosen, places[-1])
    kept: list[dict[str, float]] = table.take(pa.array(chosen)).to_pylist()
    # the last share lasts until the axis ends
    return [*kept, {**kept[-1], "seconds": end * _DAY}] if kept else []
