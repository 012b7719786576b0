"""What a worker says of itself: metrics in the form of Prometheus, and whether it is alive and ready."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from throughline.streams.join.accept import Counts
from throughline.streams.log.fetch import Fetch
from throughline.streams.worker.partition import PartitionStore

STATES = ("starting", "catching_up", "running", "paused", "waiting", "failed")


@dataclass
class WorkerMetrics:
    """Counters of one worker in a registry of their own. No label names a case or a person."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    work: str = "starting"
    waits_for: str = ""
    open_partitions: frozenset[int] = frozenset()
    behind: int = 0
    last_progress: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        to = self.registry
        self._records = Counter("throughline_records", "Records taken from Kafka.", ["outcome"], registry=to)
        self._refused = Counter("throughline_quarantined", "Records put in quarantine.", ["reason"], registry=to)
        self._reread = Counter("throughline_reread_records", "Records read again in bulk.", ["topic"], registry=to)
        self._published = Counter("throughline_published_records", "Records sent to shared topics.", registry=to)
        self._seconds = Histogram(
            "throughline_commit_seconds",
            "Seconds of a transaction: decode, accept, link, derive, commit.",
            buckets=(0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
            registry=to,
        )
        self._lag = Gauge(
            "throughline_lag_records", "Records in the log not taken yet.", ["topic", "partition"], registry=to
        )
        self._position = Gauge(
            "throughline_next_offset", "Offset of the first record not taken yet.", ["topic", "partition"], registry=to
        )
        self._age = Gauge(
            "throughline_seconds_behind", "Age of the latest record when it was committed.", ["partition"], registry=to
        )
        self._state = Gauge("throughline_state", "1 for the state that the worker is in.", ["state"], registry=to)
        self._held = Gauge("throughline_open_partitions", "Partition numbers whose stores are open.", registry=to)
        self.state("starting")

    @property
    def now_state(self) -> str:
        """One of STATES: what it does, or that it waits, since without a broker there is nothing to do."""
        return "waiting" if self.waits_for and self.work != "failed" else self.work

    def state(self, name: str) -> None:
        """Note what it does: one of STATES but `waiting`."""
        self.work = name
        self._show_state()

    def broker(self, reason: str) -> None:
        """Note why no broker answers; that one does again, where it is empty: nothing was to be had meanwhile."""
        if self.waits_for and not reason:
            self.last_progress = time.monotonic()
        self.waits_for = reason
        self._show_state()

    def _show_state(self) -> None:
        for state in STATES:
            self._state.labels(state).set(state == self.now_state)

    def committed(self, partition: PartitionStore, fetches: list[Fetch], counts: Counts, seconds: float) -> None:
        """Note one transaction."""
        self._records.labels("accepted").inc(counts.accepted)
        self._records.labels("duplicate").inc(counts.duplicate)
        for reason, n in counts.quarantined.items():
            self._refused.labels(reason).inc(n)
        self._seconds.observe(seconds)
        for topic, position in partition.next_offsets.items():
            self._position.labels(topic, partition.number).set(position)
        self._age.labels(partition.number).set(max(0.0, time.time() - max(f.latest for f in fetches) / 1000))
        self.last_progress = time.monotonic()

    def reread(self, topic: str, records: int) -> None:
        self._reread.labels(topic).inc(records)

    def published(self, records: int) -> None:
        self._published.inc(records)

    def lag(self, open_: Mapping[int, PartitionStore], ends: Mapping[tuple[str, int], int]) -> None:
        """Note how much of the log is still to be taken."""
        self.behind = 0
        for number, partition in open_.items():
            for topic, position in partition.next_offsets.items():
                lag = max(0, ends.get((topic, number), position) - position)
                self._lag.labels(topic, number).set(lag)
                self._position.labels(topic, number).set(position)
                self.behind += lag
        self.open_partitions = frozenset(open_)
        self._held.set(len(open_))
        if not self.behind:
            self.last_progress = time.monotonic()

    def closed(self, number: int) -> None:
        self.open_partitions -= {number}
        self._held.set(len(self.open_partitions))

    def is_ready(self) -> bool:
        """Whether it has partitions, and a broker to take their records from."""
        return self.now_state == "running"

    def is_alive(self, seconds: float) -> bool:
        """Whether it made progress within `seconds`, or had nothing to do: to start again brings no broker back."""
        if self.now_state in ("failed", "waiting"):
            return self.now_state == "waiting"
        return time.monotonic() - self.last_progress < seconds

    def text(self) -> bytes:
        """All of them, as Prometheus reads it."""
        return generate_latest(self.registry)
