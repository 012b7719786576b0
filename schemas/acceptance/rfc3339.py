"""Times as text to microseconds since 1970 UTC and back; a date stays a date.

RFC 3339 with an offset is an instant; `YYYY-MM-DD` a day; `YYYY-MM` a month; two days or two months with a slash
between them are an interval, from the first of the one to the last of the other, whose precision is `12 days` or
`3 months`. For all but an instant the number is the *label* (the first day, 00:00, no zone), never an instant.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_UTC = _EPOCH.replace(tzinfo=None)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY_US = 86_400_000_000
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,30})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII).fullmatch
# two or more: one is `day` or `month`
_PRECISION = re.compile(r"day|month|(?:[2-9]|[1-9]\d{1,4}) (?:days|months)", re.ASCII).fullmatch
_DAY = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?", re.ASCII).fullmatch


def read_instant(text: str) -> int | str:
    """Microseconds since 1970 UTC, or the reason: `bad_time`, `time_out_of_range` (year 0, beyond 9999).

    More than six digits of a second are cut off. A leap second (:60) is a bad time: no clock here knows one.
    """
    # The common form is tested by position: a regular expression would take longer than the rest of the
    # reading.
    if not (
        len(text) == 20
        and text[19] == "Z"
        and text[10] == "T"
        and text[4] == "-"
        and text[7] == "-"
        and text[13] == ":"
        and text[16] == ":"
    ):
        if not _INSTANT(text):
            return "bad_time"
        text = text.upper()
    try:
        since = datetime.fromisoformat(text) - _EPOCH
    except OverflowError:
        return "time_out_of_range"
    except (ValueError, TypeError):  # TypeError: no offset, where the shape by position deceived
        return "time_out_of_range" if text.startswith("0000-") else "bad_time"
    return since.days * _DAY_US + since.seconds * 1_000_000 + since.microseconds


def read_label(text: str) -> tuple[int, str] | str:
    """Microseconds of the label of a day, a month or an interval of them and its precision, or the reason."""
    first, slash, last = text.partition("/")
    if not slash:
        return _read_one(text)
    begins, ends = _read_one(first), _read_one(last)
    if isinstance(begins, str) or isinstance(ends, str):
        return begins if isinstance(begins, str) else str(ends)
    if begins[1] != ends[1] or ends[0] < begins[0]:
        return "bad_time"
    count = _count_between(begins[0], ends[0], begins[1])
    return begins if count == 1 else (begins[0], f"{count} {begins[1]}s")


def _count_between(first: int, last: int, unit: str) -> int:
    """How many days or months, both counted."""
    if unit == "day":
        return (last - first) // _DAY_US + 1
    begins, ends = (date.fromordinal(micros // _DAY_US + _EPOCH_DAY) for micros in (first, last))
    return (ends.year - begins.year) * 12 + ends.month - begins.month + 1


def _read_one(text: str) -> tuple[int, str] | str:
    match = _DAY(text)
    if match is None:
        return "bad_time"
    year, month, day = match.groups()
    if year == "0000":
        return "time_out_of_range"
    try:
        ordinal = date(int(year), int(month), int(day or 1)).toordinal()
    except ValueError:
        return "bad_time"
    return (ordinal - _EPOCH_DAY) * _DAY_US, "day" if day else "month"


def write_instant(micros: int) -> str:
    """RFC 3339 in UTC with `Z`; six digits of a second if there are any: the one form that `data` holds."""
    return f"{(_EPOCH_UTC + timedelta(microseconds=micros)).isoformat()}Z"


def write_label(micros: int, precision: str) -> str:
    """`YYYY-MM-DD` or `YYYY-MM`, or two of them with a slash between them."""
    first = date.fromordinal(micros // _DAY_US + _EPOCH_DAY)
    letters = 10 if "day" in precision else 7
    if precision in {"day", "month"}:
        return first.isoformat()[:letters]
    return f"{first.isoformat()[:letters]}/{last_of(first, precision).isoformat()[:letters]}"


def is_precision(text: Any) -> bool:
    """Whether this is the precision of a label, in its one form."""
    return type(text) is str and _PRECISION(text) is not None


def is_label(micros: int, precision: str) -> bool:
    """Whether the number is the label of something of this precision, which ends within the calendar."""
    if micros % _DAY_US:
        return False
    try:
        first = date.fromordinal(micros // _DAY_US + _EPOCH_DAY)
        last_of(first, precision)
    except (ValueError, OverflowError):
        return False
    return "day" in precision or first.day == 1


def end_of(micros: int, precision: str) -> int:
    """Microseconds of the last day of a label."""
    return (last_of(date.fromordinal(micros // _DAY_US + _EPOCH_DAY), precision).toordinal() - _EPOCH_DAY) * _DAY_US


def last_of(first: date, precision: str) -> date:
    """The last day of a label. Raises ValueError or OverflowError beyond the year 9999."""
    count, unit = (int(precision.split()[0]), precision.split()[1]) if " " in precision else (1, f"{precision}s")
    if unit == "days":
        return first + timedelta(days=count - 1)
    months = first.month - 1 + count
    return date(first.year + months // 12, months % 12 + 1, 1) - timedelta(days=1)
