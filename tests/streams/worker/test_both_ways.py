"""One set of records, by a replay of files and live by a store for each partition: one digest, and that of the rules.

Among them are what agencies say under sources of others, acts of stewards who are listed and of some who are not,
events with several numbers of a kind, copies, revisions and conflicts in two areas, and signs of life of any kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from functools import cache
from random import Random
from typing import Any

import orjson
from histories import (
    BEGINNINGS,
    RECEIVED,
    Event,
    acts_on_a_pair,
    duplicated,
    history,
    link,
    shuffled,
    to_table,
    with_several,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from joined import differences, emptied, product_hash, small_domain

from throughline.schemas.acceptance.admission import admit
from throughline.schemas.acceptance.owner import Desk, Owners, Stewards
from throughline.schemas.acceptance.statement import event_object
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.steward import ACTS
from throughline.schemas.definitions.topics import CaseEvents, Topic, Topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.schemas.wire.kafka_record import KafkaRecord, heartbeat, plain_rows, record_of
from throughline.sinks.digest import digest
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.batch import accept_only, bring_up_to_date, settle, take
from throughline.streams.join.rebuild import open_domain
from throughline.streams.log.fetch import Fetch
from throughline.streams.worker.records import read_case_records

AGENCIES = ("police", "cps", "advocate", "steward")
AREAS = ("20", "30")
OFFICERS = frozenset({"o-00000001", "o-00000002"})
FORMS = {agency: f"urn:test:[0-9]+:{agency}" for agency in AGENCIES}
MILLIS = int(RECEIVED.replace(tzinfo=UTC).timestamp() * 1000)
TOPICS = Topics(
    tuple(CaseEvents(Topic(f"{agency}.events", 12, 1, {}), frozenset({agency})) for agency in AGENCIES), {}, 12
)


@cache
def domain() -> Domain:
    """The small one; a source is an agency's by its form, and each area has a desk of two stewards."""
    desks = {f"urn:test:{area}:steward": Desk(frozenset({area}), OFFICERS) for area in AREAS}
    return replace(
        small_domain(second_person=True),
        owners=Owners(tuple((re.compile(form), agency) for agency, form in FORMS.items())),
        stewards=Stewards(frozenset({"steward"}), ACTS, desks),
    )


@cache
def schemas() -> SchemaStore:
    return SchemaStore(domain())


@cache
def store_of(number: int) -> Store:
    made = open_memory_store()
    made.connection.execute("set threads = 1")
    open_domain(made, domain())
    return made


def may_say(event: Event) -> bool:
    """Whether it counts, in plain words: its source is of its agency, and a steward is listed."""
    source = event["source"].split(":")
    if event["agency"] != "steward":
        return bool(source[-1] == event["agency"])
    return event["source"] == f"urn:test:{event['area']}:steward" and event["officer"] in {None, *OFFICERS}


def well_formed(events: list[Event]) -> list[Event]:
    """Those that anybody might say, as they are once admitted."""
    free = replace(domain(), owners=Owners(), stewards=Stewards())
    found = admit(to_table(events), free.rules).events.to_pylist()
    return [one | {"received_at": RECEIVED} for one in found]


def acts(random: Random) -> Iterator[Event]:
    """Links and unlinkings of pairs in either area, and what becomes of them."""
    for area in AREAS:
        ids = (f"act-{area}-{n}" for n in range(100))
        for _ in range(3):
            yield from acts_on_a_pair(random, random.choice(BEGINNINGS), area, lambda ids=ids: next(ids))


def forged(random: Random, events: list[Event]) -> Iterator[Event]:
    """What somebody says who may not: under a source of another, or as a steward who is not listed. Some of it has the
    id of a sound event, and some parts what events join."""
    for area in AREAS:
        for n in range(6):
            pair = [("crime_ref", f"C{n}"), ("urn", f"U{n}")]
            parted = link(random.choice(BEGINNINGS), *pair, id=f"forged-{n}", area=area, unlink=True)
            yield parted | {"received_at": RECEIVED} | random.choice(({"officer": "o-99999999"}, {"source": "desk"}))
    for one in events:
        if random.random() < (0.6 if one["agency"] == "steward" else 0.2):
            if one["agency"] == "steward":
                yield one | random.choice(
                    ({"officer": "o-99999999"}, {"source": "urn:test:20:cps"}, {"source": "desk"}, {"officer": "Smith"})
                )
            else:
                other = random.choice([agency for agency in AGENCIES if agency not in {one["agency"], "steward"}])
                yield one | {"source": f"urn:test:{one['area']}:{other}"}


def signs_of_life(random: Random, topic: str) -> list[KafkaRecord]:
    return [
        heartbeat(
            source=f"urn:test:{area}:{agency}", topic=topic, area=area, beat_id=f"{topic}{area}{agency}",
            sent_at=(MILLIS + random.choice((0, 3_600_000, 40 * 86_400_000))) * 1000,
            sequence=1, waiting=0, every_seconds=60.0,
        )
        for area in AREAS
        for agency in AGENCIES
    ]  # fmt: skip


def replayed(events: list[Event], random: Random) -> Store:
    """As lines of files, in batches."""
    store = emptied(store_of(0))
    lines = [orjson.dumps(event_object(row, "test.small")) for row in plain_rows(to_table(events))]
    for number, some in enumerate(cut(lines, random)):
        accept_only(store, events_from_json_lines(some, domain(), f"file-{number}", 1), RECEIVED)
    settle(store)
    return store


def live(events: list[Event], random: Random) -> list[Store]:
    """As records of the topics, fetch by fetch, each partition into its own store."""
    records = [record_of(row, schemas(), TOPICS, type_prefix="test.small") for row in plain_rows(to_table(events))]
    records += [beat for one in TOPICS.case_events for beat in signs_of_life(random, one.topic.name)]
    random.shuffle(records)
    stores = {TOPICS.partition_of(area): emptied(store_of(n)) for n, area in enumerate(AREAS, start=1)}
    fetches = 0
    for some in cut(records, random):
        places: dict[tuple[str, int], list[KafkaRecord]] = {}
        for one in some:
            places.setdefault((one.topic, TOPICS.partition_of(one.key.decode())), []).append(one)
        for (topic, number), found in places.items():
            first, fetches = fetches * 10_000, fetches + 1
            fetch = Fetch(
                topic, number, list(range(first, first + len(found))), [MILLIS] * len(found),
                [one.value for one in found], [one.headers for one in found],
            )  # fmt: skip
            read = read_case_records(fetch, domain(), schemas(), TOPICS)
            assert all(one["source"].split(":")[-1] == topic.split(".")[0] for one in read.heartbeats.to_pylist())
            assert all(one["sent_at"] <= RECEIVED.replace(day=RECEIVED.day + 2) for one in read.heartbeats.to_pylist())
            with stores[number].transaction() as connection:
                take(connection, read.batch)
                if random.random() < 0.5:
                    bring_up_to_date(connection)
    for store in stores.values():
        settle(store)
    return list(stores.values())


def cut(some: list[Any], random: Random) -> list[list[Any]]:
    places = sorted(random.sample(range(1, len(some)), k=min(4, len(some) - 1)))
    return [some[first:last] for first, last in zip([0, *places], [*places, len(some)], strict=True)]


@settings(max_examples=3)
@given(seed=st.integers(0, 10_000), random=st.randoms(use_true_random=False))
def test_a_replay_and_live_stores_say_what_the_reference_says(seed: int, random: Random) -> None:
    sound = well_formed([*with_several(random, history(seed, 25, product_hash, placeholders=False)), *acts(random)])
    events = shuffled(duplicated([*sound, *forged(random, sound)], random), random)
    assert len({TOPICS.partition_of(area) for area in AREAS}) == len(AREAS)

    whole = replayed(events, random)
    parts = live(shuffled(events, random), random)

    assert differences(whole, [one for one in events if may_say(one)]) == []
    assert digest(*(store.connection for store in parts)) == digest(whole.connection)
