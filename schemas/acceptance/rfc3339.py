"""Times as text to microseconds since 1970 UTC and back; a date stays a date.

RFC 3339 with an offset is an instant; `YYYY-MM-DD` a day; `YYYY-MM` a month. For day and month the number is
the *label* (the first day, 00:00, no zone), never an instant.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_UTC = _EPOCH.replace(tzinfo=None)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY_US = 86_400_000_000
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,30})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII).fullmatch
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
    """Microseconds of the label of a day or month and its precision, or the reason."""
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
    """`YYYY-MM-DD` or `YYYY-MM`."""
    text = date.fromordinal(micros // _DAY_US + _EPOCH_DAY).isoformat()
    return text if precision == "day" else text[:7]
