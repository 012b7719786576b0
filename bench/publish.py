"""Publish N generated events by each client of Kafka, and by the publisher: `python -m bench.publish --events N`.

The clients send the same records, made beforehand, to topics of the same settings, with acks=all and idempotence; the
publisher also encodes them and keeps them in its outbox. Ratios are to confluent-kafka with zstd. The seconds of the
processor (of all threads of this process, not of the broker) say more than the rate where the machine does other work.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from aiokafka import AIOKafkaProducer

from bench.generate.population import SEED, generate
from throughline.broker.local_broker import LocalBroker
from throughline.schemas.acceptance.events import EVENTS
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.kafka_record import KafkaRecord, plain_rows, record_of
from throughline.sources.publish.confluent import ConfluentTransport
from throughline.sources.publish.kafka_python import KafkaPythonTransport
from throughline.sources.publish.outbox import Outbox
from throughline.sources.publish.publisher import CLIENTS, Publisher
from throughline.sources.publish.transport import Fault, Transport
from throughline.streams.log.broker_topics import create_topics

EVENTS_DEFAULT = 100_000
_SETTLE_SECONDS = 1.0  # for the leaders of new partitions


def by_transport(records: list[KafkaRecord], transport: Transport) -> None:
    """Send all and wait for every acknowledgement. Raises RuntimeError where one is refused."""
    left = len(records)

    def done(fault: Fault | None) -> None:
        nonlocal left
        if fault is not None:
            raise RuntimeError(fault.reason)
        left -= 1

    for record in records:
        while not transport.send(record, done):
            transport.poll(0.01)
    while left:
        transport.poll(0.1)
    transport.close()


def by_aiokafka(records: list[KafkaRecord], bootstrap: str, compression: str) -> None:
    """The same by aiokafka, with as many under way as its own buffer takes."""

    async def send() -> None:
        async with AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            enable_idempotence=True,
            compression_type=compression,
            linger_ms=20,
            max_batch_size=262_144,
        ) as producer:
            under_way = [
                await producer.send(record.topic, record.value, record.key, headers=list(record.headers))
                for record in records
            ]
            await asyncio.gather(*under_way)

    asyncio.run(send())


def by_publisher(events: pa.Table, bootstrap: str, prefix: str, domain: Domain, client: str, folder: Path) -> None:
    """Events to acknowledged records through the outbox."""
    topics = load_topics(domain, prefix=prefix, replication=1)
    with (
        Outbox(folder / f"{client}.outbox") as outbox,
        Publisher(bootstrap, topics, domain, outbox, client=client) as by,
    ):
        by.publish(events)
        if by.flush(600):
            raise RuntimeError("not everything was acknowledged")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=EVENTS_DEFAULT)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--folder", type=Path, help="for what is made; a temporary one otherwise")
    options.add_argument("--bootstrap", help="a broker that runs, instead of one made for this")
    given = options.parse_args()
    domain = load_domain(None)
    with tempfile.TemporaryDirectory(dir=given.folder) as made:
        events = pq.read_table(generate(Path(made), given.events, seed=given.seed)).cast(EVENTS)
        if given.bootstrap:
            measure(events, domain, given.bootstrap, Path(made))
        else:
            with LocalBroker(Path(made) / "broker") as broker:
                measure(events, domain, broker.bootstrap, Path(made))


def measure(events: pa.Table, domain: Domain, bootstrap: str, folder: Path) -> None:
    """Run each way once and print its rate."""
    run = f"bench{os.urandom(3).hex()}"
    store, topics = SchemaStore(domain), load_topics(domain)
    started = time.process_time()
    encoded = [record_of(row, store, topics) for row in plain_rows(events)]
    cpu = (time.process_time() - started) / len(encoded)
    print(f"{'encoding alone':60}{cpu * 1e6:>10,.1f} µs of the processor a record")

    def sent_by(client: Callable[[list[KafkaRecord]], None], prefix: str) -> None:
        client([KafkaRecord(prefix + one.topic, one.key, one.headers, one.value) for one in encoded])

    ways: dict[str, Callable[[str], None]] = {
        "confluent-kafka, zstd": lambda p: sent_by(lambda r: by_transport(r, ConfluentTransport(bootstrap)), p),
        "confluent-kafka, lz4": lambda p: sent_by(
            lambda r: by_transport(r, ConfluentTransport(bootstrap, {"compression.type": "lz4"})), p
        ),
        "aiokafka, zstd": lambda p: sent_by(lambda r: by_aiokafka(r, bootstrap, "zstd"), p),
        "aiokafka, lz4": lambda p: sent_by(lambda r: by_aiokafka(r, bootstrap, "lz4"), p),
        "kafka-python, gzip": lambda p: sent_by(lambda r: by_transport(r, KafkaPythonTransport(bootstrap)), p),
        "kafka-python, uncompressed": lambda p: sent_by(
            lambda r: by_transport(r, KafkaPythonTransport(bootstrap, {"compression_type": None})), p
        ),
        **{
            f"publisher with outbox, {client}": lambda p, client=client: by_publisher(
                events, bootstrap, p, domain, client, folder
            )
            for client in CLIENTS
        },
    }
    first: tuple[float, float] | None = None
    for number, (name, way) in enumerate(ways.items()):
        prefix = f"{run}.{number}."
        create_topics(bootstrap, load_topics(domain, prefix=prefix, replication=1))
        time.sleep(_SETTLE_SECONDS)
        started, worked = time.perf_counter(), time.process_time()
        way(prefix)
        rate = len(encoded) / (time.perf_counter() - started)
        cpu = (time.process_time() - worked) / len(encoded)
        first = first or (rate, cpu)
        print(
            f"{name:34}{rate:>12,.0f} records/s {rate / first[0]:>6.2f}"
            f"{cpu * 1e6:>10,.1f} µs of the processor a record {cpu / first[1]:>6.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
