"""What stewards' acts on a pair come to, where a link takes two of them (docs/rules.md, section 2)."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from random import Random
from typing import Any

import pytest
from histories import RECEIVED, Event, batches, event, link, on_proposal, shuffled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joined import differences, emptied, filled, scratch_store, small_domain

from throughline.sinks.digest import digest
from throughline.sinks.store import Store
from throughline.streams.join.rebuild import rebuild

ONE, TWO = "o-00000001", "o-00000002"
LEFT, RIGHT = ("crime_ref", "C1"), ("urn", "U1")
A = event("police.file.sent", "2026-03-02T10:00", id="a", identifiers={"crime_ref": "C1"})
B = event("cps.file.received", "2026-03-02T11:00", id="b", identifiers={"urn": "U1"})
BRIDGE = event("cps.charge.decided", "2026-03-03T10:00", id="bridge", identifiers={"crime_ref": "C1", "urn": "U1"})
MORNING, NOON, EVENING, NIGHT = (f"2026-03-05T{hour}:00" for hour in ("08", "12", "18", "22"))


def proposed(at: str = MORNING, id: str = "p", officer: str | None = ONE, **fields: Any) -> Event:
    return link(at, LEFT, RIGHT, id=id, officer=officer, **fields)


def seconded(proposal: Event, at: str = NOON, id: str = "s", officer: str | None = TWO) -> Event:
    return on_proposal("seconded", at, proposal, id=id, officer=officer)


def withdrawn(proposal: Event, at: str = EVENING, id: str = "w") -> Event:
    return on_proposal("withdrawn", at, proposal, id=id)


def unlinked(at: str, id: str = "u") -> Event:
    return link(at, RIGHT, LEFT, id=id, unlink=True)


def store_of(*events: Event, second_person: bool = True) -> Store:
    """A store that received these events one by one, in this order."""
    return received(emptied(scratch_store(second_person)), *events)


def received(store: Store, *events: Event) -> Store:
    return filled(store, [[one | {"received_at": RECEIVED}] for one in events])


def is_linked(store: Store) -> bool:
    """Whether what carries the one and what carries the other is one case."""
    return store.connection.execute("select count(distinct case_id) from timeline").fetchone() == (1,)


def states(store: Store) -> dict[str, str]:
    """What becomes of each act that links or unlinks, by its id."""
    return dict(store.connection.execute("select event_id, state from link_acts").fetchall())


def test_a_link_waits_until_another_officer_seconds_it() -> None:
    """A proposal joins nothing and shows that it waits; seconded, it shows by whom."""
    store = store_of(A, B)
    before = digest(store.connection)

    received(store, proposed())
    assert digest(store.connection) == before
    assert states(store) == {"p": "waiting"}

    received(store, seconded(proposed()))
    assert is_linked(store)
    assert states(store) == {"p": "in force"}
    assert store.connection.execute("select acted_by, seconded_by from link_acts").fetchall() == [(ONE, TWO)]


P = proposed()


@pytest.mark.parametrize(
    ("proposal", "seconding"),
    [
        pytest.param(P, seconded(P, officer=ONE), id="by its author"),
        pytest.param(P, seconded(P, officer=ONE.upper()), id="by its author, written otherwise"),
        pytest.param(P, seconded(P, officer=None), id="by nobody"),
        pytest.param(P, seconded(P, officer=f" {ONE}"), id="by what is no pseudonym"),
        pytest.param(P, seconded(P, officer="Smith"), id="by a name"),
        pytest.param(proposed(officer=None), seconded(P), id="of nobody's proposal"),
        pytest.param(proposed(officer=f"{TWO}\t"), seconded(P), id="of a proposal by what is no pseudonym"),
        pytest.param(P, seconded(P, at="2026-03-05T07:59"), id="before it was proposed"),
        pytest.param(P, seconded(proposed(id="q")), id="of another proposal"),
        pytest.param(P, seconded(P | {"source": "urn:test:20:other"}), id="of another source's proposal of that id"),
        pytest.param(P, seconded(link(MORNING, LEFT, ("urn", "U2"), id="p", officer=ONE)), id="of another pair"),
        pytest.param(P, seconded(P | {"area": "30"}) | {"source": P["source"]}, id="of another area's pair"),
    ],
)
def test_a_seconding_that_does_not_count(proposal: Event, seconding: Event) -> None:
    """The link waits on, whichever of the two arrived first."""
    for acts in permutations([proposal, seconding]):
        store = store_of(A, B, *acts)

        assert not is_linked(store)
        assert states(store) == {"p": "waiting"}


def test_where_the_domain_does_not_ask_for_a_second_person_a_link_counts_at_once() -> None:
    """And can be withdrawn all the same."""
    store = store_of(A, B, P, second_person=False)
    assert is_linked(store)

    received(store, withdrawn(P))
    assert not is_linked(store)


def test_a_domain_that_begins_to_ask_for_it_derives_all_anew() -> None:
    """What one steward had linked waits from then on; the other way round, it counts again."""
    store = store_of(A, B, P, second_person=False)
    try:
        rebuild(store, small_domain(second_person=True))
        assert not is_linked(store)
        assert states(store) == {"p": "waiting"}
    finally:
        rebuild(store, small_domain())
    assert is_linked(store)


FORMER: list[tuple[Event, ...]] = [
    (),
    (BRIDGE,),
    (unlinked("2026-03-04T10:00"),),
    (BRIDGE, unlinked("2026-03-04T10:00")),
]


@pytest.mark.parametrize("former", FORMER, ids=["nothing", "an event", "an unlinking", "an event and an unlinking"])
@pytest.mark.parametrize("second_person", [True, False])
def test_a_link_withdrawn_leaves_exactly_what_was_before(former: tuple[Event, ...], second_person: bool) -> None:
    """Be the two joined by an event besides, or unlinked before: the digest is that of a store without the link."""
    acts = [P, seconded(P), withdrawn(P)]
    store = store_of(A, B, *former, second_person=second_person)
    before = digest(store.connection)

    for arrived in (acts, acts[::-1]):
        store = store_of(A, B, *former, *arrived, second_person=second_person)
        assert digest(store.connection) == before


@pytest.mark.parametrize(
    "withdrawal",
    [
        pytest.param(withdrawn(link(MORNING, LEFT, ("urn", "U2"), id="p")), id="of another pair"),
        pytest.param(withdrawn(proposed(id="q")), id="of another proposal"),
        pytest.param(withdrawn(P | {"source": "urn:test:20:other"}), id="of another source's proposal of that id"),
    ],
)
def test_a_withdrawal_that_names_something_else_leaves_the_link(withdrawal: Event) -> None:
    """It has to name the act and its pair."""
    assert is_linked(store_of(A, B, P, seconded(P), withdrawal))


def test_unlinking_takes_one_steward_and_ends_a_link_at_once() -> None:
    """Without a bridge between them, that too is what was before the link."""
    store = store_of(A, B)
    before = digest(store.connection)

    received(store, P, seconded(P))
    assert is_linked(store)

    received(store, unlinked(EVENING))
    assert digest(store.connection) == before
    assert states(store) == {"p": "overtaken", "u": "in force"}


def test_what_was_unlinked_while_the_proposal_waited_stays_apart() -> None:
    """A seconding does not bring back what was decided otherwise since it was proposed; a new proposal may."""
    anew = proposed(NIGHT, id="anew")
    for acts in permutations([P, unlinked(NOON), seconded(P, at=EVENING)]):
        store = store_of(A, B, *acts)
        assert not is_linked(store)
        assert states(store) == {"p": "overtaken", "u": "in force"}

    received(store, anew, seconded(anew, at="2026-03-06T08:00", id="s2"))
    assert is_linked(store)


@pytest.mark.parametrize("contested", ["p", "s"])
def test_a_proposal_or_seconding_in_conflict_counts_for_nothing(contested: str) -> None:
    """Until a steward decides which content stands."""
    acts = {"p": P, "s": seconded(P)}
    store = store_of(A, B, *acts.values())
    assert is_linked(store)

    received(store, acts[contested] | {"unit": "other", "origin": "elsewhere"})
    assert not is_linked(store)


@st.composite
def acts_on_a_pair(draw: st.DrawFn) -> list[Event]:
    """Up to nine acts on one pair, by two officers, one of them written in two ways, or by none; some at one time."""
    officers = st.sampled_from([None, ONE, TWO, TWO.upper(), "Smith"])
    made: list[Event] = []
    for number in range(draw(st.integers(1, 9))):
        at = RECEIVED + timedelta(hours=draw(st.integers(0, 4)))
        id, officer = f"s{number}", draw(officers)
        proposals = [one for one in made if one["type"] == "steward.identifiers.linked"]
        name = draw(st.sampled_from(["linked", "unlinked", "seconded", "seconded", "withdrawn"]))
        if name in ("linked", "unlinked") or not proposals:
            made.append(link(at, LEFT, RIGHT, id=id, officer=officer, unlink=name == "unlinked"))
        else:
            made.append(on_proposal(name, at, draw(st.sampled_from(proposals)), id=id, officer=officer))
        made[-1]["sequence"] = draw(st.sampled_from([None, "1", "2"]))
        if draw(st.integers(0, 14)) == 0:
            made.append(made[-1] | {"unit": "other", "origin": "otherwise"})
    return made


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(
    acts=acts_on_a_pair(),
    former=st.sampled_from([(A, B), (A, B, BRIDGE)]),
    random=st.randoms(use_true_random=False),
    second_person=st.booleans(),
)
def test_whatever_comes_when_the_acts_come_to_what_the_reference_says(
    acts: list[Event], former: tuple[Event, ...], random: Random, second_person: bool
) -> None:
    """Any order, batching and copies; the store and a rebuild of it."""
    parts = batches(shuffled([*former, *acts, *acts[:1]], random), random, longest=3)
    events = [one for part in parts for one in part]
    store = filled(emptied(scratch_store(second_person)), parts)

    assert differences(store, events) == []
    before = digest(store.connection)
    rebuild(store, small_domain(second_person))
    assert digest(store.connection) == before
