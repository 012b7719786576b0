"""Records of a topic that stand in quarantine are judged again, as the worker would judge them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from england_wales import england_wales
from histories import event, to_table
from quarantined import groups, records, state

from throughline.quality.stewardship.replay import replay_quarantine
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.kafka_record import plain_rows, record_of
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.batch import settle, take
from throughline.streams.join.rebuild import open_domain
from throughline.streams.log.fetch import Fetch
from throughline.streams.worker.records import read_case_records


def fetched(domain: Domain, *, structured: bool, spoilt: bool = False) -> Fetch:
    """Two records as a publisher sends them, in the partition of their area; with `spoilt`, not as they were sent."""
    topics, schemas = load_topics(domain), SchemaStore(domain)
    events = [
        event(
            "police.crime.recorded",
            f"2026-03-0{number}T10:15",
            id=f"e{number}",
            identifiers={"crime_ref": f"20/00000{number}/26"},
            data='{"offence_group":"stalking"}',
            unit="20PP",
        )
        for number in (1, 2)
    ]
    sent = [
        record_of(row, schemas, topics, type_prefix=domain.type_prefix, structured=structured)
        for row in plain_rows(to_table(events))
    ]
    wrong = (("ce_contenthash", b"0" * 64),)
    return Fetch(
        topic=sent[0].topic,
        partition=topics.partition_of("20"),
        offsets=[5, 9],
        times=[1_783_000_000_000, 1_783_000_060_000],
        values=[one.value for one in sent],
        headers=[
            (*(one for one in s.headers if one[0] != "ce_contenthash"), *wrong) if spoilt else s.headers for s in sent
        ],
    )


def take_fetch(store: Store, domain: Domain, fetch: Fetch) -> None:
    open_domain(store, domain)
    with store.transaction() as connection:
        take(connection, read_case_records(fetch, domain, SchemaStore(domain), load_topics(domain)).batch)
    settle(store)


@pytest.mark.parametrize("structured", [False, True])
def test_a_record_of_a_topic_is_judged_as_the_worker_would(structured: bool) -> None:
    """The value alone, Avro or JSON, is the event; it stands at its offset, at the time that the broker had it."""
    mended = england_wales()
    poor = replace(mended, areas={name: title for name, title in (mended.areas or {}).items() if name != "20"})
    with open_memory_store() as store, open_memory_store() as clean:
        take_fetch(store, poor, fetched(mended, structured=structured))
        take_fetch(clean, mended, fetched(mended, structured=structured))
        assert replay_quarantine(store, mended).counts.accepted == 2
        assert state(store) == state(clean)


def in_binary_mode(data: bytes) -> Fetch:
    """An event in binary mode: its attributes are headers, and its value is its data as JSON."""
    fetch = fetched(england_wales(), structured=False)
    left_out = ("content-type", "ce_contenthash")
    headers = [*((name, text) for name, text in fetch.headers[0] if name not in left_out), ("traceparent", b"00-1")]
    return replace(
        fetch,
        offsets=[5],
        times=fetch.times[:1],
        values=[data],
        headers=[(*headers, ("content-type", b"application/json"))],
    )


def test_an_event_in_binary_mode_is_judged_by_the_headers_that_were_kept() -> None:
    """Also where it is refused once more, for another reason, before it is accepted."""
    mended = england_wales()
    fetch = in_binary_mode(b'{"unit":"20PP","identifiers":{"crime_ref":"20/000001/26"},"offence_group":"stalking"}')
    poor = replace(mended, areas={name: title for name, title in (mended.areas or {}).items() if name != "20"})
    with open_memory_store() as store, open_memory_store() as clean:
        take_fetch(store, replace(mended, types={}), fetch)
        assert [group.reason for group in groups(store.connection)] == ["unknown_type"]
        assert replay_quarantine(store, poor).counts.accepted == 0
        assert [group.reason for group in groups(store.connection)] != ["unknown_type"]
        (kept,) = store.connection.execute("select headers from quarantined").fetchone() or ("",)
        assert "traceparent" not in kept
        take_fetch(clean, mended, fetch)
        assert replay_quarantine(store, mended).counts.accepted == 1
        assert state(store) == state(clean)


def test_a_record_of_a_topic_that_changed_on_its_way_is_never_taken() -> None:
    """It may read well: only its hash said that it lies, and that was a header."""
    with open_memory_store() as store:
        take_fetch(store, england_wales(), fetched(england_wales(), structured=False, spoilt=True))
        done = replay_quarantine(store, england_wales())

        assert (done.counts.read, sum(done.unread.values()), len(records(store.connection))) == (0, 2, 2)


def test_a_record_in_the_wrong_topic_or_partition_stays() -> None:
    """What a topic may hold is judged again as well."""
    fetch = fetched(england_wales(), structured=True)
    with open_memory_store() as store:
        take_fetch(store, england_wales(), replace(fetch, partition=fetch.partition + 1))
        take_fetch(store, england_wales(), replace(fetch, topic="cps.case-events"))
        before = state(store)
        replay_quarantine(store, england_wales())

        assert sorted(group.reason for group in groups(store.connection)) == ["wrong_partition", "wrong_topic"]
        assert state(store) == before


def test_a_store_that_is_fed_from_topics_publishes_what_changed() -> None:
    """The records that leave quarantine, and the case that they make."""
    mended = england_wales()
    poor = replace(mended, types={})
    with open_memory_store() as store:
        take_fetch(store, poor, fetched(mended, structured=True))
        with store.transaction() as connection:
            connection.execute("insert into log_positions values ('police.case-events', 0, 'x', 10)")
        replay_quarantine(store, mended)
        noted = store.connection.execute(
            "select (select count(distinct case_key) from outgoing_cases), (select count(*) from outgoing_quarantine)"
        ).fetchone()

        assert noted == (2, 2)
