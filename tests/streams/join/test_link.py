"""Linking, in cases that can be read: which identifiers are one case, and what they are called (docs/rules.md, 2)."""

from __future__ import annotations

from itertools import permutations

import pytest
from histories import RECEIVED, Event, event, link
from joined import differences, emptied, filled

from throughline.errors import DataError
from throughline.sinks.digest import digest_by_table
from throughline.sinks.questions.case import case_id, case_of
from throughline.sinks.store import Store


def carrying(id: str, area: str = "20", **identifiers: str) -> Event:
    """A file that was sent, with these identifiers."""
    return event("police.file.sent", "2026-03-02T10:00", id=id, area=area, identifiers=identifiers)


def store_of(*events: Event) -> Store:
    """A store that received these events one by one, in this order."""
    return received(emptied(), *events)


def received(store: Store, *events: Event) -> Store:
    """The store after it received these too, in turn."""
    return filled(store, [[one | {"received_at": RECEIVED}] for one in events])


def cases(store: Store) -> set[frozenset[str]]:
    """Every case as the ids of its events."""
    found = store.connection.execute("select list(event_id) from timeline group by case_id").fetchall()
    return {frozenset(ids) for (ids,) in found}


def grouped(*groups: str) -> set[frozenset[str]]:
    """`"a b"`: events a and b are one case."""
    return {frozenset(group.split()) for group in groups}


def derived(store: Store) -> dict[str, str]:
    """What the store derived, by table, but for the contents that stand in conflict."""
    by_table = digest_by_table(store.connection)
    by_table.pop("conflicts", None)
    return by_table


A, B = carrying("a", crime_ref="C1"), carrying("b", urn="U1")
BRIDGE = carrying("bridge", crime_ref="C1", urn="U1")


def test_a_chain_is_one_case() -> None:
    """Crime number to prosecution number to referral: the ends share nothing, and belong together."""
    first = carrying("first", crime_ref="C1", urn="U1")
    middle = carrying("middle", urn="U1", referral="R1")
    last = carrying("last", referral="R1")

    for events in permutations([first, middle, last]):
        store = store_of(*events)

        assert cases(store) == grouped("first middle last")
        assert store.connection.execute("select identifiers from cases").fetchall() == [
            (["crime_ref:C1", "referral:R1", "urn:U1"],)
        ]


def test_old_ids_lead_to_the_merged_case() -> None:
    """Two cases that one event joins: the ids of both still resolve, and only one case is left."""
    store = store_of(A, B)
    old = {case_id(case_of(store.connection, name)) for name in ("crime_ref:C1", "urn:U1")}
    assert len(old) == 2

    received(store, BRIDGE)

    assert cases(store) == grouped("a b bridge")
    (merged,) = store.connection.execute("select case_id from cases").fetchall()
    assert {case_id(case_of(store.connection, name)) for name in (*old, "C1", "urn:U1")} == set(merged)
    assert set(merged) < old


def test_an_event_without_identifiers_is_a_case_by_itself() -> None:
    """Also one that carries only what may not link: a telephone number."""
    store = store_of(carrying("a"), carrying("b"), carrying("c", phone="0121"), carrying("d", phone="0121"))

    assert cases(store) == grouped("a", "b", "c", "d")


def test_a_placeholder_links_nothing() -> None:
    """Readers take `UNKNOWN` out before an event is accepted: two that had nothing else are two cases."""
    admitted = [one | {"identifiers": []} for one in (carrying("a", crime_ref="UNKNOWN"), carrying("b", urn="N/A"))]

    assert cases(store_of(*admitted)) == grouped("a", "b")


@pytest.mark.parametrize("last", range(4))
def test_a_hub_joins_nothing(last: int) -> None:
    """A prosecution number beside four crimes, one more than its kind may have; whichever came last."""
    crimes = [carrying(f"e{n}", crime_ref=f"C{n}", urn="U1") for n in range(4)]
    alone = carrying("alone", urn="U1")
    crimes.append(crimes.pop(last))

    store = store_of(alone, *crimes[:3])
    assert len(cases(store)) == 1

    received(store, crimes[3])
    assert cases(store) == grouped("alone", "e0", "e1", "e2", "e3")


def test_a_hub_of_the_other_kind_still_joins() -> None:
    """Four crimes of a number make it a hub; each crime is still joined to what else it carries."""
    crimes = [carrying(f"e{n}", crime_ref=f"C{n}", urn="U1") for n in range(4)]
    referred = carrying("referred", crime_ref="C2", referral="R2")

    assert cases(store_of(*crimes, referred)) == grouped("e0", "e1", "e2 referred", "e3")


@pytest.mark.parametrize("withdrawn", [1, 4])
def test_a_hub_that_has_lost_neighbours_joins_again(withdrawn: int) -> None:
    """Of four crimes of one number one is withdrawn, or all: what carries the number alone joins the others."""
    crimes = [carrying(f"e{n}", crime_ref=f"C{n}", urn="U1") for n in range(4)]
    alone = [carrying("a", urn="U1"), carrying("b", urn="U1")]
    contests = [one | {"unit": "other", "origin": "elsewhere"} for one in crimes[:withdrawn]]
    store = store_of(*crimes, *alone)
    assert len(cases(store)) == 6

    received(store, *contests)

    assert cases(store) == {frozenset({"a", "b"} | {one["id"] for one in crimes[withdrawn:]})}
    assert differences(store, [*crimes, *alone, *contests]) == []


@pytest.mark.parametrize("urn", ["U1", "U2", "U3"])
def test_a_hub_leaves_a_case_that_holds_together_without_it(urn: str) -> None:
    """Four crimes are one case by their referrals; the number they share is a hub, and what has it alone goes out."""
    referred = [carrying(f"r{n}", crime_ref=f"C{n}", referral=r) for n, r in ((0, "R1"), (1, "R1"), (2, "R1"))]
    chained = [carrying("r3", crime_ref="C3", referral="R2"), carrying("r4", crime_ref="C2", referral="R2")]
    alone, *numbered = carrying("alone", urn=urn), *(carrying(f"n{n}", crime_ref=f"C{n}", urn=urn) for n in range(4))

    store = store_of(*referred, *chained, alone, *numbered[:3])
    assert cases(store) == grouped("r0 r1 r2 r3 r4 n0 n1 n2 alone")

    received(store, numbered[3])
    assert cases(store) == grouped("r0 r1 r2 r3 r4 n0 n1 n2 n3", "alone")


def test_a_case_cannot_be_found_by_a_hub() -> None:
    """It names none."""
    store = store_of(*(carrying(f"e{n}", crime_ref=f"C{n}", urn="U1") for n in range(4)))

    with pytest.raises(DataError, match="No case is called `urn:U1`"):
        case_of(store.connection, "urn:U1")


def test_identifiers_do_not_link_across_areas() -> None:
    """Crime C1 of one force is not crime C1 of another; asked by its value alone, two cases answer."""
    store = store_of(carrying("west", crime_ref="C1"), carrying("east", area="30", crime_ref="C1"))

    assert cases(store) == grouped("west", "east")
    with pytest.raises(DataError, match="names 2 cases"):
        case_of(store.connection, "crime_ref:C1")


LEFT, RIGHT = ("crime_ref", "C1"), ("urn", "U1")


def test_a_steward_links_and_takes_it_back() -> None:
    """Linked they are one case; unlinked again, the digest is as it was before."""
    store = store_of(A, B)
    before = derived(store)

    received(store, link("2026-03-05T10:00", LEFT, RIGHT, id="l"))
    assert cases(store) == grouped("a b")

    received(store, link("2026-03-06T10:00", LEFT, RIGHT, id="u", unlink=True))
    assert cases(store) == grouped("a", "b")
    assert derived(store) == before


def test_a_steward_unlinks_and_takes_it_back() -> None:
    """What one event joined can be parted, the event going with the first kind of the domain; and joined again."""
    store = store_of(A, B, BRIDGE)
    before = derived(store)

    received(store, link("2026-03-05T10:00", LEFT, RIGHT, id="u", unlink=True))
    assert cases(store) == grouped("a", "b bridge")

    received(store, link("2026-03-06T10:00", LEFT, RIGHT, id="l"))
    assert cases(store) == grouped("a b bridge")
    assert derived(store) == before


def test_stewards_decisions_count_in_the_order_of_their_times() -> None:
    """Not in that of their arrival: the later act wins, though received first."""
    acts = [link("2026-03-06T10:00", LEFT, RIGHT, id="u", unlink=True), link("2026-03-05T10:00", LEFT, RIGHT, id="l")]

    assert cases(store_of(A, *acts, B)) == grouped("a", "b")


def test_a_decision_waits_for_its_identifiers() -> None:
    """A steward may link what no event has carried yet."""
    store = store_of(link("2026-03-05T10:00", LEFT, RIGHT, id="l"), A)
    assert cases(store) == grouped("a")

    received(store, B)
    assert cases(store) == grouped("a b")


def test_a_decision_of_another_area_links_nothing_here() -> None:
    """An act is on the identifiers of its area."""
    assert cases(store_of(A, B, link("2026-03-05T10:00", LEFT, RIGHT, id="l", area="30"))) == grouped("a", "b")


def test_unlinking_one_pair_leaves_the_way_round() -> None:
    """Parted directly, two identifiers may still be one case over a third."""
    around = [carrying("p", crime_ref="C1", referral="R1"), carrying("q", urn="U1", referral="R1")]
    store = store_of(BRIDGE, *around, link("2026-03-05T10:00", LEFT, RIGHT, id="u", unlink=True))

    assert cases(store) == grouped("bridge p q")


def test_what_a_withdrawn_event_joined_falls_apart() -> None:
    """The bridge comes in conflict: what it alone joined is two cases again."""
    store = store_of(A, B)
    before = derived(store)

    received(store, BRIDGE, BRIDGE | {"unit": "other", "origin": "elsewhere"})

    assert cases(store) == grouped("a", "b")
    assert derived(store) == before


@pytest.mark.parametrize(("withdrawn", "left"), [(A, B), (B, A)])
def test_what_a_steward_linked_to_a_withdrawn_event_is_alone_again(withdrawn: Event, left: Event) -> None:
    """Only the withdrawn event carried one end of the link: the other end is a case by itself, under its own id."""
    store = store_of(left)
    before = derived(store)

    received(store, link("2026-03-05T10:00", LEFT, RIGHT, id="l"), withdrawn)
    assert cases(store) == grouped("a b")

    received(store, withdrawn | {"unit": "other", "origin": "elsewhere"})
    assert derived(store) == before


# the key of the number is the greatest of the three, the least, or between the two
@pytest.mark.parametrize("numbers", ["C0 C2", "C5 C4", "C0 C4"])
def test_what_was_linked_over_a_withdrawn_event_falls_apart(numbers: str) -> None:
    """A steward linked two crimes to one prosecution number, which only the withdrawn event carried."""
    crimes = [carrying(name, crime_ref=number) for name, number in zip("ab", numbers.split(), strict=True)]
    numbered = carrying("w", urn="U1")
    links = [
        link("2026-03-05T10:00", ("crime_ref", number), ("urn", "U1"), id=f"l{number}") for number in numbers.split()
    ]
    store = store_of(*crimes, numbered, *links)
    assert cases(store) == grouped("a b w")

    received(store, numbered | {"unit": "other", "origin": "elsewhere"})

    assert cases(store) == grouped("a", "b")


@pytest.mark.parametrize("other", [{"unit": "other"}, {"type": "police.file.sent"}])
def test_a_contested_act_of_a_steward_links_nothing(other: Event) -> None:
    """Published with other content, also where the other copy is no act of a steward: as if it had not come."""
    store = store_of(A, B)
    before = derived(store)
    act = link("2026-03-05T10:00", LEFT, RIGHT, id="l")

    received(store, act)
    assert cases(store) == grouped("a b")

    received(store, act | {"origin": "elsewhere"} | other)
    assert derived(store) == before


@pytest.mark.parametrize(("gone", "kept"), [("crime_ref", "urn"), ("urn", "crime_ref")])
def test_a_number_that_was_withdrawn_and_comes_again_leaves_its_old_case(gone: str, kept: str) -> None:
    """What joined two numbers is taken back and one of them carried anew, before anything is linked: two cases.

    Whichever of the two was the name of their one case.
    """
    joining = carrying("joining", **{gone: "N1", kept: "N2"}) | {"revision": "000000000000000001"}
    taken_back = joining | {"revision": "000000000000000002", "retracts": True, "position": 2}
    other, anew = carrying("other", **{kept: "N2"}), carrying("anew", **{gone: "N1"})
    store = store_of(joining, other)
    assert cases(store) == grouped("joining other")

    later = [[one | {"received_at": RECEIVED}] for one in (taken_back, anew)]
    filled(store, later, in_bulk=True)

    assert cases(store) == grouped("other", "anew")
