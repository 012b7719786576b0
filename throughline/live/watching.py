"""What passes on the topics right now, for a picture of it: how many, how fast, the latest few. Joins no group."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from throughline.schemas.definitions.topics import Topics
from throughline.schemas.wire.avro.shared import shared_schema
from throughline.sources.connection.clients import for_confluent
from throughline.sources.connection.refusal import check_admitted
from throughline.sources.connection.security import OPEN, Security

WINDOW_SECONDS = 30
LATEST = 8


@dataclass
class Passing:
    """What was seen since the watching began. Times are seconds of a steady clock; labels hold no identifiers."""

    seen: Counter[str] = field(default_factory=Counter)
    by_second: dict[str, Counter[int]] = field(default_factory=dict)
    events: deque[tuple[str, str, str]] = field(default_factory=lambda: deque(maxlen=LATEST))
    handoffs: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LATEST))
    cases: set[bytes] = field(default_factory=set)

    def rate(self, topic: str, now: float, seconds: int = 5) -> float:
        """Records a second over the last few whole seconds."""
        counts = self.by_second.get(topic, Counter())
        last = int(now)
        return sum(counts[second] for second in range(last - seconds, last)) / seconds

    def history(self, topic: str, now: float) -> list[int]:
        """Records in each of the last WINDOW_SECONDS seconds, the oldest first."""
        counts = self.by_second.get(topic, Counter())
        return [counts[second] for second in range(int(now) - WINDOW_SECONDS, int(now))]

    def note(self, topic: str, now: float) -> None:
        self.seen[topic] += 1
        self.by_second.setdefault(topic, Counter())[int(now)] += 1


class Watcher:
    """Reads from the end of every topic on; `look` takes what has come since.

    Raises BrokerRefused where the broker does not let us in; one that is away is waited for.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Topics,
        clock: Callable[[], float] = time.monotonic,
        security: Security = OPEN,
    ) -> None:
        check_admitted(bootstrap, security)
        self._topics = topics
        self._clock = clock
        self._shared = {topic.name: name for name, topic in topics.shared.items()}
        self.passing = Passing()
        group = {"group.id": "throughline-watching", "enable.auto.commit": False}
        self._consumer = Consumer({"bootstrap.servers": bootstrap, **for_confluent(security), **group, "log_level": 3})
        self._consumer.assign(
            [TopicPartition(topic.name, n, OFFSET_END) for topic in topics for n in range(topic.partitions)]
        )

    def look(self, seconds: float) -> Passing:
        """Wait up to `seconds` for records, and note them."""
        for message in self._consumer.consume(5_000, timeout=seconds):
            if message.error() is None:
                note_message(self.passing, message, self._shared, self._clock())
        return self.passing

    def close(self) -> None:
        self._consumer.close()


def note_message(passing: Passing, message: Any, shared: dict[str, Any], now: float) -> None:
    """Note one message: of a case event its type and agency, of a handoff who gave to whom."""
    topic, value = message.topic(), message.value()
    passing.note(topic, now)
    name = shared.get(topic)
    if name is None:
        headers = dict(message.headers() or ())
        at = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC).strftime("%H:%M:%S")
        wire = (headers.get("ce_type") or b"").decode("utf-8", "replace")
        passing.events.append((at, topic, wire))
    elif name == "decision_timeline":
        passing.cases.add(message.key())
    elif name == "handoffs" and value is not None:
        schema = shared_schema("handoffs")
        if value.startswith(schema.frame):
            read = schema.codec.read_record(value[len(schema.frame) :])
            if isinstance(read, dict):
                passing.handoffs.append(read)
