"""What stands in a cell of a database, as the text that a mapping reads.

Numbers and identifiers stay as they are stored: no zero is lost, and no exponent comes in. An instant with a zone is
written in UTC (`2026-03-02T10:15:00Z`), a time without one as it stands there (`2026-03-02T10:15:00`), a day as a day:
the mapping says what zone they are of. Bytes, JSON, lists, ranges and rows within rows are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from typing import Any
from uuid import UUID

from throughline.sources.sheets.cells import number_text

NUMBER, TIME, TEXT, TRANSACTION = "number", "time", "text", "transaction"
# of PostgreSQL: the letters of pg_type.typcategory for what is one value, and those types of other letters that are
_NUMBERS, _TIMES, _TEXTS = "N", "D", "SEIT"
_PLAIN = {"uuid", "bit", "varbit", "xml", "oid", "xid", "pg_lsn", "macaddr", "macaddr8"}
_WRITTEN_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)?(:\d\d)?$").match


class Unreadable(Exception):  # noqa: N818 - never leaves this room
    """A value that is no text: a reason, and what it is."""

    def __init__(self, reason: str, what: str) -> None:
        self.reason, self.what = reason, what
        super().__init__(what)


@dataclass(frozen=True)
class Column:
    """A column: its name, its type in the words of the database ('' where it does not say), what kind of value it has
    as far as that is known ('' where each value may be of another), and how a value becomes text."""

    name: str
    sql_type: str
    kind: str
    text: Callable[[Any], str | None]


def python_text(value: Any) -> str | None:
    """The text of a value as drivers give it in Python. Raises Unreadable."""
    if value is None or isinstance(value, str):
        return _sound(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | UUID):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value:f}" if value.is_finite() else str(value)
    if isinstance(value, float):
        return number_text(repr(value))
    if isinstance(value, datetime):
        written = value.isoformat()
        return f"{written[:-6]}Z" if written.endswith("+00:00") else written
    if isinstance(value, date | clock_time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    raise Unreadable("bad_cell", _what(value))


def _what(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return "bytes"
    if isinstance(value, dict):
        return "JSON"
    return "a list" if isinstance(value, list | tuple) else f"a {type(value).__name__}"


def _sound(value: str | None) -> str | None:
    if value is None:
        return None
    if "\x00" in value:
        raise Unreadable("nul_character", "text with the character U+0000")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unreadable("not_utf8", "text that is not UTF-8") from None
    return value.strip() or None


def written_column(name: str, type_name: str, category: str, written_type: str) -> Column:
    """A column of PostgreSQL whose values come as it writes them, by the name and category of its type (pg_type)."""
    if type_name == "xid8":
        return Column(name, written_type, TRANSACTION, _sound)
    if category == _NUMBERS:
        return Column(name, written_type, NUMBER, _sound)
    if category == _TIMES and type_name in ("timestamptz", "timestamp", "date"):
        return Column(name, written_type, TIME, _time)
    if category == "B":
        return Column(name, written_type, TEXT, _truth)
    if category in (*_TEXTS, _TIMES) or type_name in _PLAIN:
        return Column(name, written_type, TEXT, _sound)
    what = "bytes" if type_name == "bytea" else "JSON" if type_name.startswith("json") else f"a `{written_type}`"
    return Column(name, written_type, "", _refusal("a list" if category == "A" else what))


def _time(value: str | None) -> str | None:
    """The time in the form of ISO 8601; a session is in UTC, so that an offset is nought. Others as they stand."""
    found = None if value is None else _WRITTEN_TIME(value)
    if found is None or (found[3] and (found[3], found[4]) != ("+00", None)):
        return _sound(value)
    return f"{found[1]}T{found[2]}{'Z' if found[3] else ''}"


def _truth(value: str | None) -> str | None:
    return {"t": "true", "f": "false"}.get(value or "", value)


def _refusal(what: str) -> Callable[[Any], str | None]:
    def refuse(value: Any) -> None:
        if value is not None:
            raise Unreadable("bad_cell", what)

    return refuse
