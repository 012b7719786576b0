"""The rows of every measure are those of the reference, for any history, at its end and on any day before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import reference
from histories import Event, batches, histories, history
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from joined import RULES, Random, emptied, filled, learn_hashes, product_hash, small_domain
from reference_measures import MEASURES, measured

from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.measures import nearby
from throughline.sinks.measures.answer import answer
from throughline.sinks.measures.facts import facts
from throughline.sinks.measures.measure import CUTS, Measure, load_measures
from throughline.sinks.measures.spans import Spans, cases_ever, spans
from throughline.sinks.store import Store

Row = dict[str, Any]


def measures() -> dict[str, Measure]:
    """Every measure; those of withdrawal read the words of the small domain instead of their own."""
    known = load_measures(load_domain()) | load_measures(small_domain())
    for name in ("withdrawals", "before_withdrawal"):
        known[name] = replace(known[name], sql=in_small_words(known[name].sql), spans=in_small_words(known[name].spans))
    return known


def in_small_words(sql: str) -> str:
    withdrawn = sql.replace("'.victim.support_withdrawn'", "'.complaint.withdrawn'")
    return withdrawn.replace("'.victim.support_resumed'", "'.inquiry.resumed'")


KNOWN = measures()
WITH_SPANS = [name for name, measure in KNOWN.items() if measure.spans]
FACETS = [facet.name for facet in small_domain().facets]
EPOCH = datetime.fromisoformat("1970-01-01")
LONG_AFTER = datetime.fromisoformat("2090-01-01")
INSTANT = timedelta(microseconds=1)
# as microseconds since 1970, from where spans have no end
FAR = 1 << 60
# another seed is another history, and no simpler one
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)


def plain(rows: list[Row]) -> list[tuple[tuple[str, Any], ...]]:
    """Rows that can be compared: in one order, numbers of seconds to a microsecond, of which all times are whole."""
    rounded = (
        {name: round(value, 6) if isinstance(value, float) else value for name, value in row.items()} for row in rows
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


def borders(read: Spans, random: Random) -> set[datetime]:
    """Times at which spans of each kind begin and end, and the instants before; a kind is an outcome and a cut."""
    names = [name for name in ("outcome", "ended", "owes", "standard") if name in read.columns.column_names]
    kinds = [*zip(*(read.columns[name].to_pylist() for name in names), strict=True)]
    found = set()
    for ends in (read.between.since, read.between.until):
        times: dict[Any, list[datetime]] = {}
        for kind, at in zip(kinds, ends.tolist(), strict=True):
            if abs(at) < FAR:
                times.setdefault(kind, []).append(EPOCH + timedelta(microseconds=at))
        chosen = {random.choice(of_a_kind) for of_a_kind in times.values()}
        found |= chosen | {one - INSTANT for one in chosen}
    return set(random.sample(sorted(found), min(len(found), 12)))


def differences_of_spans(store: Store, random: Random) -> dict[tuple[str, str], Any]:
    """By measure and time: the rows that its spans have, and those that its SQL asked for that time has; at borders of
    its spans, and long after all of them."""
    cases = cases_ever(store.connection, FACETS)
    found = {}
    for name in WITH_SPANS:
        read = spans(store.connection, KNOWN[name], cases)
        for moment in sorted({*borders(read, random), LONG_AFTER}):
            at_once, asked = read.rows(read.at(moment)), facts(store.connection, KNOWN[name], FACETS, moment)
            assert at_once.column_names == asked.column_names
            if plain(at_once.to_pylist()) != plain(asked.to_pylist()):
                found[name, str(moment)] = (plain(at_once.to_pylist()), plain(asked.to_pylist()))
    return found


def differences_of_figures(store: Store, named: Random) -> dict[tuple[str, str], Any]:
    """By measure and time: a figure from the one of the time before it, and the one that is counted in full; both by
    some of its cuts, every second one held to a value of another."""
    cases = cases_ever(store.connection, FACETS)
    found = {}
    for name in WITH_SPANS:
        measure, read = KNOWN[name], spans(store.connection, KNOWN[name], cases)
        cuts = named.sample([*CUTS, *measure.cuts, *FACETS], 3)
        if not nearby.adds_up(measure, cuts):
            continue
        for near, moment in pairwise([*sorted(borders(read, named))[:4], LONG_AFTER]):
            rows = read.rows(read.at(moment))
            held = rows[cuts[2]].to_pylist()
            by, where = (cuts[:2], {cuts[2]: held[0]}) if held and held[0] and named.random() < 0.5 else (cuts, {})
            moved = nearby.moved(read, nearby.counted(read, near, by, where), moment, by, where)
            full = answer(measure, rows, by, where)
            if moved != full:
                found[name, f"{near} {moment} {by} {where}"] = (moved.to_pylist() if moved else None, full.to_pylist())
    return found


def test_every_measure_has_spans() -> None:
    assert [*KNOWN] == WITH_SPANS


@given(seed=st.integers(0, 1_000_000), size=st.integers(100, 300))
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, phases=NO_SHRINKING)
def test_the_rows_of_the_spans_of_a_measure_are_those_that_its_sql_gives_at_any_time(seed: int, size: int) -> None:
    events = history(seed, size, product_hash, placeholders=False)
    store = filled(emptied(), batches(events, Random(0), longest=1000), in_bulk=True)

    assert differences_of_spans(store, Random(seed)) == {}
    # of few rows too many change to have a figure from another
    with patch.object(nearby, "_PART", 0):
        assert differences_of_figures(store, Random(seed)) == {}


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
