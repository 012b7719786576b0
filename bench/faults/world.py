"""What every fault is tried on: a broker, made-up cases, workers, and a folder and topics of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import orjson
from confluent_kafka import KafkaException, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from bench.faults.workers import Failed, Nursery, Worker
from throughline.broker.local_broker import LocalBroker
from throughline.demo.population import write_population
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.kafka_record import IN_FLIGHT, plain_rows, record_of
from throughline.sinks.digest import digest_by_table
from throughline.sinks.store import open_store
from throughline.sources.formats.registry import read_events
from throughline.streams.join.replay import replay
from throughline.streams.log.broker_topics import create_topics

UNTIL = datetime(2026, 6, 30, 12, tzinfo=UTC)
# instead of the two of the made-up population, so that several partitions have records
AREAS = ("20", "21", "22", "06", "01", "02")
DRAIN_SECONDS = 150.0


@dataclass(frozen=True)
class Sending:
    """A record as it is given to a client; `partition` where it is not left to the key."""

    topic: str
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None
    partition: int | None = None
    # the reason for which it must stand in quarantine; empty: in none
    reason: str = ""


@dataclass(frozen=True)
class Acknowledged:
    """Where the broker has put a record."""

    topic: str
    partition: int
    offset: int
    sent: Sending


@dataclass(frozen=True)
class Material:
    """Files of events, the same as records of topics without a prefix, and what a replay makes of them."""

    files: Path
    records: tuple[Sending, ...]
    digests: dict[str, str]


class World:
    """A broker of our own, a nursery of workers, and so many made-up cases; `seed` decides everything that is drawn.

    `replayed` is the store of a replay of the cases, once there is `material`.
    """

    def __init__(
        self, folder: Path, domain: Domain, broker: LocalBroker, nursery: Nursery, seed: int, cases: int
    ) -> None:
        self.folder, self.domain, self.broker, self.nursery, self.seed = folder, domain, broker, nursery, seed
        self.cases, self.replayed = cases, folder / "cases.duckdb"
        self.schemas = SchemaStore(domain)
        self.material = cache(self._material)

    def run(self, name: str, number: int = 0) -> Run:
        """Topics and a folder of their own for one run of a fault."""
        return Run(self, f"{name.replace(' ', '-')}-{number}", Random(f"{self.seed} {name} {number}"))

    def _material(self) -> Material:
        files = self.folder / "cases"
        write_population(files, self.seed, self.cases, self.domain, UNTIL)
        for file in files.iterdir():
            file.write_bytes(b"".join(map(_moved, file.read_bytes().splitlines())))
        topics = load_topics(self.domain)
        records = [
            record_of(row, self.schemas, topics)
            for file in sorted(files.iterdir())
            for batch in read_events(file, self.domain)
            for row in plain_rows(batch.events)
        ]
        with open_store(self.replayed, write=True) as store:
            replay(store, self.domain, [files])
            digests = digest_by_table(store.connection)
        return Material(files, tuple(Sending(r.topic, r.key, r.headers, r.value) for r in records), digests)


@dataclass
class Run:
    """One run of a fault: its topics, its worker's folder, and what was acknowledged."""

    world: World
    name: str
    random: Random
    acknowledged: list[Acknowledged] = field(default_factory=list)
    refused: list[Sending] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.prefix = f"{self.name}."
        self.home = self.world.folder / self.name
        self.folder = self.home / "live"
        self.folder.mkdir(parents=True)
        self.topics: Topics = load_topics(self.world.domain, prefix=self.prefix, replication=1)
        # kept: futures of a client that is gone are gone with it
        self.admin = self._new_admin()
        create_topics(self.bootstrap, self.topics)

    @property
    def bootstrap(self) -> str:
        return self.world.broker.bootstrap

    @property
    def names(self) -> list[str]:
        """The topics of case events."""
        return [one.topic.name for one in self.topics.case_events]

    def options(self, instance: str | None = "only") -> dict[str, Any]:
        """Options of a worker on this run's topics and folder."""
        return {
            "bootstrap": self.bootstrap,
            "folder": str(self.folder),
            "topic_prefix": self.prefix,
            "instance": instance,
            "publishes": False,
        }

    def start(
        self, *, instance: str | None = "only", statements: int = 0, clock: Path | None = None, publishes: bool = False
    ) -> Worker:
        """A worker; one of the same `instance` may follow another at once."""
        options = {**self.options(instance), "publishes": publishes}
        log = self.home / f"worker-{instance}.log"
        return self.world.nursery.start(options, log, statements=statements, clock=clock)

    def start_part(self, part: str, *, statements: int = 0, **options: Any) -> Worker:
        """A `taker` of one partition's records, or a `sink`: see the nursery."""
        given = {"bootstrap": self.bootstrap, "topic_prefix": self.prefix, **options}
        return self.world.nursery.start(given, self.home / f"{part}.log", part=part, statements=statements)

    def sendings(self) -> list[Sending]:
        """The records of the made-up cases for this run's topics."""
        records = self.world.material().records
        return [Sending(self.prefix + r.topic, r.key, r.headers, r.value, r.partition) for r in records]

    def publish(self, sendings: Sequence[Sending], *, seconds: float = 0.0) -> Publishing:
        """Begin to send, evenly over so many seconds."""
        return Publishing(self, sendings, seconds)

    def ends(self) -> dict[tuple[str, int], int]:
        """Where each partition of case events ends that has records."""
        asked = {
            TopicPartition(topic, number): OffsetSpec.latest()
            for topic in self.names
            for number in range(self.topics.partitions)
        }
        until = time.monotonic() + 30
        while True:
            try:
                found = self.admin.list_offsets(asked, request_timeout=20)
                ends = {(tp.topic, tp.partition): future.result(20).offset for tp, future in found.items()}
                return {place: end for place, end in ends.items() if end > 0}
            except KafkaException:
                # a broker that was just started may not know yet what the client knows; and the client keeps what it
                # knew of a partition's leader before the broker was away
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
                self.admin = self._new_admin()

    def _new_admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 2})

    def drain(self, *workers: Worker, seconds: float = DRAIN_SECONDS) -> float:
        """Wait until the workers have taken all that the topics have; the seconds that it took."""
        began = time.monotonic()
        ends = self.ends()
        while True:
            positions: dict[tuple[str, int], int] = {}
            for worker in workers:
                if worker.ended() is not None:
                    raise Failed(f"worker {worker.pid} ended with {worker.ended()}\n{worker.said()}")
                for place, position in worker.positions().items():
                    positions[place] = max(position, positions.get(place, 0))
            left = {place: (positions.get(place), end) for place, end in ends.items() if positions.get(place) != end}
            if not left:
                return time.monotonic() - began
            if time.monotonic() - began > seconds:
                said = "\n".join(worker.said() for worker in workers)
                raise Failed(f"not drained within {seconds:g} s; taken and end: {left}\n{said}")
            time.sleep(0.1)

    def topic_ids(self) -> dict[str, str]:
        """The id of each topic of case events."""
        found = self.admin.describe_topics(TopicCollection(self.names))
        return {name: str(future.result(20).topic_id) for name, future in found.items()}


class Publishing:
    """Records on their way from a thread; `finish` waits until each is acknowledged or refused."""

    def __init__(self, run: Run, sendings: Sequence[Sending], seconds: float) -> None:
        self._run, self._sendings, self._seconds = run, list(sendings), seconds
        self.given = 0
        self._thread = threading.Thread(target=self._send, name="publishing", daemon=True)
        self._error: BaseException | None = None
        self._thread.start()

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def wait_for(self, share: float) -> None:
        """Wait until such a share of the records is on its way."""
        while self.given < share * len(self._sendings) and not self.is_over:
            time.sleep(0.01)

    def finish(self, seconds: float = 180.0) -> None:
        """Wait until all are acknowledged or refused."""
        self._thread.join(seconds)
        if self._thread.is_alive():
            raise Failed(f"the broker did not acknowledge all records within {seconds:g} s")
        if self._error is not None:
            raise self._error

    def _send(self) -> None:
        try:
            producer = Producer(
                {
                    "bootstrap.servers": self._run.bootstrap,
                    "partitioner": "murmur2_random",
                    "enable.idempotence": True,
                    "max.in.flight": IN_FLIGHT,
                    "linger.ms": 5,
                    "delivery.timeout.ms": 150_000,
                    # the broker is to refuse what is too large, not the client
                    "message.max.bytes": 4_000_000,
                    "log_level": 2,
                }
            )
            began = time.monotonic()
            for place, sending in enumerate(self._sendings):
                self._give(producer, sending)
                self.given = place + 1
                due = began + self._seconds * self.given / len(self._sendings)
                while (left := due - time.monotonic()) > 0.005:
                    producer.poll(min(left, 0.05))
            if producer.flush(170):
                raise Failed("the broker did not acknowledge all records")
        except BaseException as error:
            self._error = error

    def _give(self, producer: Producer, sending: Sending) -> None:
        def delivered(error: Any, message: Any) -> None:
            if error is not None:
                self._run.refused.append(sending)
            else:
                place = (message.topic(), message.partition(), message.offset())
                self._run.acknowledged.append(Acknowledged(*place, sending))

        options = {} if sending.partition is None else {"partition": sending.partition}
        while True:
            try:
                producer.produce(
                    sending.topic,
                    sending.value,
                    sending.key,
                    headers=list(sending.headers),
                    on_delivery=delivered,
                    **options,
                )
                producer.poll(0)
                return
            except BufferError:
                producer.poll(0.1)


def _moved(line: bytes) -> bytes:
    """The event in one of AREAS, by the number of its case."""
    event = orjson.loads(line)
    if event.get("partitionkey") == "20" and event["id"].count("-") >= 2:
        event["partitionkey"] = AREAS[int(event["id"].split("-")[1]) % len(AREAS)]
    return orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE)
