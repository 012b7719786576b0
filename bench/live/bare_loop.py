"""The limit of a live join in this language: consume and decode every record, and do nothing with it.

`python -m bench.live.bare_loop aiokafka` reads with Faust's client, in bulk, and decodes the values; `confluent` reads
with the reader of gaps and brings every record through all that is checked before it is accepted. Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.instruments.stages import cpu_seconds, peak_bytes
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.avro.codec import SchemaStore, decode_messages
from throughline.streams.log.event_log import CaseLog
from throughline.streams.log.fetch import fetch_of_items
from throughline.streams.worker.agent import FETCH_BYTES
from throughline.streams.worker.records import read_case_records

Ends = Mapping[tuple[str, int], int]


async def by_aiokafka(bootstrap: str, ends: Ends) -> tuple[int, float]:
    """The events decoded, and the seconds from the first fetch to the end."""
    schemas = SchemaStore(load_domain(None))
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
        check_crcs=True,
    )
    await consumer.start()
    try:
        left = {TopicPartition(topic, number): end for (topic, number), end in ends.items() if end}
        consumer.assign(list(left))
        await consumer.seek_to_beginning(*left)
        decoded, began = 0, time.perf_counter()
        while left:
            for at, records in (await consumer.getmany(timeout_ms=1000)).items():
                fetch = fetch_of_items(at.topic, at.partition, records)
                batch = decode_messages(fetch.values, schemas, fetch.origin, fetch.offsets)
                decoded += batch.events.num_rows
                if fetch.next_offset >= left[at]:
                    del left[at]
        return decoded, time.perf_counter() - began
    finally:
        await consumer.stop()


def by_confluent(bootstrap: str, ends: Ends, prefix: str) -> tuple[int, float]:
    """The events read as the worker reads what it has missed, and the seconds from the first fetch to the end."""
    domain = load_domain(None)
    schemas, topics = SchemaStore(domain), load_topics(domain, prefix=prefix)
    decoded, began = 0, time.perf_counter()
    with CaseLog(bootstrap) as log:
        for (topic, number), end in ends.items():
            if end:
                for fetch in log.read(topic, number, 0, end):
                    decoded += read_case_records(fetch, domain, schemas, topics).batch.events.num_rows
    return decoded, time.perf_counter() - began


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("client", choices=["aiokafka", "confluent"])
    options.add_argument("--bootstrap", required=True)
    options.add_argument("--prefix", default="")
    options.add_argument("--ends", required=True, help="JSON: [topic, partition, end] of each partition")
    given = options.parse_args()
    ends = {(topic, number): end for topic, number, end in json.loads(given.ends)}
    if given.client == "aiokafka":
        events, seconds = asyncio.run(by_aiokafka(given.bootstrap, ends))
    else:
        events, seconds = by_confluent(given.bootstrap, ends, given.prefix)
    used = {"cpu_seconds": cpu_seconds(), "peak_bytes": peak_bytes()}
    print(json.dumps({"events": events, "seconds": seconds, **used}))


if __name__ == "__main__":
    main()
