"""A store of the small domain, filled by the product, and compared with the reference row by row."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import cache
from random import Random
from typing import Any

import pyarrow as pa
import reference
from histories import Event, to_table
from reference_record import content_hash as reference_content
from small import SMALL, small_rules

from throughline.schemas.acceptance.events import REJECTS, Batch
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.batch import accept_only, join, settle
from throughline.streams.join.derive import DERIVED
from throughline.streams.join.rebuild import LINKED, open_domain

Row = dict[str, Any]
RULES = small_rules()
RECORDS = ("events", "duplicates", "restated", "statements", "quarantined")

# view, the reference's table, and the columns that tell its rows apart
COMPARED = (
    ("case_facts", "states", ("case_key",)),
    ("cases", "abouts", ("case_id",)),
    ("timeline", "timeline", ("case_id", "position")),
    ("handoffs", "handoffs", ("case_id", "position")),
    ("contacts", "contacts", ("case_id", "position")),
    ("tellings", "tellings", ("case_id", "position")),
    ("claims", "claims", ("case_id", "position")),
    ("contradictions", "contradictions", ("case_id", "left_agency", "right_agency", "from_at")),
    ("clocks", "clocks", ("case_id", "standard", "version", "started_at", "start_event")),
    ("delays", "delays", ("from_agency", "to_agency")),
)


@cache
def small_domain(second_person: bool = False) -> Domain:
    """The small domain; with `second_person`, as if it said that a link takes two stewards."""
    return replace(load_domain(SMALL), second_person=second_person)


@cache
def scratch_store(second_person: bool = False) -> Store:
    """One store for all histories: making one costs more than emptying it."""
    store = open_memory_store()
    # histories are small, and a run of the tests has a worker for each core
    store.connection.execute("set threads = 1")
    open_domain(store, small_domain(second_person))
    return store


@cache
def second_store() -> Store:
    """A store beside it, for what is compared with it."""
    store = open_memory_store()
    open_domain(store, small_domain())
    return store


def emptied(store: Store | None = None) -> Store:
    """The store without any event."""
    store = store or scratch_store()
    with store.transaction() as connection:
        for name in (*RECORDS, *LINKED, *DERIVED):
            connection.execute(f"delete from {name}")
    return store


def batch_of(events: list[Event]) -> Batch:
    return Batch(to_table(events), REJECTS.empty_table())


def filled(store: Store, batches: Iterable[list[Event]], *, in_bulk: bool = False) -> Store:
    """Join the batches one by one, or accept them all and settle once; each at the time that its events carry."""
    for events in batches:
        received_at: datetime = events[0]["received_at"]
        (accept_only if in_bulk else join)(store, batch_of(events), received_at)
    if in_bulk:
        settle(store)
    return store


def filled_by_chance(store: Store, batches: Iterable[list[Event]], random: Random, share: float) -> Store:
    """Each batch joined at once with the probability `share`, else accepted only; settled at the end."""
    for events in batches:
        (join if random.random() < share else accept_only)(store, batch_of(events), events[0]["received_at"])
    settle(store)
    return store


_hashes: dict[Any, str] = {}


def product_hash(event: Event) -> str:
    """The content hash as the product shows it to stewards."""
    key = reference_content(event)
    if key not in _hashes:
        learn_hashes([event])
    return _hashes[key]


def learn_hashes(events: list[Event]) -> None:
    """Ask the product for the content hashes of many events at once: asking one by one costs more than the join."""
    connection = scratch_store().connection
    table = to_table(events).append_column("n", pa.array(range(len(events)), pa.int64()))
    connection.register("some_events", table)
    found = connection.execute("select n, content_hash_of(s) from some_events s").fetchall()
    connection.unregister("some_events")
    _hashes.update({reference_content(events[n]): digest for n, digest in found})


def rows(store: Store, query: str) -> list[Row]:
    result = store.connection.execute(query)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def differences(store: Store, events: list[Event], as_of: datetime | None = None) -> list[str]:
    """Where the store's public views say other than the reference of these events (as received); empty if nowhere.

    `as_of` is what the store's variable of that name says.
    """
    learn_hashes(events)
    (second_person,) = store.connection.execute("select second_person from domain").fetchone() or (False,)
    rules = replace(RULES, second_person=second_person)
    expected = reference.all_tables(events, rules, as_of, hash_of=product_hash)
    placed = dict(
        store.connection.execute("select event_key, case_key from events where case_key is not null").fetchall()
    )
    found = [] if placed == expected["cases"] else [f"cases: {placed} != {expected['cases']}"]
    kept = "select event_key from event_keys order by all", "select distinct event_key from events order by all"
    if len({tuple(store.connection.execute(query).fetchall()) for query in kept}) > 1:
        found.append("event_keys: not those of the events")
    for view, table, keys in COMPARED:
        found += _differences(view, expected[table], rows(store, f"from {view}"), keys)
    return found + _differences("holdings", _closed(expected["holdings"]), rows(store, "from holdings"), _HOLDING)


def clock_differences(store: Store, events: list[Event], as_of: datetime) -> list[str]:
    """Where `clocks` counted to `as_of` says other than the reference of these events (as received)."""
    learn_hashes(events)
    expected = reference.clocks(events, RULES, as_of, hash_of=product_hash)
    (keys,) = [keys for view, _, keys in COMPARED if view == "clocks"]
    store.connection.execute("set variable as_of = ?::timestamp", [as_of])
    made = rows(store, "from clocks")
    store.connection.execute("reset variable as_of")
    return _differences("clocks", expected, made, keys)


_HOLDING = ("case_id", "position")


def _closed(holdings: list[Row]) -> list[Row]:
    """Holdings with the lengths of open ones left out: the view counts those to `as_of`."""
    lengths = ("seconds", "working_days")
    return [row if row["to_at"] else {k: v for k, v in row.items() if k not in lengths} for row in holdings]


def _differences(view: str, expected: list[Row], made: list[Row], keys: tuple[str, ...]) -> list[str]:
    def key(row: Row) -> tuple[str, ...]:
        return tuple(str(row[name]) for name in keys)

    named = [row | ({"case_id": reference.case_id(row["case_key"])} if "case_key" in row else {}) for row in expected]
    named, made = sorted(named, key=key), sorted(made, key=key)
    if [key(row) for row in named] != [key(row) for row in made]:
        wanted, got = {key(row) for row in named}, {key(row) for row in made}
        return [f"{view}: missing {sorted(wanted - got)[:3]}, too many {sorted(got - wanted)[:3]}"]
    return [
        f"{view}.{name} of {key(one)}: {one[name]!r} expected, {other[name]!r} made"
        for one, other in zip(named, made, strict=True)
        for name in one.keys() & other.keys()
        if not _same(one[name], other[name])
    ]


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, float) or isinstance(right, float):
        return left is not None and right is not None and math.isclose(left, right, abs_tol=1e-5)
    return bool(left == right)
