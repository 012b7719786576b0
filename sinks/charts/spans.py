"""Ranges: what is certain, and what it may be at most, one line for each."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
from markupsafe import Markup

from throughline.sinks.charts.drawing import COLOURS, WIDTH, drawing_data, drawn, drawn_once, share_axis, wrapped_labels


@dataclass(frozen=True)
class Span:
    """Shares of 1: `least` is certain, `most` is possible; `says` stands beside it."""

    name: str
    least: float
    most: float
    says: str


@drawn_once
def spans(drawing: tuple[Span, ...], title: str, desc: str, *, value: str = "") -> Markup:
    """A full bar for what is certain, an open one for what is possible beyond it, in the order given."""
    names = [span.name for span in drawing]
    rows = [{"name": s.name, "least": s.least, "most": s.most, "says": s.says} for s in drawing]
    base = alt.Chart(drawing_data(rows)).encode(
        y=alt.Y("name:N", sort=names, title=None, axis=alt.Axis(labelExpr=wrapped_labels(names), domain=False))
    )
    x = alt.X("least:Q", axis=share_axis(value), scale=alt.Scale(domain=[0, 1]))
    certain = base.mark_bar(color=COLOURS[0], height=18).encode(x=x)
    possible = base.mark_bar(
        fill="#fff", stroke=COLOURS[0], strokeWidth=1.5, strokeDash=[4, 2], height=18
    ).encode(x=x, x2=alt.X2("most:Q"))  # fmt: skip
    text = base.mark_text(align="left", dx=6).encode(x=alt.X("most:Q"), text=alt.Text("says:N"))
    return drawn(alt.layer(possible, certain, text).properties(width=WIDTH - 220, height=alt.Step(38)), title, desc)
