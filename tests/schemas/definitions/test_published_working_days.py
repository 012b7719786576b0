"""Working days are counted as the official lists and published examples count them."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from working_days import add_working_days, bank_holidays

from throughline.schemas.definitions.calendar import CalendarRule, WorkingDayTest, working_day_test

DIVISIONS = {"england-and-wales": "ENG", "scotland": "SCT", "northern-ireland": "NIR"}
OFFICIAL_FILES = {
    "alphagov_calendars_2020-05_bank-holidays.json": 56,
    "alphagov_frontend_bank-holidays.json": 83,
    "govuk_bank_holidays_pkg.json": 140,
}


def rule(*subdivisions: str) -> CalendarRule:
    return CalendarRule("GB", subdivisions)


def worked_in(*subdivisions: str) -> WorkingDayTest:
    return working_day_test(rule(*subdivisions))


def worked_in_common(day: date) -> bool:
    """Whether a day is worked if only the holidays that all three divisions share are taken."""
    return any(worked_in(subdivision)(day) for subdivision in DIVISIONS.values())


def division(name: str) -> WorkingDayTest:
    return worked_in_common if name == "common" else worked_in(DIVISIONS[name])


def official(folder: Path, file: str) -> dict[str, set[date]]:
    """Read one of the three forms in which the official list is published: division -> days."""
    found = json.loads((folder / "working_days" / file).read_text(encoding="utf-8"))
    lists: dict[str, set[date]] = {}
    for key, entry in found.get("divisions", found).items():
        if "events" in entry:
            days = {date.fromisoformat(event["date"]) for event in entry["events"]}
        else:
            years = [events for year, events in entry.items() if year.isdigit()]
            days = {day_month_year(event["date"]) for events in years for event in events}
        lists[re.sub(r"common\.nations\.|_slug", "", key)] = days
    return lists


def day_month_year(written: str) -> date:
    day, month, year = map(int, written.split("/"))
    return date(year, month, day)


@pytest.fixture
def published(shared_data: Path) -> dict[str, Any]:
    text = (shared_data / "working_days" / "published_working_day_examples.json").read_text(encoding="utf-8")
    examples: dict[str, Any] = json.loads(text)
    return examples


# the official lists


@pytest.mark.parametrize("file", OFFICIAL_FILES)
@pytest.mark.parametrize("name", DIVISIONS)
def test_bank_holidays_are_those_of_the_official_list(shared_data: Path, file: str, name: str) -> None:
    """Given an official list, then every weekday on it is a day off, and no other weekday of its years is."""
    listed = official(shared_data, file)[name]
    first, last = date(min(listed).year, 1, 1), date(max(listed).year, 12, 31)

    counted = bank_holidays(rule(DIVISIONS[name]), first, last)

    assert {day for day in listed if day.weekday() >= 5} == set()
    # proclaimed for Scotland between the two newest files; the newer one has it, and so has the library
    late = {date(2026, 6, 15)} if (file, name) == ("govuk_bank_holidays_pkg.json", "scotland") else set()
    assert counted == listed | late


@pytest.mark.parametrize(("file", "days"), OFFICIAL_FILES.items())
def test_the_official_lists_are_not_empty(shared_data: Path, file: str, days: int) -> None:
    """Given the official files, then none of the known days for England and Wales is missing."""
    assert len(official(shared_data, file)["england-and-wales"]) >= days


def test_wales_has_the_bank_holidays_of_england() -> None:
    """Given the library's two subdivisions, then they are one division, as on GOV.UK."""
    years = date(2015, 1, 1), date(2028, 12, 31)
    assert bank_holidays(rule("ENG"), *years) == bank_holidays(rule("WLS"), *years)


@pytest.mark.parametrize("day", [date(2020, 5, 8), date(2022, 6, 3), date(2022, 9, 19), date(2023, 5, 8)], ids=str)
def test_a_holiday_proclaimed_for_one_year_counts(day: date) -> None:
    """Given VE day moved, a jubilee, a state funeral and a coronation, then each is a day off."""
    assert not worked_in("ENG")(day)


# the published examples


def test_freedom_of_information_requests_fall_due_on_the_twentieth_working_day(
    published: dict[str, Any],
) -> None:
    """Given a bank holiday in ANY part of the UK is a day off (FOIA s10(6)), then all 8 dates agree."""
    anywhere_in_the_uk = worked_in("ENG", "SCT", "NIR")
    vectors = published["foi_20_working_days"]["vectors"]
    assert len(vectors) == 8
    for start, due in vectors:
        assert add_working_days(date.fromisoformat(start), 20, anywhere_in_the_uk).isoformat() == due, start


def test_the_union_of_the_divisions_is_wanted_for_freedom_of_information(published: dict[str, Any]) -> None:
    """Given only England's holidays, then some published FOI date would be missed: the union is no luxury."""
    vectors = published["foi_20_working_days"]["vectors"]
    england = [add_working_days(date.fromisoformat(start), 20, worked_in("ENG")) for start, _ in vectors]
    assert [day.isoformat() for day in england] != [due for _, due in vectors]


def test_a_period_of_calendar_days_rolls_forward_to_a_working_day(published: dict[str, Any]) -> None:
    """Given 20 calendar days that end on a day off, then the next working day is as published (8)."""
    anywhere_in_the_uk = worked_in("ENG", "SCT", "NIR")
    vectors = published["calendar_20_days_roll_forward"]["vectors"]
    assert len(vectors) == 8
    for start, due in vectors:
        day = date.fromisoformat(start) + timedelta(days=20)
        rolled = day if anywhere_in_the_uk(day) else add_working_days(day, 1, anywhere_in_the_uk)
        assert rolled.isoformat() == due, start


def test_the_next_and_the_previous_working_day_are_the_published_ones(published: dict[str, Any]) -> None:
    """Given one working day on or back, in Scotland or in what is common to all, then all 9 dates agree."""
    vectors = published["next_prev_work_day"]["vectors"]
    assert len(vectors) == 9
    for direction, start, where, expected in vectors:
        step = {"next": 1, "prev": -1}[direction]
        found = add_working_days(date.fromisoformat(start), step, division(where))
        assert found.isoformat() == expected, (direction, start, where)


def test_a_day_is_worked_where_it_is_published_as_worked(published: dict[str, Any]) -> None:
    """Given 4 published days, then each is a working day or not, by division."""
    vectors = published["next_prev_work_day"]["is_work_day"]
    assert len(vectors) == 4
    for day, where, worked in vectors:
        assert division(where)(date.fromisoformat(day)) is worked, (day, where)


def test_a_day_is_a_holiday_where_it_is_published_as_one(published: dict[str, Any]) -> None:
    """Given 3 published weekdays, then each is a bank holiday or not, by division."""
    vectors = published["next_prev_work_day"]["is_holiday"]
    assert len(vectors) == 3
    for written, where, holiday in vectors:
        day = date.fromisoformat(written)
        assert day.weekday() < 5
        assert division(where)(day) is not holiday, (written, where)


@pytest.mark.parametrize(
    ("hearing", "last_service"),
    [
        (date(2017, 10, 20), date(2017, 10, 16)),  # a Friday, and the Monday before
        (date(2023, 10, 20), date(2023, 10, 16)),
        (date(2014, 10, 20), date(2014, 10, 14)),  # a Monday, and the Tuesday before
        (date(2025, 10, 20), date(2025, 10, 14)),
    ],
    ids=str,
)
def test_three_clear_days_before_a_hearing(hearing: date, last_service: date) -> None:
    """Given CPR 2.8 (three whole working days lie between), then service is four working days before."""
    assert add_working_days(hearing, -(3 + 1), worked_in("ENG")) == last_service


def test_clear_days_and_days_within_are_calendar_days_over_five() -> None:
    """Given CPR 2.8 with 28 clear days from 1 October and 14 days from 2 October, then 30 and 16 October."""
    assert date(2025, 10, 1) + timedelta(days=28 + 1) == date(2025, 10, 30)
    assert date(2025, 10, 2) + timedelta(days=14) == date(2025, 10, 16)


def test_every_published_example_is_checked(published: dict[str, Any]) -> None:
    """Given the file of examples, then it holds the 32 dated ones and the 4 of CPR 2.8 that stand above."""
    work_days = published["next_prev_work_day"]
    dated = [
        *published["foi_20_working_days"]["vectors"],
        *published["calendar_20_days_roll_forward"]["vectors"],
        *work_days["vectors"],
        *work_days["is_work_day"],
        *work_days["is_holiday"],
    ]
    assert len(dated) == 32
    assert len(published["cpr_2_8_clear_days"]["examples"]) == 4
