"""Cells of a sheet as text: numbers without what only a spreadsheet writes, dates in ISO, what is wrong said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_WHOLE = re.compile(r"-?\d{1,15}(?:\.0+)?").fullmatch
_DAY_MILLIS = 86_400_000
# the day after 31 December 9999, counted from 1900 and from 1904
_LAST_SERIAL, _LAST_SERIAL_1904 = 2_958_466, 2_957_004
ERRORS = frozenset({"#N/A", "#DIV/0!", "#REF!", "#NAME?", "#VALUE!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})


@dataclass(frozen=True)
class Spoilt:
    """A cell that has no value to be read: what it shows, and why."""

    shows: str
    reason: str


Cell = str | Spoilt | None
# number of the row from 1, and its cells by the number of their column from 0
Row = tuple[int, dict[int, Cell]]
# the first and last row (from 1), the first and last column (from 0)
Area = tuple[int, int, int, int]


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, whether it is hidden, its merged cells, and its rows, which are read anew each time."""

    name: str
    is_hidden: bool
    merged: Callable[[], list[Area]]
    rows: Callable[[], AbstractContextManager[Iterator[Row]]]


def number_text(written: str) -> str:
    """A number as it was typed, as far as the file knows: whole without a point, and of more than 15 digits, of which a
    spreadsheet loses the rest, as the spreadsheet shows it (`1.23456789012346E+17`), which no identifier looks like."""
    if _WHOLE(written):
        return written.partition(".")[0]
    try:
        value = float(written)
    except ValueError:
        return written
    if abs(value) >= 1e15:
        return f"{value:.15G}"
    return str(int(value)) if value.is_integer() else repr(value)


def moment_text(written: str, kind: str, *, is_1904: bool) -> Cell:
    """A serial number of days as a date, a time or both.

    `kind` is what its format shows: date, time, instant or duration. A date has a time of day only if its number has.
    """
    try:
        millis = round(float(written) * _DAY_MILLIS)
    except (ValueError, OverflowError):
        return Spoilt(written, "a date that is no number")
    days, clock = divmod(millis, _DAY_MILLIS)
    if kind == "duration" and millis >= 0:
        seconds = round(millis / 1000)
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if not 0 <= days < (_LAST_SERIAL_1904 if is_1904 else _LAST_SERIAL) or (days == 60 and not is_1904):
        return Spoilt(number_text(written), "a number that is no date")
    if kind == "time" and days == 0:
        return clock_text((datetime.combine(date(1904, 1, 1), time()) + timedelta(milliseconds=clock)).time())
    if days == 0 and not is_1904:
        return Spoilt(number_text(written), "a time of day without a date, in the form of a date")
    # the first days count from one later: to a spreadsheet 1900 had a 29 February
    first = date(1904, 1, 1) if is_1904 else date(1899, 12, 31 if days < 60 else 30)
    moment = datetime.combine(first, time()) + timedelta(days=days, milliseconds=clock)
    return moment.date().isoformat() if kind == "date" and clock == 0 else instant_text(moment)


def instant_text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def clock_text(clock: time) -> str:
    return clock.isoformat(timespec="milliseconds" if clock.microsecond else "seconds")


def is_whole(text: str) -> bool:
    """Whether a text has whole characters alone, and so can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def letters(column: int) -> str:
    """The name of a column, from 0: A, B, … Z, AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def column_number(name: str) -> int:
    """The number of a column, from 0."""
    number = 0
    for letter in name:
        number = number * 26 + ord(letter) - 64
    return number - 1
