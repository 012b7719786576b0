"""A log in memory in place of Kafka's, and a committer that is fed from it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from throughline.errors import BrokerUnavailable
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.kafka_record import KafkaRecord
from throughline.sinks.store import Store, open_store
from throughline.streams.log.event_log import Extent
from throughline.streams.log.fetch import Fetch
from throughline.streams.worker.committer import Announced, Committer, Place
from throughline.streams.worker.inbox import Assigned, Inbox
from throughline.streams.worker.metrics import WorkerMetrics
from throughline.streams.worker.partition import partition_file

AREA = "20"


class WrittenLog:
    """A log in memory in place of Kafka's: what `read` was asked for stands in `reads`."""

    def __init__(self, topic: str, records: list[KafkaRecord]) -> None:
        self.topic = topic
        self.records = records
        self.first = 0
        self.topic_id = "one"
        self.reads: list[tuple[int, int]] = []
        self.standing = 0
        self.times_away = 0

    def topic_ids(self, topics: list[str]) -> dict[str, str]:
        return dict.fromkeys(topics, self.topic_id)

    def extent(self, topic: str, partition: int) -> Extent:
        return Extent(self.first, len(self.records)) if topic == self.topic else Extent(0, 0)

    def written(self, topic: str, partition: int) -> Extent:
        """The same: no transaction is open here."""
        return self.extent(topic, partition)

    def committed(self, partition: int, topics: list[str]) -> dict[str, int]:
        return {topic: self.standing if topic == self.topic else -1001 for topic in topics}

    def read(self, topic: str, partition: int, first: int, end: int) -> Iterator[Fetch]:
        if self.times_away:
            self.times_away -= 1
            raise BrokerUnavailable("nobody answers")
        self.reads.append((first, end))
        yield self.fetch(first, end)

    def fetch(self, first: int, end: int) -> Fetch:
        some = self.records[first:end]
        return Fetch(
            self.topic,
            load_topics(load_domain(None)).partition_of(AREA),
            list(range(first, end)),
            [1_772_000_000_000 + offset for offset in range(first, end)],
            [record.value for record in some],
            [record.headers for record in some],
        )

    def close(self) -> None:
        pass


class Quiet:
    def announce(self, store: Store) -> Announced:
        return Announced(0, is_more=False)


class Running:
    """A committer whose rounds the test runs itself."""

    def __init__(self, folder: Path, domain: Domain, topics: Topics, log: Any) -> None:
        self.folder = folder
        self.number = topics.partition_of(AREA)
        self.ended: list[int] = []
        self.inbox = Inbox(1_000_000)
        self.metrics = WorkerMetrics()
        place = Place(folder, domain, topics, SchemaStore(domain), "256MB")
        self.committer = Committer(place, log, self.inbox, self.metrics, Quiet(), end_process=self.ended.append)

    def assign(self) -> None:
        self.inbox.put(Assigned(frozenset({self.number}), threading.Event()))

    def run(self) -> None:
        """Everything that waits, then the end of the thread."""
        self.committer.start()
        self.committer.stop()

    def taken(self) -> tuple[int, int]:
        """Events in the store, and the position of the topic."""
        with open_store(partition_file(self.folder, self.number), write=False) as store:
            row = store.connection.execute(
                "select (select count(*) from events), next_offset from log_positions "
                "where topic = 'police.case-events'"
            ).fetchone()
        assert row is not None
        return row


def wait_until(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)
