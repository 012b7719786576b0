"""A number that more events carry than a case has is a hub, though it has no neighbour (docs/rules.md, section 2).

The small domain allows a referral four events, and the other kinds a thousand.
"""

from __future__ import annotations

from random import Random

import pytest
from histories import Event, link, shuffled
from joined import differences, emptied, filled_by_chance, small_domain
from test_link import carrying, cases, derived, grouped, received, store_of

from throughline.streams.join.rebuild import rebuild

REFERRED = [carrying(id, referral="R1") for id in "abcde"]


def taken_back(one: Event) -> Event:
    return one | {"revision": "000000000000000001", "retracts": True}


def test_one_event_more_than_a_case_may_have_parts_them_all() -> None:
    """It joins nothing any more: whatever a system writes into every record is no number of a case."""
    store = store_of(*REFERRED[:4])
    assert cases(store) == grouped("a b c d")

    received(store, REFERRED[4])

    assert cases(store) == grouped("a", "b", "c", "d", "e")
    assert differences(store, REFERRED) == []


def test_what_is_taken_back_makes_it_a_number_again() -> None:
    store = store_of(*REFERRED)

    back = taken_back(REFERRED[0])
    received(store, back)

    assert cases(store) == grouped("b c d e")
    assert differences(store, [*REFERRED, back]) == []


def test_it_leaves_the_other_numbers_of_its_events_joined() -> None:
    """Each event is of the case of the rest of what it carries."""
    with_crime = [carrying(f"x{n}", referral="R1", crime_ref=f"C{n % 2}") for n in range(4)]
    alone = [carrying(f"c{n}", crime_ref=f"C{n}") for n in range(2)]

    store = store_of(*with_crime, *alone, REFERRED[0])

    assert cases(store) == grouped("x0 x2 c0", "x1 x3 c1", "a")


def test_events_that_an_unlinking_put_elsewhere_count() -> None:
    """They carry it, whichever case they are of."""
    both = [carrying(f"u{n}", referral="R1", urn="U1") for n in range(3)]
    apart = link("2026-03-03T10:00", ("referral", "R1"), ("urn", "U1"), id="s", unlink=True)
    store = store_of(*both, apart, REFERRED[0])
    assert cases(store) == grouped("u0 u1 u2", "a")

    received(store, REFERRED[1])

    assert cases(store) == grouped("u0 u1 u2", "a", "b")
    assert differences(store, [*both, apart, *REFERRED[:2]]) == []


@pytest.mark.parametrize("seed", range(3))
def test_the_set_of_events_decides_and_not_their_order(seed: int) -> None:
    """One by one, in one load, or mixed; some taken back, some stated again with the number and some without."""
    random = Random(seed)
    crowd = [carrying(f"e{n}", **{"referral": f"R{n % 2}"} | ({"urn": "U1"} if n % 5 == 0 else {})) for n in range(11)]
    stated = [
        taken_back(one) if n % 2 else one | {"identifiers": [{"kind": "urn", "value": "U2"}], "revision": "2026-03"}
        for n, one in enumerate(random.sample(crowd, 3))
    ]
    events = shuffled(crowd + stated, random)
    one_by_one = [[one] for one in events]

    store = filled_by_chance(emptied(), one_by_one, random, share=0.6)

    assert differences(store, events) == []
    as_it_came = derived(store)
    rebuild(store, small_domain())
    assert derived(store) == as_it_came
