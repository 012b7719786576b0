"""Publishing to the shared topics: what changed in a store, until the broker has acknowledged it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from throughline.errors import BrokerUnavailable
from throughline.schemas.definitions.topics import Topics
from throughline.schemas.wire.kafka_record import IN_FLIGHT
from throughline.sinks.store import Store
from throughline.sources.connection.clients import for_confluent
from throughline.sources.connection.security import OPEN, Security
from throughline.streams.log.event_log import true_error
from throughline.streams.shared.changes import Outgoing, outgoing, published
from throughline.streams.worker.committer import Announced

CASES_AT_ONCE = 2_000
_SECONDS = 30.0

log = structlog.get_logger(__name__)


class KafkaAnnouncer:
    """Sends what is outgoing in a store, at most CASES_AT_ONCE cases a call; idempotent and acknowledged by all."""

    def __init__(
        self, bootstrap: str, topics: Topics, clock: Callable[[], datetime], security: Security = OPEN
    ) -> None:
        self._bootstrap = bootstrap
        self._security = security
        self._topics = topics
        self._clock = clock
        self._producer: Producer | None = None

    def announce(self, store: Store) -> Announced:
        """Send one portion. What the broker did not acknowledge stays outgoing, but for a case that is too large for a
        message: it is told of and taken off.

        Raises BrokerUnavailable where it did not within 30 s, or did not say where it put a record.
        """
        portion = outgoing(store, self._topics, limit=CASES_AT_ONCE, as_of=self._clock())
        if portion.records:
            self._send(portion)
        published(store, portion)
        return Announced(len(portion.records), portion.is_more)

    def _send(self, portion: Outgoing) -> None:
        failed: list[KafkaError] = []
        unplaced: list[Message] = []

        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is None:
                if message.offset() is None:
                    unplaced.append(message)
            elif error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
                _say_too_large(message)
            else:
                failed.append(error)

        producer = self._open()
        for record in portion.records:
            while True:
                try:
                    producer.produce(
                        record.topic,
                        value=record.value,
                        key=record.key,
                        partition=record.partition,
                        headers=list(record.headers),
                        on_delivery=delivered,
                    )
                    break
                except BufferError:
                    producer.poll(0.1)
        left = producer.flush(_SECONDS)
        if failed:
            raise true_error(KafkaException(failed[0]), self._bootstrap, self._security)
        if left:
            # what may still arrive later is the same as what will be sent again
            producer.purge()
            self._producer = None
            raise BrokerUnavailable(
                f"`{self._bootstrap}` did not acknowledge {left} records within {_SECONDS:g} s.",
                hint="They stay in the store and will be sent again.",
            )
        if unplaced:
            raise BrokerUnavailable(
                f"`{self._bootstrap}` acknowledged {len(unplaced)} records without a place in the log.",
                hint="They stay in the store and will be sent again.",
            )

    def _open(self) -> Producer:
        if self._producer is None:
            self._producer = Producer(
                {
                    "bootstrap.servers": self._bootstrap,
                    **for_confluent(self._security),
                    "enable.idempotence": True,
                    "acks": "all",
                    "max.in.flight": IN_FLIGHT,
                    "compression.type": "zstd",
                    "linger.ms": 5,
                    "delivery.timeout.ms": int(_SECONDS * 1000),
                    "message.max.bytes": 100_000_000,  # the broker says what is too large
                    "queue.buffering.max.messages": 200_000,
                    "log_level": 3,
                }
            )
        return self._producer


def _say_too_large(message: Message) -> None:
    """A case that no message can hold is told of and passed over: the store has it, and all others go on.

    So many events are hardly one case: more likely an identifier joins what a steward should part.
    """
    log.error(
        "too_large_to_publish",
        topic=message.topic(),
        key=(message.key() or b"").decode(errors="replace"),
        bytes=len(message),
        hint="Look at the identifiers that join this case and unlink those that do not belong together, or raise "
        "max_message_bytes of the topic in topics.yaml and on the broker. The case is published again when it next "
        "changes.",
    )
