"""Dates and times in words, as precise as they are known and no more: `12 March 2026 at 2.15pm`, `March 2026`.

An instant is UTC without a zone, as the store keeps it, and is said in the time zone of the domain. A day, a month, or
so many of them, is the label that its agency gave, and is never converted: a date is not a midnight.
The forms are those of the GOV.UK style guide (Dates; Times).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_SEVERAL = re.compile(r"(\d+) (day|month)s?")


def day_words(day: date) -> str:
    """`12 March 2026`."""
    return f"{day.day} {day:%B %Y}"


def month_words(day: date) -> str:
    """`March 2026`."""
    return f"{day:%B %Y}"


def clock_words(at: datetime) -> str:
    """The time of day: `2.15pm`, `9am`, `midday`, `midnight`."""
    if at.minute == 0 and at.hour in (0, 12):
        return "midnight" if at.hour == 0 else "midday"
    minutes = f".{at:%M}" if at.minute else ""
    return f"{(at.hour - 1) % 12 + 1}{minutes}{'am' if at.hour < 12 else 'pm'}"


def local(at: datetime, zone: ZoneInfo) -> datetime:
    """An instant (naive, UTC) as the clocks of the zone show it, without a zone."""
    return at.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def moment_words(at: datetime, zone: ZoneInfo, precision: str = "instant") -> str:
    """When something was, as precisely as its `precision` says: instant, day, month, or so many days or months."""
    if precision == "instant":
        there = local(at, zone)
        return f"{day_words(there)} at {clock_words(there)}"
    return date_words(at, zone, precision)


def date_words(at: datetime, zone: ZoneInfo, precision: str = "instant") -> str:
    """As `moment_words`, without the time of day."""
    if precision == "instant":
        return day_words(local(at, zone))
    if precision == "month":
        return month_words(at)
    several = _SEVERAL.fullmatch(precision)
    if several is None:
        return day_words(at)
    return _range_words(at.date(), int(several[1]), several[2])


def on_words(at: datetime, zone: ZoneInfo, precision: str = "instant") -> str:
    """The date as it stands in a sentence: `on 12 March 2026`, `in March 2026`, `between 1 and 7 March 2026`."""
    said = date_words(at, zone, precision)
    if precision in ("instant", "day"):
        return f"on {said}"
    if precision == "month":
        return f"in {said}"
    return f"between {said.replace(' to ', ' and ')}" if " to " in said else f"in {said}"


def date_of(at: datetime, zone: ZoneInfo, precision: str = "instant") -> date:
    """The local date of a time, or the first that it can be."""
    return local(at, zone).date() if precision == "instant" else at.date()


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last microsecond of a day of the zone (UTC, naive). Raises OverflowError for the last day of all."""
    next_day = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return next_day.astimezone(UTC).replace(tzinfo=None) - timedelta(microseconds=1)


def end_of_last(unit: str, at: datetime, zone: ZoneInfo) -> datetime:
    """The end (UTC, naive) of the last whole `day` or `month` of the zone by `at` (UTC, naive); `at` for any other."""
    # what ends now has ended
    day = local(at + timedelta(microseconds=1), zone).date()
    if unit == "month":
        day = day.replace(day=1)
    return at if unit not in ("day", "month") else end_of_day(day - timedelta(days=1), zone)


def _range_words(first: date, count: int, unit: str) -> str:
    """`1 to 7 March 2026`, `28 February to 6 March 2026`, `March to May 2026`."""
    if unit == "day":
        last = first + timedelta(days=count - 1)
        if last == first:
            return day_words(first)
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day} to {day_words(last)}"
        return f"{first.day} {first:%B}{'' if first.year == last.year else f' {first.year}'} to {day_words(last)}"
    months = first.year * 12 + first.month - 1 + count - 1
    last = date(months // 12, months % 12 + 1, 1)
    if last == first.replace(day=1):
        return month_words(first)
    return f"{first:%B}{'' if first.year == last.year else f' {first.year}'} to {month_words(last)}"
