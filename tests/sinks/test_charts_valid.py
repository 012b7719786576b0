"""Every kind of chart is one that Vega-Lite's schema allows. Pages leave that out: it takes longer than the drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import altair as alt
import pyarrow as pa
import pytest
from markupsafe import Markup

from throughline.sinks.charts.bars import Bar, bars
from throughline.sinks.charts.curve import curve
from throughline.sinks.charts.drawing import drawn, drawn_once
from throughline.sinks.charts.flow import Pair, flow
from throughline.sinks.charts.spans import Span, spans
from throughline.sinks.charts.trend import Limits, Point, trend

STEPS = pa.table({"seconds": [0.0, 86_400.0], "not_yet": [1.0, 0.5], "low": [1.0, 0.2], "high": [1.0, 0.8]})
CHARTS: dict[str, Callable[[], Markup]] = {
    "bars of one part": lambda: bars([Bar("Police", "kept", 3, "3")], "Title", "Words", value="Promises"),
    "bars of two parts": lambda: bars(
        [Bar("Police", "kept", 0.4, "40%"), Bar("Police", "late", 0.6, "60%")], "Title", "Words", are_shares=True
    ),
    "curve": lambda: curve({"Police": STEPS, "CPS": STEPS}, "Title", "Words", ended="Days"),
    "flow": lambda: flow([Pair("Police", "CPS", 4, "4\n2 days")], "Title", "Words"),
    "spans": lambda: spans([Span("Police", 0.2, 0.5, "20% to 50%")], "Title", "Words"),
    "trend": lambda: trend(
        [Point("2026-01", 0.5, None, True), Point("2026-02", 0.9, "beyond", True), Point("2026-03", 0.5, None, False)],
        Limits(0.5, 0.1, 0.8), "Title", "Words", are_shares=True, value="Share",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def held_against_the_schema() -> Iterator[None]:
    alt.utils.schemapi.enable_debug_mode()
    yield
    alt.utils.schemapi.disable_debug_mode()


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_is_valid(chart: str) -> None:
    assert '<title id="' in CHARTS[chart]()


def test_one_that_is_not_is_refused() -> None:
    with pytest.raises(alt.utils.schemapi.SchemaValidationError):
        drawn(alt.Chart(alt.InlineData(values=[])).mark_bar(fontSize="wide"), "Title", "Words")  # type: ignore[arg-type]


def test_what_is_drawn_already_is_not_put_together_again() -> None:
    asked = []

    @drawn_once
    def draw(parts: tuple[Bar, ...], title: str) -> Markup:
        asked.append(title)
        return Markup(parts[0].says)

    three, four = Bar("Police", "kept", 3, "3"), Bar("Police", "kept", 4, "4")

    assert [draw([three], "A"), draw([three], "A"), draw([four], "A"), draw([three], "B")] == ["3", "3", "4", "3"]
    assert asked == ["A", "A", "B"]
