"""Records of police as an outbox keeps them, and fetches of the log that they come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import orjson

from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.schemas.wire.kafka_record import KafkaRecord, plain_rows, record_of
from throughline.sinks.store import open_memory_store
from throughline.streams.join.rebuild import open_domain
from throughline.streams.log.fetch import Fetch
from throughline.streams.worker.partition import PartitionStore

TOPIC = "police.case-events"
RMS = "urn:throughline:police:20:rms"
# when the broker wrote the first of them: 2026-03-02T10:15 UTC; each a second after the one before
WRITTEN = 1_772_446_500_000


@cache
def domain() -> Domain:
    return load_domain(None)


@cache
def topics() -> Topics:
    return load_topics(domain(), replication=1)


@cache
def schemas() -> SchemaStore:
    return SchemaStore(domain())


def crime(number: int, **attributes: object) -> bytes:
    event = {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": RMS,
        "type": "police.crime.recorded",
        "time": "2026-03-02T10:15:00Z",
        "partitionkey": "20",
        "data": {"unit": "20PP", "identifiers": {"crime_ref": f"20/{number}/26"}, "offence_group": "stalking"},
    }
    return orjson.dumps(event | attributes)


def records_of(lines: Iterable[bytes], of: Domain | None = None) -> list[KafkaRecord]:
    batch = events_from_json_lines(list(lines), of or domain(), "made", 1)
    assert batch.rejects.num_rows == 0, batch.rejects.to_pylist()
    return [record_of(row, schemas(), topics()) for row in plain_rows(batch.events)]


def fetch_of(records: Sequence[KafkaRecord], first: int = 0) -> Fetch:
    places = range(first, first + len(records))
    return Fetch(
        TOPIC,
        topics().partition_of("20"),
        list(places),
        [WRITTEN + 1000 * place for place in places],
        [one.value for one in records],
        [one.headers for one in records],
    )


@contextmanager
def empty_partition() -> Iterator[PartitionStore]:
    """The store of the partition of these records, before any of them."""
    with open_memory_store() as store:
        open_domain(store, domain())
        made = PartitionStore(store, topics().partition_of("20"), domain(), topics(), schemas())
        made.begin({TOPIC: "id"})
        yield made
