"""A figure month by month, with the limits of its usual variation: an XmR chart."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
from markupsafe import Markup

from throughline.sinks.charts.drawing import COLOURS, INK, SOFT, WIDTH, drawing_data, drawn, drawn_once, share_axis


@dataclass(frozen=True)
class Point:
    """A month (`2026-03`) and its value, null where there is none. `signal` is one that is more than usual variation;
    `is_whole` is false for a month that is not over."""

    month: str
    value: float | None
    signal: str | None
    is_whole: bool


@dataclass(frozen=True)
class Limits:
    mean: float
    lower: float
    upper: float


@drawn_once
def trend(
    points: tuple[Point, ...], limits: Limits | None, title: str, desc: str, *, are_shares: bool, value: str
) -> Markup:
    """A line through the months, its mean and limits; what is beyond usual variation is a full diamond, a month that
    is not over an empty circle."""
    rows = [
        {
            "month": f"{p.month}-01",
            "value": p.value,
            "kind": "signal" if p.signal else "usual" if p.is_whole else "part",
        }
        for p in points
        if p.value is not None
    ]
    axis = share_axis(value) if are_shares else alt.Axis(title=value, tickCount=6)
    x = alt.X(
        "month:T",
        title=None,
        axis=alt.Axis(format="%b %Y", labelAngle=0, tickCount=min(len(rows), 8), grid=False, labelOverlap=True),
    )
    y = alt.Y("value:Q", axis=axis, scale=alt.Scale(zero=True))
    base = alt.Chart(drawing_data(rows)).encode(x=x, y=y)
    line = base.transform_filter("datum.kind != 'part'").mark_line(color=COLOURS[0], strokeWidth=2)
    kinds = ["usual", "signal", "part"]
    shapes = alt.Scale(domain=kinds, range=["circle", "diamond", "circle"])
    sizes = alt.Scale(domain=kinds, range=[40, 130, 55])
    fills = alt.Scale(domain=kinds, range=[COLOURS[0], COLOURS[1], "#fff"])
    marks = base.mark_point(filled=True, opacity=1, stroke=COLOURS[0], strokeWidth=1.5).encode(
        shape=alt.Shape("kind:N", scale=shapes, legend=None),
        size=alt.Size("kind:N", scale=sizes, legend=None),
        fill=alt.Fill("kind:N", scale=fills, legend=None),
    )
    layers: list[alt.Chart] = []
    if limits is not None:
        named = [("upper limit", limits.upper), ("mean", limits.mean), ("lower limit", limits.lower)]
        lines = [{"name": name, "value": at} for name, at in named]
        rules = alt.Chart(drawing_data(lines))
        layers += [
            rules.mark_rule(color=SOFT).encode(
                y=alt.Y("value:Q"),
                strokeDash=alt.StrokeDash(
                    "name:N",
                    scale=alt.Scale(domain=["mean", "upper limit", "lower limit"], range=[[1, 0], [5, 4], [5, 4]]),
                    legend=None,
                ),
            ),
            rules.mark_text(align="left", dx=6, color=INK, fontSize=12).encode(
                y=alt.Y("value:Q"), text=alt.Text("name:N"), x=alt.value(WIDTH - 150)
            ),
        ]
    return drawn(alt.layer(*layers, line, marks).properties(width=WIDTH - 150, height=220), title, desc)
