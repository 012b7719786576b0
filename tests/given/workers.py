"""What a test of the live join needs: topics, records of made-up cases, a worker process, digests of both ways."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from confluent_kafka import Producer

from throughline.demo.population import write_population
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.kafka_record import IN_FLIGHT, KafkaRecord, plain_rows, record_of
from throughline.sinks.digest import digest
from throughline.sinks.store import open_store
from throughline.sources.formats.registry import read_events
from throughline.streams.join.replay import replay
from throughline.streams.log.broker_topics import create_topics

UNTIL = datetime(2026, 6, 30, 12, tzinfo=UTC)


def make_topics(bootstrap: str, prefix: str, domain: Domain) -> Topics:
    """The domain's topics on the broker, one copy each."""
    topics = load_topics(domain, prefix=prefix, replication=1)
    create_topics(bootstrap, topics)
    return topics


def made_up_records(folder: Path, domain: Domain, topics: Topics, *, cases: int, seed: int = 1) -> list[KafkaRecord]:
    """The records of every event of a made-up population that the catalogue accepts; the files stand in `folder`."""
    write_population(folder, seed, cases, domain, UNTIL)
    schemas = SchemaStore(domain)
    return [
        record_of(row, schemas, topics)
        for file in sorted(folder.iterdir())
        for batch in read_events(file, domain)
        for row in plain_rows(batch.events)
    ]


def send(bootstrap: str, records: Iterable[KafkaRecord]) -> int:
    """Send records and wait until all are acknowledged; how many."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "max.in.flight": IN_FLIGHT,
            "linger.ms": 5,
        }
    )
    count = 0
    for record in records:
        while True:
            try:
                producer.produce(record.topic, record.value, record.key, headers=list(record.headers))
                break
            except BufferError:
                producer.poll(0.1)
        count += 1
    assert producer.flush(60) == 0
    return count


def replayed_digest(folder: Path, store_path: Path, domain: Domain) -> str:
    """The digest of an embedded replay of the same files."""
    with open_store(store_path, write=True) as store:
        replay(store, domain, [folder])
        return digest(store.connection)


def until(is_so: Callable[[], bool], seconds: float = 90.0) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


class WorkerProcess:
    """`throughline worker` as a process of its own; `log` is what it says."""

    def __init__(self, bootstrap: str, prefix: str, folder: Path, *options: str, port: int) -> None:
        self.port = port
        self.log = folder.with_name(f"{folder.name}-{port}.log")
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "throughline", "worker", "--bootstrap", bootstrap),
                    *("--folder", str(folder), "--topic-prefix", prefix, "--health-port", str(port), *options),
                ],
                stdout=out,
                stderr=out,
                env={**os.environ, "PYTHONWARNINGS": "ignore"},
            )

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels; 0 where it is not there or nobody answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=2) as answer:
                lines = answer.read().decode().splitlines()
        except (URLError, ConnectionError, TimeoutError):
            return 0.0
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)

    def taken(self) -> float:
        """Records that it committed, whatever became of them."""
        return self.metric("throughline_records_total") + self.metric("throughline_quarantined_total")

    def wait_for(self, records: int, seconds: float = 90.0) -> None:
        """Wait until it has committed so many."""
        until = time.monotonic() + seconds
        while self.taken() < records:
            assert self.process.poll() is None, self.log.read_text()[-4000:]
            assert time.monotonic() < until, f"{self.taken()} of {records}\n{self.log.read_text()[-4000:]}"
            time.sleep(0.2)

    def is_ready(self) -> bool:
        """Whether it has partitions and takes their records."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, ConnectionError, TimeoutError):
            return False

    def stop(self, seconds: float = 60.0) -> int:
        """Ask it to end; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(seconds)


@contextmanager
def worker(bootstrap: str, prefix: str, folder: Path, *options: str, port: int) -> Iterator[WorkerProcess]:
    """A worker that is killed at the end if it still runs."""
    made = WorkerProcess(bootstrap, prefix, folder, *options, port=port)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.process.kill()
            made.process.wait(10)
