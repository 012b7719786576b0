"""What is derived follows from the events alone: derived again it is the same, and so is the past."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from histories import RECEIVED, Event, batches, event, history, link, resolution, shuffled, to_table
from joined import RULES, differences, emptied, filled, filled_by_chance, product_hash, second_store, small_domain
from reference_record import accepted, content, event_key

from throughline.sinks.digest import digest_by_table
from throughline.sinks.store import Store
from throughline.streams.join.rebuild import past, rebuild

SEEDS = range(int(os.environ.get("THROUGHLINE_HISTORIES", "120")) // 60)
DOMAIN = small_domain()


def drawn_store(seed: int) -> tuple[Store, list[list[Event]]]:
    """A store of a history of the seed, and the batches that made it, each a minute after the one before."""
    random = Random(seed)
    events = history(seed, 50, product_hash, placeholders=False)
    parts = batches(shuffled(events, random), random, longest=12)
    return filled_by_chance(emptied(), parts, random, share=0.3), parts


def at(minute: float) -> datetime:
    """When the batch of this number was received."""
    return RECEIVED + timedelta(minutes=minute)


def received(*parts: Event | list[Event]) -> list[list[Event]]:
    """Batches as they were received, a minute after one another; an event by itself is a batch."""
    each = [part if isinstance(part, list) else [part] for part in parts]
    return [[one | {"received_at": at(minute)} for one in part] for minute, part in enumerate(each)]


def all_of(parts: Iterable[list[Event]]) -> list[Event]:
    return [one for part in parts for one in part]


def replayed(parts: list[list[Event]]) -> dict[str, str]:
    """The digest of another store into which only these batches were replayed, in bulk."""
    return digest_by_table(filled(emptied(second_store()), parts, in_bulk=True).connection)


@pytest.mark.parametrize("seed", SEEDS)
def test_derived_again_it_is_the_same(seed: int) -> None:
    """A store that grew batch by batch, the same rebuilt, and a second one derived from its events."""
    store, parts = drawn_store(seed)
    grown = digest_by_table(store.connection)

    with past(store, DOMAIN, as_of=None, known_at=None) as second:
        assert digest_by_table(second.connection) == grown
    rebuild(store, DOMAIN)

    assert digest_by_table(store.connection) == grown
    assert differences(store, all_of(parts)) == []


def test_a_rebuilt_store_goes_on() -> None:
    """What comes after a rebuild is joined to it as if there had been none."""
    for seed in SEEDS[::2]:
        random = Random(seed)
        events = history(seed, 50, product_hash, placeholders=False)
        parts = batches(shuffled(events, random), random, longest=12)
        half = len(parts) // 2
        store = filled(emptied(), parts[:half], in_bulk=True)

        rebuild(store, DOMAIN)
        filled_by_chance(store, parts[half:], random, share=0.3)

        assert differences(store, all_of(parts)) == [], f"seed {seed}"


@pytest.mark.parametrize("seed", SEEDS)
def test_known_at_is_a_replay_of_what_had_been_received(seed: int) -> None:
    """Half way between any two batches: as if the later ones had never come."""
    store, parts = drawn_store(seed)
    known = parts[: Random(seed).randrange(len(parts) + 1)]

    with past(store, DOMAIN, as_of=None, known_at=at(len(known) - 0.5)) as then:
        assert digest_by_table(then.connection) == replayed(known)
        assert differences(then, all_of(known)) == []


def happened_by(moment: datetime, parts: list[list[Event]]) -> list[list[Event]]:
    """The copies of what had happened by then: of an event with several contents, all, if what stands of it had."""
    copies = all_of(parts)
    contents: dict[int, set[Any]] = {}
    for one in copies:
        contents.setdefault(event_key(one), set()).add(content(one))
    judged = [
        one
        for one in copies
        if one["occurred_at"] <= moment
        or (one["agency"] != "steward" and (len(contents[event_key(one)]) > 1 or one["retracts"]))
    ]
    standing, _ = accepted(judged, RULES, product_hash)
    later = {event_key(one) for one in standing if one["occurred_at"] > moment}
    kept = {id(one) for one in judged if event_key(one) not in later}
    found = [[one for one in part if id(one) in kept] for part in parts]
    return [part for part in found if part]


@pytest.mark.parametrize("seed", SEEDS)
def test_as_of_is_a_replay_of_what_had_happened(seed: int) -> None:
    """The moment of any event: as if the later ones had never happened, open intervals counted to then."""
    store, parts = drawn_store(seed)
    moment = Random(seed).choice(all_of(parts))["occurred_at"]
    happened = happened_by(moment, parts)

    with past(store, DOMAIN, as_of=moment, known_at=None) as then:
        assert digest_by_table(then.connection) == replayed(happened)
        assert differences(then, all_of(happened), as_of=moment) == []


@pytest.mark.parametrize("seed", SEEDS[::2])
def test_both_at_once(seed: int) -> None:
    """What was known at a time of what had happened by another."""
    store, parts = drawn_store(seed)
    moment = Random(seed).choice(all_of(parts))["occurred_at"]
    known = happened_by(moment, parts[: len(parts) // 2])

    with past(store, DOMAIN, as_of=moment, known_at=at(len(parts) // 2 - 0.5)) as then:
        assert digest_by_table(then.connection) == replayed(known)


CRIME = event("police.crime.recorded", "2026-03-02T10:00", id="c", unit="CID")
SENT = event("police.file.sent", "2026-03-03T10:00", id="s", identifiers={"crime_ref": "C1", "urn": "U1"})
TAKEN = event("cps.file.received", "2026-03-04T10:00", id="t", identifiers={"urn": "U1"})


def known_after(store: Store, parts: list[list[Event]]) -> list[dict[str, str]]:
    """The past just before each batch and after the last; each is checked against a replay."""
    found = []
    for count in range(len(parts) + 1):
        with past(store, DOMAIN, as_of=None, known_at=at(count - 0.5)) as then:
            assert digest_by_table(then.connection) == replayed(parts[:count]), f"after {count} batches"
            assert differences(then, all_of(parts[:count])) == [], f"after {count} batches"
            found.append(digest_by_table(then.connection))
    return found


def test_a_copy_received_later_that_states_an_earlier_time() -> None:
    """The recorded time is the earliest stated by any copy received by then, the first copy's until then."""
    copies = [
        CRIME | {"recorded_at": hour and datetime.fromisoformat(f"2026-03-03T{hour}:00"), "origin": f"copy {number}"}
        for number, hour in enumerate((None, "12", "15", "09"))
    ]
    parts = received(*copies)

    before, *_, last_but_one, last = known_after(filled(emptied(), parts), parts)

    assert before["timeline"].startswith("0:")
    assert last["timeline"] != last_but_one["timeline"]


def test_a_conflict_that_came_later_and_was_resolved() -> None:
    """The case stands, falls when another content comes, and stands again when a steward decides."""
    other = CRIME | {"unit": "PPU", "origin": "other"}
    decided = resolution("2026-03-09T10:00", other, product_hash, id="r")
    parts = received(CRIME, other, decided)

    found = known_after(filled(emptied(), parts), parts)

    assert [digest["cases"].split(":")[0] for digest in found] == ["0", "1", "0", "1"]
    assert found[1] != found[3]


def test_an_identifier_that_became_a_hub() -> None:
    """Three crimes of one prosecution number are a case; the fourth, beyond the limit, parts them."""
    sent = [
        event("police.file.sent", "2026-03-03T10:00", id=f"s{n}", identifiers={"crime_ref": f"C{n}", "urn": "U1"})
        for n in range(4)
    ]
    parts = received(*sent)

    found = known_after(filled(emptied(), parts), parts)

    assert [digest["cases"].split(":")[0] for digest in found] == ["0", "1", "1", "1", "4"]


def test_stewards_acts_are_known_from_when_they_were_received() -> None:
    """Linked, then unlinked by an act that was received after it; an act dated earlier but received last is void."""
    left, right = ("crime_ref", "C1"), ("urn", "U1")
    parts = received(
        [CRIME, TAKEN],
        link("2026-03-05T10:00", left, right, id="l1"),
        link("2026-03-07T10:00", left, right, id="l2", unlink=True),
        link("2026-03-06T10:00", left, right, id="l3"),
    )

    found = known_after(filled(emptied(), parts), parts)

    assert [digest["cases"].split(":")[0] for digest in found] == ["0", "2", "1", "2", "2"]


def test_the_past_of_one_case_is_that_of_the_whole_store() -> None:
    """Its timeline at any time is the same, whether all events are derived again or only its own."""
    parts = received(CRIME, TAKEN, SENT, CRIME | {"identifiers": [{"kind": "crime_ref", "value": "C9"}], "id": "x"})
    store = filled(emptied(), parts)
    (key,) = store.connection.execute("select case_key from events where event_id = 's'").fetchone() or (0,)

    for minute in (0.5, 1.5, 2.5):
        with (
            past(store, DOMAIN, as_of=None, known_at=at(minute)) as whole,
            past(store, DOMAIN, as_of=None, known_at=at(minute), case_key=key) as part,
        ):
            lines = "select * from timeline where event_id <> 'x' order by case_id, position"
            assert part.connection.execute(lines).fetchall() == whole.connection.execute(lines).fetchall()
            assert part.connection.execute("from events where event_id = 'x'").fetchall() == []


def test_known_at_a_time_is_what_had_been_received_by_then() -> None:
    """To the microsecond, the time itself included; so with a copy that states an earlier time."""
    written = CRIME | {"recorded_at": CRIME["occurred_at"] + timedelta(hours=2)}
    earlier = written | {"recorded_at": CRIME["occurred_at"] + timedelta(hours=1), "origin": "again"}
    store = filled(emptied(), received(written, earlier))
    tick = timedelta(microseconds=1)

    found = []
    for moment in (at(0) - tick, at(0), at(1) - tick, at(1)):
        with past(store, DOMAIN, as_of=None, known_at=moment) as then:
            found.append(then.connection.execute("select recorded_at from timeline").fetchall())

    assert found == [[], [(written["recorded_at"],)], [(written["recorded_at"],)], [(earlier["recorded_at"],)]]


def test_the_store_itself_is_not_touched() -> None:
    """Asking of the past writes nothing."""
    parts = received(CRIME, SENT, TAKEN)
    store = filled(emptied(), parts)
    before = digest_by_table(store.connection)

    with past(store, DOMAIN, as_of=at(0), known_at=at(0.5)):
        pass

    assert digest_by_table(store.connection) == before
    assert to_table(all_of(parts)).num_rows == len(store.connection.execute("from deliveries").fetchall())
