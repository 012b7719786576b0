"""Sending by confluent-kafka (librdkafka): for volume."""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from throughline.schemas.wire.kafka_record import IN_FLIGHT, KafkaRecord
from throughline.sources.connection.clients import for_confluent
from throughline.sources.connection.security import OPEN, Security
from throughline.sources.publish.transport import (
    DELIVERY_SECONDS,
    UNKNOWN_TOPIC_SECONDS,
    UNPLACED,
    Done,
    Fault,
    fault_of,
)

_QUEUE_RECORDS = 50_000


class ConfluentTransport:
    """A producer of confluent-kafka. `settings`, by the names of librdkafka, go over those here."""

    def __init__(
        self,
        bootstrap: str,
        settings: Mapping[str, str | int | float | bool] | None = None,
        *,
        security: Security = OPEN,
    ) -> None:
        self.trouble = ""
        self.is_broken = False
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "client.id": "throughline-publisher",
                "enable.idempotence": True,
                "acks": "all",
                "max.in.flight": IN_FLIGHT,
                "partitioner": "murmur2_random",
                "compression.type": "zstd",
                "linger.ms": 20,
                "delivery.timeout.ms": int(DELIVERY_SECONDS * 1000),
                "topic.metadata.propagation.max.ms": int(UNKNOWN_TOPIC_SECONDS * 1000),
                "queue.buffering.max.messages": _QUEUE_RECORDS,
                "message.max.bytes": 100_000_000,  # the broker says what is too large
                "reconnect.backoff.max.ms": 2_000,
                "allow.auto.create.topics": False,
                "error_cb": self._on_error,
                "log_level": 0,  # what it has to say comes as errors
                **for_confluent(security),
                **(settings or {}),
            }
        )

    def send(self, record: KafkaRecord, done: Done) -> bool:
        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                done(self._fault(error))
                return
            self.trouble = ""
            done(UNPLACED if message.offset() is None else None)

        try:
            self._producer.produce(
                record.topic, record.value, record.key, headers=list(record.headers), on_delivery=delivered
            )
        except BufferError:
            return False
        except KafkaException as error:  # what it finds wrong before it asks the broker
            done(self._fault(error.args[0]))
        return True

    def poll(self, seconds: float) -> None:
        self._producer.poll(seconds)

    def close(self) -> None:
        self._producer.purge()
        self._producer.flush(1)

    def _fault(self, error: KafkaError) -> Fault:
        if error.fatal():
            self.is_broken = True
        return fault_of(error.code(), error.str())

    def _on_error(self, error: KafkaError) -> None:
        self.trouble = error.str()
        if error.fatal():
            self.is_broken = True
