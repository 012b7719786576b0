"""One event with several numbers of a kind joins the first of them alone (docs/rules.md, section 2; decision 0034)."""

from __future__ import annotations

from random import Random

import pytest
from histories import Event, duplicated, event, history, link, shuffled, with_several
from hypothesis import given, settings
from hypothesis import strategies as st
from joined import differences, emptied, filled, filled_by_chance, product_hash, rows, small_domain
from test_link import cases, derived, grouped, received, store_of

from throughline.streams.join.rebuild import rebuild


def carrying(id: str, *crimes: str, **others: str) -> Event:
    """An event with these crime numbers, and others by their kinds."""
    numbers = [{"kind": "crime_ref", "value": one} for one in crimes]
    numbers += [{"kind": kind, "value": value} for kind, value in others.items()]
    return event("police.file.sent", "2026-03-02T10:00", id=id, identifiers=numbers)


A, B, C = carrying("a", "C1"), carrying("b", "C2"), carrying("c", "C3")


def held(events: list[Event]) -> list[tuple[str, str]]:
    store = store_of(*events)
    pairs = rows(
        store,
        "select l.value as one, r.value as other from held_joins h join identifiers l on l.identifier_key = h.left_key "
        "join identifiers r on r.identifier_key = h.right_key",
    )
    return sorted((min(row.values()), max(row.values())) for row in pairs)


def test_one_event_merges_no_two_cases() -> None:
    """It stays in the timeline of the first; what it would have joined is named."""
    store = store_of(A, B, carrying("x", "C1", "C2"))

    assert cases(store) == grouped("a x", "b")
    assert held([A, B, carrying("x", "C1", "C2")]) == [("C1", "C2")]


def test_a_chain_of_pairs_merges_nothing() -> None:
    """Each event has a number of the one before it and one of the next: every number has a case of its own."""
    alone = [carrying(f"a{n}", f"C{n}") for n in range(7)]
    chain = [carrying(f"x{n}", f"C{n}", f"C{n + 1}") for n in range(6)]

    store = filled(emptied(), [alone, chain[:3], chain[3:]])

    (count,) = rows(store, "select count(*) as n, max(events) as most from cases")
    assert (count["n"], count["most"]) == (7, 2)
    assert differences(store, [*alone, *chain]) == []


def test_a_number_of_another_kind_is_no_way_round() -> None:
    """A file number with two crime numbers is the file of the first; the other waits."""
    x = carrying("x", "C1", "C2", urn="U1")
    store = store_of(A, B, x, carrying("u", urn="U1"))

    assert cases(store) == grouped("a x u", "b")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ([carrying("y", "C2", urn="U1")], "a b x y"),
        ([carrying("v", "C1", phone="07"), carrying("w", "C2", phone="07")], "a b x v w"),
        ([carrying("v", "C1", phone="07"), carrying("w", "C2", phone="08")], None),
        ([carrying("v", "C1", phone="07"), carrying("w", "C1", "C2", phone="07")], None),
        ([link("2026-03-05T10:00", ("crime_ref", "C1"), ("crime_ref", "C2"), id="s")], "a b x"),
    ],
    ids=["another event", "of one person", "of two persons", "said by such events alone", "a steward"],
)
def test_what_else_says_so_joins_them(more: list[Event], expected: str | None) -> None:
    """Whichever comes first."""
    told = [A, B, carrying("x", "C1", "C2", urn="U1"), *more]
    for events in (told, told[::-1]):
        store = filled(
            emptied(), [events[:2], events[2:4], events[4:]] if len(events) > 4 else [events[:2], events[2:]]
        )
        assert any("a" in group and "b" in group for group in cases(store)) == (expected is not None)
        if expected:
            assert cases(store) == grouped(expected)
        assert differences(store, events) == []


def test_what_bore_it_out_and_is_taken_back_parts_them_again() -> None:
    told = [A, B, carrying("x", "C1", "C2"), carrying("v", "C1", phone="07"), carrying("w", "C2", phone="07")]
    store = store_of(*told)
    assert cases(store) == grouped("a b x v w")

    back = told[-1] | {"revision": "000000000000000001", "retracts": True}
    received(store, back)

    assert cases(store) == grouped("a x v", "b")
    assert differences(store, [*told, back]) == []


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), random=st.randoms(use_true_random=False))
def test_the_set_of_events_decides(seed: int, random: Random) -> None:
    """Copies, conflicts, revisions and stewards' acts among events with several numbers, in any order and batches."""
    events = duplicated(with_several(random, history(seed, 30, product_hash, placeholders=False)), random)
    events = [one | {"received_at": events[0]["received_at"]} for one in shuffled(events, random)]
    cut = sorted(random.sample(range(1, len(events)), k=min(6, len(events) - 1)))
    batches = [events[first:last] for first, last in zip([0, *cut], [*cut, len(events)], strict=True)]

    store = filled_by_chance(emptied(), batches, random, share=0.6)

    assert differences(store, events) == []
    as_it_came = derived(store)
    rebuild(store, small_domain())
    assert derived(store) == as_it_came
