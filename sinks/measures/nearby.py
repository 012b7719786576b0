"""A figure of one time from the same figure of a time near it: cases of which nothing changed are not counted again.

What is counted adds up over cases. So a figure of another day is the one that there is, without the cases of which a
row or a facet begins or ends between the two times, and with what these are at the other. Durations do not add up, but
those that ended stay as they are: a few are taken out of them, and a few put in. A test holds the figures to those that
are counted in full.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from throughline.sinks.measures.answer import (
    ESTIMATED,
    Columns,
    Floats,
    Key,
    answer,
    durations_by,
    estimated,
    figure_of,
    held,
)
from throughline.sinks.measures.grouping import Coded
from throughline.sinks.measures.measure import BAND, Measure
from throughline.sinks.measures.spans import Numbers, Spans, microseconds

# counted again if not: of more changes it takes as long
_PART = 20


@dataclass(frozen=True)
class Counted:
    """A figure that was counted in full, to `as_of`. Of durations, those `over` of each of its groups, in order."""

    as_of: datetime
    figure: pa.Table
    over: Mapping[Key, Floats]

    @property
    def nbytes(self) -> int:
        return int(self.figure.nbytes) + sum(seconds.nbytes for seconds in self.over.values())


def adds_up(measure: Measure, names: Collection[str]) -> bool:
    """Whether a figure of the measure, cut by and held to these, can be had from one near it: an age is another at any
    time, and so is a band of ages."""
    if measure.kind == "durations":
        return not BAND.keys() & {*names}
    return measure.kind == "outcomes" and not measure.has_age


def counted(spans: Spans, as_of: datetime, cuts: Sequence[str], where: Mapping[str, str]) -> Counted:
    """The figure (see `answer`) of a measure that `adds_up`, counted in full."""
    rows = spans.rows(spans.at(as_of), {*cuts, *where})
    figure = answer(spans.measure, rows, cuts, where)
    if spans.measure.kind != "durations":
        return Counted(as_of, figure, {})
    return Counted(as_of, figure, durations_by(_held(spans.measure, rows, where), cuts, ended=True))


def moved(
    spans: Spans, near: Counted, as_of: datetime, cuts: Sequence[str], where: Mapping[str, str]
) -> pa.Table | None:
    """The figure counted to `as_of`, from the same one of a time near it; None where too much changed between them."""
    times = (microseconds(near.as_of), microseconds(as_of))
    rows = spans.between.changed(*times)
    if len(rows) * _PART > len(spans.case):
        return None
    facets = spans.cases.facets.keys() & {*cuts, *where}
    changed = spans.of_cases(np.concatenate([spans.case[rows], spans.cases.changed(facets, *times)]))
    names = {*cuts, *where}
    before, after = (spans.rows(spans.at(time, changed), names) for time in (near.as_of, as_of))
    measure = spans.measure
    keys = [*cuts, *([] if measure.kind == "durations" else ["outcome"])]
    added = _added(keys, near.figure, answer(measure, before, cuts, where), answer(measure, after, cuts, where))
    codes = [_coded(place, added) for place in range(len(keys))]
    found: Columns = {key: one.codes for key, one in zip(keys, codes, strict=True)}
    numbers = [name for name in _ADD_UP if name in near.figure.column_names]
    found |= {name: np.array([row[place] for row in added.values()]) for place, name in enumerate(numbers)}
    if measure.kind == "durations":
        waiting = _held(measure, spans.rows(spans.waiting(as_of), names), where)
        still = durations_by(waiting, cuts, ended=False)
        gone, come = (durations_by(_held(measure, one, where), cuts, ended=True) for one in (before, after))
        none = np.zeros(0)
        said = [
            estimated(
                _exchanged(near.over.get(key, none), gone.get(key, none), come.get(key, none)), still.get(key, none)
            )
            for key in added
        ]
        found |= {name: np.array([row[place] for row in said]) for place, name in enumerate(ESTIMATED)}
    return figure_of(measure, dict(zip(keys, codes, strict=True)), found)


_ADD_UP = ("cases", "counted", "still_open")


def _held(measure: Measure, rows: pa.Table, where: Mapping[str, str]) -> pa.Table:
    return held(measure, rows, where) if where else rows


def _added(keys: Sequence[str], near: pa.Table, before: pa.Table, after: pa.Table) -> dict[Key, list[int]]:
    """The counts of each group of a figure, without those before and with those after. A group of none is left out,
    but for that of all."""
    numbers = [name for name in _ADD_UP if name in near.column_names]
    found: dict[Key, list[int]] = {}
    for sign, figure in ((1, near), (-1, before), (1, after)):
        groups = zip(*(figure[key].to_pylist() for key in keys), strict=True) if keys else [()]
        for group, counts in zip(
            groups, zip(*(figure[name].to_pylist() for name in numbers), strict=True), strict=True
        ):
            row = found.setdefault(group, [0] * len(numbers))
            for place, count in enumerate(counts):
                row[place] += sign * count
    counted = numbers.index("counted")
    return {group: row for group, row in found.items() if row[counted] or not any(group)}


def _coded(place: int, groups: Collection[Key]) -> Coded:
    """What a cut is in each group, -1 for all."""
    said = [group[place] for group in groups]
    values = sorted({value for value in said if value is not None})
    codes = {value: code for code, value in enumerate(values)}
    return Coded(tuple(values), np.array([-1 if value is None else codes[value] for value in said], dtype=np.int64))


def _exchanged(seconds: Floats, gone: Floats, come: Floats) -> Floats:
    """Durations without some of them, and with others; all in order."""
    values, place = np.unique(np.concatenate([gone, come]), return_inverse=True)
    # most of those that are taken out are put in again
    more = np.bincount(place[len(gone) :], minlength=len(values)) - np.bincount(
        place[: len(gone)], minlength=len(values)
    )
    gone, come = np.repeat(values, np.maximum(-more, 0)), np.repeat(values, np.maximum(more, 0))
    if len(gone):
        first: Numbers = np.searchsorted(gone, gone)
        # of several alike, as many as there are
        seconds = np.delete(seconds, np.searchsorted(seconds, gone) + np.arange(len(gone)) - first)
    return np.insert(seconds, np.searchsorted(seconds, come), come) if len(come) else seconds
