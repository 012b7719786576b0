"""A grid: rows in columns, each column in one unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["text", "month", "number", "share", "days"]
Value = str | float | date | None


@dataclass(frozen=True)
class Column:
    """`kind` says what the values are: a share of 1, days, the first day of a month, a count, or text."""

    head: str
    kind: Kind


@dataclass(frozen=True)
class Grid:
    """Rows in the order of the columns. `[c]` stands where a number is hidden, null where there is none."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
