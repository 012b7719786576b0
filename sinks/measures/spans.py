"""The rows of a measure at any time, from one reading: each with the span of `as_of` in which it is counted alike.

What a measure counts at a time is read by SQL that is asked for that time (`facts.py`). A measure that says its spans
as well is read once for a state of its stores: another day is then found by comparing numbers. A test holds the rows of
both to each other, for any history and at any time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from throughline.sinks.damage import translated
from throughline.sinks.measures.facts import explained, month_of, once
from throughline.sinks.measures.measure import Measure
from throughline.sql import sql

Numbers = NDArray[np.int64]

_ALWAYS = np.iinfo(np.int64).min
_FOR_EVER = np.iinfo(np.int64).max
# what says when a row is counted, and is no column of it
_OF_A_SPAN = ("case_key", "from_at", "until_at", "grows", "least_grows", "most_grows")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 — naive, as the store keeps times
# the days that every calendar of a store has (streams/join); of others the views know no working days
_FIRST, _LAST = datetime(1900, 1, 2), datetime(2105, 12, 30)  # noqa: DTZ001


def microseconds(moment: datetime) -> int:
    """Since 1970, of a naive time."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@dataclass(frozen=True)
class Between:
    """From when (microseconds since 1970) each row is so, and until before when."""

    since: Numbers
    until: Numbers

    def at(self, moment: int, among: Numbers | None = None) -> Numbers:
        """The places of the rows that are so at a time; of those `among` these."""
        if among is None:
            return np.flatnonzero((self.since <= moment) & (moment < self.until))
        return among[(self.since[among] <= moment) & (moment < self.until[among])]

    def changed(self, one: int, other: int) -> Numbers:
        """The places of the rows of which one begins or ends between two times: all that are so at one alone."""
        least, most = sorted((one, other))
        found = []
        for order, times in ((self._begin, self.since), (self._end, self.until)):
            first, last = (bisect_right(order, moment, key=times.__getitem__) for moment in (least, most))
            found.append(order[first:last])
        return np.concatenate(found)

    @cached_property
    def _begin(self) -> NDArray[np.int32]:
        return np.argsort(self.since, kind="stable").astype(np.int32)

    @cached_property
    def _end(self) -> NDArray[np.int32]:
        return np.argsort(self.until, kind="stable").astype(np.int32)

    @property
    def nbytes(self) -> int:
        # with the two orders
        return self.since.nbytes + self.until.nbytes + 8 * len(self.since)


@dataclass(frozen=True)
class Cases:
    """The cases of a state, in order of their keys: `ids`, and `area` as dictionary. Of each facet the case, the value
    and the span of each statement."""

    keys: NDArray[np.uint64]
    ids: pa.Array
    area: pa.DictionaryArray
    facets: dict[str, tuple[Numbers, pa.DictionaryArray, Between]]

    def facet(self, name: str, moment: int) -> pa.DictionaryArray:
        """What was stated of each case by a time."""
        cases, values, between = self.facets[name]
        there = between.at(moment)
        codes = np.full(len(self.keys), -1, dtype=np.int16)
        codes[cases[there]] = np.asarray(values.indices.fill_null(-1))[there]
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), values.dictionary)

    def changed(self, names: Collection[str], one: int, other: int) -> Numbers:
        """The places of the cases of which one of these facets may be another at two times."""
        found = [cases[between.changed(one, other)] for cases, _, between in (self.facets[name] for name in names)]
        return np.concatenate([np.zeros(0, dtype=np.int64), *found])

    @property
    def nbytes(self) -> int:
        stated = sum(one.nbytes + two.nbytes + three.nbytes for one, two, three in self.facets.values())
        return int(self.keys.nbytes + self.ids.nbytes + self.area.nbytes + stated)


def cases_ever(connection: duckdb.DuckDBPyConnection, facets: Sequence[str]) -> Cases:
    """Every case of the stores, with all that was ever stated of it. Raises StoreDamaged."""
    with translated(None):
        found = connection.execute("select case_key, area from case_facts order by case_key").to_arrow_table()
        stated = connection.execute(sql(__package__, "facet_spans")).to_arrow_table()
    keys = found["case_key"].to_numpy()
    made = {}
    for name in facets:
        of = stated.filter(pc.equal(stated["facet"], name))
        cases = np.searchsorted(keys, of["case_key"].to_numpy())
        made[name] = (cases.astype(np.int64), once(of["value"].combine_chunks()), _between(of))
    ids = pa.array([f"c{key:016x}" for key in keys.tolist()], pa.string())
    return Cases(keys, ids, once(found["area"].combine_chunks()), made)


@dataclass(frozen=True)
class Chosen:
    """The rows that are counted at a time: their places (of a measure with an age in order of it), and their ages."""

    moment: int
    places: NDArray[np.int32]
    seconds: NDArray[np.float64] | None

    @property
    def nbytes(self) -> int:
        return self.places.nbytes + (0 if self.seconds is None else self.seconds.nbytes)


@dataclass(frozen=True)
class Spans:
    """The rows of a measure at any time. `columns` are those of `facts` but its case, facets and numbers of seconds;
    `seconds` are those that do not grow, of which the first `growing` rows have none: theirs are counted from
    `counted_at`. Of `amounts` (`least` and `most`, in microseconds) each has what it is where its span begins, and by
    how much it grows with each microsecond."""

    measure: Measure
    cases: Cases
    case: NDArray[np.int32]
    between: Between
    columns: pa.Table
    seconds: NDArray[np.float64] | None
    growing: int
    amounts: dict[str, tuple[Numbers, NDArray[np.int8]]]

    @property
    def nbytes(self) -> int:
        seconds = 0 if self.seconds is None else self.seconds.nbytes
        amounts = sum(begun.nbytes + growth.nbytes for begun, growth in self.amounts.values())
        # with the order by case
        return int(2 * self.case.nbytes + self.between.nbytes + self.columns.nbytes + seconds + amounts)

    def at(self, as_of: datetime, among: Numbers | None = None) -> Chosen:
        """The rows that are counted at `as_of` (UTC, naive); of those at the places `among`, which are in order."""
        moment = microseconds(as_of)
        places = self.between.at(moment, among)
        if self.seconds is None:
            return Chosen(moment, places.astype(np.int32), None)
        growing = int(np.searchsorted(places, self.growing))
        since = self.columns["counted_at"].chunk(0).cast(pa.int64()).to_numpy(zero_copy_only=False)
        grown = np.maximum(moment - since[places[:growing]], 0) / 1e6
        seconds = np.concatenate([grown, self.seconds[places[growing:]]])
        # two runs that are in order already
        order = np.argsort(seconds, kind="stable")
        return Chosen(moment, places[order].astype(np.int32), seconds[order])

    def of_cases(self, cases: Numbers) -> Numbers:
        """The places of all rows of some cases, in order."""
        wanted = np.unique(cases)
        begins = self._first[wanted]
        counts = self._first[wanted + 1] - begins
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.sort(self._by_case[np.repeat(begins, counts) + within].astype(np.int64))

    def waiting(self, as_of: datetime) -> Chosen:
        """As `at`, of a measure of durations: those alone that have not ended."""
        between, moment = self.between, microseconds(as_of)
        growing = np.flatnonzero((between.since[: self.growing] <= moment) & (moment < between.until[: self.growing]))
        return self.at(as_of, np.concatenate([growing, self._waiting]))

    def laid_out(self) -> Spans:
        """Itself, with all that is in order for times near one another: made now, and not while somebody waits."""
        _ = self.between._begin, self.between._end, self._by_case, self._first
        if self.measure.kind == "durations":
            _ = self._waiting
        return self

    @cached_property
    def _waiting(self) -> Numbers:
        """The places of the rows that have not ended, and do not grow."""
        ended = np.asarray(self.columns["ended"].chunk(0).to_numpy(zero_copy_only=False), dtype=np.bool_)
        return np.flatnonzero(~ended[self.growing :]) + self.growing

    @cached_property
    def _first(self) -> NDArray[np.int32]:
        """Where the rows of each case begin among those by case."""
        counts = np.bincount(self.case, minlength=len(self.cases.keys))
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)

    @cached_property
    def _by_case(self) -> NDArray[np.int32]:
        return np.argsort(self.case, kind="stable").astype(np.int32)

    def rows(self, chosen: Chosen, names: Collection[str] | None = None) -> pa.Table:
        """As `facts` gives them: all columns, or those that `answer` needs and the cuts `names`."""
        cases = self.case[chosen.places]
        made: dict[str, pa.Array] = {"case_id": pa.DictionaryArray.from_arrays(cases, self.cases.ids)}
        places = pa.array(chosen.places)
        wanted = {*self.columns.column_names, "seconds", *self.amounts, "area", *self.cases.facets}
        if names is not None:
            wanted &= {*names, "outcome", "seconds", "ended", *self.amounts}
        for name in (*self.measure.columns, "seconds", "area", *self.cases.facets, "month"):
            if name not in wanted or name in made:
                continue
            if name == "seconds" and chosen.seconds is not None:
                made[name] = pa.array(chosen.seconds, from_pandas=True)
            elif name in self.amounts:
                begun, growth = (numbers[chosen.places] for numbers in self.amounts[name])
                made[name] = pa.array((begun + growth * (chosen.moment - self.between.since[chosen.places])) / 1e6)
            elif name == "area":
                made[name] = self.cases.area.take(pa.array(cases))
            elif name in self.cases.facets:
                made[name] = self.cases.facet(name, chosen.moment).take(pa.array(cases))
            elif name in self.columns.column_names:
                made[name] = self.columns[name].chunk(0).take(places)
        return pa.table(made)


def has_spans(measure: Measure, as_of: datetime) -> bool:
    """Whether the rows of the measure at a time can be found from its spans."""
    return bool(measure.spans) and _FIRST < as_of < _LAST


def spans(connection: duckdb.DuckDBPyConnection, measure: Measure, cases: Cases) -> Spans:
    """The spans of a measure that has them. Raises what `facts` raises."""
    with translated(None), explained(measure):
        found = connection.execute(measure.spans).to_arrow_table().combine_chunks()
        domain = connection.execute("select time_zone from domain").fetchone()
    growing = 0
    seconds = None
    if measure.has_age:
        grows = np.asarray(found["grows"].to_numpy(zero_copy_only=False), dtype=np.bool_)
        fixed = found["seconds"].to_numpy().astype(np.float64)
        since = found["counted_at"].cast(pa.int64()).to_numpy().astype(np.float64)
        # those that grow first, the youngest first; then the others, the shortest first
        order = np.lexsort((np.where(grows, -since, fixed), ~grows))
        found = found.take(pa.array(order))
        growing, seconds = int(grows.sum()), fixed[order]
    amounts = {name: _amount(found, name) for name in ("least", "most") if measure.kind == "times"}
    zone = ZoneInfo("UTC" if domain is None else domain[0])
    columns: dict[str, pa.Array] = {}
    for name in found.column_names:
        if name not in (*_OF_A_SPAN, "seconds", *amounts):
            column = found[name].combine_chunks()
            columns[name] = once(column) if pa.types.is_string(column.type) else column
    columns["month"] = month_of(found["counted_at"], zone)
    case = np.searchsorted(cases.keys, found["case_key"].to_numpy()).astype(np.int32)
    table = pa.table(columns).combine_chunks()
    return Spans(measure, cases, case, _between(found), table, seconds, growing, amounts)


def _amount(found: pa.Table, name: str) -> tuple[Numbers, NDArray[np.int8]]:
    microseconds = np.rint(found[name].to_numpy().astype(np.float64) * 1e6).astype(np.int64)
    return microseconds, found[f"{name}_grows"].to_numpy().astype(np.int8)


def _between(found: pa.Table) -> Between:
    since = found["from_at"].cast(pa.timestamp("us")).cast(pa.int64()).combine_chunks().fill_null(_ALWAYS)
    until = found["until_at"].cast(pa.timestamp("us")).cast(pa.int64()).combine_chunks().fill_null(_FOR_EVER)
    return Between(since.to_numpy(), until.to_numpy())
