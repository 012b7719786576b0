"""The rows of every measure are those of the reference, for any history, at its end and on any day before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import reference
from histories import Event, batches, histories
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from joined import RULES, Random, emptied, filled, learn_hashes, product_hash, small_domain
from reference_measures import MEASURES, measured

from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.board.figures.overview import SIX
from throughline.sinks.measures import nearby
from throughline.sinks.measures.answer import answer
from throughline.sinks.measures.facts import facts
from throughline.sinks.measures.measure import CUTS, Measure, load_measures
from throughline.sinks.measures.spans import cases_ever, spans
from throughline.sinks.store import Store

Row = dict[str, Any]


def measures() -> dict[str, Measure]:
    """Every measure; those of withdrawal read the words of the small domain instead of their own."""
    known = load_measures(load_domain()) | load_measures(small_domain())
    for name in ("withdrawals", "before_withdrawal"):
        sql = known[name].sql.replace("'.victim.support_withdrawn'", "'.complaint.withdrawn'")
        known[name] = replace(known[name], sql=sql.replace("'.victim.support_resumed'", "'.inquiry.resumed'"))
    return known


KNOWN = measures()
WITH_SPANS = [name for name, measure in KNOWN.items() if measure.spans]
FACETS = [facet.name for facet in small_domain().facets]
TIMES = """
select occurred_at from events union select due_at from clock_facts union select due_latest from clock_facts
union select to_at from pause_facts union select due_at from contact_facts
"""


def plain(rows: list[Row]) -> list[tuple[tuple[str, Any], ...]]:
    """Rows that can be compared: in one order, numbers to a hundredth of a millisecond."""
    rounded = (
        {name: round(value, 5) if isinstance(value, float) else value for name, value in row.items()} for row in rows
    )
    return sorted((tuple(sorted(row.items())) for row in rounded), key=repr)


def differences(store: Store, events: list[Event], as_of: datetime | None) -> dict[str, Any]:
    """By measure: the rows that only the store has, and those that only the reference has."""
    learn_hashes(events)
    at = as_of or reference.latest_time(events, RULES, product_hash)
    expected = measured(events, RULES, at, product_hash)
    found = {}
    for name, measure in KNOWN.items():
        made, wanted = plain(facts(store.connection, measure, (), as_of).to_pylist()), plain(expected[name])
        if made != wanted:
            found[name] = ([one for one in made if one not in wanted], [one for one in wanted if one not in made])
    return found


def differences_of_spans(store: Store, moments: Iterable[datetime]) -> dict[tuple[str, str], Any]:
    """By measure and time: the rows that its spans have, and those that its SQL asked for that time has."""
    cases = cases_ever(store.connection, FACETS)
    found = {}
    for name in WITH_SPANS:
        read = spans(store.connection, KNOWN[name], cases)
        for moment in moments:
            at_once, asked = read.rows(read.at(moment)), facts(store.connection, KNOWN[name], FACETS, moment)
            assert at_once.column_names == asked.column_names
            if plain(at_once.to_pylist()) != plain(asked.to_pylist()):
                found[name, str(moment)] = (plain(at_once.to_pylist()), plain(asked.to_pylist()))
    return found


def differences_of_figures(store: Store, moments: list[datetime], named: Random) -> dict[tuple[str, str], Any]:
    """By measure and time: a figure from the one of the time before it, and the one that is counted in full; both by
    some of its cuts, every second one held to a value of another."""
    cases = cases_ever(store.connection, FACETS)
    found = {}
    for name in WITH_SPANS:
        measure, read = KNOWN[name], spans(store.connection, KNOWN[name], cases)
        cuts = named.sample([*CUTS, *measure.cuts, *FACETS], 3)
        if not nearby.adds_up(measure, cuts):
            continue
        for near, moment in pairwise(moments):
            rows = read.rows(read.at(moment))
            held = rows[cuts[2]].to_pylist()
            by, where = (cuts[:2], {cuts[2]: held[0]}) if held and held[0] and named.random() < 0.5 else (cuts, {})
            moved = nearby.moved(read, nearby.counted(read, near, by, where), moment, by, where)
            full = answer(measure, rows, by, where)
            if moved != full:
                found[name, f"{near} {moment} {by} {where}"] = (moved.to_pylist() if moved else None, full.to_pylist())
    return found


def test_measures_that_are_asked_for_many_days_have_spans() -> None:
    assert set(WITH_SPANS) >= {*SIX, "held", "return_reasons", "contradictions"}


@given(
    events=histories(30, product_hash, placeholders=False),
    chosen=st.lists(st.tuples(st.floats(0, 1), st.sampled_from([-1, 0, 1])), min_size=4, max_size=4),
)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
def test_the_rows_of_the_spans_of_a_measure_are_those_that_its_sql_gives_at_any_time(
    events: list[Event], chosen: list[tuple[float, int]]
) -> None:
    """At times at which something happened, ended or fell due, a microsecond from them, and long after all of it."""
    store = filled(emptied(), batches(events, Random(0), longest=1000), in_bulk=True)
    times = sorted(time for (time,) in store.connection.execute(TIMES).fetchall() if time is not None)
    moments = [
        times[int(place * (len(times) - 1))] + timedelta(microseconds=step) for place, step in chosen[: len(times)]
    ]

    moments.append(datetime.fromisoformat("2090-01-01"))
    assert differences_of_spans(store, moments) == {}
    # of few rows too many change to have a figure from another
    with patch.object(nearby, "_PART", 0):
        assert differences_of_figures(store, moments, Random(len(events))) == {}


def test_every_measure_has_a_reference() -> None:
    assert KNOWN.keys() == MEASURES.keys()


def whole_time(events: list[Event]) -> int:
    """Microseconds that all cases took up to the latest event; none for one that begins ahead of it."""
    at = reference.latest_time(events, RULES, product_hash)
    states = reference.states(events, RULES, product_hash)
    lives = [max(timedelta(), min(one["closed_at"] or at, at) - one["opened_at"]) for one in states]
    return sum(life // timedelta(microseconds=1) for life in lives)


@given(
    events=histories(40, product_hash, placeholders=False),
    back=st.floats(0, 1),
    after=st.sampled_from([timedelta(), timedelta(microseconds=-1), timedelta(hours=7)]),
)
@example(events=[], back=0.5, after=timedelta())
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
def test_the_rows_of_every_measure_are_those_of_the_reference(
    events: list[Event], back: float, after: timedelta
) -> None:
    """At the latest event, and at the time of some event or a while from it. Certain times, contested, limbo and
    nobody's are the whole, to the microsecond, and no agency's are less at most than for certain."""
    store = filled(emptied(), batches(events, Random(0), longest=1000), in_bulk=True)
    times = sorted(one["occurred_at"] for one in events)
    moments: list[datetime | None] = [None]
    if times:
        moments.append(times[int(back * (len(times) - 1))] + after)

    assert {str(one): found for one in moments if (found := differences(store, events, one))} == {}

    rows = facts(store.connection, KNOWN["whose_time"], ())
    total, *parts = answer(KNOWN["whose_time"], rows, []).to_pylist()
    whole = whole_time(events)
    assert all(row["least"] <= row["most"] for row in rows.to_pylist())
    assert round(1e6 * (total["least_seconds"] or 0)) == whole
    assert round(1e6 * sum(row["least_seconds"] for row in parts)) == whole
    if whole:
        assert abs(sum(row["least_share"] for row in parts) - 1) <= len(parts) * 5e-7
