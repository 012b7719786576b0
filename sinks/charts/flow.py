"""Who sends to whom: a circle for each pair, as large as what was sent."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
from markupsafe import Markup

from throughline.sinks.charts.drawing import COLOURS, drawing_data, drawn, drawn_once


@dataclass(frozen=True)
class Pair:
    """What one gave another: how many, and what is to be said of it (such as how long it took)."""

    giver: str
    taker: str
    count: int
    says: str


@drawn_once
def flow(pairs: tuple[Pair, ...], title: str, desc: str) -> Markup:
    """Givers on the left, takers along the top; agencies in the order in which they come."""
    names = list(dict.fromkeys(name for pair in pairs for name in (pair.giver, pair.taker)))
    rows = [{"giver": p.giver, "taker": p.taker, "count": p.count, "says": p.says} for p in pairs]
    base = alt.Chart(drawing_data(rows)).encode(
        x=alt.X("taker:N", sort=names, title="to", axis=alt.Axis(orient="top", labelAngle=0, domain=False, grid=True)),
        y=alt.Y("giver:N", sort=names, title="from", axis=alt.Axis(domain=False, grid=True)),
    )
    circles = base.mark_circle(color=COLOURS[2], opacity=0.45).encode(
        size=alt.Size("count:Q", scale=alt.Scale(range=[30, 2600], domainMin=0), legend=None)
    )
    words = base.mark_text(lineBreak="\n", lineHeight=15, fontSize=12).encode(text=alt.Text("says:N"))
    return drawn(alt.layer(circles, words).properties(width=alt.Step(150), height=alt.Step(78)), title, desc)
