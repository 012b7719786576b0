"""Publishing to the shared topics of a real broker: what cannot be a message is told of and holds up nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from brokers import RunningBroker
from published import AS_OF, domain, populated, shown
from structlog.testing import capture_logs

from throughline.errors import BrokerUnavailable
from throughline.schemas.definitions.topics import load_topics
from throughline.sinks.store import open_memory_store
from throughline.streams.log.broker_topics import create_topics
from throughline.streams.shared.changes import outgoing
from throughline.streams.shared.sink import Sink
from throughline.streams.shared.state import open_shared
from throughline.streams.worker.announcer import KafkaAnnouncer


@pytest.mark.parametrize(("limit", "told"), [(1_000, True), (16_777_216, False)])
def test_a_case_too_large_for_a_message_is_named(
    broker: RunningBroker, topic_prefix: str, limit: int, told: bool
) -> None:
    """By its id and size, without what it says; every other case is published, and nothing is left to publish."""
    topics = load_topics(domain(), prefix=topic_prefix, replication=1)
    timeline = topics.shared["decision_timeline"]
    settings = {**timeline.settings, "max.message.bytes": str(limit)}
    topics.shared["decision_timeline"] = replace(timeline, settings=settings)
    create_topics(broker.bootstrap, topics)

    with populated(seed=3, cases=12) as store, capture_logs() as logs:
        announcer = KafkaAnnouncer(broker.bootstrap, topics, lambda: AS_OF)
        while announcer.announce(store).is_more:
            pass
        large = {one["key"] for one in logs if one["event"] == "too_large_to_publish"}
        assert bool(large) is told
        assert all("identifiers" in one["hint"] for one in logs)
        board = open_memory_store()
        open_shared(board, domain())
        Sink(board, topics, broker.bootstrap).run_once()

        cases = {one[0] for one in shown(store, "cases")}
        assert {one[0] for one in shown(board, "cases")} == cases - large
        assert large <= cases


def test_what_was_acknowledged_without_a_place_in_the_log_stays_outgoing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client takes a record for a copy that may be in no log (KAFKA-15591): it is published again."""
    monkeypatch.setattr("throughline.streams.worker.announcer.Producer", Unplaced)
    topics = load_topics(domain(), replication=1)
    with populated(seed=3, cases=2) as store:
        before = outgoing(store, topics, limit=10, as_of=AS_OF).records
        with pytest.raises(BrokerUnavailable, match=f"{len(before)} records without a place"):
            KafkaAnnouncer("127.0.0.1:9", topics, lambda: AS_OF).announce(store)
        assert outgoing(store, topics, limit=10, as_of=AS_OF).records == before


class Unplaced:
    """A client that says of each record that it was delivered, and not where."""

    def __init__(self, _: Any) -> None: ...

    def produce(self, *_: Any, on_delivery: Callable[[None, Any], None], **__: Any) -> None:
        on_delivery(None, SimpleNamespace(offset=lambda: None))

    def flush(self, _: float) -> int:
        return 0
