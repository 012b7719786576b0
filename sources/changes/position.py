"""Where a change stands in the log of its database, as one whole number of at most 18 digits that only grows.

Of two changes of a row, the later has the greater one: the row was locked from the one to the other. Source: the block
`source` of Debezium's connectors (PostgreSQL `lsn`, Oracle `scn`, MySQL and MariaDB `file` and `pos`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_DIGITS = 18
_MOST = 10**_DIGITS
# a file of the binary log is at most 1 GB, and goes over that by no more than its last transaction
_FILE = 10**11
_NUMBERED = re.compile(r".*\.([0-9]{1,7})").fullmatch


def log_position(source: Mapping[str, Any]) -> str | None:
    """The position that the block `source` of a record says; None where its connector gives no such number."""
    reader = _READERS.get(str(source.get("connector")))
    found = None if reader is None else reader(source)
    return str(found) if found is not None and 0 <= found < _MOST else None


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS:
        return int(value)
    return value if type(value) is int else None


def _postgresql(source: Mapping[str, Any]) -> int | None:
    return _whole(source.get("lsn"))


def _oracle(source: Mapping[str, Any]) -> int | None:
    return _whole(source.get("scn"))


def _mysql(source: Mapping[str, Any]) -> int | None:
    numbered, place = _NUMBERED(str(source.get("file"))), _whole(source.get("pos"))
    if numbered is None or place is None or place >= _FILE:
        return None
    return int(numbered[1]) * _FILE + place


_READERS: dict[str, Callable[[Mapping[str, Any]], int | None]] = {
    "postgresql": _postgresql,
    "oracle": _oracle,
    "mysql": _mysql,
    "mariadb": _mysql,
}
