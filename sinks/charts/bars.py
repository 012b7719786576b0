"""Bars: how many of each kind, or what share, one line for each group."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
from markupsafe import Markup

from throughline.sinks.charts.drawing import COLOURS, WIDTH, drawing_data, drawn, drawn_once, share_axis, wrapped_labels


@dataclass(frozen=True)
class Bar:
    """`group` is a line of the chart, `part` what the bar shows of it; `says` stands in or beside the bar."""

    group: str
    part: str
    value: float
    says: str


@drawn_once
def bars(drawing: tuple[Bar, ...], title: str, desc: str, *, are_shares: bool = False, value: str = "") -> Markup:
    """Bars in the order given, parts of one group on top of one another; shares are of 1."""
    groups = list(dict.fromkeys(bar.group for bar in drawing))
    parts = list(dict.fromkeys(bar.part for bar in drawing))
    rows = [
        {"group": bar.group, "part": bar.part, "value": bar.value, "says": bar.says, "place": parts.index(bar.part)}
        for bar in drawing
    ]
    axis = share_axis(value) if are_shares else alt.Axis(format=",d", tickMinStep=1, title=value or None)
    scale = alt.Scale(domain=[0, 1]) if are_shares else alt.Scale(nice=True)
    base = alt.Chart(drawing_data(rows)).encode(
        y=alt.Y("group:N", sort=groups, title=None, axis=alt.Axis(labelExpr=wrapped_labels(groups), domain=False)),
        x=alt.X("value:Q", stack="zero", axis=axis, scale=scale),
        order=alt.Order("place:Q"),
    )
    many = len(parts) > 1
    colour = alt.Color(
        "part:N",
        sort=parts,
        scale=alt.Scale(domain=parts, range=list(COLOURS[: len(parts)])),
        legend=alt.Legend(columns=2) if many else None,
    )
    filled = base.mark_bar(stroke="#fff", strokeWidth=1).encode(color=colour)
    most = max((sum(b.value for b in drawing if b.group == group) for group in groups), default=0) or 1
    room = most if not are_shares else 1.0
    if many:
        # a number goes into a bar that has room for it; the table has them all
        inside = alt.datum.value > room * 0.07
        light = [COLOURS[place] in ("#17394a", "#2a7f9e", "#7a4a8a", "#6b6b6b") for place in range(len(parts))]
        text = base.transform_filter(inside).mark_text(align="center", fontSize=12).encode(
            x=alt.X("value:Q", stack="zero", bandPosition=0.5),
            text=alt.Text("says:N"),
            color=alt.Color(
                "part:N", scale=alt.Scale(domain=parts, range=["#fff" if one else "#0b0c0c" for one in light]),
                legend=None,
            ),
        )  # fmt: skip
        chart = alt.layer(filled, text).resolve_scale(color="independent")
    else:
        chart = alt.layer(filled, base.mark_text(align="left", dx=5).encode(text=alt.Text("says:N")))
    return drawn(chart.properties(width=WIDTH - 220, height=alt.Step(34)), title, desc)
