"""Working days counted one by one with the test of the product, for published examples and for the calendar's table."""

from __future__ import annotations

from datetime import date, timedelta

from throughline.schemas.definitions.calendar import CalendarRule, WorkingDayTest, working_day_test

_SATURDAY = 5


def bank_holidays(rule: CalendarRule, first: date, last: date) -> frozenset[date]:
    """The days of `first`..`last` (both included) from Monday to Friday that are not worked."""
    is_working_day = working_day_test(rule)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return frozenset(day for day in days if day.weekday() < _SATURDAY and not is_working_day(day))


def add_working_days(start: date, amount: int, is_working_day: WorkingDayTest) -> date:
    """The `amount`-th working day after `start`; before it for a negative amount. `start` is day 0, worked or not."""
    step = timedelta(days=1 if amount >= 0 else -1)
    day, left = start, abs(amount)
    while left:
        day += step
        left -= is_working_day(day)
    return day
