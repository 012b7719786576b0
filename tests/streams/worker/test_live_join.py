"""The live join on a real broker says what an embedded replay of the same files says, however workers come and go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from brokers import RunningBroker
from workers import made_up_records, make_topics, replayed_digest, send, until, worker

from throughline.broker.ports import free_ports
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.kafka_record import KafkaRecord
from throughline.sinks.store import open_store
from throughline.streams.worker.partition import digest_of_partitions

CASES = 40


@dataclass(frozen=True)
class Population:
    """Made-up events as files, as records of topics that are there, and the digest of their replay."""

    bootstrap: str
    prefix: str
    records: list[KafkaRecord]
    digest: str
    folder: Path

    def send(self, part: slice = slice(None)) -> int:
        return send(self.bootstrap, self.records[part])


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain()


@pytest.fixture(scope="module")
def made_up(domain: Domain, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[KafkaRecord], str]:
    """The records, of topics without a prefix, and the digest of a replay."""
    folder = tmp_path_factory.mktemp("made-up")
    records = made_up_records(folder / "files", domain, load_topics(domain), cases=CASES)
    return records, replayed_digest(folder / "files", folder / "replayed.duckdb", domain)


@pytest.fixture
def population(
    broker: RunningBroker,
    topic_prefix: str,
    domain: Domain,
    made_up: tuple[list[KafkaRecord], str],
    tmp_path: Path,
) -> Population:
    make_topics(broker.bootstrap, topic_prefix, domain)
    records, digest = made_up
    sent = [replace(one, topic=topic_prefix + one.topic) for one in records]
    return Population(broker.bootstrap, topic_prefix, sent, digest, tmp_path / "live")


def port() -> int:
    return free_ports(1)[0]


def test_live_says_what_a_replay_says(population: Population) -> None:
    """Its own exit code is 0 when it was told to stop."""
    sent = population.send()
    with worker(population.bootstrap, population.prefix, population.folder, "--no-publish", port=port()) as only:
        only.wait_for(sent)
        assert only.stop() == 0

    assert digest_of_partitions(population.folder) == population.digest


def test_a_worker_started_again_goes_on_where_the_store_stands(population: Population) -> None:
    half = len(population.records) // 2
    options = ("--no-publish", "--instance", "only")
    first = population.send(slice(half))
    with worker(population.bootstrap, population.prefix, population.folder, *options, port=port()) as one:
        one.wait_for(first)
        one.process.kill()
        one.process.wait(10)
    rest = population.send(slice(half, None))
    with worker(population.bootstrap, population.prefix, population.folder, *options, port=port()) as two:
        two.wait_for(rest)
        # nothing that was committed is taken again
        assert two.taken() == rest
        assert two.stop() == 0

    assert digest_of_partitions(population.folder) == population.digest


def test_two_workers_share_the_partitions(population: Population) -> None:
    """The second joins while the first works, and both end in order: between them nothing is missing."""
    half = len(population.records) // 2
    first = population.send(slice(half))
    with worker(population.bootstrap, population.prefix, population.folder, "--no-publish", port=port()) as one:
        one.wait_for(first)
        with worker(population.bootstrap, population.prefix, population.folder, "--no-publish", port=port()) as two:
            # which it is only with partitions of its own
            until(two.is_ready)
            sent = first + population.send(slice(half, None))
            until(lambda: one.taken() + two.taken() >= sent)
            assert two.stop() == 0
        assert one.stop() == 0

    assert digest_of_partitions(population.folder) == population.digest


def test_a_store_that_was_deleted_is_made_again(population: Population) -> None:
    """From the log, though the group has committed all of it."""
    sent = population.send()
    options = ("--no-publish", "--instance", "only")
    with worker(population.bootstrap, population.prefix, population.folder, *options, port=port()) as one:
        one.wait_for(sent)
        assert one.stop() == 0
    lost = max(population.folder.glob("partition-*.duckdb"), key=lambda file: file.stat().st_size)
    with open_store(lost, write=False) as store:
        ((events,),) = store.connection.execute("select count(*) from events").fetchall()
    for file in population.folder.glob(f"{lost.name}*"):
        file.unlink()
    with worker(population.bootstrap, population.prefix, population.folder, *options, port=port()) as two:
        two.wait_for(events)
        assert two.metric("throughline_reread_records_total") >= events
        assert two.stop() == 0

    assert digest_of_partitions(population.folder) == population.digest
