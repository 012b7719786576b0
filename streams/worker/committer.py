"""The one thread that writes: records out of the inbox into the stores of their partitions, and changes out to others.

What it does when something fails: a disk without room, a broker that is away and a store that another worker still
holds are waited for, and nothing is skipped meanwhile. A log that lost records, a damaged store or a fault of our own
ends the process at once (exit code 70): to go on would be to be wrong, and an orderly end would say that all is well.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import structlog

from throughline.errors import BrokerUnavailable, StoreDamaged, StoreError, StoreLocked, StoreTooNew, ThroughlineError
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import Topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.sinks.compaction import is_due, is_settled, sort_on
from throughline.sinks.store import Store
from throughline.streams.log.event_log import CaseLog, Extent, check_position, check_topic_ids
from throughline.streams.log.fetch import Fetch
from throughline.streams.worker.inbox import Assigned, Inbox, Item, Revoked
from throughline.streams.worker.metrics import WorkerMetrics
from throughline.streams.worker.partition import PartitionStore, open_partition, partition_file
from throughline.streams.worker.tracing import tracer

log = structlog.get_logger(__name__)

EXIT_CODE = 70
_AGAIN_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
_LAG_SECONDS = 2.0
_TIME_SECONDS = 15.0
# a fifth of the time at most goes into sorting, while there is anything to sort
_SORT_EVERY = 5
_SORT_LOOK_SECONDS = 60.0


class Announced(NamedTuple):
    """What a call published: how many records, and whether more waits."""

    records: int
    is_more: bool


class Announcer(Protocol):
    """Publishes a portion of what changed in a store to the shared topics."""

    def announce(self, store: Store) -> Announced: ...


@dataclass(frozen=True)
class Place:
    """What a worker joins, and where it keeps it."""

    folder: Path
    domain: Domain
    topics: Topics
    schemas: SchemaStore
    memory_limit: str


class Committer:
    """Owns the stores of the partition numbers that are assigned; `run` is the body of its thread."""

    def __init__(
        self,
        place: Place,
        case_log: CaseLog,
        inbox: Inbox,
        metrics: WorkerMetrics,
        announcer: Announcer,
        *,
        end_process: Callable[[int], None] = os._exit,
    ) -> None:
        self._place = place
        self._log = case_log
        self._inbox = inbox
        self._metrics = metrics
        self._announcer = announcer
        self._end_process = end_process
        self._names = [one.topic.name for one in place.topics.case_events]
        self._wanted: frozenset[int] = frozenset()
        self._open: dict[int, PartitionStore] = {}
        self._try_again: dict[int, tuple[float, int]] = {}
        self._standing: dict[int, dict[str, int]] = {}
        self._empty: frozenset[int] = frozenset()
        # in the order in which they are due
        self._to_announce: dict[int, None] = {}
        self._time_passed = 0.0
        self._sort_at = 0.0
        self._ends: dict[tuple[str, int], int] = {}
        self._ends_asked = 0.0
        self._thread = threading.Thread(target=self.run, name="committer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Commit what waits, close the stores, and end the thread."""
        self._inbox.close()
        self._thread.join()

    def run(self) -> None:
        """Work until the inbox is closed; end the process on a fault that nothing here can mend."""
        try:
            while True:
                closing = self._inbox.is_closed
                items = self._inbox.take(0.25)
                self._step(items)
                if closing and not items:
                    break
            while self._to_announce and self._announce_in_turn(list(self._to_announce)):
                pass
            self._close(frozenset(self._open))
            self._log.close()
        except BaseException as error:
            hint = {"what": error.what, "hint": error.hint} if isinstance(error, ThroughlineError) else {}
            log.critical("worker_stops", error=type(error).__name__, exc_info=not hint, **hint)
            self._metrics.state("failed")
            self._end_process(EXIT_CODE)

    def _step(self, items: list[Item]) -> None:
        """Take in what the inbox gave: a command, or the records of one partition number, and publish what changed."""
        fetches = [item for item in items if isinstance(item, Fetch)]
        numbers = {fetch.partition for fetch in fetches}
        for number in numbers & self._empty:
            self._empty -= {number}
            self._try_again[number] = (0.0, 0)
        self._open_wanted()
        for number in numbers:
            self._take(number, fetches)
        for item in items:
            if not isinstance(item, Fetch):
                self._obey(item)
        self._announce_due(numbers)
        self._sort_due()
        self._tell_lag()
        if not self._try_again:
            self._metrics.state("running" if self._wanted else "starting")

    def _obey(self, command: Assigned | Revoked) -> None:
        if isinstance(command, Assigned):
            self._assign(command.numbers)
        else:
            self._wanted -= command.numbers
            self._empty -= command.numbers
            self._close(command.numbers)
        command.done.set()
        self._open_wanted()

    def _assign(self, numbers: frozenset[int]) -> None:
        """Close what is not ours any more; note where the group stands, which is where fetches will begin."""
        self._wanted = numbers
        self._close(frozenset(self._open) - numbers)
        new = numbers - self._open.keys()
        self._standing = {}
        # most areas of a country are other workers', or publish nothing yet: no store is made for nothing
        self._empty = frozenset(number for number in new if self._is_empty(number))
        self._try_again = dict.fromkeys(new - self._empty, (0.0, 0))
        for number in self._empty:
            self._standing[number] = dict.fromkeys(self._names, 0)
        for number in self._try_again:
            with suppress(BrokerUnavailable):
                self._standing[number] = self._log.committed(number, self._names)

    def _is_empty(self, number: int) -> bool:
        """Whether the partitions of this number never had a record, and no store says that they had."""
        if partition_file(self._place.folder, number).exists():
            return False
        with suppress(BrokerUnavailable):
            return all(self._log.extent(topic, number).end == 0 for topic in self._names)
        return False

    def _open_wanted(self) -> None:
        for number, (due, tries) in list(self._try_again.items()):
            if number not in self._wanted:
                del self._try_again[number]
            elif time.monotonic() >= due:
                try:
                    with tracer.start_as_current_span("open", attributes={"partition": number}):
                        self._open[number] = self._opened(number, self._standing.pop(number, None))
                    del self._try_again[number]
                except (StoreDamaged, StoreTooNew):
                    raise
                except (StoreError, BrokerUnavailable) as error:
                    self._wait_for(number, tries, error)

    def _opened(self, number: int, standing: Mapping[str, int] | None) -> PartitionStore:
        """The store of a partition number, brought to where its fetches go on from.

        That is where the group stood when the partition was assigned; where the store could not be opened then, some
        fetches have gone by, and it is the end of the log.
        """
        place = self._place
        partition = open_partition(
            place.folder, number, place.domain, place.topics, place.schemas, memory_limit=place.memory_limit
        )
        try:
            found = self._log.topic_ids(self._names)
            check_topic_ids(partition.topic_ids(), found)
            partition.begin(found)
            for topic in self._names:
                extent = self._checked_extent(topic, number, partition.next_offsets[topic])
                end = extent.end if standing is None else max(standing.get(topic, 0), extent.first)
                self._catch_up(partition, topic, end)
        except BaseException:
            partition.close()
            raise
        # what the last owner had still to say
        self._to_announce[number] = None
        log.info("partition_opened", partition=number, positions=partition.next_offsets)
        return partition

    def _checked_extent(self, topic: str, number: int, position: int) -> Extent:
        """What the log has that is decided, which is where the lag is measured to. Raises TopicMismatch for a log that
        lost records: a position beyond a transaction that is open is none, in a store of an earlier version.
        """
        extent = self._log.extent(topic, number)
        check_position(topic, number, position, self._log.written(topic, number) if position > extent.end else extent)
        return extent

    def _catch_up(self, partition: PartitionStore, topic: str, end: int) -> None:
        """Read in bulk what lies between the store's position and `end`."""
        position = partition.next_offsets[topic]
        if position >= end:
            return
        log.info("gap_read_again", topic=topic, partition=partition.number, first=position, end=end)
        self._metrics.state("catching_up")
        read: dict[str, str | int] = {"partition": partition.number, "topic": topic, "first": position, "end": end}
        with tracer.start_as_current_span("read again", attributes=read):
            for fetch in self._log.read(topic, partition.number, position, end):
                self._commit(partition, [fetch], behind=end - fetch.next_offset)
                self._metrics.reread(topic, len(fetch))

    def _take(self, number: int, fetches: list[Fetch]) -> None:
        partition = self._open.get(number)
        if partition is None:
            return  # not ours, or not open yet: read again when it is opened
        try:
            self._take_in_order(partition, fetches)
        except (StoreDamaged, StoreTooNew):
            raise
        except (StoreError, BrokerUnavailable) as error:
            # the store tells where it stands; what it has not is read again from the log
            self._close(frozenset({number}))
            self._wait_for(number, 0, error)

    def _take_in_order(self, partition: PartitionStore, fetches: list[Fetch]) -> None:
        """Commit fetches together, up to where one does not follow the last: what lies between is read again first."""
        together: list[Fetch] = []
        expected = dict(partition.next_offsets)
        for fetch in fetches:
            if fetch.first > expected[fetch.topic]:
                self._commit_together(partition, together)
                together = []
                self._catch_up(partition, fetch.topic, fetch.first)
            together.append(fetch)
            expected[fetch.topic] = max(expected[fetch.topic], fetch.next_offset)
        self._commit_together(partition, together)

    def _commit_together(self, partition: PartitionStore, fetches: list[Fetch]) -> None:
        if fetches:
            last = {fetch.topic: fetch.next_offset for fetch in fetches}
            ends = {topic: self._ends.get((topic, partition.number), 0) for topic in last}
            behind = sum(max(0, ends[topic] - offset) for topic, offset in last.items())
            self._commit(partition, fetches, behind=behind)

    def _commit(self, partition: PartitionStore, fetches: list[Fetch], *, behind: int) -> None:
        began = time.perf_counter()
        asked = {"partition": partition.number, "behind": behind}
        with tracer.start_as_current_span("commit", attributes=asked) as span:
            counts = partition.take(fetches, behind=behind)
            quarantined = sum(counts.quarantined.values())
            span.set_attributes(
                {"accepted": counts.accepted, "duplicate": counts.duplicate, "quarantined": quarantined}
            )
        self._to_announce[partition.number] = None
        self._metrics.committed(partition, fetches, counts, time.perf_counter() - began)

    def _wait_for(self, number: int, tries: int, error: ThroughlineError) -> None:
        seconds = _AGAIN_SECONDS[min(tries, len(_AGAIN_SECONDS) - 1)]
        self._try_again[number] = (time.monotonic() + seconds, tries + 1)
        if not isinstance(error, StoreLocked) or tries > len(_AGAIN_SECONDS):
            log.warning("partition_waits", partition=number, seconds=seconds, what=error.what, hint=error.hint)
        self._metrics.state("paused")

    def _close(self, numbers: frozenset[int]) -> None:
        for number in numbers & self._open.keys():
            self._open.pop(number).close()
            self._metrics.closed(number)
            log.info("partition_closed", partition=number)

    def _announce_due(self, changed: set[int]) -> None:
        """Publish a portion of what just changed, and of one other that waits; while nothing comes in, of all."""
        if time.monotonic() - self._time_passed > _TIME_SECONDS:
            # nothing but the passing of time raises some alerts
            self._time_passed = time.monotonic()
            self._to_announce |= dict.fromkeys(self._open)
        others = [number for number in self._to_announce if number not in changed]
        self._announce_in_turn([*(changed & self._to_announce.keys()), *(others[:1] if changed else others)])

    def _sort_due(self) -> None:
        """Sort a little of one store for which it is time, now and then; events wait for as long as that takes."""
        began = time.monotonic()
        if began < self._sort_at:
            return
        self._sort_at = began + _SORT_LOOK_SECONDS
        for number, partition in self._open.items():
            try:
                if not (is_settled(partition.store) and is_due(partition.store)):
                    continue
                with tracer.start_as_current_span("sort", attributes={"partition": number}):
                    sort_on(partition.store)
            except (StoreDamaged, StoreTooNew):
                raise
            except StoreError as error:
                self._close(frozenset({number}))
                self._wait_for(number, 0, error)
            self._sort_at = began + _SORT_EVERY * (time.monotonic() - began)
            return

    def _announce_in_turn(self, numbers: list[int]) -> int:
        """Publish a portion of what changed in each store; how many could, which is none where the broker is away."""
        done = 0
        for number in numbers:
            del self._to_announce[number]
            partition = self._open.get(number)
            if partition is None:
                continue
            try:
                with tracer.start_as_current_span("publish", attributes={"partition": number}) as span:
                    sent = self._announcer.announce(partition.store)
                    span.set_attribute("records", sent.records)
            except BrokerUnavailable as error:
                self._to_announce[number] = None
                log.warning("publishing_waits", partition=number, what=error.what)
                return 0
            except (StoreDamaged, StoreTooNew):
                raise
            except StoreError as error:
                self._close(frozenset({number}))
                self._wait_for(number, 0, error)
                continue
            self._metrics.published(sent.records)
            done += 1
            if sent.is_more:
                self._to_announce[number] = None
        return done

    def _tell_lag(self) -> None:
        """Look at the log: what it has for us, and that it is still the one that the stores were fed from."""
        if time.monotonic() - self._ends_asked < _LAG_SECONDS:
            return
        self._ends_asked = time.monotonic()
        try:
            found = self._log.topic_ids(self._names) if self._open else {}
            for number, partition in self._open.items():
                check_topic_ids(partition.topic_ids(), found)
                for topic in self._names:
                    extent = self._checked_extent(topic, number, partition.next_offsets[topic])
                    self._ends[topic, number] = extent.end
        except BrokerUnavailable as error:
            log.warning("broker_away", what=error.what)
            return
        self._metrics.lag(self._open, self._ends)
