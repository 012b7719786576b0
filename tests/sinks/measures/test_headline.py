"""The one number of a figure, month by month, beside its usual variation and beside an earlier time."""

from __future__ import annotations

from datetime import datetime

import pytest
from measured import DAY, MEASURES, counted, figure

from throughline.sinks.measures.answer import answer
from throughline.sinks.measures.comparison import compared
from throughline.sinks.measures.headline import headline, series

PROMISES, HELD = MEASURES["promises"], MEASURES["held"]


def test_a_share_is_of_what_is_known() -> None:
    """Two of three kept; the open one is counted in neither."""
    rows = counted(*({"outcome": outcome} for outcome in ("kept", "kept", "late", "open")))

    number = headline(PROMISES, answer(PROMISES, rows))

    assert (number.value, number.counted, number.cases) == (pytest.approx(2 / 3), 3, 4)


def test_a_share_of_two_outcomes_is_their_sum() -> None:
    withdrawals = MEASURES["withdrawals"]
    rows = counted(*({"outcome": outcome} for outcome in ("withdrew", "resumed", "supports", "supports")))

    assert headline(withdrawals, answer(withdrawals, rows)).value == 0.5


def test_where_nothing_is_known_there_is_no_number() -> None:
    rows = counted({"outcome": "open"})

    number = headline(PROMISES, answer(PROMISES, rows))

    assert (number.value, number.counted, number.cases) == (None, 0, 1)


def test_of_durations_it_is_the_median_with_its_interval() -> None:
    rows = counted(*({"seconds": days * DAY, "ended": True} for days in (1, 2, 3)))

    number = headline(HELD, answer(HELD, rows))

    assert (number.value, number.least, number.most, number.counted) == (2 * DAY, DAY, 3 * DAY, 3)


def test_months_stand_in_order_and_the_one_that_runs_is_not_whole() -> None:
    """Nor is one that lies ahead; what has no month is left out, and so is a month without rows."""
    rows = counted(
        {"outcome": "late", "month": "2026-04"}, {"outcome": "kept", "month": "2026-01"},
        {"outcome": "late", "month": "2026-01"}, {"outcome": "kept", "month": "2026-05"},
        {"outcome": "kept", "month": None},
    )  # fmt: skip

    made = series(PROMISES, rows, datetime.fromisoformat("2026-04-30T12:00"))

    assert [(one.month, one.number.value, one.is_whole) for one in made.months] == [
        ("2026-01", 0.5, True),
        ("2026-04", 0.0, False),
        ("2026-05", 1.0, False),
    ]
    assert made.variation is None
    assert [one.is_whole for one in series(PROMISES, rows, None).months] == [True, True, True]


def test_the_limits_are_those_of_whole_months_with_a_number() -> None:
    """Six months, half kept in each; a month of which nothing is known, and the one that runs, are not among them."""
    rows = counted(
        *({"outcome": one, "month": f"2026-0{month}"} for month in range(1, 7) for one in ("kept", "late")),
        {"outcome": "open", "month": "2026-07"},
        {"outcome": "late", "month": "2026-08"},
    )

    made = series(PROMISES, rows, datetime.fromisoformat("2026-08-03"))

    assert made.variation is not None
    assert (made.variation.mean, made.variation.lower, made.variation.upper) == (0.5, 0.5, 0.5)
    assert made.variation.signals == (None,) * 6
    assert [one.number.value for one in made.months][-2:] == [None, 0.0]


def test_a_figure_stands_beside_the_earlier_one_and_what_one_lacks_is_empty() -> None:
    earlier = answer(PROMISES, counted({"outcome": "kept"}, {"outcome": "late", "agency": "cps"}), ["agency"])
    later = answer(PROMISES, counted({"outcome": "kept"}, {"outcome": "kept"}), ["agency"])

    made = compared(PROMISES, earlier, later, ["agency"])

    assert made.column_names == [
        *("agency", "outcome", "cases_before", "cases", "counted_before", "counted", "share_before", "share")
    ]
    assert figure(made, "agency", "outcome", "counted_before", "counted", "share_before", "share") == [
        (None, None, 2, 2, None, None),
        (None, "kept", 1, 2, 0.5, 1.0),
        (None, "late", 1, None, 0.5, None),
        ("cps", None, 1, None, None, None),
        ("cps", "late", 1, None, 1.0, None),
        ("police", None, 1, 2, None, None),
        ("police", "kept", 1, 2, 1.0, 1.0),
    ]


def test_durations_without_a_cut_are_one_row_beside_another() -> None:
    earlier = answer(HELD, counted({"seconds": DAY, "ended": True}))
    later = answer(HELD, counted({"seconds": 3 * DAY, "ended": True}, {"seconds": 3 * DAY, "ended": False}))

    made = compared(HELD, earlier, later, [])

    names = ("counted_before", "counted", "still_open_before", "still_open", "median_seconds_before", "median_seconds")
    assert figure(made, *names) == [(1, 2, 0, 1, DAY, 3 * DAY)]
