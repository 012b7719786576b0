"""Rows of an outbox table in the order of their numbers; a number that is not there yet is remembered and asked for.

A number is given before its row is committed, and so a lower one may come later. Rows are only read: neither deleted
nor marked.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, column, or_

from throughline.errors import DatabaseRefused
from throughline.sources.databases.portions import Portion, Selection

State = dict[str, Any]
# first and last of numbers that are not there, and when that was seen (seconds since 1970)
Gap = tuple[int, int, int]

GAPS_AT_MOST = 1_000
_ASKED_AT_ONCE = 100


def read_numbered(selection: Selection, state: State, now: float | None = None) -> Iterator[tuple[Portion, State]]:
    """The rows of numbers that were missing, then those from the last number on, each portion with the state that holds
    once it is kept: `at`, `gaps`, and how many numbers were `given_up`."""
    at = int(time.time() if now is None else now)
    name = selection.relation.by
    by: ColumnElement[Any] = column(name)
    gaps: list[Gap] = [(first, last, seen) for first, last, seen in state.get("gaps", [])]
    given_up = int(state.get("given_up", 0))
    open_ = [gap for gap in gaps if gap[2] + selection.relation.wait >= at]
    given_up += _numbers(gaps) - _numbers(open_)
    gaps = open_
    reached: int | None = state.get("at")
    for start in range(0, len(gaps), _ASKED_AT_ONCE):
        asked = gaps[start : start + _ASKED_AT_ONCE]
        condition = or_(
            *(and_(by >= selection.bound(name, str(a)), by <= selection.bound(name, str(b))) for a, b, _ in asked)
            if selection.dialect == "postgresql"
            else (by.between(a, b) for a, b, _ in asked)
        )
        for portion in selection.portions(condition, (by,), by):
            gaps = _without(gaps, {_whole(selection, value) for (value,) in portion.places})
            yield portion, _state(reached, gaps, given_up)
    given: Any = reached if selection.dialect != "postgresql" else str(reached)
    beyond = None if reached is None else by >= selection.bound(name, given)
    for portion in selection.portions(beyond, (by,), by):
        for (value,) in portion.places:
            number = _whole(selection, value)
            if reached is not None and number > reached + 1:
                gaps.append((reached + 1, number - 1, at))
            reached = number
        if len(gaps) > GAPS_AT_MOST:
            given_up += _numbers(gaps[:-GAPS_AT_MOST])
            gaps = gaps[-GAPS_AT_MOST:]
        yield portion, _state(reached, gaps, given_up)
    yield selection.none(), _state(reached, gaps, given_up)


def _state(reached: int | None, gaps: list[Gap], given_up: int) -> State:
    return {} if reached is None else {"at": reached, "gaps": [list(gap) for gap in gaps], "given_up": given_up}


def _numbers(gaps: list[Gap]) -> int:
    return sum(last - first + 1 for first, last, _ in gaps)


def _without(gaps: list[Gap], found: set[int]) -> list[Gap]:
    """The gaps without numbers that have come."""
    left: list[Gap] = []
    for first, last, seen in gaps:
        begin = first
        for number in sorted(one for one in found if first <= one <= last):
            if number > begin:
                left.append((begin, number - 1, seen))
            begin = number + 1
        if begin <= last:
            left.append((begin, last, seen))
    return left


def _whole(selection: Selection, value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = None
    if number is None or (number != value and str(number) != str(value)):
        raise DatabaseRefused(
            f"`{selection.relation.by}` of `{selection.relation.name}` is not a whole number in every row.",
            hint="The column of `outbox` numbers the rows. Read others by `watermark`.",
        )
    return number
