"""What an agency publishes arrives, whatever happens to the broker, on the real one and by both clients."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
from brokers import RunningBroker, local_or_skip
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from throughline.broker.local_broker import LocalBroker
from throughline.errors import BrokerRefused, OutboxFull
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore, decode_messages
from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.sources.publish.outbox import Added, Outbox
from throughline.sources.publish.publisher import CLIENTS, Publisher
from throughline.streams.log.broker_topics import create_topics

SOURCE = "urn:example:police:rms"


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain(None)


@pytest.fixture
def topics(domain: Domain, topic_prefix: str) -> Topics:
    return load_topics(domain, prefix=topic_prefix, replication=1)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.sqlite") as opened:
        yield opened


def crimes(domain: Domain, numbers: range, *, area: str = "20", group: str = "stalking", **attributes: Any) -> pa.Table:
    lines = [
        orjson.dumps(
            {
                "specversion": "1.0",
                "id": f"e{number}",
                "source": SOURCE,
                "type": "police.crime.recorded",
                "time": "2026-03-02T10:15:00Z",
                "partitionkey": area,
                "data": {
                    "unit": "20PP",
                    "identifiers": {"crime_ref": f"20/{number}/26"},
                    "offence_group": group,
                },
            }
            | attributes
        )
        for number in numbers
    ]
    batch = events_from_json_lines(lines, domain, "made", 1)
    assert batch.rejects.num_rows == 0, batch.rejects.to_pylist()
    return batch.events


def on_broker(bootstrap: str, topic: str, partitions: int = 12) -> list[Message]:
    """Everything that stands in a topic."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "test"})
    places = [TopicPartition(topic, number, 0) for number in range(partitions)]
    left = {place.partition: high for place in places if (high := end_of(consumer, place))}
    consumer.assign(places)
    found: list[Message] = []
    until = time.monotonic() + 30
    while left and time.monotonic() < until:
        for message in consumer.consume(1000, timeout=0.2):
            assert message.error() is None
            found.append(message)
            if message.offset() + 1 >= left[message.partition()]:
                left.pop(message.partition())
    consumer.close()
    assert not left
    return found


def end_of(consumer: Consumer, place: TopicPartition) -> int:
    """Where a partition ends; of one that was just made, the broker may not know yet that it leads it."""
    until = time.monotonic() + 20
    while True:
        try:
            return int(consumer.get_watermark_offsets(place, timeout=5)[1])
        except KafkaException:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def header(message: Message, name: str) -> str:
    return dict(message.headers() or ())[name].decode()


@pytest.mark.parametrize("client", CLIENTS)
def test_events_arrive_as_they_were_published(
    client: str, broker: RunningBroker, topics: Topics, domain: Domain, outbox: Outbox
) -> None:
    """In the partition of their area, numbered, and the same rows when decoded."""
    create_topics(broker.bootstrap, topics)
    events = crimes(domain, range(300))
    with Publisher(broker.bootstrap, topics, domain, outbox, client=client) as publisher:
        assert publisher.publish(events).new == 300
        assert publisher.publish(events).known == 300
        assert publisher.flush(60) == 0
        assert publisher.sent == 300

    found = on_broker(broker.bootstrap, topics.of_agency("police"))
    assert [header(one, "ce_sequence") for one in found] == [f"{number:012}" for number in range(1, 301)]
    assert {one.partition() for one in found} == {topics.partition_of("20")}
    values = [one.value() for one in found]
    read = decode_messages(values, SchemaStore(domain), "made", range(1, 301)).events
    assert read.equals(events)
    assert outbox.waiting == 0


def test_what_the_broker_has_lost_is_sent_again(
    domain: Domain, topics: Topics, outbox: Outbox, broker: RunningBroker
) -> None:
    """While the publisher runs: the same records once more, from the outbox; a month later from the files."""
    create_topics(broker.bootstrap, topics)
    with Publisher(broker.bootstrap, topics, domain, outbox) as publisher:
        publisher.publish(crimes(domain, range(5)))
        assert publisher.flush(60) == 0
        assert publisher.again() == 5
        assert publisher.flush(60) == 0
        assert publisher.publish(crimes(domain, range(5))) == Added(known=5)
    # a month later the outbox has nothing of it but what it was
    assert outbox.prune(now=time.time() + 30 * 86_400) == 5
    with Publisher(broker.bootstrap, topics, domain, outbox) as publisher:
        assert publisher.again() == 0
        assert publisher.publish(crimes(domain, range(5)), again=True) == Added(known=5)
        assert publisher.flush(60) == 0

    arrived = on_broker(broker.bootstrap, topics.of_agency("police"))
    found = Counter((tuple(one.headers() or ()), one.value()) for one in arrived)
    assert sorted(found.values()) == [3, 3, 3, 3, 3]


def test_structured_events_are_plain_json(
    broker: RunningBroker, topics: Topics, domain: Domain, outbox: Outbox
) -> None:
    create_topics(broker.bootstrap, topics)
    with Publisher(broker.bootstrap, topics, domain, outbox, structured=True) as publisher:
        publisher.publish(crimes(domain, range(1)))
        assert publisher.flush(60) == 0

    (found,) = on_broker(broker.bootstrap, topics.of_agency("police"))
    assert header(found, "content-type") == "application/cloudevents+json"
    assert orjson.loads(found.value() or b"")["data"]["identifiers"] == {"crime_ref": "20/0/26"}


@pytest.mark.parametrize("client", CLIENTS)
def test_everything_arrives_although_the_broker_is_killed(
    client: str, domain: Domain, topic_prefix: str, tmp_path: Path
) -> None:
    """It is killed in the middle and comes back: each event is there at least once, and the publisher went on."""
    local_or_skip()
    topics = load_topics(domain, prefix=topic_prefix, replication=1)
    with LocalBroker() as own, Outbox(tmp_path / "outbox.sqlite") as outbox:
        create_topics(own.bootstrap, topics)
        with Publisher(own.bootstrap, topics, domain, outbox, client=client) as publisher:
            publisher.publish(crimes(domain, range(2000)))
            until = time.monotonic() + 60
            while not publisher.sent and time.monotonic() < until:
                time.sleep(0.005)
            own.kill()
            publisher.publish(crimes(domain, range(2000, 3000)))
            assert publisher.flush(0.5) > 0
            own.start()
            assert publisher.flush(120) == 0
        found = on_broker(own.bootstrap, topics.of_agency("police"))
        assert {header(one, "ce_id") for one in found} == {f"e{number}" for number in range(3000)}


def test_what_could_not_be_sent_is_sent_by_the_next_publisher(
    broker: RunningBroker, topics: Topics, domain: Domain, outbox: Outbox
) -> None:
    with Publisher("127.0.0.1:1", topics, domain, outbox) as publisher:
        publisher.publish(crimes(domain, range(10)))
        assert publisher.flush(0.5) == 10
        assert "refused" in publisher.trouble.lower() or "down" in publisher.trouble.lower()
    create_topics(broker.bootstrap, topics)
    with Publisher(broker.bootstrap, topics, domain, outbox) as publisher:
        assert publisher.flush(60) == 0

    assert len(on_broker(broker.bootstrap, topics.of_agency("police"))) == 10


@pytest.mark.parametrize("client", CLIENTS)
def test_a_record_that_is_too_large_is_named_and_the_others_go(
    client: str, broker: RunningBroker, topics: Topics, domain: Domain, outbox: Outbox
) -> None:
    """It stays in the outbox, and goes when the topic takes it."""
    create_topics(broker.bootstrap, topics)
    name = topics.of_agency("police")
    allow(broker.bootstrap, name, 1_000)
    number = random.Random(1).randrange(10**4000)  # which no compression makes small
    large = crimes(
        domain,
        range(50, 51),
        data={
            "unit": "20PP",
            "identifiers": {"crime_ref": f"20/{number:04000}"},
            "offence_group": "stalking",
        },
    )
    events = pa.concat_tables([crimes(domain, range(50)), large, crimes(domain, range(51, 100))])
    with Publisher(broker.bootstrap, topics, domain, outbox, client=client) as publisher:
        publisher.publish(events)
        with pytest.raises(BrokerRefused, match=rf"refused event `e50` .* on `{name}`: .*(?i:large)") as raised:
            publisher.flush(60)
        assert raised.value.topic == name
        assert "max.message.bytes" in raised.value.hint
        assert (publisher.sent, outbox.waiting, len(outbox.unsent())) == (99, 0, 0)
        assert publisher.flush(1) == 0

    allow(broker.bootstrap, name, 1_048_576)
    with Publisher(broker.bootstrap, topics, domain, outbox, client=client) as publisher:
        assert publisher.flush(60) == 0
    found = {header(one, "ce_id") for one in on_broker(broker.bootstrap, name)}
    assert found == {f"e{number}" for number in range(100)}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_topic_that_is_missing_is_named(
    client: str, broker: RunningBroker, topics: Topics, domain: Domain, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("confluent", "kafka_python"):
        monkeypatch.setattr(f"throughline.sources.publish.{module}.UNKNOWN_TOPIC_SECONDS", 1.0)
    with Publisher(broker.bootstrap, topics, domain, outbox, client=client) as publisher:
        publisher.publish(crimes(domain, range(300)))
        with pytest.raises(BrokerRefused, match=rf"on `{topics.of_agency('police')}`: .*(?i:unknown)") as raised:
            publisher.flush(60)

    assert "throughline topics create" in raised.value.hint
    assert outbox.retry_refused() == 300


def test_a_heartbeat_says_what_waits_and_how_far_the_source_is(
    broker: RunningBroker, topics: Topics, domain: Domain, outbox: Outbox
) -> None:
    create_topics(broker.bootstrap, topics)
    with Publisher(broker.bootstrap, topics, domain, outbox, heartbeat_seconds=0.2) as publisher:
        publisher.publish(crimes(domain, range(5)))
        publisher.publish(crimes(domain, range(5, 7), area="21"))
        assert publisher.flush(60) == 0
        time.sleep(1.0)

    found = on_broker(broker.bootstrap, topics.of_agency("police"))
    beats = [one for one in found if header(one, "ce_type") == "throughline.source.heartbeat.v1"]
    assert {one.key() for one in beats} == {b"20", b"21"}
    assert {header(one, "ce_source") for one in beats} == {SOURCE}
    assert orjson.loads(beats[-1].value() or b"") == {"sequence": 7, "waiting": 0, "every_seconds": 0.2}


def test_a_full_outbox_says_so(topics: Topics, domain: Domain, tmp_path: Path) -> None:
    with (
        Outbox(tmp_path / "small.sqlite", limit=10) as outbox,
        Publisher("127.0.0.1:1", topics, domain, outbox, room_seconds=0.1) as publisher,
    ):
        publisher.publish(crimes(domain, range(10)))
        with pytest.raises(OutboxFull):
            publisher.publish(crimes(domain, range(10, 20)))
        assert outbox.waiting == 10


def allow(bootstrap: str, topic: str, size: int) -> None:
    """Set how large a batch the topic takes, and wait until it is so."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        one = ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": str(size)})
        admin.alter_configs([one])
        asked = ConfigResource(ConfigResourceType.TOPIC, topic)
        while True:
            said = admin.describe_configs([asked], config_filter="all")["topic"][topic]
            if said["max.message.bytes"]["value"] == str(size):
                return
            time.sleep(0.05)
    finally:
        admin.close()
