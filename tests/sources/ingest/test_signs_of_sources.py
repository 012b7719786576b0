"""What a service that runs for long sends besides: signs of life, and once more what a broker refused.

A source lives while something is heard of its system: that the service lives says nothing of it.
"""

from __future__ import annotations

import time
from pathlib import Path

import orjson
import pytest
from posted import RMS, crime, domain, service, topics, until

from throughline.schemas.wire.kafka_record import HEARTBEAT_TYPE, KafkaRecord
from throughline.sources.publish import publisher as publishing
from throughline.sources.publish.publisher import Publisher
from throughline.sources.publish.transport import Done, Fault, Verdict


class Heard:
    """A client of Kafka that takes everything, or refuses it while it `lacks` the topic."""

    trouble = ""
    is_broken = False

    def __init__(self) -> None:
        self.lacks = False
        self.refusals = 0
        self.beats: list[tuple[str, dict[str, object]]] = []

    def send(self, record: KafkaRecord, done: Done) -> bool:
        said = {name: text.decode() for name, text in record.headers}
        if said["ce_type"] == HEARTBEAT_TYPE:
            self.beats.append((said["ce_source"], orjson.loads(record.value)))
            done(None)
        elif self.lacks:
            self.refusals += 1
            done(Fault(Verdict.REFUSED, "unknown topic"))
        else:
            done(None)
        return True

    def poll(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.005))

    def close(self) -> None:
        pass


def test_heartbeats_are_of_sources_that_were_heard_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have published. One falls silent: its heartbeats end, the other's go on, and say how far it is."""
    kafka = Heard()
    monkeypatch.setitem(publishing.CLIENTS, "confluent", lambda *given, **said: kafka)  # type: ignore[call-overload]
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


def test_what_a_broker_refused_is_sent_once_it_is_put_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic that is made later: without a new start, and in the order in which they came."""
    kafka = Heard()
    kafka.lacks = True
    monkeypatch.setitem(publishing.CLIENTS, "confluent", lambda *given, **said: kafka)  # type: ignore[call-overload]
    with service(tmp_path) as posted:
        posted.post([crime(1), crime(2)], "application/cloudevents-batch+json")
        with Publisher("nowhere:1", topics(), domain(), posted.outbox, retry_seconds=0.1) as publisher:
            until(lambda: kafka.refusals >= 6)
            assert (publisher.sent, posted.waiting()) != (2, [])
            kafka.lacks = False
            until(lambda: publisher.sent == 2)
            assert publisher.flush(20) == 0


def crime_of(source: str, number: int) -> dict[str, object]:
    return crime(number, source=source)
