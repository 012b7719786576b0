"""What cases are about: given these events, these facets of the small domain (docs/rules.md, section 4)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from histories import RECEIVED, Event, event, link
from joined import batch_of, differences, emptied, filled, small_domain

from throughline.schemas.definitions.domain import Domain
from throughline.sinks.digest import TABLES, digest
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.batch import join, settle
from throughline.streams.join.rebuild import open_domain, past, rebuild

Facets = list[tuple[str | None, str | None, str | None]]
LATER = RECEIVED + timedelta(days=1)


def offence(value: str | None) -> str:
    return json.dumps({} if value is None else {"offence": value}, separators=(",", ":"))


def crime(at: str, said: str | None, id: str = "crime", **fields: object) -> Event:
    """A crime recorded as an offence, or as none that is said."""
    return event("police.crime.recorded", at, id=id, data=offence(said), **fields)


def sent(at: str, said: str | None, id: str = "sent", **fields: object) -> Event:
    """A file that says of what."""
    return event("police.file.sent", at, id=id, data=offence(said), **fields)


def store_of(*events: Event) -> Store:
    return filled(emptied(), [[one] for one in events])


def facets(store: Store, as_of: str | None = None) -> Facets:
    """Offence, rights and route of each case, the case of the least id first."""
    store.connection.execute("set variable as_of = ?::timestamp", [as_of])
    try:
        return store.connection.execute("select offence, rights, route from cases order by case_id").fetchall()
    finally:
        store.connection.execute("reset variable as_of")


def changes(store: Store) -> list[tuple[str, str, str]]:
    """Every value of every case, from when it was stated, as it is kept."""
    query = "select f.facet, f.value, f.stated_at::varchar from (select unnest(facets) as f from case_facts)"
    return store.connection.execute(query).fetchall()


def test_what_nothing_states_is_null() -> None:
    """A crime that says no offence, and a decision that sends nobody anywhere."""
    store = store_of(
        crime("2026-03-02T10:00", None), event("police.suspect.decided", "2026-03-03T10:00", id="d", decision="bail")
    )

    assert facets(store) == [(None, None, None)]
    assert changes(store) == []


def test_the_last_that_was_stated_counts_and_before_it_the_one_before() -> None:
    """Recorded as theft, said again, reclassified: one row for each change, and each day as it was."""
    events = [
        crime("2026-03-02T10:00", "theft"),
        crime("2026-03-03T10:00", "theft", id="again"),
        crime("2026-03-04T10:00", None, id="silent"),
        sent("2026-03-05T10:00", "stalking"),
        sent("2026-03-06T10:00", "theft", id="back"),
    ]
    for arrived in (events, events[::-1], [events[number] for number in (3, 1, 4, 2, 0)]):
        store = store_of(*arrived)

        assert changes(store) == [
            ("offence", "theft", "2026-03-02 10:00:00"),
            ("offence", "stalking", "2026-03-05 10:00:00"),
            ("offence", "theft", "2026-03-06 10:00:00"),
        ]
    for as_of, expected in (
        ("2026-03-02T09:59:59.999999", None),
        ("2026-03-02T10:00", "theft"),
        ("2026-03-05T09:59", "theft"),
        ("2026-03-05T10:00", "stalking"),
        ("2026-03-06T10:00", "theft"),
        (None, "theft"),
    ):
        assert facets(store, as_of) == [(expected, None, None)], as_of


def test_a_value_may_be_a_flag_a_decision_or_the_event_itself() -> None:
    """Rights are given and taken away; the route is what police ask, then what the prosecutor decides, then its end."""
    store = store_of(
        event("police.victim.assessed", "2026-03-02T10:00", id="a", enhanced=True),
        event("police.victim.assessed", "2026-03-09T10:00", id="b", enhanced=False),
        event("police.suspect.decided", "2026-03-03T10:00", id="c", decision="refer"),
        event("cps.charge.decided", "2026-03-04T10:00", id="d", decision="no_charge", identifiers={"crime_ref": "C1"}),
        event("police.complaint.withdrawn", "2026-03-08T10:00", id="e"),
    )

    assert facets(store) == [(None, "false", "ended")]
    assert facets(store, "2026-03-05") == [(None, "true", "no_charge")]
    assert facets(store, "2026-03-03T12:00") == [(None, "true", "asked")]


def test_of_two_at_one_time_the_later_in_the_order_of_the_case_counts() -> None:
    """Written down later; numbered higher, as numbers; a label of a day stands at its beginning."""
    at = "2026-03-02T10:00"
    written = [datetime.fromisoformat(f"2026-03-02T{hour}:00") for hour in (11, 12)]
    theft, stalking = crime(at, "theft", id="z"), sent(at, "stalking", id="y")

    store = store_of(stalking | {"recorded_at": written[0]}, theft | {"recorded_at": written[1]})
    assert facets(store) == [("theft", None, None)]
    store = store_of(theft | {"sequence": "10"}, stalking | {"sequence": "9"})
    assert facets(store) == [("theft", None, None)]
    store = store_of(theft, sent("2026-03-02", "stalking"))
    assert facets(store) == [("theft", None, None)]
    assert facets(store, "2026-03-02T00:00") == [("stalking", None, None)]


CRIME = crime("2026-03-02T10:00", "theft")
FILE = sent("2026-03-04T10:00", "stalking", identifiers={"urn": "U1"})
BRIDGE = event("cps.file.received", "2026-03-05T10:00", id="both", identifiers={"crime_ref": "C1", "urn": "U1"})


def test_two_cases_that_become_one_are_about_what_was_stated_last_of_either() -> None:
    """And apart again, each about its own: a steward unlinks what an event had joined."""
    apart = link("2026-03-06T10:00", ("crime_ref", "C1"), ("urn", "U1"), id="apart", unlink=True)

    store = store_of(CRIME, FILE)
    assert sorted(facets(store), key=str) == [("stalking", None, None), ("theft", None, None)]
    join(store, batch_of([BRIDGE]), RECEIVED)
    assert facets(store) == [("stalking", None, None)]
    assert facets(store, "2026-03-03") == [("theft", None, None)]
    join(store, batch_of([apart]), RECEIVED)
    assert sorted(facets(store), key=str) == [("stalking", None, None), ("theft", None, None)]
    assert differences(store, [CRIME, FILE, BRIDGE, apart]) == []


def test_what_was_taken_back_or_is_in_conflict_states_nothing() -> None:
    """A retraction leaves what was stated before it; a higher revision says it otherwise."""
    taken_back = {"revision": f"{2:018}", "retracts": True}
    revised = sent("2026-03-04T10:00", "assault", revision=f"{2:018}", position=2)

    file = sent("2026-03-04T10:00", "stalking")
    assert facets(store_of(CRIME, file)) == [("stalking", None, None)]
    assert facets(store_of(CRIME, file, file | taken_back)) == [("theft", None, None)]
    assert facets(store_of(CRIME, file | taken_back, file)) == [("theft", None, None)]
    assert facets(store_of(revised, CRIME, file)) == [("assault", None, None)]
    assert facets(store_of(CRIME, file, sent("2026-03-04T10:00", "assault", position=2))) == [("theft", None, None)]


def test_the_past_knows_what_was_known_then() -> None:
    """The file was received a day after the crime: before, nobody could know of it, on whatever day it happened."""
    store = filled(emptied(), [[CRIME], [sent("2026-03-04T10:00", "stalking", received_at=LATER)]])

    for known_at, as_of, expected in (
        (RECEIVED, None, "theft"),
        (LATER, None, "stalking"),
        (None, datetime.fromisoformat("2026-03-03"), "theft"),
        (RECEIVED, datetime.fromisoformat("2026-03-05"), "theft"),
    ):
        with past(store, small_domain(), as_of=as_of, known_at=known_at) as then:
            assert then.connection.execute("select offence from cases").fetchall() == [(expected,)]


def test_the_digest_tells_them_apart_and_a_rebuild_does_not() -> None:
    """Equal where the same was stated, in any order; another where one value is another."""
    store = store_of(CRIME, BRIDGE, FILE)
    kept = digest(store.connection)
    rebuild(store, small_domain())
    assert digest(store.connection) == kept
    assert digest(store_of(FILE, CRIME, BRIDGE).connection) == kept
    with store.transaction() as connection:
        connection.execute("update case_facts set facets = null")
    assert digest(store.connection) != kept


@pytest.fixture
def own_store() -> Iterator[Store]:
    with open_memory_store() as store:
        open_domain(store, small_domain())
        yield filled(store, [[CRIME], [FILE], [BRIDGE]])


def columns(store: Store) -> list[str]:
    """The columns of `cases` beyond those of every domain."""
    return [row[0] for row in store.connection.execute("select column_name from (describe cases)").fetchall()][12:]


def without(domain: Domain, *names: str) -> Domain:
    return replace(domain, facets=tuple(facet for facet in domain.facets if facet.name not in names))


def test_the_columns_are_those_of_the_domain_that_the_store_was_opened_with(own_store: Store) -> None:
    """One taken away, one renamed, then all as before: what they say is derived again each time."""
    domain = small_domain()
    assert columns(own_store) == ["offence", "rights", "route"]
    kept = digest(own_store.connection)
    renamed = replace(
        domain, facets=(replace(domain.facets[0], name="crime", title="The victim's 'crime'"), *domain.facets[2:])
    )

    open_domain(own_store, renamed)
    settle(own_store)
    assert columns(own_store) == ["crime", "route"]
    assert own_store.connection.execute("select crime from cases").fetchall() == [("stalking",)]
    comment = "select comment from duckdb_columns() where table_name = 'cases' and column_name = 'crime'"
    assert own_store.connection.execute(comment).fetchall()[0][0].startswith("The victim's 'crime': ")

    open_domain(own_store, without(domain, "offence", "rights", "route"))
    settle(own_store)
    assert columns(own_store) == []
    open_domain(own_store, domain)
    settle(own_store)
    assert digest(own_store.connection) == kept


def test_a_domain_without_facets_leaves_every_digest_as_it_was(own_store: Store) -> None:
    """That of before there was the column."""
    before = (replace(TABLES[0], without=TABLES[0].without | {"facets"}, since=frozenset()), *TABLES[1:])
    assert digest(own_store.connection) != digest(own_store.connection, tables=before)

    open_domain(own_store, without(small_domain(), "offence", "rights", "route"))
    settle(own_store)

    assert digest(own_store.connection) == digest(own_store.connection, tables=before)
