"""What the committing thread does with fetches: together where they follow, the gap first where one does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from throughline.errors import StoreError, TopicMismatch
from throughline.schemas.codec import SchemaStore
from throughline.schemas.domain import Domain, load_domain
from throughline.schemas.kafka_record import KafkaRecord, plain_rows, record_of
from throughline.schemas.topics import Topics, load_topics
from throughline.sinks.store import Store, open_store
from throughline.sources.event_files import read_events
from throughline.streams.case_log import Extent
from throughline.streams.committer import Committer, Place
from throughline.streams.fetch import Fetch
from throughline.streams.inbox import Assigned, Inbox, Revoked
from throughline.streams.partition_store import PartitionStore, partition_file
from throughline.streams.worker_metrics import WorkerMetrics

AREA = "20"
LINE = (
    '{"specversion":"1.0","id":"%d","source":"urn:example:police:rms","type":"police.crime.recorded",'
    '"time":"2026-03-02T10:15:00Z","partitionkey":"20","data":{"unit":"20PP","identifiers":{"crime_ref":"20/%d/26"},'
    '"offence_group":"stalking"}}'
)


class WrittenLog:
    """A log in memory in place of Kafka's: what `read` was asked for stands in `reads`."""

    def __init__(self, topic: str, records: list[KafkaRecord]) -> None:
        self.topic = topic
        self.records = records
        self.first = 0
        self.topic_id = "one"
        self.reads: list[tuple[int, int]] = []
        self.standing = 0

    def topic_ids(self, topics: list[str]) -> dict[str, str]:
        return dict.fromkeys(topics, self.topic_id)

    def extent(self, topic: str, partition: int) -> Extent:
        return Extent(self.first, len(self.records)) if topic == self.topic else Extent(0, 0)

    def committed(self, partition: int, topics: list[str]) -> dict[str, int]:
        return {topic: self.standing if topic == self.topic else -1001 for topic in topics}

    def read(self, topic: str, partition: int, first: int, end: int) -> Iterator[Fetch]:
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
    def announce(self, store: Store) -> int:
        return 0


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain(None)


@pytest.fixture(scope="module")
def topics(domain: Domain) -> Topics:
    return load_topics(domain, replication=1)


@pytest.fixture
def log(tmp_path: Path, domain: Domain, topics: Topics) -> WrittenLog:
    file = tmp_path / "crimes.jsonl"
    file.write_text("\n".join(LINE % (n, n) for n in range(40)) + "\n")
    schemas = SchemaStore(domain)
    rows = [row for batch in read_events(file, domain) for row in plain_rows(batch.events)]
    return WrittenLog("police.case-events", [record_of(row, schemas, topics) for row in rows])


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


@pytest.fixture
def running(tmp_path: Path, domain: Domain, topics: Topics, log: WrittenLog) -> Running:
    return Running(tmp_path / "live", domain, topics, log)


def test_fetches_that_follow_one_another_are_not_read_again(running: Running, log: WrittenLog) -> None:
    running.assign()
    for first in range(0, 40, 10):
        running.inbox.put(log.fetch(first, first + 10))
    running.run()

    assert running.taken() == (40, 40)
    assert log.reads == []


def test_a_gap_is_read_from_the_log_first(running: Running, log: WrittenLog) -> None:
    """Offsets 10 to 24 never came: they are read in bulk before what follows them."""
    running.assign()
    running.inbox.put(log.fetch(0, 10))
    running.inbox.put(log.fetch(25, 40))
    running.run()

    assert log.reads == [(10, 25)]
    assert running.taken() == (40, 40)


def test_what_was_taken_is_passed_over(running: Running, log: WrittenLog) -> None:
    running.assign()
    running.inbox.put(log.fetch(0, 30))
    running.inbox.put(log.fetch(5, 40))
    running.run()

    assert running.taken() == (40, 40)


def test_a_store_behind_the_group_is_brought_to_where_fetches_begin(running: Running, log: WrittenLog) -> None:
    """The group had committed 40 when the partition was assigned; the store is new."""
    log.standing = 40
    running.assign()
    running.run()

    assert log.reads == [(0, 40)]
    assert running.taken() == (40, 40)


def test_fetches_of_a_partition_that_was_revoked_are_dropped(running: Running, log: WrittenLog) -> None:
    running.assign()
    running.inbox.put(log.fetch(0, 10))
    done = threading.Event()
    running.inbox.put(Revoked(frozenset({running.number}), done))
    running.inbox.put(log.fetch(10, 20))
    running.run()

    assert done.is_set()
    assert running.taken() == (10, 10)


def test_no_store_is_made_for_a_partition_without_records(running: Running, log: WrittenLog) -> None:
    log.records = []
    running.assign()
    running.run()

    assert not partition_file(running.folder, running.number).exists()


@pytest.mark.parametrize("fault", ["went backwards", "lost its beginning", "was made anew"])
def test_a_log_that_lost_records_ends_the_process(
    fault: str, running: Running, log: WrittenLog, tmp_path: Path, domain: Domain, topics: Topics
) -> None:
    """Nothing is skipped: exit code 70, and the store keeps what it has."""
    running.assign()
    running.inbox.put(log.fetch(0, 20))
    running.run()
    if fault == "went backwards":
        log.records = log.records[:10]
    elif fault == "lost its beginning":
        log.first = 30
    else:
        log.topic_id = "another"
    again = Running(running.folder, domain, topics, log)
    again.assign()
    again.run()

    assert again.ended == [70]
    assert again.metrics.now_state == "failed"
    assert running.taken() == (20, 20)


def test_a_full_disk_is_waited_for(running: Running, log: WrittenLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The transaction that finds no room is made again, and nothing is lost or taken twice."""
    whole = PartitionStore.take
    left = [2]

    def take(self: PartitionStore, *arguments: Any, **named: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise StoreError("no room", hint="Make room.")
        return whole(self, *arguments, **named)

    monkeypatch.setattr(PartitionStore, "take", take)
    running.assign()
    running.inbox.put(log.fetch(0, 40))
    running.committer.start()
    for _ in range(200):
        if running.metrics.now_state == "running" and not left[0]:
            break
        threading.Event().wait(0.1)
    running.committer.stop()

    assert running.ended == []
    assert running.taken() == (40, 40)


def test_check_names_topic_and_offsets() -> None:
    from throughline.streams.case_log import check_position

    with pytest.raises(
        TopicMismatch, match=r"police\.case-events-3 begins at offset 30, and the store has come to 20: 10"
    ):
        check_position("police.case-events", 3, 20, Extent(30, 40))
