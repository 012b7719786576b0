"""Section 1 (time) and the arithmetic of section 5, for the reference: intervals, days, due times.

Datetimes are naive: UTC for instants, labels for days and months (see `docs/rules.md`). Dates are local.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Event = dict[str, Any]
Row = dict[str, Any]
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Span:
    """What is known of a time: UTC `earliest` and `latest`, local `first_date` and `last_date`."""

    earliest: datetime
    latest: datetime
    first_date: date
    last_date: date


def local_midnight(day: date, zone: str) -> datetime:
    """The instant (naive UTC) at which a local day begins."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return midnight.astimezone(UTC).replace(tzinfo=None)


def local_date(instant: datetime, zone: str) -> date:
    """The local day in which an instant (naive UTC) falls."""
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()


def span(at: datetime, precision: str, zone: str) -> Span:
    """Every time is an interval; for an instant both ends are the instant."""
    if precision == "instant":
        day = local_date(at, zone)
        return Span(at, at, day, day)
    first = at.date()
    if precision == "day":
        last = first
    elif precision == "month":
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    else:
        count, unit = precision.split()  # so many days or months
        after = first + DAY * int(count) if unit == "days" else months_on(first, int(count))
        last = after - DAY
    return Span(local_midnight(first, zone), local_midnight(last + DAY, zone), first, last)


def span_of(event: Event, zone: str) -> Span:
    """The interval in which an event happened."""
    return span(event["occurred_at"], event["occurred_precision"], zone)


def seconds(duration: timedelta) -> float:
    """A duration as seconds, a fraction where times are."""
    return duration / timedelta(seconds=1)


def end_of_day(day: date, zone: str) -> datetime:
    """One microsecond before the next local midnight, in UTC."""
    return local_midnight(day + DAY, zone) - MICROSECOND


def months_on(day: date, months: int) -> date:
    """The day with the same number so many months on, or the last of that month."""
    ahead = day.year * 12 + (day.month - 1) + months
    year, month = ahead // 12, ahead % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def is_working_day(day: date, bank_holidays: frozenset[date]) -> bool:
    """Monday to Friday and no bank holiday."""
    return day.weekday() < 5 and day not in bank_holidays


def working_days_after(start: date, stop: date, bank_holidays: frozenset[date]) -> int:
    """Working days after `start` up to and including `stop`; negative where `stop` is earlier."""
    if stop < start:
        return -working_days_after(stop, start, bank_holidays)
    days = (stop - start).days
    return sum(is_working_day(start + DAY * n, bank_holidays) for n in range(1, days + 1))


def working_day_on(start: date, count: int, bank_holidays: frozenset[date]) -> date:
    """The `count`-th working day after `start`, whose own day is day 0."""
    day = start
    while count > 0:
        day += DAY
        count -= is_working_day(day, bank_holidays)
    return day


def elapsed_between(
    unit: str, start: tuple[datetime, date], stop: tuple[datetime, date], bank_holidays: frozenset[date]
) -> float:
    """From one (instant, date) to another in a unit: hours from the instants, days from the dates.

    Months are counted in local days. May be negative, where the second lies before the first.
    """
    if unit == "hours":
        return (stop[0] - start[0]) / HOUR
    if unit == "working_days":
        return float(working_days_after(start[1], stop[1], bank_holidays))
    return float((stop[1] - start[1]).days)


def unmoved_due_date(unit: str, amount: float, start: date, bank_holidays: frozenset[date]) -> date:
    """The local day at whose end a clock in days or months falls due, had it never stood still."""
    if unit == "calendar_days":
        return start + DAY * int(amount)
    if unit == "working_days":
        return working_day_on(start, int(amount), bank_holidays)
    if unit == "months":
        return months_on(start, int(amount))
    raise ValueError(f"no such unit of days: {unit!r}")


def due(
    unit: str,
    amount: float,
    start: tuple[datetime, date],
    paused: timedelta | int,
    zone: str,
    bank_holidays: frozenset[date],
) -> datetime:
    """When a clock falls due: start and amount, moved on by what it stood still (a duration, or days)."""
    if unit == "hours":
        assert isinstance(paused, timedelta)
        return start[0] + HOUR * amount + paused
    assert isinstance(paused, int)
    day = unmoved_due_date(unit, amount, start[1], bank_holidays)
    if unit == "working_days":
        return end_of_day(working_day_on(day, paused, bank_holidays), zone)
    return end_of_day(day + DAY * paused, zone)
