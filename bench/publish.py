"""Publish N generated events by each client of Kafka, and by the publisher: `python -m bench.publish --events N`.

The clients send the same records, made beforehand, to topics of the same settings, with acks=all and idempotence; the
publisher also encodes them and keeps them in its outbox. Ratios are to confluent-kafka with zstd.
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

from bench.generate import SEED, generate
from throughline.broker.local_broker import LocalBroker
from throughline.schemas.codec import SchemaStore
from throughline.schemas.domain import Domain, load_domain
from throughline.schemas.events import EVENTS
from throughline.schemas.kafka_record import KafkaRecord, plain_rows, record_of
from throughline.schemas.topics import load_topics
from throughline.sources.confluent_transport import ConfluentTransport
from throughline.sources.kafka_python_transport import KafkaPythonTransport
from throughline.sources.outbox import Outbox
from throughline.sources.publisher import CLIENTS, Publisher
from throughline.sources.transport import Fault, Transport
from throughline.streams.topic_admin import create_topics

EVENTS_DEFAULT = 100_000


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
    started = time.perf_counter()
    store = SchemaStore(domain)
    compiled = time.perf_counter()
    topics = load_topics(domain)
    encoded = [record_of(row, store, topics) for row in plain_rows(events)]
    print(f"{'encoding alone':34}{len(encoded) / (time.perf_counter() - compiled):>12,.0f} records/s")
    print(f"{'(compiling the schemas, once':34}{compiled - started:>12.1f} s)")

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
    first = 0.0
    for name, way in ways.items():
        prefix = f"{run}.{len(name)}{first:.0f}{name[:3]}."
        create_topics(bootstrap, load_topics(domain, prefix=prefix, replication=1))
        started = time.perf_counter()
        way(prefix)
        rate = len(encoded) / (time.perf_counter() - started)
        first = first or rate
        print(f"{name:34}{rate:>12,.0f} records/s {rate / first:>6.2f}", flush=True)


if __name__ == "__main__":
    main()
