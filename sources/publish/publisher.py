"""An agency's publisher: events in, kept in the outbox at once, and on Kafka as soon as the broker takes them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import islice
from typing import Any

import pyarrow as pa

from throughline.errors import BrokerRefused, DataError, OutboxError
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import Topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.kafka_record import KafkaRecord, as_backlog, heartbeat, plain_rows, record_of
from throughline.sources.connection.security import OPEN, Security
from throughline.sources.publish.confluent import ConfluentTransport
from throughline.sources.publish.kafka_python import KafkaPythonTransport
from throughline.sources.publish.ledger import Delivery
from throughline.sources.publish.outbox import Added, Noting, Outbox, Waiting
from throughline.sources.publish.sender import Sender
from throughline.sources.publish.transport import Transport

CLIENTS: Mapping[str, Callable[..., Transport]] = {
    "confluent": ConfluentTransport,
    "kafka-python": KafkaPythonTransport,
}
_ADDED_AT_ONCE = 2_000
_LOOK_SECONDS = 0.5


class Publisher(AbstractContextManager["Publisher"]):
    """Publishes events of `domain` to `topics` on the broker at `bootstrap`, through `outbox`, until `close`.

    What was refused earlier is tried again: whatever was wrong may be put right. `client` is one of CLIENTS and
    `settings` are of that client; `security` says how the broker is reached, by either. With `structured` the events
    go as JSON instead of Avro. With `heartbeat_seconds` each source says so often that it lives. `room_seconds` is how
    long `publish` waits for room in the outbox; `lives` says of a source whether it was heard of, where another process
    speaks for it; `retry_seconds` is that of Sender; `schemas` are the domain's, if they are compiled already.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Topics,
        domain: Domain,
        outbox: Outbox,
        *,
        client: str = "confluent",
        settings: Mapping[str, Any] | None = None,
        security: Security = OPEN,
        structured: bool = False,
        heartbeat_seconds: float | None = None,
        room_seconds: float = 60.0,
        lives: Callable[[str], bool] = lambda source: True,
        retry_seconds: float | None = None,
        schemas: SchemaStore | None = None,
    ) -> None:
        self.bootstrap, self.security = bootstrap, security
        self._topics = topics
        self._domain = domain
        self._outbox = outbox
        self._structured = structured
        self._heartbeat_seconds = heartbeat_seconds
        self._room_seconds = room_seconds
        self._lives = lives
        self._schemas = SchemaStore(domain) if schemas is None else schemas
        self._beat_at = 0.0
        self._refusals_told = 0
        outbox.retry_refused()
        self._sender = Sender(
            outbox,
            lambda: CLIENTS[client](bootstrap, settings, security=security),
            self._beats,
            retry_seconds=retry_seconds,
        )
        self._sender.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def sent(self) -> int:
        """How many records the broker has acknowledged."""
        return self._sender.sent

    @property
    def trouble(self) -> str:
        """Why no broker was reached lately; empty while all is well."""
        return self._sender.trouble

    @property
    def failure(self) -> OutboxError | None:
        """Why nothing is sent any more; None while all is well."""
        return self._sender.failure

    def wake(self) -> None:
        """Say that somebody has put more into the outbox."""
        self._sender.wake()

    def publish(
        self,
        events: pa.Table,
        also: Noting | None = None,
        delivery: Delivery | None = None,
        *,
        is_backlog: bool = False,
        again: bool = False,
    ) -> Added:
        """Accept events (EVENTS): they will be on Kafka, now or later, at least once. How many were new. With `again`
        also those that were sent before, as they were; with `is_backlog` each is marked as history that is loaded for
        the first time.

        `also` notes how far they were read, and `delivery` what they came in, in the transaction that takes the last of
        them. Raises DataError where one is a steward's whom the deployment does not list: nothing is accepted then;
        OutboxFull where there is no room for them even after waiting; those before it are accepted.
        """
        check_acts(events, self._domain)
        added = Added()
        rows = plain_rows(events)
        batch = list(islice(rows, _ADDED_AT_ONCE))
        while batch or also is not None:
            rest = list(islice(rows, _ADDED_AT_ONCE))
            records = [self._record(row, is_backlog=is_backlog) for row in batch]
            self._wait_for_room(len(records))
            if rest:
                more = self._outbox.add(records, again=again)
            else:
                whole = None if delivery is None else replace(delivery, new=added.new, known=added.known)
                more = self._outbox.add(records, whole, also, again=again)
            if again:
                self._sender.begin_again()
            self._sender.wake()
            added = Added(added.new + more.new, added.known + more.known)
            if not rest:
                break
            batch = rest
        return added

    def take(self, delivery: Delivery, events: pa.Table, backlog: Collection[int] = ()) -> Added:
        """Accept the events (EVENTS) of one delivery together with what is to be noted of it: all of it, or nothing.
        Those at the positions of `backlog` are marked as history.

        Raises OutboxFull where there is no room for them even after waiting.
        """
        records = [self._record(row, is_backlog=row["position"] in backlog) for row in plain_rows(events)]
        self._wait_for_room(len(records))
        added = self._outbox.add(records, delivery)
        self._sender.wake()
        return added

    def again(self, since: float = 0.0) -> int:
        """Send once more what was acknowledged since then (as of time.time) and still is in the outbox; how many."""
        again = self._outbox.again(since)
        self._sender.begin_again()
        return again

    def note(self, delivery: Delivery) -> None:
        """Note a delivery of which all events were accepted before."""
        self._outbox.add([], delivery)

    def flush(self, timeout: float) -> int:
        """Wait until nothing waits any more, or for `timeout` seconds; how many records still wait.

        Raises BrokerRefused once nothing waits, where the broker refused any since that was last said: the others have
        gone, and those stay in the outbox.
        """
        until = time.monotonic() + timeout
        self._wait(lambda: not self._outbox.waiting, until)
        waiting = self._outbox.waiting
        refused = self._sender.refused[self._refusals_told :]
        if refused and not waiting:
            self._refusals_told += len(refused)
            raise _refused_error(refused, self.security)
        return waiting

    def close(self) -> None:
        """End. What waits stays in the outbox, and is sent by the next publisher that opens it."""
        self._sender.stop()
        self._outbox.prune()

    def _record(self, row: Mapping[str, Any], *, is_backlog: bool) -> KafkaRecord:
        record = record_of(
            row, self._schemas, self._topics, type_prefix=self._domain.type_prefix, structured=self._structured
        )
        return as_backlog(record) if is_backlog else record

    def _wait_for_room(self, records: int) -> None:
        if self._outbox.waiting + records <= self._outbox.limit:
            return
        until = time.monotonic() + self._room_seconds
        self._wait(lambda: self._outbox.waiting + records <= self._outbox.limit, until)

    def _wait(self, is_done: Callable[[], bool], until: float) -> None:
        with self._sender.changed:
            while not is_done() and time.monotonic() < until and self._sender.failure is None:
                self._sender.changed.wait(max(0.0, min(_LOOK_SECONDS, until - time.monotonic())))
        if self._sender.failure is not None:
            raise self._sender.failure

    def _beats(self) -> list[KafkaRecord]:
        """The heartbeats that are due now; called in the sender's thread."""
        now = time.monotonic()
        if self._heartbeat_seconds is None or now < self._beat_at:
            return []
        self._beat_at = now + self._heartbeat_seconds
        sent_at = time.time_ns() // 1000
        return [
            heartbeat(
                source=feed.source,
                topic=feed.topic,
                area=feed.area,
                beat_id=uuid.uuid4().hex,
                sent_at=sent_at,
                sequence=feed.sequence,
                waiting=feed.waiting,
                every_seconds=self._heartbeat_seconds,
            )
            for feed in self._outbox.feeds()
            if self._lives(feed.source)
        ]


def _refused_error(refused: list[tuple[Waiting, str]], security: Security) -> BrokerRefused:
    (first, reason), *others = refused
    topic = first.record.topic
    event = dict(first.record.headers)["ce_id"].decode()
    kinds = sorted({f"{one.record.topic}: {why}" for one, why in others} - {f"{topic}: {reason}"})
    more = "1 more was" if len(others) == 1 else f"{len(others):,} more were"
    also = f" {more} refused" + (f" ({'; '.join(kinds)})." if kinds else ".") if others else ""
    remedy = "raise max.message.bytes of the topic, or create it (`throughline topics create`)."
    if "authorization" in reason.lower():
        remedy = (
            f"have whoever runs the broker look whether {security.who} is to write it: an agency writes its own topic "
            "alone, and `throughline topics acl check` names the rights that are missing."
        )
    return BrokerRefused(
        f"The broker refused event `{event}` ({first.record.size:,} bytes) on `{topic}`: {reason}.{also}",
        topic=topic,
        reason=reason,
        hint="All others were sent. It stays in the outbox and is tried again at the next start. Before that, "
        + remedy,
    )


def check_acts(events: pa.Table, domain: Domain) -> None:
    """Raise DataError where an event (EVENTS) is an act of a steward whom the deployment does not list."""
    stewards = domain.stewards
    named = events.select(["type", "agency", "source", "area", "officer", "id"])
    for row in named.filter(stewards.among(named["type"], named["agency"])).to_pylist():
        fault = stewards.fault(row["source"], row["area"], row["officer"])
        if fault is not None:
            raise DataError(
                f"The act `{row['id']}` is not sent: {fault.detail}.",
                hint="docs/how-to/stewards.md says who lists whom.",
            )
