"""Sending by kafka-python: pure Python, for an agency that may not install a compiled client.

It compresses by gzip, the one method that Python itself has; the others would need a compiled package too.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from functools import partial
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, UnknownTopicOrPartitionError

from throughline.errors import InfrastructureError
from throughline.schemas.wire.broker_address import silence
from throughline.schemas.wire.kafka_record import IN_FLIGHT, KafkaRecord
from throughline.sources.connection.clients import for_kafka_python
from throughline.sources.connection.refusal import check_admitted
from throughline.sources.connection.security import OPEN, Security
from throughline.sources.publish.transport import (
    DELIVERY_SECONDS,
    UNKNOWN_TOPIC_SECONDS,
    UNPLACED,
    Done,
    Fault,
    Verdict,
    fault_of,
)

_UNDER_WAY = 10_000
_WAIT_SECONDS = 0.005
_UNKNOWN_SECONDS = 60.0


class KafkaPythonTransport:
    """A producer of kafka-python. `settings`, by the names of kafka-python, go over those here."""

    def __init__(self, bootstrap: str, settings: Mapping[str, Any] | None = None, *, security: Security = OPEN) -> None:
        self.trouble = ""
        self.is_broken = False
        self._bootstrap, self._security = bootstrap, security
        self._settings = {
            "bootstrap_servers": bootstrap,
            "bootstrap_timeout_ms": 5_000,
            "client_id": "throughline-publisher",
            "enable_idempotence": True,
            "acks": "all",
            "max_in_flight_requests_per_connection": IN_FLIGHT,
            "compression_type": "gzip",
            "linger_ms": 20,
            "batch_size": 262_144,
            "delivery_timeout_ms": int(DELIVERY_SECONDS * 1000),
            "max_block_ms": int(UNKNOWN_TOPIC_SECONDS * 1000),
            "max_request_size": 100_000_000,  # the broker says what is too large
            "reconnect_backoff_max_ms": 2_000,
            "allow_auto_create_topics": False,
            "metrics_enabled": False,
            **for_kafka_python(security),
            **(settings or {}),
        }
        self._producer: KafkaProducer | None = None
        self._under_way = 0
        self._unknown_until: dict[str, float] = {}
        # the client calls back in a thread of its own
        self._done: deque[tuple[Done, Fault | None]] = deque()

    def send(self, record: KafkaRecord, done: Done) -> bool:
        if self._under_way >= _UNDER_WAY:
            return False
        if time.monotonic() < self._unknown_until.get(record.topic, 0):
            done(self._fault(UnknownTopicOrPartitionError(record.topic)))
            return True
        try:
            if self._producer is None:
                # it would try for long with what is refused, and leave its sockets open
                check_admitted(self._bootstrap, self._security)
                self._producer = KafkaProducer(**self._settings)
            future = self._producer.send(record.topic, record.value, record.key, list(record.headers))
        except KafkaTimeoutError as error:  # it learned nothing of the topic: there is none, or no broker
            is_there = self._producer is not None and not silence(self._bootstrap, asks=False)
            if is_there:  # to ask for each of its records would take as long for each
                self._unknown_until[record.topic] = time.monotonic() + _UNKNOWN_SECONDS
            done(self._fault(UnknownTopicOrPartitionError(record.topic) if is_there else error))
            return True
        except KafkaError as error:
            done(self._fault(error))
            return True
        except InfrastructureError as error:
            self.trouble = error.what.rstrip(".")
            done(Fault(Verdict.AGAIN, self.trouble))
            return True
        self._under_way += 1
        future.add_callback(lambda at: self._done.append((done, UNPLACED if at.offset < 0 else None)))
        future.add_errback(partial(self._failed, done))
        return True

    def poll(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._done and time.monotonic() < until:
            time.sleep(min(_WAIT_SECONDS, seconds))
        while self._done:
            done, fault = self._done.popleft()
            self._under_way -= 1
            if fault is None:
                self.trouble = ""
            done(fault)

    def close(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=1)

    def _failed(self, done: Done, error: Exception) -> None:
        self.is_broken = True  # its idempotence ends with the first record that it could not deliver
        self._done.append((done, self._fault(error)))

    def _fault(self, error: Exception) -> Fault:
        code = getattr(error, "errno", 0)
        self.trouble = f"{type(error).__name__}: {error}"
        return fault_of(code, type(error).__name__ if isinstance(error, KafkaError) else str(error))
