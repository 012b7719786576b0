"""What a source says of one event more than once: which statement stands, and what becomes of the others."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from histories import RECEIVED, Event, act, event, resolution
from joined import batch_of, differences, emptied, filled, product_hash, rows, small_domain

from throughline.sinks.digest import digest
from throughline.sinks.store import Store
from throughline.streams.join.batch import join
from throughline.streams.join.rebuild import past, rebuild


def stated(at: str = "2026-03-02T10:00", revision: str | int | None = None, **fields: Any) -> Event:
    """A statement of the event `e`: at a revision, or at none."""
    text = f"{revision:018}" if isinstance(revision, int) else revision
    number = fields.pop("position", 1)
    return event("police.crime.recorded", at, id="e", revision=text, position=number, **fields)


def taken_back(revision: int, **fields: Any) -> Event:
    return stated(revision=revision, retracts=True, **fields)


def numbered(events: list[Event]) -> list[Event]:
    """The events, each from a line of its own."""
    return [one | {"position": number} for number, one in enumerate(events, start=1)]


def units(store: Store) -> list[tuple[str | None, bool]]:
    """Of each event of the timeline the unit, and whether its source had said otherwise."""
    return store.connection.execute("select unit, revised from timeline order by all").fetchall()


def standings(store: Store) -> dict[str | None, str]:
    return dict(store.connection.execute("select unit, standing from events order by all").fetchall())


IN_ANY_ORDER: dict[str, tuple[list[Event], list[tuple[str | None, bool]], list[str]]] = {
    "the highest revision stands": ([stated(unit="A", revision=1), stated(unit="B", revision=2)], [("B", True)], []),
    "one without a revision comes before all": ([stated(unit="A"), stated(unit="B", revision=0)], [("B", True)], []),
    "a day comes before an instant of it, and after a number": (
        [
            stated(unit="A", revision=3),
            stated(unit="B", revision="2026-03-02"),
            stated(unit="C", revision="2026-03-02T00:00:00.000000Z"),
        ],
        [("C", True)],
        [],
    ),
    "the same said again is nothing new": (
        [stated(unit="A", revision=1), stated(unit="A", revision=2)],
        [("A", False)],
        [],
    ),
    "what was said at first stands again if it is said again": (
        [stated(unit="A", revision=1), stated(unit="B", revision=2), stated(unit="A", revision=3)],
        [("A", True)],
        [],
    ),
    "the same revision with other content is a conflict": (
        [stated(unit="A", revision=2), stated(unit="B", revision=2)],
        [],
        ["A", "B"],
    ),
    "a conflict at a lower revision is none any more": (
        [stated(unit="A", revision=1), stated(unit="B", revision=1), stated(unit="C", revision=2)],
        [("C", True)],
        [],
    ),
    "what is below a conflict does not come back": (
        [stated(unit="A", revision=1), stated(unit="B", revision=2), stated(unit="C", revision=2)],
        [],
        ["B", "C"],
    ),
    "an event that is taken back is gone": ([stated(unit="A", revision=1), taken_back(2, unit="A")], [], []),
    "so is one that was never stated": ([taken_back(1, unit="A")], [], []),
    "it may be stated again": (
        [stated(unit="A", revision=1), taken_back(2, unit="A"), stated(unit="A", revision=3)],
        [("A", True)],
        [],
    ),
    "taken back and stated at one revision is a conflict": (
        [stated(unit="A", revision=1), taken_back(1, unit="B")],
        [],
        ["A", "B"],
    ),
}


@pytest.mark.parametrize("case", IN_ANY_ORDER)
def test_what_stands_in_whatever_order_it_comes(case: str) -> None:
    """Given these statements, in one batch or one by one: this timeline, this quarantine and one digest."""
    events, timeline, quarantine = IN_ANY_ORDER[case]
    store = filled(emptied(), [numbered(events)])
    assert units(store) == timeline
    assert sorted(unit for unit, standing in standings(store).items() if standing == "conflict") == quarantine
    assert differences(store, numbered(events)) == []
    expected = digest(store.connection)
    for order in permutations(numbered(events)):
        assert digest(filled(emptied(), [[one] for one in order]).connection) == expected
    rebuild(store, small_domain())
    assert digest(store.connection) == expected


def test_a_later_revision_brings_the_urn() -> None:
    """Identifiers of a later revision count: two cases become one."""
    store = filled(
        emptied(),
        [
            [stated(revision=1), event("cps.file.received", "2026-03-05T10:00", id="c", identifiers={"urn": "U1"})],
            [stated(revision=2, identifiers={"crime_ref": "C1", "urn": "U1"}, position=2)],
        ],
    )

    assert rows(store, "select events from cases") == [{"events": 2}]


def test_an_earlier_revision_loses_what_it_alone_had_joined() -> None:
    """The case falls apart again where the later revision has not the URN."""
    store = filled(
        emptied(),
        [
            [
                stated(revision=1, identifiers={"crime_ref": "C1", "urn": "U1"}),
                event("cps.file.received", "2026-03-05T10:00", id="c", identifiers={"urn": "U1"}),
            ],
            [stated(revision=2, position=2)],
        ],
    )

    assert rows(store, "select events from cases") == [{"events": 1}, {"events": 1}]


def test_a_steward_decides_among_the_contents_of_the_highest_revision_alone() -> None:
    """And a later revision stands whatever was decided of those before it."""
    conflict = [stated(unit="A", revision=1), stated(unit="B", revision=1)]
    decided = resolution("2026-04-01T10:00", conflict[0], product_hash, id="s")
    late = stated(unit="C", revision=2)

    assert units(filled(emptied(), [numbered([*conflict, decided])])) == [("A", False)]
    assert units(filled(emptied(), [numbered([*conflict, decided, late])])) == [("C", True)]
    below = resolution("2026-04-01T10:00", stated(unit="A", revision=1), product_hash, id="s")
    higher = [stated(unit="A", revision=1), stated(unit="B", revision=2), stated(unit="C", revision=2), below]
    assert units(filled(emptied(), [numbered(higher)])) == []


def test_a_decision_that_is_taken_back_decides_nothing() -> None:
    """A steward's act is an event like any other."""
    conflict = [stated(unit="A"), stated(unit="B")]
    decided = resolution("2026-04-01T10:00", conflict[0], product_hash, id="s")
    events = numbered([*conflict, decided, decided | {"revision": f"{1:018}", "retracts": True}])

    for batches in ([events], [[one] for one in events], [[one] for one in reversed(events)]):
        store = filled(emptied(), batches)
        assert units(store) == []
        assert differences(store, events) == []


def test_an_unlinking_may_be_taken_back() -> None:
    """The pair is joined again."""
    both = stated(identifiers={"crime_ref": "C1", "urn": "U1"})
    pair = {"left_kind": "crime_ref", "left_value": "C1", "right_kind": "urn", "right_value": "U1"}
    parted = act("identifiers.unlinked", "2026-04-01T10:00", id="s", **pair)
    others = [
        event("cps.file.received", "2026-03-05T10:00", id="c", identifiers={"urn": "U1"}),
        event("advocate.case.taken", "2026-03-05T10:00", id="a", identifiers={"crime_ref": "C1"}),
    ]
    store = filled(emptied(), [numbered([both, *others]), [parted]])
    assert rows(store, "select count(*) as n from cases") == [{"n": 2}]

    join(store, batch_of([parted | {"revision": f"{1:018}", "retracts": True, "position": 9}]), RECEIVED)

    assert rows(store, "select count(*) as n from cases") == [{"n": 1}]


def test_what_was_known_then_is_what_had_been_stated_then() -> None:
    """`known_at` asks what stood before the revision came; saying it again later changes nothing of that."""
    first, second, third = stated(unit="A", revision=1), stated(unit="B", revision=2), stated(unit="A", revision=3)
    batches = [
        [one | {"received_at": RECEIVED.replace(hour=hour), "position": hour}]
        for hour, one in ((6, first), (8, second), (10, third))
    ]
    store = filled(emptied(), batches)

    known = {}
    for hour in (7, 9, 11):
        with past(store, small_domain(), as_of=None, known_at=RECEIVED.replace(hour=hour)) as then:
            known[hour] = units(then)

    assert known == {7: [("A", False)], 9: [("B", True)], 11: [("A", True)]}


def test_a_nightly_export_without_a_change_derives_nothing_again() -> None:
    """What is known already is noted and no more: the case is not touched."""
    store = filled(emptied(), [[stated(revision="2026-03-01")]])
    counts = join(store, batch_of([stated(revision="2026-03-02", position=2)]), RECEIVED)

    assert (counts.accepted, counts.duplicate, counts.quarantined) == (0, 1, {})
    assert store.connection.execute("select count(*) from cases_to_derive").fetchall() == [(0,)]
    assert rows(store, "select count(*) as n from events") == [{"n": 1}]


def test_the_past_of_a_case_has_what_an_earlier_statement_had_joined() -> None:
    """Asked for by itself, it is the case as it was known then."""
    taken = event("cps.file.received", "2026-03-05T10:00", id="c", identifiers={"urn": "U1"})
    both = stated(revision=1, identifiers={"crime_ref": "C1", "urn": "U1"})
    later = stated(revision=2, position=2) | {"received_at": RECEIVED.replace(hour=8)}
    store = filled(emptied(), [[both, taken], [later]])
    (key,) = store.connection.execute(
        "select case_key from events where event_id = 'e' and standing = 'stands'"
    ).fetchone() or (0,)

    with past(store, small_domain(), as_of=None, known_at=RECEIVED.replace(hour=7), case_key=key) as then:
        assert rows(then, "select events from cases") == [{"events": 2}]


def test_what_had_not_happened_yet_leaves_what_it_corrects_aside() -> None:
    """An event that is now said to have happened later had not happened by then, whatever was said of it before."""
    store = filled(
        emptied(), [[stated("2026-03-01T10:00", revision=1), stated("2026-03-10T10:00", revision=2, position=2)]]
    )

    with past(store, small_domain(), as_of=RECEIVED.replace(month=3, day=5), known_at=None) as then:
        assert rows(then, "from timeline") == []


def test_each_statement_has_the_time_at_which_it_came() -> None:
    """A copy of a higher revision that came late says nothing of what was known before it."""
    first, second, third = stated(unit="A", revision=1), stated(unit="B", revision=2), stated(unit="A", revision=3)
    late = [third | {"received_at": RECEIVED.replace(hour=10), "position": 3}]
    early = [
        first | {"received_at": RECEIVED.replace(hour=7)},
        second | {"received_at": RECEIVED.replace(hour=8), "position": 2},
    ]
    for batches in ([early, late], [late, early]):
        store = filled(emptied(), batches)
        with past(store, small_domain(), as_of=None, known_at=RECEIVED.replace(hour=9)) as then:
            assert units(then) == [("B", True)]


def test_a_file_that_is_edited_in_place_keeps_the_times_of_its_statements_apart() -> None:
    """A copy that states an earlier time for the one says nothing of the other."""
    recorded = RECEIVED.replace(month=3, day=2)
    one = stated(unit="A", revision=1, recorded_at=recorded.replace(hour=10))
    other = stated(unit="B", revision=2, recorded_at=recorded.replace(hour=12))
    copy = one | {"recorded_at": recorded.replace(hour=8), "origin": "g"}
    parts = [[part | {"received_at": RECEIVED.replace(hour=n)}] for n, part in enumerate((one, other, copy), start=7)]
    for order in permutations(parts):
        assert differences(filled(emptied(), order), [part for (part,) in parts]) == []


def test_a_content_that_comes_to_contest_another_is_counted_in_quarantine() -> None:
    """Known or not: the night that lacks the row, and the same night sent again with it."""
    store = filled(emptied(), [numbered([stated(unit="A", revision=1), taken_back(2), stated(unit="B", revision=3)])])
    counts = join(store, batch_of([taken_back(3, position=4), taken_back(3, position=5)]), RECEIVED)
    assert (counts.read, counts.accepted, counts.duplicate, counts.quarantined) == (2, 0, 1, {"conflict": 1})

    counts = join(store, batch_of([taken_back(3, position=6), stated(unit="A", revision=1, position=7)]), RECEIVED)
    assert (counts.accepted, counts.duplicate, counts.quarantined) == (0, 2, {})


def test_each_retraction_has_its_own_number_in_the_sequence() -> None:
    """None is missing because another retraction of the event came first."""
    events = numbered(
        [
            stated(revision=1, sequence="1"),
            taken_back(2, sequence="2"),
            taken_back(4, sequence="4"),
            event("police.crime.recorded", "2026-03-03T10:00", id="f", sequence="5"),
        ]
    )
    source = events[0]["source"]
    for order in (events, events[::-1], [events[2], events[1], events[3], events[0]]):
        store = filled(emptied(), [[one] for one in order])
        assert rows(store, "select first_number, last_number from sequence_gaps") == [
            {"first_number": 3, "last_number": 3}
        ]
        assert rows(store, f"select sequence_gaps as n, events from sources where source = '{source}'") == [
            {"n": 1, "events": 1}
        ]


def test_what_a_retraction_says_besides_is_no_sight_of_its_source() -> None:
    """It may say any time, and copies of it different ones."""
    first, second = taken_back(2), taken_back(3) | {"occurred_at": RECEIVED}
    seen = {
        str(rows(filled(emptied(), [[stated(revision=1)], *order]), "select last_seen from sources"))
        for order in permutations([[first | {"position": 2}], [second | {"position": 3}]])
    }
    assert len(seen) == 1


def test_contents_in_conflict_are_part_of_the_digest() -> None:
    """And how often or where each was read is not."""
    pairs = ([stated(unit="A"), stated(unit="B")], [stated(unit="A"), stated(unit="C")], [])
    digests = [digest(filled(emptied(), [numbered(pair)] if pair else []).connection) for pair in pairs]
    assert len(set(digests)) == 3
    again = filled(emptied(), [[one | {"origin": "g"}] for one in (*pairs[0][::-1], *pairs[0])])
    assert digest(again.connection) == digests[0]
