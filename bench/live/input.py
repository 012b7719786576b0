"""The broker of a live benchmark, and its input: generated events as Kafka records in the topics of agencies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from bench.instruments.encoded import Encoded, read_encoded
from throughline.broker.local_broker import LocalBroker
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.kafka_record import IN_FLIGHT
from throughline.streams.log.broker_topics import create_topics

# the JVM as a server has it, not as a test does
HEAP = "1g"


@contextmanager
def benchmark_broker(folder: Path) -> Iterator[LocalBroker]:
    """One broker, tuned for work rather than for a quick start."""
    with LocalBroker(folder, heap=HEAP, java_options=()) as broker:
        yield broker


@dataclass(frozen=True)
class Input:
    """What stands in the topics: `ends` by topic and partition, `bytes_` as the broker keeps them."""

    bootstrap: str
    prefix: str
    topics: Topics
    events: int
    ends: Mapping[tuple[str, int], int]
    bytes_: int

    @property
    def names(self) -> list[str]:
        """The topics of case events."""
        return [one.topic.name for one in self.topics.case_events]


def make_topics(bootstrap: str, prefix: str, domain: Domain) -> Topics:
    """The domain's topics on the broker, one copy each."""
    topics = load_topics(domain, prefix=prefix, replication=1)
    create_topics(bootstrap, topics)
    return topics


def publish_encoded(broker: LocalBroker, prefix: str, domain: Domain, records: Path) -> Input:
    """Send all encoded records, in the order in which they happened, and wait until the broker has them."""
    topics = make_topics(broker.bootstrap, prefix, domain)
    count = send_encoded(bulk_producer(broker.bootstrap), prefix, read_encoded(records))
    ends = topic_ends(broker.bootstrap, topics)
    if sum(ends.values()) != count:
        raise RuntimeError(f"{count} records were sent, and {sum(ends.values())} stand in the topics")
    kept = sum(
        file.stat().st_size
        for one in topics.case_events
        for file in (broker.folder / "data").glob(f"{one.topic.name}-*/*.log")
    )
    return Input(broker.bootstrap, prefix, topics, count, ends, kept)


def send_encoded(producer: Producer, prefix: str, chunks: Iterable[list[Encoded]]) -> int:
    """Send records and wait until the broker has them; how many."""
    count = 0
    for chunk in chunks:
        for topic, key, value, headers in chunk:
            while True:
                try:
                    producer.produce(prefix + topic, value, key, headers=list(headers))
                    break
                except BufferError:
                    producer.poll(0.05)
        producer.poll(0)
        count += len(chunk)
    left = producer.flush(120)
    if left:
        raise RuntimeError(f"{left} records were not acknowledged")
    return count


def make_topic(bootstrap: str, name: str, partitions: int) -> None:
    """A topic for what a peer emits."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(name, partitions, 1)])[name].result()


def bulk_producer(bootstrap: str) -> Producer:
    """A producer for many records: as an agency's publisher has it, with larger batches."""
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "max.in.flight": IN_FLIGHT,
            "compression.type": "zstd",
            "linger.ms": 50,
            "batch.size": 1_000_000,
            "queue.buffering.max.messages": 500_000,
        }
    )


def topic_ends(bootstrap: str, topics: Topics) -> dict[tuple[str, int], int]:
    """The end of each partition of the topics of case events."""
    asked = {
        TopicPartition(one.topic.name, number): OffsetSpec.latest()
        for one in topics.case_events
        for number in range(topics.partitions)
    }
    admin = AdminClient({"bootstrap.servers": bootstrap})
    return {(at.topic, at.partition): future.result().offset for at, future in admin.list_offsets(asked).items()}


def committed(bootstrap: str, group: str) -> dict[tuple[str, int], int]:
    """Where a consumer group stands, in the partitions in which it committed."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    found = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result()
    return {(at.topic, at.partition): at.offset for at in found.topic_partitions or [] if at.offset >= 0}
