"""Which copies are one event: the reference and the product, field by field."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import md5
from itertools import pairwise
from typing import Any

import reference
from histories import Event, event
from joined import differences, emptied, filled, product_hash
from reference_record import CONTENT, NOT_CONTENT
from small import small_rules

from throughline.schemas.acceptance.events import EVENTS

AT = datetime.fromisoformat("2026-03-02T10:00")
OTHER: dict[str, Any] = {
    "type": "police.call.made",
    "version": 2,
    "agency": "cps",
    "occurred_at": AT + timedelta(microseconds=1),
    "occurred_precision": "day",
    "identifiers": [{"kind": "crime_ref", "value": "C2"}],
    "due_at": AT,
    "effect_at": AT,
    "enhanced": False,
    "data": '{"other":1}',
    "retracts": True,
}
"""What a field says in another copy: an instant, a number or a list where it is not text."""


def crime(name: str) -> Event:
    """An event that says little, of a source of its own, so that it is in no other's case."""
    return event("police.crime.recorded", AT, id=name, source="urn:test:20:police")


def test_every_field_is_content_or_is_not() -> None:
    """A new field of an event says which it is."""
    assert sorted((*CONTENT, *NOT_CONTENT, "source", "id")) == sorted((*EVENTS.names, "received_at"))


def test_copies_that_differ_in_any_field_of_the_content_are_in_conflict() -> None:
    """Each alone: what is stated beside what is not, or is stated otherwise. Of another area it is another event."""
    names = [name for name in CONTENT if name != "area"]
    pairs = [(crime(name), crime(name) | {name: OTHER.get(name, "x")}) for name in names]
    events = [copy for pair in pairs for copy in pair]

    accepted, conflicts = reference.accepted(events, small_rules())
    store = filled(emptied(), [events])

    assert (accepted, {row["id"] for row in conflicts}) == ([], set(names))
    found = store.connection.execute("select event_id from quarantine where reason = 'conflict'").fetchall()
    assert sorted(name for (name,) in found) == sorted(2 * names)
    assert differences(store, events) == []


def test_the_same_words_in_other_fields_are_another_content() -> None:
    """As they would be if fields were only strung together."""
    text = [name for name in CONTENT if crime(name)[name] is None and name not in OTHER]
    pairs = [
        (crime(left) | {left: one, right: other}, crime(left) | {left: two, right: another})
        for left, right in pairwise(text)
        for one, other, two, another in (("ab", "c", "a", "bc"),)
    ]
    moved = [(crime(f"{left}!") | {left: "x"}, crime(f"{left}!") | {right: "x"}) for left, right in pairwise(text)]
    events = [copy for pair in pairs + moved for copy in pair]

    store = filled(emptied(), [events])

    assert store.connection.execute("select count(*) from quarantine").fetchone() == (len(events),)
    assert differences(store, events) == []


def test_copies_that_differ_in_when_and_where_are_one_event() -> None:
    """And in the order in which identifiers stand."""
    identifiers = [{"kind": "crime_ref", "value": "C1"}, {"kind": "urn", "value": "U1"}]
    one = crime("1") | {"identifiers": identifiers}
    copies = [one]
    copies += [one | {"recorded_at": AT}, one | {"origin": "elsewhere"}, one | {"position": 9}]
    copies += [one | {"identifiers": identifiers[::-1], "position": 10}]

    store = filled(emptied(), [copies])

    assert len(reference.accepted(copies, small_rules())[0]) == 1
    assert store.connection.execute("select count(*), count(recorded_at) from timeline").fetchone() == (1, 1)
    assert differences(store, copies) == []


def test_the_name_of_a_content_stays_what_it_was() -> None:
    """Stewards' acts name it: the MD5 of what it says, joined by U+001F, with U+001E for what it does not say."""
    one = crime("1") | {"identifiers": [{"kind": "urn", "value": "U1"}], "enhanced": True, "victim": "v-00000001"}
    nothing = "\x1e"
    said = ["police.crime.recorded", "1", "20", "police", nothing, "2026-03-02 10:00:00", "instant", nothing]
    said += ["[{'kind': urn, 'value': U1}]", *8 * [nothing], "true", nothing, "v-00000001", *3 * [nothing], "{}"]

    assert product_hash(one) == md5("\x1f".join(said).encode()).hexdigest()
