"""Working days are counted from the day after the start, in local days, with the holidays of the domain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from working_days import add_working_days, bank_holidays

from throughline.errors import UsageError
from throughline.schemas.definitions.calendar import (
    CALENDAR,
    CalendarRule,
    WorkingDayTest,
    calendar,
    parse_calendar,
    start_of_day,
    working_day_test,
)
from throughline.schemas.definitions.entry import Problems, read_entry

DATES = st.dates(date(2015, 1, 1), date(2028, 12, 31))
AMOUNTS = st.integers(0, 120)
# the first example of a process also reads the holidays of its years
UNHURRIED = settings(deadline=None)


@dataclass(frozen=True)
class SomeDomain:
    calendar: CalendarRule
    time_zone: str = "Europe/London"


ENGLAND = SomeDomain(CalendarRule("GB", ("ENG",)))


def rule(*subdivisions: str) -> CalendarRule:
    return CalendarRule("GB", subdivisions)


def read(tmp_path: Path, given: dict[str, Any] | None) -> tuple[CalendarRule, Problems]:
    """The rule that `calendar: …` of a domain gives, and what is wrong with it."""
    path = tmp_path / "domain.yaml"
    path.write_text(yaml.safe_dump({"calendar": given}), encoding="utf-8")
    problems = Problems()
    return parse_calendar(read_entry(path, problems)), problems


def worked_in(*subdivisions: str) -> WorkingDayTest:
    return working_day_test(rule(*subdivisions))


# counting


@UNHURRIED
@given(start=DATES, amount=AMOUNTS)
def test_more_holidays_never_bring_a_due_day_forward(start: date, amount: int) -> None:
    """Given the union of all divisions, then nothing falls due earlier than under one of them."""
    union = add_working_days(start, amount, worked_in("ENG", "SCT", "NIR"))
    assert union >= add_working_days(start, amount, worked_in("ENG"))


# the table


@cache
def the_table() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = calendar(ENGLAND, date(2015, 1, 1), date(2028, 12, 31)).to_pylist()
    return rows


def test_the_calendar_has_one_row_a_day() -> None:
    """Given a first and a last day, then each day between them stands once, in order, leap days included."""
    table = calendar(ENGLAND, date(2024, 2, 1), date(2024, 3, 31))
    assert table.schema == CALENDAR
    assert table["day"].to_pylist() == [date(2024, 2, 1) + timedelta(days=n) for n in range(60)]


@UNHURRIED
@given(start=st.integers(0, 5000), length=st.integers(0, 113))
def test_a_difference_of_running_numbers_is_a_count(start: int, length: int) -> None:
    """Given two rows, then the difference of their numbers is how many days after the first are worked."""
    a, b = the_table()[start], the_table()[start + length]
    days = (a["day"] + timedelta(days=n) for n in range(1, length + 1))
    assert b["working_days"] - a["working_days"] == sum(map(worked_in("ENG"), days))


def test_a_leap_day_is_a_day_like_any_other() -> None:
    """Given 29 February 2024 (a Thursday) and 2020 (a Saturday), then only the first is worked."""
    worked = {row["day"]: row["working_day"] for row in the_table()}
    assert worked[date(2024, 2, 29)]
    assert not worked[date(2020, 2, 29)]


@UNHURRIED
@given(position=st.integers(0, 5112))
def test_a_day_begins_at_local_midnight_and_lasts_till_the_next(position: int) -> None:
    """Given any day of 14 years, then it begins at 00:00 in London and lasts 23, 24 or 25 hours."""
    rows = the_table()
    here, following = rows[position], rows[position + 1]
    local = here["starts_at"].replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/London"))
    assert (local.date(), local.hour, local.minute) == (here["day"], 0, 0)
    assert following["starts_at"] - here["starts_at"] in {timedelta(hours=n) for n in (23, 24, 25)}


def test_the_days_on_which_clocks_change_have_23_and_25_hours() -> None:
    """Given the last Sundays of March and October 2026, then UTC midnight is local only outside them."""
    assert start_of_day(date(2026, 3, 29), "Europe/London") == datetime.fromisoformat("2026-03-29T00:00")
    assert start_of_day(date(2026, 3, 30), "Europe/London") == datetime.fromisoformat("2026-03-29T23:00")
    assert start_of_day(date(2026, 10, 25), "Europe/London") == datetime.fromisoformat("2026-10-24T23:00")
    assert start_of_day(date(2026, 10, 26), "Europe/London") == datetime.fromisoformat("2026-10-26T00:00")


def test_a_day_whose_midnight_does_not_exist_begins_when_the_clocks_jump() -> None:
    """Given São Paulo on 4 November 2018, where 00:00 became 01:00, then the day begins at 03:00 UTC."""
    assert start_of_day(date(2018, 11, 4), "America/Sao_Paulo") == datetime.fromisoformat("2018-11-04T03:00")


# the data of a domain


def test_a_domain_without_a_calendar_works_from_monday_to_friday(tmp_path: Path) -> None:
    """Given `calendar: null`, then Christmas Day 2025, a Thursday, counts and Saturdays do not."""
    plain = working_day_test(read(tmp_path, None)[0])
    assert plain(date(2025, 12, 25))
    assert not plain(date(2025, 12, 27))


def test_another_country_is_only_data(tmp_path: Path) -> None:
    """Given Italy, then Liberation Day is a day off and the English August holiday is not."""
    italy = working_day_test(read(tmp_path, {"country": "IT", "subdivision": None})[0])
    assert not italy(date(2025, 4, 25))
    assert italy(date(2025, 8, 25))


def test_a_holiday_that_the_library_does_not_know_is_a_line_of_data(tmp_path: Path) -> None:
    """Given overrides, then the named holiday is not counted and the named working day is."""
    moved, _ = read(
        tmp_path,
        {
            "country": "GB",
            "subdivision": "ENG",
            "overrides": {"holidays": ["2031-06-03"], "working": [date(2031, 5, 5)]},
        },
    )
    assert bank_holidays(moved, date(2031, 5, 1), date(2031, 6, 30)) == {date(2031, 5, 26), date(2031, 6, 3)}


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ({"country": "XX"}, "XX"),
        ({"country": "GB", "subdivision": "LND"}, "LND"),
        ({"country": "GB", "region": "ENG"}, "region"),
        ({"country": "GB", "overrides": {"holiday": []}}, "holiday"),
        ({"country": "GB", "overrides": {"holidays": ["3 May"]}}, "3 May"),
        ({"overrides": {"holidays": ["2026-05-04"], "working": ["2026-05-04"]}}, "2026-05-04"),
    ],
)
def test_a_calendar_that_cannot_be_used_says_what_is_wrong(tmp_path: Path, entry: dict[str, Any], word: str) -> None:
    """Given a wrong country, key or date, then the error names it and the field."""
    (problem,) = read(tmp_path, entry)[1].found
    assert word in str(problem)
    assert problem.key.startswith("calendar")
    assert problem.hint


def test_a_calendar_that_ends_before_it_begins_is_refused() -> None:
    """Given the last day before the first, then a usage error."""
    with pytest.raises(UsageError):
        calendar(ENGLAND, date(2026, 1, 2), date(2026, 1, 1))
