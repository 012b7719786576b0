"""An acknowledgement that names no place in the log is none: the record stays in the outbox and is sent again.

A client of Kafka takes a record for a copy, and so for delivered, when the broker has taken a later one of the same
producer before it (KAFKA-15591). It may be in no log.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from throughline.schemas.wire.kafka_record import KafkaRecord
from throughline.sources.publish.confluent import ConfluentTransport
from throughline.sources.publish.kafka_python import KafkaPythonTransport
from throughline.sources.publish.transport import UNPLACED, Fault, Transport, Verdict

RECORD = KafkaRecord("police.case-events", b"20", (), b"value")


class Future:
    """A sending of kafka-python that is over."""

    def __init__(self, offset: int) -> None:
        self.offset = offset

    def add_callback(self, called: Callable[[Any], None]) -> None:
        called(SimpleNamespace(offset=self.offset))

    def add_errback(self, called: Callable[[Exception], None]) -> None: ...


class Client:
    """Either client, which acknowledges at once, at `offset` or (None) nowhere."""

    offset: int | None = None

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def produce(self, *_: Any, on_delivery: Callable[[None, Any], None], **__: Any) -> None:
        on_delivery(None, SimpleNamespace(offset=lambda: self.offset))

    def poll(self, seconds: float) -> None: ...

    def send(self, *_: Any) -> Future:
        return Future(-1 if self.offset is None else self.offset)


@pytest.mark.parametrize("offset", [None, 0])
@pytest.mark.parametrize("client", [ConfluentTransport, KafkaPythonTransport])
def test_an_acknowledgement_without_a_place_is_sent_again(
    monkeypatch: pytest.MonkeyPatch, client: type[Any], offset: int | None
) -> None:
    for name in ("confluent.Producer", "kafka_python.KafkaProducer"):
        monkeypatch.setattr(f"throughline.sources.publish.{name}", Client)
    monkeypatch.setattr(Client, "offset", offset)
    transport: Transport = client("127.0.0.1:9")
    found: list[Fault | None] = []

    transport.send(RECORD, found.append)
    transport.poll(0)

    [fault] = found
    if offset is None:
        assert fault == UNPLACED
        assert UNPLACED.verdict is Verdict.AGAIN
    else:
        assert fault is None
