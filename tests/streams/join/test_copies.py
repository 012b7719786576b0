"""Which records of one id are copies of one event, and which contradict each other (docs/rules.md, 1)."""

from __future__ import annotations

from datetime import timedelta
from hashlib import md5
from typing import Any

import pytest
from histories import RECEIVED, Event, event, resolution
from joined import batch_of, differences, emptied, filled, product_hash, small_domain

from throughline.sinks.store import Store
from throughline.streams.join.batch import accept_only, join
from throughline.streams.join.rebuild import rebuild

CRIME = event("police.crime.recorded", "2026-03-02T10:00", id="e", unit="CID", recorded_at=None)
TWO = [{"kind": "crime_ref", "value": "C1"}, {"kind": "urn", "value": "U1"}]
# every attribute of an event that is no name of it, with two values that a copy may not change
CONTENT: dict[str, tuple[Any, Any]] = {
    "type": ("police.crime.recorded", "police.file.sent"),
    "version": (1, 2),
    "agency": ("police", "cps"),
    "occurred_at": (CRIME["occurred_at"], CRIME["occurred_at"].replace(microsecond=1)),
    "occurred_precision": ("instant", "day"),
    "identifiers": (TWO[:1], TWO),
    "due_at": (None, CRIME["occurred_at"]),
    "effect_at": (None, CRIME["occurred_at"]),
    "enhanced": (None, False),
    "data": ("{}", '{"a":1}'),
    **dict.fromkeys(("unit", "decision", "reason", "reference", "answers", "about", "holder"), (None, "x")),
    "retracts": (None, True),
    **dict.fromkeys(("sequence", "channel", "victim", "officer", "correlation", "causation"), (None, "x")),
}
# what a record says of its own way here
CIRCUMSTANCES: dict[str, tuple[Any, Any]] = {
    "recorded_at": (None, CRIME["occurred_at"]),
    "received_at": (RECEIVED, RECEIVED.replace(hour=9)),
    "origin": ("one file", "another"),
    "revision": ("000000000000000001", "000000000000000002"),
    "position": (1, 2),
}


def contested(*parts: list[Event]) -> set[str]:
    """The ids whose copies contradict each other once these batches have come."""
    return contested_in(filled(emptied(), parts))


def contested_in(store: Store) -> set[str]:
    found = store.connection.execute("select distinct event_id from quarantine where reason = 'conflict'").fetchall()
    return {name for (name,) in found}


def test_every_attribute_of_an_event_is_content_or_circumstance() -> None:
    """None is left out of what follows."""
    assert CONTENT.keys() | CIRCUMSTANCES.keys() | {"area", "source", "id"} == CRIME.keys()


@pytest.mark.parametrize("apart", [False, True])
def test_copies_contradict_each_other_where_any_content_differs(apart: bool) -> None:
    """In one batch or in two; what differs in its circumstances alone is the same event."""
    pairs = [
        [CRIME | {"id": name, name: value, "position": n} for value in values]
        for n, (name, values) in enumerate((CONTENT | CIRCUMSTANCES).items())
    ]
    first, second = [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    assert contested(*([first, second] if apart else [first + second])) == set(CONTENT)


def test_a_batch_without_events_changes_nothing() -> None:
    """Its counts are all nought; a batch may have had nothing but what was refused."""
    store = emptied()

    for counts in (join(store, batch_of([]), RECEIVED), accept_only(store, batch_of([]), RECEIVED)):
        assert (counts.read, counts.accepted, counts.duplicate, counts.quarantined) == (0, 0, 0, {})

    assert store.connection.execute("from events").fetchall() == []


def test_nothing_is_not_the_same_as_an_empty_text() -> None:
    """Nor does a text move from one attribute to the next unnoticed."""
    pairs = [
        (CRIME | {"id": "empty", "unit": None}, CRIME | {"id": "empty", "unit": ""}),
        (CRIME | {"id": "moved", "answers": "x"}, CRIME | {"id": "moved", "about": "x"}),
        (CRIME | {"id": "cut", "answers": "x", "about": "yz"}, CRIME | {"id": "cut", "answers": "xy", "about": "z"}),
    ]

    assert contested([one for pair in pairs for one in pair]) == {"empty", "moved", "cut"}


def test_the_order_of_identifiers_is_no_content() -> None:
    """They are a set."""
    assert contested([CRIME | {"identifiers": TWO}, CRIME | {"identifiers": TWO[::-1], "origin": "again"}]) == set()


def test_a_source_and_an_id_are_told_apart() -> None:
    """`a` of source `bc` is not `ab` of source `c`, whatever they say: two events, and no contest."""
    store = filled(
        emptied(),
        [[CRIME | {"source": "urn:x:b", "id": "cd"}, CRIME | {"source": "urn:x:bc", "id": "d", "unit": "PPU"}]],
    )

    assert contested_in(store) == set()
    assert store.connection.execute("select count(*) from timeline").fetchall() == [(2,)]


def test_a_content_has_the_same_name_in_every_release() -> None:
    """Stewards' decisions name it: the MD5 of the attributes in this order, U+001F between, U+001E for nothing."""
    said = CRIME | dict.fromkeys(("unit", "reason", "about", "channel", "officer", "causation"), "x")
    texts = ["police.crime.recorded", "1", "20", "police", "x", "2026-03-02 10:00:00", "instant", "\x1e"]
    texts += ["[{'kind': crime_ref, 'value': C1}]", "\x1e", "x", "\x1e", "\x1e", "x", "\x1e", "\x1e", "\x1e", "\x1e"]
    texts += ["x", "\x1e", "x", "\x1e", "x", "{}"]
    nothing = [CRIME | {"unit": None}, CRIME | {"unit": None, "sequence": "7", "due_at": CRIME["occurred_at"]}]
    short = ["\x1e" if text == "x" else text for text in texts]
    dated = [*short[:7], "7", *short[8:15], "2026-03-02 10:00:00", *short[16:]]

    store = filled(emptied(), [[said, *nothing]])

    found = store.connection.execute("select content_hash from quarantined").fetchall()
    names = [md5("\x1f".join(one).encode()).hexdigest() for one in (texts, short, dated)]
    assert sorted(found) == sorted((name,) for name in names)


def test_a_decision_for_content_that_has_not_come_decides_nothing() -> None:
    """The one content that there is stands; when another comes, it is still not the one that was decided for."""
    unseen, second = CRIME | {"unit": "PPU"}, CRIME | {"unit": "CPT", "origin": "again"}
    parts = [[CRIME], [resolution("2026-03-05T10:00", unseen, product_hash, id="r")], [second]]

    store = filled(emptied(), parts[:2])
    assert differences(store, [one for part in parts[:2] for one in part]) == []
    assert contested_in(store) == set()

    assert contested_in(filled(store, parts[2:])) == {"e"}

    at_once = filled(emptied(), [[*parts[0], *parts[1]]])
    assert differences(at_once, [*parts[0], *parts[1]]) == []


def test_a_copy_that_says_nothing_earlier_restates_nothing() -> None:
    """Equal in its times, or later; and one that does restates once, however often it is read."""
    hour = timedelta(hours=1)
    written = CRIME | {"recorded_at": CRIME["occurred_at"] + hour}
    again = written | {"origin": "again", "recorded_at": written["recorded_at"] + hour}
    earlier = written | {"origin": "earlier", "recorded_at": CRIME["occurred_at"]}
    store = filled(emptied(), [[written], [again | {"recorded_at": written["recorded_at"]}], [again]])
    assert restatements(store) == []

    filled(store, [[earlier], [earlier], [earlier, again]])
    assert restatements(store) == [("e", "history", CRIME["occurred_at"])]


def test_a_restatement_of_one_event_is_none_of_its_neighbour() -> None:
    """Two contents at one line of a file, or two events of one file, each restated at the same time."""
    pairs = [CRIME | {"id": "a"}, CRIME | {"id": "b"}, CRIME | {"id": "c", "position": 2}]
    written = [one | {"recorded_at": CRIME["occurred_at"] + timedelta(hours=1)} for one in pairs]
    restated = [one | {"recorded_at": CRIME["occurred_at"], "origin": "again"} for one in pairs]

    store = filled(emptied(), [written, *([one] for one in restated)])

    assert restatements(store) == [(name, "history", CRIME["occurred_at"]) for name in "abc"]
    assert differences(store, [*written, *restated]) == []


def restatements(store: Store) -> list[tuple[Any, ...]]:
    """What is kept of copies that state an earlier time: the event, where it stands, and the time."""
    return store.connection.execute(
        "select event_id, r.origin, r.recorded_at from restated r join events using (event_key) order by 1"
    ).fetchall()


def test_a_rebuild_finds_the_same_contests() -> None:
    """Also where the copy that stood until then has been placed in a case."""
    parts = [[CRIME], [CRIME | {"unit": "PPU", "origin": "again"}], [CRIME | {"id": "other"}]]
    store = filled(emptied(), parts)

    assert rebuild(store, small_domain()) == 1

    assert contested_in(store) == {"e"}
    assert differences(store, [one for part in parts for one in part]) == []
