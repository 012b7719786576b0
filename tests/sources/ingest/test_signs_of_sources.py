"""A source lives while something is heard of its system: that the service lives says nothing of it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import orjson
import pytest
from posted import RMS, domain, service, topics, until

from throughline.schemas.wire.kafka_record import HEARTBEAT_TYPE, KafkaRecord
from throughline.sources.publish import publisher as publishing
from throughline.sources.publish.publisher import Publisher
from throughline.sources.publish.transport import Done


class Heard:
    """A client of Kafka that takes everything."""

    trouble = ""
    is_broken = False

    def __init__(self) -> None:
        self.beats: list[tuple[str, dict[str, object]]] = []
        self.turns = threading.Event()

    def send(self, record: KafkaRecord, done: Done) -> bool:
        said = {name: text.decode() for name, text in record.headers}
        if said["ce_type"] == HEARTBEAT_TYPE:
            self.beats.append((said["ce_source"], orjson.loads(record.value)))
        done(None)
        return True

    def poll(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.005))

    def close(self) -> None:
        pass


def test_heartbeats_are_of_sources_that_were_heard_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have published. One falls silent: its heartbeats end, the other's go on, and say how far it is."""
    kafka = Heard()
    monkeypatch.setitem(publishing.CLIENTS, "confluent", lambda bootstrap, settings: kafka)  # type: ignore[call-overload]
    with service(tmp_path) as posted:
        other = posted.add_token(source="feed-7")
        posted.post([crime_of(RMS, 1), crime_of(RMS, 2)], "application/cloudevents-batch+json")
        posted.post(crime_of("feed-7", 1), secret=other)
        heard = posted.service.heard
        assert set(heard) == {RMS, "feed-7"}
        heard.pop("feed-7")
        with Publisher(
            "nowhere:1", topics(), domain(), posted.outbox, heartbeat_seconds=0.05, lives=lambda source: source in heard
        ) as publisher:
            assert publisher.flush(20) == 0
            until(lambda: len(kafka.beats) > 3)
            assert {source for source, _ in kafka.beats} == {RMS}
            assert kafka.beats[-1][1] == {"sequence": 2, "waiting": 0, "every_seconds": 0.05}

            posted.client.post("/alive", headers={"Authorization": f"Bearer {other}"})
            until(lambda: "feed-7" in {source for source, _ in kafka.beats})


def crime_of(source: str, number: int) -> dict[str, object]:
    from posted import crime

    return crime(number, source=source)
