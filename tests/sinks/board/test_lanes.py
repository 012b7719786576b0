"""The drawing of a case: where its marks stand, for many events and for few, and what is uncertain."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from histories import Event, event
from test_story import NAMES, RECEIVED, RECORDED, SENT, known

from throughline.sinks.board.case.axis import axis_over, bounds
from throughline.sinks.board.case.lanes import GUTTER, WIDTH, lanes

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*events: Event, until: str = "2026-04-01T00:00") -> list[tuple[str, dict[str, str], str]]:
    """Every element of the drawing: name, attributes, text."""
    root = ElementTree.fromstring(str(lanes(known(*events, until=until), NAMES)))
    return [(one.tag.removeprefix(SVG), dict(one.attrib), one.text or "") for one in root.iter()]


def bars(found: list[tuple[str, dict[str, str], str]], kind: str) -> list[tuple[float, float]]:
    """Left and right edge of each bar of a kind."""
    return [
        (float(one["x"]), float(one["x"]) + float(one["width"]))
        for name, one, _ in found
        if name == "rect" and one.get("class") == kind
    ]


def test_a_holding_and_what_is_on_its_way_stand_where_they_were_in_time() -> None:
    """Recorded on the 3rd, sent on the 9th, received on the 21st, counted to the 1st of April."""
    axis = axis_over(datetime(2026, 3, 3, 10), datetime(2026, 4, 1), GUTTER, WIDTH - 14, NAMES.zone)  # noqa: DTZ001
    places = [
        axis.place(datetime.fromisoformat(at))
        for at in ("2026-03-03T10:00", "2026-03-09T09:00", "2026-03-21T10:00", "2026-04-01T00:00")
    ]
    found = drawn(RECORDED, SENT, RECEIVED)

    assert bars(found, "held") == [pytest.approx(places[0:2], abs=0.1), pytest.approx(places[2:4], abs=0.1)]
    assert bars(found, "limbo") == [pytest.approx(places[1:3], abs=0.1)]
    assert places == sorted(places)


def test_what_nobody_acknowledged_is_drawn_otherwise() -> None:
    """To the end of the count, with an outline of its own."""
    found = drawn(RECORDED, SENT)

    assert len(bars(found, "limbo lost")) == 1
    assert bars(found, "limbo") == []


@pytest.mark.parametrize("count", [2, 30, 300])
def test_every_event_is_in_a_mark_and_no_mark_lies_outside(count: int) -> None:
    """Marks that stand too close are one with a number: they add up, and stay apart."""
    begin = datetime.fromisoformat("2024-03-03T10:00")
    calls = [
        event("police.victim.contact_made", begin + timedelta(hours=37 * number % 9000), id=f"n{number}")
        for number in range(count - 1)
    ]
    found = drawn(RECORDED | {"occurred_at": begin}, *calls, until="2025-06-01T00:00")
    numbers = [int(said) for name, one, said in found if name == "text" and one.get("class") == "many"]
    singles = [one for _, one, _ in found if one.get("class") in ("event", "event decision")]
    places = [float(one["x"]) for name, one, _ in found if one.get("class") == "event many"]

    assert sum(numbers) + len(singles) == count
    assert all(right - left >= 19 for left, right in pairwise(places))
    assert all(0 <= float(one.get("x", 0)) + float(one.get("width", 0)) <= WIDTH for _, one, _ in found if "x" in one)


def test_what_is_known_to_a_month_only_is_as_wide_and_pale() -> None:
    """Some time in March: a pale strip over the month, and one mark."""
    found = drawn(RECORDED, event("police.victim.contact_made", "2026-03", id="m"), until="2026-05-01T00:00")
    first, last = bounds(datetime.fromisoformat("2026-03-01T00:00"), "month", NAMES.zone)

    assert [right - left for left, right in bars(found, "event pale")] == [pytest.approx(386, abs=15)]
    assert (last - first).days == 30  # an hour less than 31 days: summer time began
    assert last.isoformat() == "2026-03-31T23:00:00"


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-03-01T00:00", "2026-03-05T00:00", ["28 Feb 2026", "1 Mar", "2 Mar", "3 Mar", "4 Mar", "5 Mar"]),
        ("2026-03-01T00:00", "2026-04-10T00:00", ["28 Feb 2026", "7 Mar", "14 Mar", "21 Mar", "28 Mar", "4 Apr"]),
        ("2025-10-10T00:00", "2026-05-10T00:00", ["Nov 2025", "Dec", "Jan 2026", "Feb", "Mar", "Apr", "May"]),
        (
            "2010-03-01T00:00",
            "2026-03-01T00:00",
            ["2010", "2012", "2014", "2016", "2018", "2020", "2022", "2024", "2026"],
        ),
    ],
)
def test_the_dates_along_the_axis_are_few_and_whole(first: str, last: str, said: list[str]) -> None:
    """Days, weeks, months or years, at most nine; the year where it changes."""
    axis = axis_over(datetime.fromisoformat(first), datetime.fromisoformat(last), 0, 100, NAMES.zone)
    ticks = axis.ticks()

    assert [words for _, words in ticks][: len(said)] == said
    assert len(ticks) <= 9
    assert [x for x, _ in ticks] == sorted(x for x, _ in ticks)
