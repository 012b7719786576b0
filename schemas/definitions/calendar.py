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

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import holidays
import pyarrow as pa

from throughline.errors import DomainError, UsageError

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

_KEYS = {"country", "subdivision", "overrides"}
_OVERRIDE_KEYS = {"holidays", "working"}
_SATURDAY = 5


class HasCalendar(Protocol):
    """What `calendar` needs to know of a domain."""

    @property
    def calendar(self) -> Mapping[str, Any] | None: ...

    @property
    def time_zone(self) -> str: ...


@dataclass(frozen=True)
class CalendarRule:
    """Whose bank holidays count. Without a country the working days are Monday to Friday."""

    country: str | None = None
    subdivisions: tuple[str, ...] = ()
    extra_holidays: frozenset[date] = frozenset()
    extra_working_days: frozenset[date] = frozenset()


def calendar_rule(entry: Mapping[str, Any] | None) -> CalendarRule:
    """Read the `calendar` entry of a domain. Raises DomainError for a country, key or date it cannot use."""
    if entry is None:
        return CalendarRule()
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise DomainError(
            f"unknown key {unknown[0]!r}", field="calendar", hint=f"The keys are {', '.join(sorted(_KEYS))}."
        )
    named = entry.get("subdivision")
    subdivisions = () if named is None else (named,) if isinstance(named, str) else tuple(named)
    overrides = entry.get("overrides") or {}
    strange = sorted(set(overrides) - _OVERRIDE_KEYS)
    if strange:
        raise DomainError(
            f"unknown key {strange[0]!r}",
            field="calendar.overrides",
            hint=f"The keys are {', '.join(sorted(_OVERRIDE_KEYS))}.",
        )
    rule = CalendarRule(
        country=entry.get("country"),
        subdivisions=subdivisions,
        extra_holidays=_dates(overrides.get("holidays"), "calendar.overrides.holidays"),
        extra_working_days=_dates(overrides.get("working"), "calendar.overrides.working"),
    )
    twice = rule.extra_holidays & rule.extra_working_days
    if twice:
        raise DomainError(
            f"{min(twice)} stands as a holiday and as a working day",
            field="calendar.overrides",
            hint="Leave it in one of the two lists.",
        )
    _libraries(rule)
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
    anything. Raises UsageError if `last` is before `first`, DomainError for a calendar that cannot be used.
    """
    if last < first:
        raise UsageError(f"the calendar cannot end on {last}, before it begins on {first}")
    return _table(calendar_rule(domain.calendar), domain.time_zone, first, last)


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
    try:
        return tuple(
            holidays.country_holidays(rule.country, subdiv=subdivision) for subdivision in rule.subdivisions or (None,)
        )
    except NotImplementedError as error:
        raise DomainError(
            str(error),
            field="calendar",
            hint="Write them as the `holidays` library does (ISO 3166), for example GB and ENG.",
        ) from error


def _dates(given: Any, field: str) -> frozenset[date]:
    found = []
    for value in given or ():
        try:
            found.append(value if type(value) is date else date.fromisoformat(str(value)))
        except ValueError as error:
            raise DomainError(f"{value!r} is not a date", field=field, hint="Write YYYY-MM-DD.") from error
    return frozenset(found)
