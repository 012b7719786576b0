"""The reference itself, checked by hand: which events stand, their order, their cases (rules 1 and 2)."""

from __future__ import annotations

from datetime import datetime
from random import Random

import pytest
import reference
from histories import act, batches, duplicated, event, histories, history, link, resolution, shuffled
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_time import Event, span
from small import small_rules

RULES = small_rules()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def crime(id: str, when: str = "2026-03-02T09:00", **identifiers: str) -> Event:
    return event("police.crime.recorded", when, id=id, identifiers=identifiers)


def together(events: list[Event], *ids: str) -> bool:
    """Whether the events of these ids (of the police in area 20) are in one case."""
    keys = reference.cases(events, RULES)
    return len({keys[reference.key64("20", "urn:test:20:police", id)] for id in ids}) == 1


def test_the_key_is_the_lower_half_of_the_digest() -> None:
    """The number that DuckDB's `md5_number_lower('abc')` gives."""
    assert reference.key64("abc") == 8250560606382298838
    assert reference.case_id(255) == "c00000000000000ff"


def test_copies_are_one_event_with_the_earliest_times() -> None:
    """A copy that does not say when it was recorded says nothing."""
    one = crime("1", crime_ref="C1")
    later = one | {
        "recorded_at": at("2026-03-05T09:00"),
        "received_at": at("2026-03-01T00:00"),
        "position": 9,
    }
    earlier = one | {"recorded_at": at("2026-03-04T09:00"), "origin": "elsewhere"}

    (found,), conflicts = reference.accepted([one, later, earlier], RULES)

    assert found["recorded_at"] == at("2026-03-04T09:00")
    assert found["received_at"] == at("2026-03-01T00:00")
    assert conflicts == []


def test_a_conflict_stands_aside_until_a_steward_decides() -> None:
    """Neither content is accepted; then the one that was named."""
    one, other = crime("1", crime_ref="C1"), crime("1", crime_ref="C2")
    elsewhere = resolution("2026-03-09T09:00", crime("1", crime_ref="C3"), id="s2")

    accepted, conflicts = reference.accepted([one, other], RULES)
    assert (accepted, len(conflicts)) == ([], 2)

    resolved = resolution("2026-03-03T09:00", other, id="s1")
    accepted, conflicts = reference.accepted([one, resolved, other], RULES)
    assert ([one["id"] for one in accepted], conflicts) == (["1", "s1"], [])
    assert accepted[0]["identifiers"] == other["identifiers"]

    _, conflicts = reference.accepted([one, resolved, other, elsewhere], RULES)
    assert len(conflicts) == 2, "the latest act counts, though it names a content that is not there"


def test_ties_are_broken_by_recording_then_sequence_then_key() -> None:
    """Unknown comes last; whole numbers are numbers, before other text."""
    events = [
        crime("a", crime_ref="C1") | {"recorded_at": at("2026-03-02T10:00"), "sequence": "9"},
        crime("b", crime_ref="C1") | {"recorded_at": at("2026-03-02T10:00"), "sequence": "10"},
        crime("c", crime_ref="C1") | {"recorded_at": at("2026-03-02T10:00")},
        crime("d", crime_ref="C1") | {"sequence": "1"},
        crime("e", crime_ref="C1") | {"recorded_at": at("2026-03-02T09:59")},
        crime("f", crime_ref="C1") | {"recorded_at": at("2026-03-02T10:00"), "sequence": "-1"},
        crime("g", crime_ref="C1") | {"recorded_at": at("2026-03-02T10:00"), "sequence": "09"},
    ]

    found = reference.timeline(events, RULES)

    assert [row["event_id"] for row in found] == ["e", "g", "a", "b", "f", "c", "d"]
    assert [row["position"] for row in found] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("label", "precision", "earliest", "latest"),
    [
        ("2026-03-29", "day", "2026-03-29T00:00", "2026-03-29T23:00"),
        ("2026-06-02", "day", "2026-06-01T23:00", "2026-06-02T23:00"),
        ("2026-10-01", "month", "2026-09-30T23:00", "2026-11-01T00:00"),
    ],
)
def test_a_label_is_the_interval_of_local_time(label: str, precision: str, earliest: str, latest: str) -> None:
    """A day begins at local midnight; the day on which the clocks go forward has 23 hours."""
    found = span(at(label), precision, "Europe/London")

    assert (found.earliest, found.latest) == (at(earliest), at(latest))


def test_identifiers_that_one_event_carries_join_cases() -> None:
    """C1 and U1 are one case; the key is the smallest of its identifiers'."""
    events = [crime("1", crime_ref="C1"), crime("2", urn="U1"), crime("3", crime_ref="C1", urn="U1")]

    assert not together(events[:2], "1", "2")
    assert together(events, "1", "2", "3")
    smallest = min(reference.key64("20", "crime_ref", "C1"), reference.key64("20", "urn", "U1"))
    assert set(reference.cases(events, RULES).values()) == {smallest}


def test_placeholders_other_kinds_and_other_areas_do_not_link() -> None:
    """UNKNOWN is nobody's number, a telephone is shared, and areas number on their own."""
    events = [
        crime("1", crime_ref="Unknown "),
        crime("2", crime_ref="Unknown "),
        crime("3", phone="0121"),
        crime("4", phone="0121"),
        event("police.crime.recorded", "2026-03-02", id="5", area="30"),
        event("police.crime.recorded", "2026-03-02", id="6", area="20"),
    ]

    keys = reference.cases(events, RULES)

    assert len(set(keys.values())) == 6
    assert keys[reference.event_key(events[0])] == reference.event_key(events[0]), "a case by itself"


def test_a_hub_joins_nothing() -> None:
    """Joined to four crime numbers, where three are allowed, a referral no longer links; at three it does."""
    events = [crime(str(n), crime_ref=f"C{n}", referral="R") for n in range(4)]
    events.append(crime("alone", referral="R"))

    assert together(events[:3], "0", "1", "2")
    keys = reference.cases(events, RULES)
    assert len(set(keys.values())) == 5
    assert keys[reference.event_key(events[4])] == reference.event_key(events[4])


def test_a_steward_links_and_unlinks() -> None:
    """The latest act on a pair counts, whatever the events carry; acts belong to no case."""
    pair = ("crime_ref", "C1"), ("urn", "U1")
    events = [crime("1", crime_ref="C1"), crime("2", urn="U1")]
    linked = link("2026-03-05T09:00", *pair, id="s1")
    unlinked = link("2026-03-06T09:00", *pair[::-1], id="s2", unlink=True)
    both = crime("3", crime_ref="C1", urn="U1")

    assert together([*events, linked], "1", "2")
    assert not together([*events, both, unlinked, linked], "1", "2")
    assert together([*events, both, unlinked, linked], "2", "3"), "the URN is first in the order of kinds"
    assert not together(
        [
            events[0],
            linked,
            link("2026-03-05", ("urn", "U1"), ("crime_ref", "C2"), id="s3"),
            crime("4", crime_ref="C2"),
        ],
        "1",
        "4",
    ), "no event carries U1, so nothing goes through it"
    assert reference.cases([linked, act("identifiers.linked", "2026-03-05", id="s1")], RULES) == {}


@given(histories(max_size=25), st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_order_copies_and_batches_change_nothing(events: list[Event], random: Random) -> None:
    """The answer is a function of the set of events."""
    as_read = [one for batch in batches(events, random) for one in duplicated(batch, random)]
    first: dict[tuple[int, str], datetime] = {}
    for one in as_read:
        key = reference.event_key(one), reference.content_hash(one)
        first[key] = min(first.get(key, one["received_at"]), one["received_at"])
    given_as_read = [
        one | {"received_at": first[reference.event_key(one), reference.content_hash(one)]} for one in events
    ]

    assert reference.all_tables(shuffled(as_read, random), RULES) == reference.all_tables(given_as_read, RULES)


def test_histories_hold_everything_that_the_rules_speak_of() -> None:
    """A few seeds bring every state of a case, clock and contact, every class of telling, and conflicts."""
    seen: set[tuple[str, str]] = set()
    for seed in range(25):
        tables = reference.all_tables(history(seed, 70), RULES)
        seen |= {(table, row["state"]) for table in ("states", "clocks", "contacts") for row in tables[table]}
        seen |= {(table, row["kind"]) for table in ("handoffs", "contradictions") for row in tables[table]}
        seen |= {("tellings", row["class"]) for row in tables["tellings"]}
        seen |= {("conflicts", "seen") for _ in tables["conflicts"][:1]}

    assert seen == {
        *(("states", state) for state in ("held", "limbo", "closed", "unknown")),
        *(("contacts", state) for state in ("kept", "late", "broken", "open", "done", "tried")),
        *(("handoffs", kind) for kind in ("sent", "return", "referral", "implied")),
        *(("contradictions", kind) for kind in ("each_points_at_other", "both_claim", "differ")),
        *(("tellings", name) for name in ("before_effect", "after_effect", "told", "not_told")),
        ("conflicts", "seen"),
        *(("clocks", s) for s in ("cancelled", "measured", "met", "late", "unclear")),
        *(("clocks", s) for s in ("paused", "running", "overdue")),
    }
