"""From a chart of Altair to an SVG that says what it is, in the look of all charts.

Nothing is said by colour alone: lines differ in their dashes, bars carry their numbers. There is no red, amber and
green: whether a figure is good is for its readers to say.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import altair as alt
import vl_convert
from markupsafe import Markup, escape

WIDTH = 640
INK, SOFT, LINE = "#0b0c0c", "#484949", "#d5d8da"
# told apart by people who see few colours, and in grey
COLOURS = ("#17394a", "#c9822b", "#2a7f9e", "#7a4a8a", "#8fb8c9", "#6b6b6b")
DASHES = ([1, 0], [6, 3], [2, 2], [9, 3, 2, 3], [4, 4], [1, 3])
# of one width wherever it is drawn: what measures the labels has Liberation Sans, which is as wide as Arial
_FONT = "Arial, Liberation Sans, Helvetica, sans-serif"
_CONFIG: dict[str, Any] = {
    "background": None,
    # room for a font that is wider than the one that measures the labels
    "padding": {"left": 28, "right": 28, "top": 8, "bottom": 8},
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK, "labelFontSize": 13, "titleColor": SOFT, "titleFontSize": 13, "titleFontWeight": "normal",
        "gridColor": LINE, "domainColor": LINE, "tickColor": LINE, "labelLimit": 260, "titlePadding": 8,
        "labelPadding": 6,
    },
    "legend": {
        "labelFontSize": 13, "labelColor": INK, "title": None, "orient": "top", "labelLimit": 300, "offset": 8,
        "columnPadding": 24,
    },
    "text": {"color": INK, "fontSize": 13},
    "range": {"category": list(COLOURS)},
}  # fmt: skip
_KEPT = 512
P = ParamSpec("P")
Part = TypeVar("Part", bound=Hashable)
# Altair holds every part of a chart against its schema, which takes longer than the drawing: the tests do so once
alt.utils.schemapi.disable_debug_mode()


def drawing_data(rows: Sequence[Mapping[str, Any]]) -> alt.InlineData:
    """Rows for a chart, as one text: Altair copies every value of other data each time that a chart is put together."""
    return alt.InlineData(values=json.dumps(rows), format=alt.JsonDataFormat(type="json"))


def drawn(chart: alt.TopLevelMixin, title: str, desc: str) -> Markup:
    """The chart as an `<svg>` with this title and description, for a page or a document."""
    return _svg(chart.to_json(indent=None, validate=alt.utils.schemapi.DEBUG_MODE), title, desc)


def drawn_once(
    draw: Callable[Concatenate[tuple[Part, ...], P], Markup],
) -> Callable[Concatenate[Iterable[Part], P], Markup]:
    """`draw`, which is not asked again for what it drew of late: to put a chart together takes half as long as to draw
    it, and pages of two days are often told by the same charts."""
    kept: Any = lru_cache(maxsize=_KEPT)(draw)

    @wraps(draw)
    def asked(parts: Iterable[Part], /, *others: P.args, **named: P.kwargs) -> Markup:
        found: Markup = kept(tuple(parts), *others, **named)
        return found

    return asked


def share_axis(title: str = "") -> alt.Axis:
    return alt.Axis(format=".0%", title=title or None, tickCount=6)


def wrapped_labels(names: Sequence[str], most: int = 28) -> str:
    """An expression of Vega that breaks a long label into two lines, so that nothing is cut off."""
    if max((len(name) for name in names), default=0) <= most:
        return "datum.label"
    begun = f"slice(datum.label, 0, {most})"
    cut = f"{most} - indexof(reverse(split({begun}, '')), ' ')"
    return f"length(datum.label) > {most} ? [slice(datum.label, 0, {cut}), slice(datum.label, {cut})] : datum.label"


@lru_cache(maxsize=_KEPT)
def _svg(spec: str, title: str, desc: str) -> Markup:
    svg = vl_convert.vegalite_to_svg(spec, config=_CONFIG)
    # its own words for each mark would be read out one after the other: the table beneath says the same in order
    svg = re.sub(r' (?:role|aria-label|aria-roledescription|aria-hidden)="[^"]*"', "", svg)
    head = re.match(r"<svg[^>]*>", svg)
    assert head is not None
    size = re.search(r'viewBox="([^"]*)"', head[0])
    assert size is not None
    # the same in every process, so that a document of it is the same bytes
    number = zlib.crc32(f"{spec} {title}".encode()) % 10**8
    inside = svg[head.end() :]
    # ids of clips are the same in every drawing, and several stand on one page
    inside = re.sub(r'(id="|url\(#)(clip|gradient)', rf"\g<1>c{number}-\g<2>", inside)
    named = f"c{number}"
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing chart" viewBox="{size[1]}" role="img" '
        f'aria-labelledby="{named}-title {named}-desc"><title id="{named}-title">{escape(title)}</title>'
        f'<desc id="{named}-desc">{escape(desc)}</desc>'
    )
    return Markup(opening + inside)
