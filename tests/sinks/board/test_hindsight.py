"""A day's figures as they were known then: what touched cases say of it is what a whole rebuild says."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from histories import Event, batches, event, history, link, resolution, shuffled
from joined import emptied, filled, filled_by_chance, product_hash, small_domain

from throughline.sinks.board.reading.hindsight import Hindsight, hindsight, known_then
from throughline.sinks.measures.facts import facts
from throughline.sinks.measures.measure import Measure, load_measures
from throughline.sinks.store import Store
from throughline.streams.join.rebuild import past

SEEDS = range(int(os.environ.get("THROUGHLINE_HISTORIES", "120")) // 40)
DOMAIN = small_domain()
# of the holder, of what was sent, of contacts, of clocks: asking for every measure takes long and shows no more
MEASURES = {name: load_measures(DOMAIN)[name] for name in ("waiting", "between_agencies", "promises", "standards_kept")}
FACETS = [facet.name for facet in DOMAIN.facets]
DAY = datetime.fromisoformat("2026-03-31T22:59:59.999999")
"""The end of 31 March in London."""
RECORDED = event("police.crime.recorded", "2026-03-02T10:00", id="recorded", unit="CID")
SENT = event("police.file.sent", "2026-03-03T10:00", id="sent", identifiers={"crime_ref": "C1", "urn": "U1"})
TAKEN = event("cps.file.received", "2026-03-24T10:00", id="taken", identifiers={"urn": "U1"})


def on(day: str, *events: Event) -> list[Event]:
    """The events as they were received at noon of that day."""
    return [one | {"received_at": datetime.fromisoformat(f"{day}T12:00")} for one in events]


def known(*parts: list[Event]) -> Hindsight:
    """What a store of these batches says of 31 March."""
    return hindsight(filled(emptied(), parts), DOMAIN, MEASURES.values(), DAY)


def numbers(found: Hindsight) -> dict[str, tuple[Any, Any]]:
    return {one.measure.name: (one.then.value, one.now.value) for one in found.restated}


def causes(found: Hindsight) -> list[tuple[str, str]]:
    return [(row["kind"], row["event_id"]) for row in found.causes.to_pylist()]


def test_what_came_in_in_time_restates_nothing() -> None:
    found = known(on("2026-03-04", RECORDED, SENT), on("2026-03-25", TAKEN))

    assert (numbers(found), causes(found), found.cases_touched) == ({}, [], 0)


def test_what_happened_later_restates_nothing() -> None:
    """It touches the case, and the case is what it was."""
    later = event("cps.charge.decided", "2026-04-03T10:00", id="later", identifiers={"urn": "U1"}, decision="charge")

    found = known(on("2026-03-25", RECORDED, SENT, TAKEN), on("2026-04-04", later))

    assert (numbers(found), causes(found), found.cases_touched) == ({}, [], 1)


def test_a_receipt_that_came_late() -> None:
    """On 31 March the one case seemed to lie between two agencies, and nothing sent had been received."""
    found = known(on("2026-03-04", RECORDED, SENT), on("2026-04-07", TAKEN))

    assert numbers(found)["waiting"] == (1.0, 0.0)
    assert numbers(found)["between_agencies"] == (None, 21 * 86_400.0)
    assert causes(found) == [("received", "taken")]
    (row,) = found.causes.to_pylist()
    assert (row["agency"], row["type"], row["source"]) == ("cps", "cps.file.received", "urn:test:20:cps")
    assert {one.case_ids for one in found.restated} == {(row["case_id"],)}


def test_a_late_event_joins_two_cases() -> None:
    """Without the sending, what the CPS took was a case of its own: two were held, and now it is one."""
    found = known(on("2026-03-25", RECORDED, TAKEN), on("2026-04-07", SENT))

    assert [(one.then.cases, one.now.cases) for one in found.restated if one.measure.name == "waiting"] == [(2, 1)]
    assert causes(found) == [("received", "sent")]


def test_what_happened_later_joins_two_cases() -> None:
    """It happened in April, and so is no event of March; but that the two are one is known now."""
    bridge = event("police.call.made", "2026-04-02T10:00", id="bridge", identifiers={"crime_ref": "C1", "urn": "U1"})

    found = known(on("2026-03-25", RECORDED, TAKEN), on("2026-04-07", bridge))

    assert [(one.then.cases, one.now.cases) for one in found.restated if one.measure.name == "waiting"] == [(2, 1)]
    assert causes(found) == [("joined", "bridge")]


def test_a_steward_links_two_cases() -> None:
    linked = link("2026-03-26T10:00", ("crime_ref", "C1"), ("urn", "U1"), id="linked")

    found = known(on("2026-03-25", RECORDED, TAKEN), on("2026-04-07", linked))

    assert causes(found) == [("linked", "linked")]


def test_a_revision_takes_an_event_back() -> None:
    """What was held is held no more; the case is gone, and its cause is named all the same."""
    other = event("police.crime.recorded", "2026-03-05T10:00", id="other", identifiers={"crime_ref": "C2"})
    gone = SENT | {"retracts": True, "revision": "2026-04-05"}

    found = known(on("2026-03-25", RECORDED, SENT, other), on("2026-04-07", gone))

    assert numbers(found)["waiting"] == (0.5, 0.0)
    assert causes(found) == [("corrected", "sent")]


def test_a_conflict_that_is_decided() -> None:
    """Two copies differ, and neither counted until a steward chose."""
    moved = SENT | {"occurred_at": datetime.fromisoformat("2026-03-10T10:00")}
    decided = resolution("2026-04-06T10:00", SENT, product_hash, id="decided")

    found = known(on("2026-03-25", RECORDED, SENT, moved), on("2026-04-07", decided))

    assert numbers(found)["waiting"] == (0.0, 1.0)
    assert causes(found) == [("resolved", "decided")]


def drawn_store(seed: int) -> tuple[Store, datetime]:
    """A store of a history of the seed, its batches received at times at which its events happened, in order; and a
    time after most of them."""
    random = Random(seed)
    events = history(seed, 60, product_hash, placeholders=False)
    parts = batches(shuffled(events, random), random, longest=8)
    times = sorted(random.choice(events)["occurred_at"] for _ in parts)
    stamped = [[one | {"received_at": at} for one in part] for part, at in zip(parts, times, strict=True)]
    return filled_by_chance(emptied(), stamped, random, share=0.3), random.choice(times[-4:-1]) + timedelta(minutes=1)


def plain(store: Store, measure: Measure, day: datetime) -> list[tuple[Any, ...]]:
    return sorted((tuple(row.values()) for row in facts(store.connection, measure, FACETS, day).to_pylist()), key=repr)


def as_rebuilt(store: Store, day: datetime) -> None:
    """What is known then of the store is what a whole rebuild says."""
    found = known_then(store, DOMAIN, list(MEASURES.values()), day)
    with past(store, DOMAIN, as_of=None, known_at=day) as then:
        for name, measure in MEASURES.items():
            made = sorted((tuple(row.values()) for row in found.then[name].to_pylist()), key=repr)
            assert made == plain(then, measure, day), name


def carrying(case: int) -> Event:
    """A case that carries the same referral as others."""
    carried = {"crime_ref": f"C{case}", "referral": "HUB"}
    return event("police.crime.recorded", "2026-03-02T10:00", id=f"r{case}", identifiers=carried)


@pytest.mark.parametrize("in_time", range(1, 8))
def test_cases_that_a_shared_number_joined_until_it_was_a_hub(in_time: int) -> None:
    """So many carried it by the day, and eight do now; the one that came late touches all of them."""
    cases = [carrying(number) for number in range(8)]

    as_rebuilt(filled(emptied(), [on("2026-03-25", *cases[:in_time]), on("2026-04-07", *cases[in_time:])]), DAY)


def test_a_hub_stays_one_where_few_of_its_cases_were_touched() -> None:
    """Two of eight: made again alone, they would be joined by it."""
    late = [
        event("police.call.made", "2026-03-20T10:00", id=f"l{number}", identifiers={"crime_ref": f"C{number}"})
        for number in range(2)
    ]

    as_rebuilt(filled(emptied(), [on("2026-03-25", *map(carrying, range(8))), on("2026-04-07", *late)]), DAY)


@pytest.mark.parametrize("seed", SEEDS)
def test_it_is_what_a_whole_rebuild_as_known_then_says(seed: int) -> None:
    """Every row of every measure: with late copies, revisions, conflicts and their resolutions, links and hubs."""
    store, day = drawn_store(seed)

    as_rebuilt(store, day)
