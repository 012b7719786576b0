"""How the times of a column are written, with the evidence: their form, the order of day and month, their zone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import duckdb

from throughline.sources.mapping.forms import letters
from throughline.sources.workbench.likeness import tokens
from throughline.sources.workbench.sample import Column

_CLOCK = r"(?P<clock>(?P<gap>[ T]|, )\d{1,2}:\d\d(?P<second>:\d\d(?P<part>\.\d{1,6})?)?(?P<half> ?[AaPp][Mm])?)?"
_OFFSET = r"(?P<offset> ?(?:Z|[+-]\d\d:?(?:\d\d)?))?"
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?P<clock>[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?" + _OFFSET + ")?").fullmatch
_NUMBERS = re.compile(
    r"(?P<one>\d{1,2})(?P<mark>[/.-])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4}|\d\d)" + _CLOCK + _OFFSET
).fullmatch
_YEAR_FIRST = re.compile(r"\d{4}(?P<mark>[/.])\d\d(?P=mark)\d\d" + _CLOCK + _OFFSET).fullmatch
_NAMED = re.compile(
    r"(?P<one>\d{1,2})(?P<mark>[ -])(?P<month>[A-Za-z]{3,9})(?P=mark)(?P<year>\d{4}|\d\d)" + _CLOCK
).fullmatch
_MONTH = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])").fullmatch
_PACKED = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?P<clock>[0-2]\d[0-5]\d(?:[0-5]\d)?)?"
).fullmatch
_EPOCHS = {
    "epoch_s": re.compile(r"1\d{9}").fullmatch,
    "epoch_ms": re.compile(r"1\d{12}").fullmatch,
    "epoch_us": re.compile(r"1\d{15}").fullmatch,
}
_TIMELY = frozenset(["date", "time", "when", "day", "month", "at", "on", "timestamp", "stamp"])
_DONE = frozenset(["recorded", "reported", "created", "updated", "changed", "occurred", "opened", "closed"])
_MONTHS = frozenset(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
_ORDERS = (("%d", "%m"), ("%m", "%d"))
_ENOUGH = 0.6
_MOST_FORMS = 4


@dataclass(frozen=True)
class Dates:
    """How a column's times are written.

    `forms` are what can read them; of `orders`, where they are given, one is to be chosen by who knows the system, and
    stands in the forms. `evidence` are sentences without any value. `unread` are rows, from 0, that no form reads.
    """

    forms: tuple[str, ...]
    orders: tuple[tuple[str, str], ...]
    evidence: tuple[str, ...]
    unread: tuple[int, ...]
    is_local: bool
    zones: tuple[str, ...] = ()

    @property
    def is_short(self) -> bool:
        """Whether years have two digits."""
        return any("y" in letters(form) for form in self.forms)


def dates_of(column: Column, zone: str) -> Dates | None:
    """How a column's values are written as times; None where most of them are none. `zone` is the domain's."""
    families: Counter[str] = Counter()
    for value, count in column.counts.items():
        families[_form(value, column.name)] += count
    bad = families.pop("", 0)
    if not families or families.total() < _ENOUGH * column.filled or len(families) > _MOST_FORMS:
        return None
    either = [family.replace("{A}", one).replace("{B}", two) for family in families for one, two in _ORDERS]
    sound = {value for form in dict.fromkeys(either) for value in _readings(column, form)}
    firsts, seconds, doubtful = _orders(column, sound)
    evidence: list[str] = []
    orders: list[tuple[str, str]] = []
    forms: list[str] = []
    for family, _ in families.most_common():
        day_first = family.replace("{A}", "%d").replace("{B}", "%m")
        month_first = family.replace("{A}", "%m").replace("{B}", "%d")
        if day_first == month_first or (firsts and not seconds):
            forms.append(day_first)
        elif seconds and not firsts:
            forms.append(month_first)
        else:
            # the likelier one first
            pair = (day_first, month_first) if firsts >= seconds else (month_first, day_first)
            orders.append(pair)
            forms.append(pair[0])
    if firsts or seconds or doubtful:
        evidence.append(_order_said(firsts, seconds, doubtful))
    unread = _unread(column, [*forms, *(pair[1] for pair in orders)])
    if len(unread) > (1 - _ENOUGH) * column.filled:
        return None
    read = column.filled - len(unread)
    evidence.insert(0, f"{read} of {column.filled} values read as times")
    is_local = any(not _knows_its_zone(form, column) for form in forms)
    zones = _zones(column, forms, zone) if is_local else ()
    if is_local and zones:
        evidence.append(f"some stand where the clocks of {zone} went forward, and no clock there showed them")
    elif bad and not unread:
        evidence.append(f"{bad} of another form")
    return Dates(tuple(dict.fromkeys(forms)), tuple(orders), tuple(evidence), tuple(unread), is_local, zones)


def _form(value: str, name: str) -> str:
    """The format of a value, `{A}` and `{B}` where the order of day and month is open; '' where it is none."""
    if (found := _ISO(value)) is not None:
        return "iso" if found["clock"] else "%Y-%m-%d"
    if (found := _NUMBERS(value)) is not None:
        mark = found["mark"]
        return f"{{A}}{mark}{{B}}{mark}{'%Y' if len(found['year']) == 4 else '%y'}{_clock(found)}"
    if (found := _YEAR_FIRST(value)) is not None:
        return f"%Y{found['mark']}%m{found['mark']}%d{_clock(found)}"
    if (found := _NAMED(value)) is not None and found["month"][:3].lower() in _MONTHS:
        month = "%b" if len(found["month"]) == 3 else "%B"
        mark = found["mark"]
        return f"%d{mark}{month}{mark}{'%Y' if len(found['year']) == 4 else '%y'}{_clock(found)}"
    if _MONTH(value):
        return "%Y-%m"
    is_timely = bool(_TIMELY & set(tokens(name)))
    if is_timely and (found := _PACKED(value)) is not None:
        clock = found["clock"]
        return "%Y%m%d" + ("" if not clock else "%H%M" if len(clock) == 4 else "%H%M%S")
    if is_timely:
        return next((epoch for epoch, fits in _EPOCHS.items() if fits(value)), "")
    # sixteen digits are hardly anything else
    return "epoch_us" if _DONE & set(tokens(name)) and _EPOCHS["epoch_us"](value) else ""


def _clock(found: re.Match[str]) -> str:
    said = found.groupdict()
    if not said.get("clock"):
        return ""
    hour = "%I" if said["half"] else "%H"
    second = "" if not said["second"] else ":%S.%f" if said["part"] else ":%S"
    half = "" if not said["half"] else " %p" if said["half"].startswith(" ") else "%p"
    offset = "" if not said.get("offset") else " %z" if said["offset"].startswith(" ") else "%z"
    return f"{said['gap']}{hour}:%M{second}{half}{offset}"


def _orders(column: Column, sound: set[str]) -> tuple[int, int, int]:
    """How many values are above 12 in the first place, in the second, and in neither (of those that differ)."""
    firsts = seconds = doubtful = 0
    for value, count in column.counts.items():
        found = _NUMBERS(value)
        if found is None or value not in sound:
            continue
        one, two = int(found["one"]), int(found["two"])
        if one > 12 >= two:
            firsts += count
        elif two > 12 >= one:
            seconds += count
        elif one != two:
            doubtful += count
    return firsts, seconds, doubtful


def _order_said(firsts: int, seconds: int, doubtful: int) -> str:
    if firsts and seconds:
        return (
            f"{firsts} {_values(firsts)} above 12 in the first place and {seconds} in the second: two orders of "
            "day and month are mixed, and the rows of one will be refused"
        )
    if firsts:
        return f"{firsts} {_values(firsts)} above 12 in the first place and none in the second, so the day is first"
    if seconds:
        return f"{seconds} {_values(seconds)} above 12 in the second place and none in the first, so the month is first"
    return f"no value above 12 in the first or second place ({doubtful} could be either): the order is not known"


def _values(count: int) -> str:
    return "value" if count == 1 else "values"


def _knows_its_zone(form: str, column: Column) -> bool:
    if form == "iso":
        found = (_ISO(value) for value in column.counts)
        return all(one["offset"] for one in found if one is not None and one["clock"])
    return form.startswith("epoch") or "z" in letters(form) or not letters(form) & {"H", "I"}


def _unread(column: Column, forms: list[str]) -> list[int]:
    """The places of the values that no form reads."""
    good = {value for form in dict.fromkeys(forms) for value in _readings(column, form)}
    return [place for place, value in enumerate(column.values) if value is not None and value not in good]


def _readings(column: Column, form: str) -> dict[str, datetime | None]:
    """The values that a form reads, and what each says; None where it is no local time."""
    if form in _EPOCHS:
        return {value: None for value in column.counts if _EPOCHS[form](value)}
    if form == "iso":
        return {value: moment for value in column.counts if (moment := _iso(value)) is not None}
    # as the mapping will read it
    query = (
        "select v, try_strptime(v, $2)::timestamp from (select unnest($1) as v) where try_strptime(v, $2) is not null"
    )
    return dict(_reader().cursor().execute(query, [list(column.counts), form]).fetchall())


@cache
def _reader() -> duckdb.DuckDBPyConnection:
    """Opened once: each of some columns asks for several forms."""
    connection = duckdb.connect(":memory:", config={"threads": 1})
    connection.execute("set timezone = 'UTC'")
    return connection


def _iso(value: str) -> datetime | None:
    found = _ISO(value)
    if found is None or not found["clock"]:
        return None
    try:
        return datetime.fromisoformat(re.sub(r" ([Z+-])", r"\1", value))
    except ValueError:
        return None


def _zones(column: Column, forms: list[str], zone: str) -> tuple[str, ...]:
    """The zones that come into question where some time was shown by no clock of the domain's; else none."""
    place = ZoneInfo(zone)
    for moment in _moments(column, forms):
        there = moment.replace(tzinfo=place)
        if there.astimezone(UTC).astimezone(place).replace(tzinfo=None) != moment:
            return ("UTC", zone)
    return ()


def _moments(column: Column, forms: list[str]) -> Iterator[datetime]:
    """The local times of a column."""
    for form in forms:
        if form == "iso" or (letters(form) & {"H", "I"} and "z" not in letters(form)):
            yield from (one for one in _readings(column, form).values() if one is not None and one.tzinfo is None)
