"""What is tried: a worker, a taker of one partition's records without Faust, and a sink."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.sinks.store import open_store
from throughline.streams.log.event_log import CaseLog
from throughline.streams.shared.sink import Sink
from throughline.streams.shared.state import open_shared
from throughline.streams.worker.partition import open_partition
from throughline.streams.worker.process import LiveWorker

_AT_ONCE = 25


def work(domain: Domain, folder: str, **options: Any) -> None:
    """A worker, until it is told to stop."""
    LiveWorker(folder=Path(folder), domain=domain, **options).run()


def take_partition(domain: Domain, bootstrap: str, topic_prefix: str, folder: str, number: int) -> None:
    """Bring one partition's store to the end of its log, a few records a transaction."""
    topics = load_topics(domain, prefix=topic_prefix)
    names = [one.topic.name for one in topics.case_events]
    partition = open_partition(Path(folder), number, domain, topics, SchemaStore(domain), memory_limit="512MB")
    with CaseLog(bootstrap) as log:
        partition.begin(log.topic_ids(names))
        for topic in names:
            end = log.extent(topic, number).end
            while (position := partition.next_offsets[topic]) < end:
                for fetch in log.read(topic, number, position, min(end, position + _AT_ONCE)):
                    partition.take([fetch], behind=0)
    partition.close()


def fill_board(domain: Domain, bootstrap: str, topic_prefix: str, store: str, once: bool) -> None:
    """A sink of the shared topics."""
    with open_store(Path(store), write=True) as board:
        open_shared(board, domain)
        made = Sink(board, load_topics(domain, prefix=topic_prefix), bootstrap)
        if once:
            made.run_once()
        else:
            made.run(threading.Event())


PARTS: dict[str, Callable[..., None]] = {"worker": work, "taker": take_partition, "sink": fill_board}
