"""A feed into a store of its own: files through a mapping, or what a topic of a broker holds now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from throughline.errors import UsageError
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import Topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.sinks.store import Store, open_store
from throughline.sources.connection.security import OPEN, Security
from throughline.sources.files import Report
from throughline.streams.join.accept import Counts
from throughline.streams.join.batch import settle, take
from throughline.streams.join.rebuild import open_domain
from throughline.streams.log.event_log import CaseLog
from throughline.streams.worker.records import read_case_records


@contextmanager
def store_for(domain: Domain) -> Iterator[Store]:
    """An empty store of the domain, gone afterwards; what it holds is on the disk, not in memory."""
    with (
        TemporaryDirectory(prefix="throughline-conform-") as folder,
        open_store(Path(folder) / "feed.duckdb", write=True) as store,
    ):
        open_domain(store, domain)
        yield store


def read_topic(
    store: Store,
    domain: Domain,
    topics: Topics,
    topic: str,
    bootstrap: str,
    security: Security = OPEN,
    report: Report = lambda stage, done, total: None,
) -> Counts:
    """Read what a topic holds now into a store, as a worker would. It joins no group and commits nothing.

    Raises UsageError for a topic that is none of the domain's, TopicMismatch where the broker has none, and
    BrokerUnavailable.
    """
    known = [one.topic.name for one in topics.case_events]
    if topic not in known:
        raise UsageError(f"`{topic}` is no topic of case events.", hint=f"There are: {', '.join(known)}.")
    schemas = SchemaStore(domain)
    counts = Counts()
    with CaseLog(bootstrap, security=security) as reader, store.bulk():
        reader.topic_ids([topic])
        extents = [reader.extent(topic, partition) for partition in range(topics.partitions)]
        total, done = sum(one.end - one.first for one in extents), 0
        for partition, extent in enumerate(extents):
            for fetch in reader.read(topic, partition, extent.first, extent.end):
                found = read_case_records(fetch, domain, schemas, topics)
                with store.transaction() as connection:
                    counts.add(take(connection, found.batch))
                done += len(fetch.offsets)
                report(f"reading {topic}", done, total)
        settle(store, lambda stage, part: report(stage, part, 1.0))
    return counts
