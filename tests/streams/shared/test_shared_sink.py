"""The sink on a real broker: it reads what was published, goes on where it stood, and stops at what it cannot know."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from brokers import RunningBroker
from click.testing import CliRunner
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from published import all_published, differing, domain, messages, note_all, populated, read_on, shown

from throughline.cli.main import throughline
from throughline.errors import BrokerUnavailable, SharedLogError, TopicMismatch
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.sinks.store import Store, open_store
from throughline.streams.log.broker_topics import create_topics
from throughline.streams.shared.changes import SharedRecord
from throughline.streams.shared.log import SharedLog
from throughline.streams.shared.sink import Sink
from throughline.streams.shared.state import Position, open_shared

# what a store has published is asked for once, before a test publishes more of it, whichever comes first
pytestmark = pytest.mark.usefixtures("records")


@dataclass(frozen=True)
class SharedTopics:
    """The shared topics of one test on the broker."""

    bootstrap: str
    prefix: str
    topics: Topics

    def send(self, records: Sequence[SharedRecord]) -> None:
        """Publish, and wait until all is acknowledged."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "queue.buffering.max.messages": 1_000_000})
        for record in records:
            producer.produce(
                self.prefix + record.topic, record.value, record.key, record.partition, headers=list(record.headers)
            )
        assert producer.flush(30) == 0

    def sink(self, store: Store) -> Sink:
        open_shared(store, domain())
        return Sink(store, self.topics, self.bootstrap)

    def name(self) -> str:
        return self.topics.shared["decision_timeline"].name


@pytest.fixture
def shared(broker: RunningBroker, topic_prefix: str) -> SharedTopics:
    topics = load_topics(domain(), prefix=topic_prefix, replication=1)
    create_topics(broker.bootstrap, topics)
    return SharedTopics(broker.bootstrap, topic_prefix, topics)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with populated(seed=8, cases=60) as found:
        yield found


@pytest.fixture(scope="module")
def records(store: Store) -> list[SharedRecord]:
    return all_published(store)


def until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def test_a_partition_whose_leader_is_being_chosen_is_asked_again(
    shared: SharedTopics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As just after its topic was made: the broker has not gone."""
    asked = []

    class Choosing(Consumer):
        def get_watermark_offsets(self, *given: Any, **said: Any) -> tuple[int, int] | None:
            asked.append(given)
            if len(asked) == 1:
                raise KafkaException(KafkaError(KafkaError.NOT_LEADER_FOR_PARTITION))
            return super().get_watermark_offsets(*given, **said)

    monkeypatch.setattr("throughline.streams.shared.log.Consumer", Choosing)
    with open_store(tmp_path / "board.duckdb", write=True) as board:
        assert shared.sink(board).run_once().changed == 0

    assert asked[0] == asked[1]


def test_a_sink_reads_to_the_end_and_goes_on_from_there(
    shared: SharedTopics, store: Store, records: list[SharedRecord], tmp_path: Path
) -> None:
    """Twice to the end: at first everything, then what has come since; both times the views are equal."""
    shared.send(records)
    path = tmp_path / "board.duckdb"
    with open_store(path, write=True) as board:
        taken = shared.sink(board).run_once()
        assert taken.changed == len(shown(store, "cases")) + len(shown(store, "quarantine"))
        assert differing(store, board) == []

    read_on(store, 5)
    note_all(store)
    later = all_published(store)
    shared.send(later)
    with open_store(path, write=True) as board:
        assert shared.sink(board).run_once().old == 0
        assert differing(store, board) == []
        (read,) = board.connection.execute("select sum(next_offset) from log_positions").fetchall()[0]
        assert shared.sink(board).run_once().changed == 0
    own = {shared.topics.shared[name].name.removeprefix(shared.prefix) for name in ("decision_timeline", "quarantine")}
    assert read == len([record for record in [*records, *later] if record.topic in own])


def test_the_command_keeps_a_snapshot_until_it_is_stopped(
    shared: SharedTopics, store: Store, records: list[SharedRecord], tmp_path: Path
) -> None:
    """Readers see it while the store is written; SIGTERM ends it in good order, with a last snapshot."""
    board, copy = tmp_path / "board.duckdb", tmp_path / "copy.duckdb"
    command = [sys.executable, "-m", "throughline", "sink", "--bootstrap", shared.bootstrap, "--store", str(board)]
    command += ["--topic-prefix", shared.prefix, "--snapshot", str(copy), "--snapshot-seconds", "0.2"]
    half = len(records) // 2
    shared.send(records[:half])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as running:
        try:
            until(lambda: copy.exists() and bool(_cases(copy)))
            shared.send(records[half:])
            until(lambda: _cases(copy) == len(shown(store, "cases")))
        finally:
            running.send_signal(signal.SIGTERM)
        said, _ = running.communicate(timeout=30)
    assert running.returncode == 0
    assert "changed" in said
    with open_store(copy, write=False) as read:
        assert differing(store, read) == []


def _cases(path: Path) -> int:
    with open_store(path, write=False) as store:
        return len(shown(store, "cases"))


def test_the_command_reads_once(shared: SharedTopics, records: list[SharedRecord], tmp_path: Path) -> None:
    """And says how much."""
    shared.send(records)
    options = ["--bootstrap", shared.bootstrap, "--topic-prefix", shared.prefix, "--once"]
    result = CliRunner().invoke(throughline, ["sink", *options, "--store", str(tmp_path / "board.duckdb")])

    assert result.exit_code == 0, result.output
    assert "0 gone, 0 out of date" in result.output


def test_a_topic_that_was_made_again_stops_it(
    shared: SharedTopics, records: list[SharedRecord], tmp_path: Path
) -> None:
    """Its offsets mean other records, though they are there."""
    shared.send(records)
    with open_store(tmp_path / "board.duckdb", write=True) as board:
        sink = shared.sink(board)
        sink.run_once()
        cases = shown(board, "cases")
        admin = AdminClient({"bootstrap.servers": shared.bootstrap})
        for future in admin.delete_topics([shared.name()]).values():
            future.result()
        until(lambda: shared.name() not in admin.list_topics(timeout=5).topics)
        create_topics(shared.bootstrap, shared.topics)
        shared.send(records)
        with pytest.raises(SharedLogError, match="deleted and created again"):
            sink.run_once()
        assert shown(board, "cases") == cases


def test_a_log_that_lost_records_stops_it(shared: SharedTopics, records: list[SharedRecord], tmp_path: Path) -> None:
    """Deleted before they were read, or an end before the store's position: topic, partition and offsets are named."""
    shared.send(records)
    partition = next(record.partition for record in records if record.topic == "shared.decision-timeline")
    with open_store(tmp_path / "board.duckdb", write=True) as board:
        sink = shared.sink(board)
        sink.run_once()
        place = [shared.name(), partition]
        (end,) = board.connection.execute(
            "select next_offset from log_positions where topic = ? and partition = ?", place
        ).fetchall()[0]

        _move(board, place, end + 7)
        with pytest.raises(SharedLogError, match=rf"{partition} went backwards.* {end + 7}, and now ends at {end}"):
            sink.run_once()

        _move(board, place, end)
        later = [record for record in records if record.partition == partition]
        shared.send(later)
        admin = AdminClient({"bootstrap.servers": shared.bootstrap})
        policy = ConfigEntry("cleanup.policy", "delete", incremental_operation=AlterConfigOpType.SET)
        changed = ConfigResource(ResourceType.TOPIC, shared.name(), incremental_configs=[policy])
        for future in admin.incremental_alter_configs([changed]).values():
            future.result()
        for future in admin.delete_records([TopicPartition(*place, end + 1)]).values():
            future.result()
        with pytest.raises(SharedLogError, match=rf"begins at offset {end + 1}, but was read up to {end}"):
            sink.run_once()


def _move(board: Store, place: list[object], offset: int) -> None:
    with board.transaction() as connection:
        connection.execute(
            "update log_positions set next_offset = ? where topic = ? and partition = ?", [offset, *place]
        )


def test_a_message_of_another_release_stops_it_before_anything_of_its_batch(
    shared: SharedTopics, records: list[SharedRecord], tmp_path: Path
) -> None:
    """It is not skipped: the position stays before it."""
    bad = records[0]._replace(value=b"\xc3\x01" + bytes(20))
    shared.send([bad])
    with open_store(tmp_path / "board.duckdb", write=True) as board:
        sink = shared.sink(board)
        with pytest.raises(SharedLogError, match="another schema"):
            sink.run_once()
        assert board.connection.execute("from log_positions").fetchall() == []


def test_without_topics_or_broker_it_says_so(broker: RunningBroker, topic_prefix: str) -> None:
    """A topic that is not there, and an address where nobody answers."""
    with pytest.raises(TopicMismatch, match="no such topic"):
        SharedLog(broker.bootstrap, [f"{topic_prefix}nothing"], [])
    with pytest.raises(BrokerUnavailable):
        SharedLog("127.0.0.1:1", [f"{topic_prefix}nothing"], [])


def test_it_waits_for_a_broker_that_is_away(tmp_path: Path) -> None:
    """And stops when it is told to, meanwhile."""
    stop = threading.Event()
    with open_store(tmp_path / "board.duckdb", write=True) as board:
        open_shared(board, domain())
        sink = Sink(board, load_topics(domain()), "127.0.0.1:1")
        ended = threading.Thread(target=sink.run, args=(stop,))
        ended.start()
        time.sleep(0.3)
        assert ended.is_alive()
        stop.set()
        ended.join(30)
        assert not ended.is_alive()


def test_positions_of_other_topics_are_not_read(shared: SharedTopics, records: list[SharedRecord]) -> None:
    """Nor are messages skipped by them."""
    shared.send(records)
    with SharedLog(shared.bootstrap, [shared.name()], [Position("other", 0, "id", 5)]) as log:
        found = 0
        while not log.is_at_end:
            found += len(log.read(100, 1.0).messages)
    assert found == len([message for message in messages(records) if message.topic == "shared.decision-timeline"])
