"""A figure as a spreadsheet has it: given an answer, rows in one unit a column."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
from england_wales import england_wales
from measured import MEASURES

from throughline.sinks.board.figures.choice import Choice
from throughline.sinks.board.figures.grid import grid
from throughline.sinks.board.figures.wording import Wording
from throughline.sinks.board.words.names import Names
from throughline.sinks.sheets.grid import Column


def test_outcomes_by_month_beside_an_earlier_day() -> None:
    """Months are dates, shares stay of 1; of a figure with a hidden row, what adds up is hidden in every row."""
    chosen = Choice(MEASURES["promises"], ("month",), {}, None)
    given = pa.table(
        {
            "month": [None, "2026-03", "2026-03"],
            "outcome": [None, "kept", "broken"],
            "cases_before": [30, 20, None],
            "cases": [40, None, None],
            "counted": pa.array([None, None, None], pa.int64()),
            "share": [None, None, 0.25],
            "suppressed_before": pa.array([None, None, None], pa.string()),
            "suppressed": [None, "small", None],
        }
    )
    made = grid(chosen, given, Wording(Names(england_wales()), england_wales()), england_wales())

    assert made.columns == (
        Column("Month", "month"),
        Column("Outcome", "text"),
        Column("Cases, then", "number"),
        Column("Cases", "number"),
        Column("Promises", "number"),
        Column("Share", "share"),
        Column("suppressed", "text"),
    )
    assert made.rows == (
        ("All", "All", 30, 40, "[c]", None, None),
        (date(2026, 3, 1), "Kept", 20, "[c]", "[c]", "[c]", "small"),
        (date(2026, 3, 1), "Broken", None, None, "[c]", 0.25, None),
    )


def test_durations_are_days_and_cases_are_counted_once() -> None:
    """Of a measure that counts cases, what is counted is not said a second time."""
    held = grid(
        Choice(MEASURES["held"], ("agency",), {}, None),
        pa.table(
            {"agency": ["cps"], "cases": [9], "counted": [12], "median_seconds": [129_600.0], "suppressed": [None]}
        ),
        Wording(Names(england_wales()), england_wales()),
        england_wales(),
    )
    waiting = grid(
        Choice(MEASURES["waiting"], (), {}, None),
        pa.table({"outcome": ["limbo"], "cases": [9], "counted": [9], "longest_seconds": [86_400.0]}),
        Wording(Names(england_wales()), england_wales()),
        england_wales(),
    )

    assert [one.head for one in held.columns] == ["Agency", "Cases", "Holdings", "Half took (days)"]
    assert held.rows == (("Crown Prosecution Service", 9, 12, 1.5),)
    assert [one.head for one in waiting.columns] == ["Outcome", "Cases", "Longest (days)"]
    assert waiting.rows == (("Between two agencies", 9, 1.0),)
