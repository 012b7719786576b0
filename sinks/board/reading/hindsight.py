"""What a day's figures were known to be then, and are known to be now: which differ, and by which late events."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.definitions.domain import Domain
from throughline.sinks.measures.answer import answer
from throughline.sinks.measures.facts import facts
from throughline.sinks.measures.headline import Number, headline
from throughline.sinks.measures.measure import Measure
from throughline.sinks.questions.case import case_id
from throughline.sinks.store import Store
from throughline.sql import cursor_of, sql
from throughline.streams.join.rebuild import past

_STOOD = "select event_key, case_key from events where standing = 'stands' and case_key is not null"


@dataclass(frozen=True)
class Restated:
    """A measure whose one number for the day differs; `case_ids` are the cases of now that are counted otherwise.

    `rows_then` and `rows_now` are what is counted (see `facts`), for a table that hides small numbers.
    """

    measure: Measure
    then: Number
    now: Number
    case_ids: tuple[str, ...]
    rows_then: pa.Table
    rows_now: pa.Table


@dataclass(frozen=True)
class Hindsight:
    """`causes` has a row per late event and case behind what differs: case_id, kind, agency, type, source, event_id,
    occurred_at, received_at (UTC); in the order of their receipt. `cases_touched`: how many cases anything touched."""

    restated: tuple[Restated, ...]
    causes: pa.Table
    cases_touched: int


@dataclass(frozen=True)
class Known:
    """Rows of each measure by its name, counted to the day as it was known then and as it is now.

    `became` has the id of what a case of then is now, `touched` the keys of cases of now that anything touched since,
    and `relinked` those of them that were joined or taken apart.
    """

    then: Mapping[str, pa.Table]
    now: Mapping[str, pa.Table]
    became: Mapping[str, str]
    touched: frozenset[int]
    relinked: frozenset[int]

    @property
    def nbytes(self) -> int:
        return sum(rows.nbytes for rows in self.then.values())


def hindsight(store: Store, domain: Domain, measures: Iterable[Measure], day: datetime) -> Hindsight:
    """Which numbers of `day` (UTC, naive) differ from what was known then, and why.

    Only the cases that anything touched since are made again as they were known: the rest was then what it is now.
    Raises StoreError for stores of the shared topics, which do not hold what that takes.
    """
    listed = list(measures)
    known = known_then(store, domain, listed, day)
    restated = []
    changed: set[str] = set()
    for measure in listed:
        then, now = (
            headline(measure, answer(measure, known_rows[measure.name])) for known_rows in (known.then, known.now)
        )
        if not _is_same(then, now):
            rows_then, rows_now = known.then[measure.name], known.now[measure.name]
            cases = tuple(sorted(_changed(renamed(rows_then, known.became), rows_now)))
            changed |= {*cases}
            restated.append(Restated(measure, then, now, cases, rows_then, rows_now))
    keys = [int(one[1:], 16) for one in sorted(changed)]
    asked = {"cases": keys, "relinked": sorted(known.relinked), "known_at": day, "day": day}
    with _with_keys(store) as cursor:
        causes = cursor.execute(sql(__package__, "hindsight_sql/causes"), asked).to_arrow_table()
    return Hindsight(tuple(restated), causes, len(known.touched))


def known_then(
    store: Store, domain: Domain, measures: Sequence[Measure], day: datetime, known_at: datetime | None = None
) -> Known:
    """The rows of the measures, counted to `day`, as they were known at `known_at` (`day` itself if None), and as they
    are known now. Raises StoreError for stores of the shared topics, which do not hold what that takes."""
    known_at = day if known_at is None else known_at
    facets = [facet.name for facet in domain.facets]
    now = {measure.name: facts(store.connection, measure, facets, day) for measure in measures}
    with _with_keys(store) as cursor:
        needed = cursor.execute(sql(__package__, "hindsight_sql/needed"), {"known_at": known_at}).fetchall()
    touched_events = {key for key, is_touched in needed if is_touched}
    stands = {key: case for key, case in store.connection.execute(_STOOD).fetchall() if key in touched_events}
    if not touched_events:
        return Known(now, now, {}, frozenset(), frozenset())
    with past(store, domain, as_of=None, known_at=known_at, event_keys=[key for key, _ in needed]) as past_store:
        stood = {key: case for key, case in past_store.connection.execute(_STOOD).fetchall() if key in touched_events}
        then = {measure.name: facts(past_store.connection, measure, facets, day) for measure in measures}
    # a case of then, and of now, by what it has become or been
    became: defaultdict[int, Counter[int]] = defaultdict(Counter)
    was: defaultdict[int, set[int]] = defaultdict(set)
    for key, case in stood.items():
        became[case][stands.get(key, case)] += 1
        if key in stands:
            was[stands[key]].add(case)
    names = {case_id(one): case_id(min(found)) for one, found in became.items()}
    touched = frozenset(stands.values())
    relinked = {one for one, found in was.items() if len(found) > 1}
    relinked |= {one for found in became.values() if len(found) > 1 for one in found}
    rest = pa.array([case_id(one) for one in touched], pa.string())
    made = {}
    for measure in measures:
        rows = now[measure.name]
        untouched = rows.filter(pc.invert(_of_cases(rows, rest)))
        again = then[measure.name].filter(_of_cases(then[measure.name], pa.array([*names], pa.string())))
        parts = [untouched, again]
        if not untouched.schema.equals(again.schema):
            # where the numbers of the same texts are of two lengths
            parts = [*map(_spelt, parts)]
        made[measure.name] = pa.concat_tables(parts)
    return Known(made, now, names, touched, frozenset(relinked))


def _of_cases(rows: pa.Table, case_ids: pa.Array) -> pa.ChunkedArray:
    """For each row whether it is of one of these cases."""
    return pc.is_in(rows["case_id"].cast(pa.string()), value_set=case_ids)


def _spelt(rows: pa.Table) -> pa.Table:
    """The rows with each of their texts written out."""
    columns = {name: rows[name] for name in rows.column_names}
    return pa.table(
        {name: one.cast(pa.string()) if pa.types.is_dictionary(one.type) else one for name, one in columns.items()}
    )


@contextmanager
def _with_keys(store: Store) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own that can work out keys of events and identifiers, as the join does."""
    with cursor_of(store.connection) as cursor:
        cursor.execute(sql("throughline.streams.join", "keys"))
        yield cursor


def renamed(rows: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """The rows with the ids that their cases have now."""
    ids = pa.array([names.get(one, one) for one in rows["case_id"].to_pylist()], pa.string())
    return rows.set_column(rows.column_names.index("case_id"), "case_id", ids)


def _is_same(one: Number, other: Number) -> bool:
    values = [(one.value, other.value), (one.least, other.least), (one.most, other.most)]
    return (one.cases, one.counted) == (other.cases, other.counted) and all(
        left is right or (left is not None and right is not None and math.isclose(left, right, rel_tol=1e-9))
        for left, right in values
    )


def _changed(then: pa.Table, now: pa.Table) -> set[str]:
    """Cases of which the two have other rows."""
    counts = [Counter(tuple(row.values()) for row in table.to_pylist()) for table in (then, now)]
    place = then.column_names.index("case_id")
    return {row[place] for row in ((counts[0] - counts[1]) + (counts[1] - counts[0]))}
