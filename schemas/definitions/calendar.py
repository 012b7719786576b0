"""The calendar of a domain: when its days begin, and which of them are worked.

Bank holidays come from the `holidays` library by country and subdivision, plus the domain's own overrides, so a holiday
that is proclaimed tomorrow needs a line of data and no release. How a clock counts them is section 5 of
`docs/rules.md`. Everything here is a function of its arguments; nothing asks what day it is.

The `calendar` entry of `domain.yaml`, which may be null (Monday to Friday, no holidays):

    calendar:
      country: GB
      subdivision: ENG          # or a list: a holiday of ANY of them is a day off (as in FOIA 2000 s10(6))
      overrides:
        holidays: [2031-06-02]  # days off that the library does not know
        working: []             # days that it takes for holidays and are not
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Protocol
from zoneinfo import ZoneInfo

import holidays
import pyarrow as pa

from throughline.errors import UsageError
from throughline.schemas.definitions.entry import Entry

WorkingDayTest = Callable[[date], bool]

CALENDAR = pa.schema(
    [
        pa.field("day", pa.date32(), nullable=False),
        pa.field("starts_at", pa.timestamp("us"), nullable=False),
        pa.field("working_day", pa.bool_(), nullable=False),
        pa.field("working_days", pa.int32(), nullable=False),
    ]
)
"""One row per local day: when it begins (UTC), whether it is worked, the running number of working days."""

_SATURDAY = 5


class HasCalendar(Protocol):
    """What `calendar` needs to know of a domain."""

    @property
    def calendar(self) -> CalendarRule: ...

    @property
    def time_zone(self) -> str: ...


@dataclass(frozen=True)
class CalendarRule:
    """Whose bank holidays count. Without a country the working days are Monday to Friday."""

    country: str | None = None
    subdivisions: tuple[str, ...] = ()
    extra_holidays: frozenset[date] = frozenset()
    extra_working_days: frozenset[date] = frozenset()


def parse_calendar(domain: Entry) -> CalendarRule:
    """The `calendar` of a domain."""
    if "calendar" not in domain.map:
        domain.fault("calendar", "is missing.", "Write {country: …, subdivision: …}, or null for Monday to Friday.")
    given = domain.under("calendar")
    given.only("country", "subdivision", "overrides")
    overrides = given.under("overrides")
    overrides.only("holidays", "working")
    off, worked = overrides.days("holidays"), overrides.days("working")
    if twice := off & worked:
        overrides.fault(None, f"{min(twice)} stands as a holiday and as a working day.", "Leave it in one of the two.")
    rule = CalendarRule(given.text("country", needed=False) or None, given.texts("subdivision"), off, worked)
    try:
        _libraries(rule)
    except NotImplementedError as error:
        given.fault(None, f"{error}.", "Write them as the `holidays` library does (ISO 3166), for example GB and ENG.")
    return rule


def working_day_test(rule: CalendarRule) -> WorkingDayTest:
    """Return the function that says of a local day whether it is a working day under `rule`.

    With several subdivisions a day is worked only if it is worked in every one of them. In years that the
    library does not cover (for Great Britain before 1872 and after 2100) only weekends are days off.
    """
    libraries = _libraries(rule)

    def is_working_day(day: date) -> bool:
        if day in rule.extra_holidays:
            return False
        if day in rule.extra_working_days:
            return True
        if not libraries:
            return day.weekday() < _SATURDAY
        return all(library.is_working_day(day) for library in libraries)

    return is_working_day


def start_of_day(day: date, time_zone: str) -> datetime:
    """Return the instant, in UTC and without a zone, at which the local `day` begins in `time_zone`.

    Where the clocks go forward over midnight, that is the first moment that exists; where midnight comes
    twice, the first of the two.
    """
    local = datetime.combine(day, time(), ZoneInfo(time_zone))
    return local.astimezone(UTC).replace(tzinfo=None)


def calendar(domain: HasCalendar, first: date, last: date) -> pa.Table:
    """Return the calendar of a domain from `first` to `last`, both included: the table `CALENDAR`, by day.

    `working_days` counts the working days from `first` up to and including the day, so only differences of it mean
    anything. Raises UsageError if `last` is before `first`.
    """
    if last < first:
        raise UsageError(f"the calendar cannot end on {last}, before it begins on {first}")
    return _table(domain.calendar, domain.time_zone, first, last)


# kept, because every store that is opened asks for the same years, and they take a third of a second
@cache
def _table(rule: CalendarRule, time_zone: str, first: date, last: date) -> pa.Table:
    is_working_day = working_day_test(rule)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    worked = [is_working_day(day) for day in days]
    running = 0
    counts = []
    for day_is_worked in worked:
        running += day_is_worked
        counts.append(running)
    starts = [start_of_day(day, time_zone) for day in days]
    return pa.table({"day": days, "starts_at": starts, "working_day": worked, "working_days": counts}, schema=CALENDAR)


@cache
def _libraries(rule: CalendarRule) -> tuple[holidays.HolidayBase, ...]:
    if rule.country is None:
        return ()
    return tuple(
        holidays.country_holidays(rule.country, subdiv=subdivision) for subdivision in rule.subdivisions or (None,)
    )
