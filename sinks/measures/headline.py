"""The one number of a figure, and that number month by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from throughline.sinks.measures.answer import answer
from throughline.sinks.measures.grouping import NOT_STATED
from throughline.sinks.measures.measure import Measure
from throughline.sinks.measures.variation import Variation, variation

_UTC = ZoneInfo("UTC")
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Number:
    """`value` is a share of 1 or, for durations, seconds; None where nothing is known. `cases` and `counted` are those
    that it is of, `least` and `most` its interval (times: certain and at most; durations: 95 % confidence)."""

    value: float | None
    least: float | None
    most: float | None
    cases: int
    counted: int | None
    is_hidden: bool = False
    """Too few cases to be shown (see `shown.py`); then it has no value."""


@dataclass(frozen=True)
class Month:
    """A month (`YYYY-MM`) and its number; `is_whole` is false for the one in which the figure ends. `signal` says why
    it is more than usual variation (see `Variation`), if it is."""

    month: str
    number: Number
    is_whole: bool
    signal: str | None = None


@dataclass(frozen=True)
class Series:
    """Months in order, and the limits of usual variation over those that are whole and have a number; None for fewer
    than six of them."""

    months: tuple[Month, ...]
    variation: Variation | None


def headline(measure: Measure, figure: pa.Table) -> Number:
    """The number of a figure: rows of one combination of cuts, as `answer` gives them."""
    return _number(measure, figure.to_pylist())


def _number(measure: Measure, rows: Sequence[Mapping[str, Any]]) -> Number:
    # of an outcome that shares are not of, it says nothing
    apart = (*measure.unknown_outcomes, NOT_STATED)
    if any(row.get("suppressed") and row.get("outcome") not in apart for row in rows):
        return Number(None, None, None, 0, 0, is_hidden=True)
    if measure.kind == "durations":
        row: Mapping[str, Any] = rows[0] if rows else {}
        return Number(
            row.get("median_seconds"), row.get("median_least"), row.get("median_most"), row.get("cases") or 0,
            row.get("counted"),
        )  # fmt: skip
    total: Mapping[str, Any] = next((row for row in rows if row["outcome"] is None), {})
    chosen = [row for row in rows if row["outcome"] in measure.headline.outcomes]
    if measure.kind == "times":
        share = sum(row["least_share"] or 0 for row in chosen) if total.get("least_share") else None
        return Number(share, None, None, total.get("cases") or 0, total.get("cases") or 0)
    known = [row for row in rows if row["share"] is not None]
    # counts may be left out for the sake of other groups; shares are not
    counted = None if any(row["counted"] is None for row in known) else sum(row["counted"] for row in known)
    share = sum(row["share"] or 0 for row in chosen) if known else None
    return Number(share, None, None, total.get("cases") or 0, counted)


def series(measure: Measure, rows: pa.Table, as_of: datetime | None, zone: ZoneInfo = _UTC) -> Series:
    """The number of each month in which something began, of the rows that `facts` gives.

    `as_of` (UTC) says which month of the `zone` is not over; rows without a month are left out, and a month without
    rows is not there. Of durations, a month is the one in which they began, so that the latest months are short for
    want of time: those have a median once half have ended.
    """
    return series_of(measure, answer(measure, rows, ["month"]), as_of, zone)


def series_of(measure: Measure, figure: pa.Table, as_of: datetime | None, zone: ZoneInfo = _UTC) -> Series:
    """As `series`, of a figure by month."""
    by_month: dict[str, list[dict[str, Any]]] = {}
    for row in figure.to_pylist():
        if row["month"] not in (None, NOT_STATED):
            by_month.setdefault(row["month"], []).append(row)
    # counted to the very end of a month, that month is over
    last = None if as_of is None else f"{(as_of + _TICK).replace(tzinfo=UTC).astimezone(zone):%Y-%m}"
    months = tuple(
        Month(month, _number(measure, found), last is None or month < last) for month, found in sorted(by_month.items())
    )
    judged = {one: one.number.value for one in months if one.is_whole and one.number.value is not None}
    found = variation([*judged.values()], least=0, most=None if measure.kind == "durations" else 1)
    if found is None:
        return Series(months, None)
    signals = dict(zip(judged, found.signals, strict=True))
    return Series(tuple(replace(one, signal=signals.get(one)) for one in months), found)
