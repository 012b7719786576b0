"""A time axis: from instants (naive, UTC) to places on a drawing, and the dates that are written along it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MOST_TICKS = 9
_DAY = timedelta(days=1)
# steps in months, longest last, once steps of days are too small
_DAYS, _MONTHS = (1, 2, 7, 14), (1, 2, 3, 6, 12, 24, 60, 120)


@dataclass(frozen=True)
class Axis:
    """Instants from `first` to `last` on the places from `left` to `right`."""

    first: datetime
    last: datetime
    left: float
    right: float
    zone: ZoneInfo

    def place(self, at: datetime) -> float:
        """Where an instant stands; what lies outside stands at the end."""
        share = (at - self.first) / (self.last - self.first)
        return self.left + (self.right - self.left) * min(max(share, 0.0), 1.0)

    def ticks(self) -> list[tuple[float, str]]:
        """Places and dates to write there: days, or first days of months, at most nine."""
        first, last = (begin.date() for begin in (_there(self.first, self.zone), _there(self.last, self.zone)))
        days = [first + timedelta(days=count) for count in range((last - first).days + 1)]
        for step in _DAYS:
            if len(days) / step <= _MOST_TICKS:
                return self._told(days[::step], "%-d %b")
        months = [day for day in days if day.day == 1]
        for step in _MONTHS:
            some = [day for day in months if (day.year * 12 + day.month - 1) % step == 0]
            if len(some) <= _MOST_TICKS:
                return self._told(some, "%b" if step < 12 else "%Y")
        return []

    def _told(self, days: list[date], form: str) -> list[tuple[float, str]]:
        """The year is said at the first date, and where it changes."""
        told, year = [], None
        for day in days:
            at = datetime.combine(day, time(), tzinfo=self.zone).astimezone(UTC).replace(tzinfo=None)
            if at >= self.first or day == days[0]:
                words = f"{day:{form}}" if day.year == year or form == "%Y" else f"{day:{form} %Y}"
                told.append((self.place(at), words))
                year = day.year
        return told


def axis_over(first: datetime, last: datetime, left: float, right: float, zone: ZoneInfo) -> Axis:
    """An axis over the times, a little longer than they are, and a day at least."""
    if last - first < _DAY:
        last = first + _DAY
    margin = (last - first) / 50
    return Axis(first - margin, last + margin, left, right, zone)


def bounds(at: datetime, precision: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The earliest and the latest instant (UTC) that a time of this precision can have been (docs/rules.md, 1)."""
    if precision == "instant":
        return at, at
    amount, _, unit = ("1", "", precision) if precision in ("day", "month") else precision.partition(" ")
    count = int(amount) if amount.isdecimal() else 1
    if unit.startswith("month"):
        months = at.year * 12 + at.month - 1 + count
        end = at.replace(year=months // 12, month=months % 12 + 1, day=1)
    else:
        end = at + timedelta(days=count)
    return _utc(at, zone), _utc(end, zone)


def _utc(label: datetime, zone: ZoneInfo) -> datetime:
    return label.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def _there(at: datetime, zone: ZoneInfo) -> datetime:
    return at.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
