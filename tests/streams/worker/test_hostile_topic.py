"""Whatever stands in a topic, the worker lives: each offset is an event, in quarantine, a sign of life or nothing.

On a real broker, by the bytes of record batches: what no client of Kafka would write, and what transactions withdrew.
"""

from __future__ import annotations

import struct
import time
from pathlib import Path
from typing import Any

import cramjam
import orjson
import pytest
from brokers import RunningBroker
from confluent_kafka import Consumer, Producer, TopicPartition
from workers import WorkerProcess, make_topics, until, worker

from bench.hostile.batches import Header, batch, produce, record
from throughline.broker.ports import free_ports
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import Topics
from throughline.sinks.digest import digest
from throughline.sinks.store import open_store
from throughline.streams.log.event_log import CaseLog, Extent
from throughline.streams.worker.partition import partition_file

MIB = 1024 * 1024
STRUCTURED: list[Header] = [(b"content-type", b"application/cloudevents+json")]
BEAT: list[Header] = [
    (b"ce_type", b"throughline.source.heartbeat.v1"),
    (b"ce_source", b"urn:example:police:rms"),
    (b"ce_time", b"2026-02-25T10:15:00Z"),
    (b"ce_partitionkey", b"20"),
]


def event(name: str) -> bytes:
    """A good event, whose crime number is of its own."""
    return orjson.dumps(
        {
            "specversion": "1.0", "id": name, "source": "urn:example:police:rms", "type": "police.crime.recorded",
            "time": "2026-03-02T10:15:00Z", "partitionkey": "20",
            "data": {"unit": "20PP", "identifiers": {"crime_ref": f"20/{name}/26"}, "offence_group": "stalking"},
        }
    )  # fmt: skip


def good(*names: str, codec: str = "none") -> bytes:
    return batch([record(n, event(name), STRUCTURED) for n, name in enumerate(names)], codec)


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain()


class Lane:
    """The partition of area 20 in the topic of the police, and a worker's store of it."""

    def __init__(self, broker: RunningBroker, prefix: str, topics: Topics, folder: Path) -> None:
        self.bootstrap = broker.bootstrap
        self.prefix = prefix
        self.topic = topics.of_agency("police")
        self.number = topics.partition_of("20")
        self.folder = folder
        self.store = partition_file(folder, self.number)

    def put(self, batches: bytes) -> None:
        """One batch, as it is."""
        assert produce(self.bootstrap, self.topic, self.number, batches) == 0

    def end(self) -> Extent:
        with CaseLog(self.bootstrap) as log:
            return log.extent(self.topic, self.number)

    def producer(self) -> Producer:
        made = Producer({"bootstrap.servers": self.bootstrap, "transactional.id": f"{self.prefix}agency"})
        made.init_transactions(30)
        return made

    def write(self, producer: Producer, *names: str) -> None:
        for name in names:
            producer.produce(
                self.topic, event(name), b"20", partition=self.number, headers=[("content-type", STRUCTURED[0][1])]
            )
        assert producer.flush(30) == 0

    def worker(self) -> Any:
        """A worker that goes on where the last one stood."""
        options = ("--no-publish", "--instance", "only")
        return worker(self.bootstrap, self.prefix, self.folder, *options, port=free_ports(1)[0])

    def wait(self, running: WorkerProcess, end: int) -> None:
        """Until the store has come to `end` of the log."""

        def is_there() -> bool:
            assert running.process.poll() is None, running.log.read_text()[-4000:]
            return running.metric("throughline_next_offset") >= end

        until(is_there)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with open_store(self.store, write=False) as store:
            return store.connection.execute(query).fetchall()

    def digest(self) -> str:
        with open_store(self.store, write=False) as store:
            return digest(store.connection)

    def quarantine(self) -> list[tuple[Any, ...]]:
        return self.rows("select position, reason from quarantine order by 1")


@pytest.fixture
def lane(broker: RunningBroker, topic_prefix: str, domain: Domain, tmp_path: Path) -> Lane:
    return Lane(broker, topic_prefix, make_topics(broker.bootstrap, topic_prefix, domain), tmp_path / "live")


def hostile() -> list[tuple[bytes, list[str | None]]]:
    """Batches that a broker takes, and what becomes of each of their offsets: None is an event, `beat` a sign of life;
    of a batch that cannot be read the first offset alone is told of, and `-` stands for the others.
    """
    bomb = bytes(cramjam.zstd.compress(record(0, bytes(40 * MIB))))
    many = [(b"h%d" % n, b"x") for n in range(20_000)]
    said = orjson.dumps({"sequence": 7, "waiting": 2, "every_seconds": 60})
    return [
        (good("a1", "a2"), [None, None]),
        (batch([b""], "zstd", packed=bomb), ["unreadable_batch"]),
        (good("b1", codec="zstd"), [None]),
        (batch([record(0, event("c1"), [*STRUCTURED, (b"\xff\xfe", b"x")]), record(1, event("c2"), STRUCTURED)]),
         ["not_utf8", None]),
        (batch([record(0, event("d1"), [*many, *STRUCTURED])]), [None]),
        (batch([record(0, event("d2"), [*STRUCTURED, *STRUCTURED])], "lz4"), [None]),
        (batch([record(0, None, key=None), record(1, b"", key=b"")], "snappy"), ["truncated", "unknown_schema"]),
        (batch([record(0, said, BEAT), record(1, b'{"sequence":"seven"}', BEAT)]), ["beat", "bad_heartbeat"]),
        (batch([record(0, b'{"sequence":%d,"waiting":2,"every_seconds":60}' % 2**64, BEAT)]), ["bad_heartbeat"]),
        (batch([record(0, bytes(3 * MIB)), record(1, event("e1"), STRUCTURED)], "gzip"), ["too_large", None]),
        (batch([record(n, b"") for n in (2, 0, 1)]), ["unreadable_batch", "-", "-"]),
        (good("z1"), [None]),
    ]  # fmt: skip


def test_nothing_in_a_topic_stops_a_worker_and_each_offset_is_accounted_for(lane: Lane) -> None:
    """Live, after a restart, and in a store that is rebuilt from the log: the same rows, and nothing taken twice."""
    expected: list[str | None] = []
    with lane.worker() as first:
        for batches, outcomes in hostile():
            lane.put(batches)
            expected += outcomes
        assert lane.end() == Extent(0, len(expected))
        lane.wait(first, len(expected))
        until(lambda: first.metric("throughline_lag_records") == 0)
        assert first.metric("throughline_quarantined_total") == sum(one not in {None, "beat", "-"} for one in expected)
        assert first.stop() == 0
    refused = [(place, one) for place, one in enumerate(expected) if one not in {None, "beat", "-"}]
    events = [(place,) for place, one in enumerate(expected) if one is None]

    assert lane.quarantine() == refused
    assert lane.rows("select position from events order by 1") == events
    assert lane.rows("select count(*) from heartbeats") == [(1,)]
    with lane.worker() as second:
        lane.put(good("z2"))
        lane.wait(second, len(expected) + 1)
        assert second.taken() == 1
        assert second.stop() == 0
    live = lane.digest()
    for file in lane.folder.glob(f"{lane.store.name}*"):
        file.unlink()
    with lane.worker() as third:
        lane.wait(third, len(expected) + 1)
        assert third.stop() == 0

    assert lane.quarantine() == refused
    assert lane.rows("select position from events order by 1") == [*events, (len(expected),)]
    assert lane.digest() == live


def test_what_was_aborted_is_read_by_nobody_and_markers_are_no_lag(lane: Lane) -> None:
    """The live store and one that is rebuilt from the log say the same."""
    with lane.worker() as first:
        until(first.is_ready)
        producer = lane.producer()
        for names, is_kept in ((["t1"], True), (["t2", "t3"], False), (["t4"], True)):
            producer.begin_transaction()
            lane.write(producer, *names)
            (producer.commit_transaction if is_kept else producer.abort_transaction)(30)
        lane.wait(first, 7)
        until(lambda: first.metric("throughline_lag_records") == 0)
        assert first.stop() == 0
    live = lane.digest()

    assert lane.rows("select event_id from events order by 1") == [("t1",), ("t4",)]
    assert lane.rows(f"select next_offset from log_positions where topic = '{lane.topic}'") == [(7,)]
    for file in lane.folder.glob(f"{lane.store.name}*"):
        file.unlink()
    with lane.worker() as second:
        lane.wait(second, 7)
        assert second.metric("throughline_lag_records") == 0
        assert second.stop() == 0

    assert lane.digest() == live


def test_an_open_transaction_is_waited_for(lane: Lane) -> None:
    """What others wrote after it began waits with it, and is no lag until it ends."""
    with lane.worker() as only:
        lane.put(good("a1"))
        lane.wait(only, 1)
        producer = lane.producer()
        producer.begin_transaction()
        lane.write(producer, "b1")
        lane.put(good("c1"))
        assert lane.end() == Extent(0, 1)
        with CaseLog(lane.bootstrap) as log:
            assert log.written(lane.topic, lane.number) == Extent(0, 3)
            assert [fetch.offsets for fetch in log.read(lane.topic, lane.number, 0, 3)] == [[0]]
        time.sleep(2)
        assert only.metric("throughline_lag_records") == 0
        assert only.metric("throughline_next_offset") == 1
        producer.commit_transaction(30)
        lane.wait(only, 4)
        assert only.stop() == 0

    assert lane.rows("select event_id from events order by 1") == [("a1",), ("b1",), ("c1",)]


def test_a_group_that_stands_after_a_marker_goes_on_from_there(lane: Lane) -> None:
    """What the group commits counts markers, too, so that no tool shows a lag."""
    with lane.worker() as only:
        producer = lane.producer()
        producer.begin_transaction()
        lane.write(producer, "t1")
        producer.commit_transaction(30)
        lane.wait(only, 2)
        assert only.stop() == 0
    group = Consumer({"bootstrap.servers": lane.bootstrap, "group.id": f"{lane.prefix}throughline"})
    (standing,) = group.committed([TopicPartition(lane.topic, lane.number)], timeout=30)
    group.close()

    assert standing.offset == 2


def test_an_unreadable_batch_says_where_it_stands(lane: Lane) -> None:
    with lane.worker() as only:
        lane.put(good("a1"))
        records = [record(0, b""), record(1, bytes(40 * MIB)), record(2, b"")]
        whole = batch(records, "zstd")
        lane.put(whole)
        lane.wait(only, 4)
        assert only.stop() == 0
    ((position, detail, raw),) = lane.rows("select position, detail, raw from quarantined")

    assert position == 1
    assert detail == "the batch of offsets 1 to 3: it would unpack, by zstd, to more than 33,554,432 bytes"
    # as the broker keeps it: it gives the offset, and its own time
    assert raw[61:] == whole[61:]
    assert struct.unpack_from(">q", raw) == (1,)
