"""A topic that Kafka Connect fills, on a real broker: each record is taken once, whatever ends the reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from brokers import RunningBroker
from confluent_kafka import TopicPartition
from debezium import COMMITTED, CRIMES, change, tombstone, write
from workers import make_topics

from throughline.errors import MappingError, OutboxFull, TopicMismatch
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import Topics
from throughline.sources.changes.envelope import ConnectRecord
from throughline.sources.changes.following import Followed, follow
from throughline.sources.changes.reading import ConnectTopics, open_consumer
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.mapping.parts import Mapping as SourceMapping
from throughline.sources.publish.ledger import Position
from throughline.sources.publish.outbox import Outbox
from throughline.sources.publish.publisher import Publisher

MAPPING = """
title: Crimes, as the connector writes them
source: urn:throughline:police:20:rms
topic: {records: changes, deleted: retract}
area: {constant: "20"}
unit: unit
identifiers: {crime_ref: crime_no}
type: {constant: police.crime.recorded}
time: {column: recorded, format: local_us}
recorded_at: {column: ../source.ts_ms, format: epoch_ms}
fields: {offence_group: offence}
id: {columns: [crime_no]}
ignore: [id, notes]
"""


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain(None)


@pytest.fixture
def topics(broker: RunningBroker, topic_prefix: str, domain: Domain) -> Topics:
    return make_topics(broker.bootstrap, topic_prefix, domain)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.sqlite") as opened:
        yield opened


@pytest.fixture
def mapping(tmp_path: Path) -> SourceMapping:
    path = tmp_path / "crimes.yaml"
    path.write_text(MAPPING)
    return load_mapping(path)


def crime(number: int, offence: str = "stalking", **more: Any) -> Mapping[str, Any]:
    # 2 March 2026, 10:15 on a clock in England
    recorded = COMMITTED * 1000
    given = {"id": number, "crime_no": f"20/{number:06}/26", "recorded": recorded, "unit": "20PP"}
    return {**given, "offence": offence, "notes": "seen by the officer", **more}


def history() -> list[ConnectRecord]:
    """A snapshot of two rows, then one is changed, one deleted, and one comes: five events, one record left out."""
    return [
        change("r", 100, after=crime(1), snapshot="first"),
        change("r", 100, after=crime(2), snapshot="last"),
        change("u", 110, before=crime(1), after=crime(1, "harassment")),
        change("d", 120, before=crime(2)),
        tombstone(),
        change("c", 130, after=crime(3)),
    ]


class Desk:
    """Follows the topic of crimes under the prefix of a test."""

    def __init__(
        self, broker: RunningBroker, prefix: str, topics: Topics, domain: Domain, outbox: Outbox, mapping: SourceMapping
    ) -> None:
        self.bootstrap, self.topic, self.group = broker.bootstrap, prefix + CRIMES, f"{prefix}changes"
        self.prefix, self.topics, self.domain, self.outbox, self.mapping = prefix, topics, domain, outbox, mapping

    def write(self, *records: ConnectRecord) -> None:
        write(self.bootstrap, records, self.prefix)

    def follow(self, positions: Mapping[str, Position] | None = None) -> Followed:
        known = self.outbox.positions() if positions is None else positions
        with ConnectTopics(self.bootstrap, [self.topic], known, group=self.group) as reading:
            return taken(reading, self.topics, self.mapping, self.outbox)

    def said(self) -> list[tuple[str, str, bool]]:
        """Id, revision and whether it is taken back, of every event in the outbox."""
        headers = (dict(one.record.headers) for one in self.outbox.unsent())
        return [(one["ce_id"].decode(), one["ce_revision"].decode(), "ce_retracts" in one) for one in headers]


@pytest.fixture
def desk(
    broker: RunningBroker, topic_prefix: str, topics: Topics, domain: Domain, outbox: Outbox, mapping: SourceMapping
) -> Desk:
    return Desk(broker, topic_prefix, topics, domain, outbox, mapping)


def test_each_change_is_an_event_in_the_order_of_the_log(desk: Desk) -> None:
    desk.write(*history())

    made = desk.follow()

    assert (made.read, made.new, made.left_out, made.backlog, made.refused) == (6, 5, 1, 2, {})
    assert desk.said() == [
        ("20/000001/26", "000000000000000100", False),
        ("20/000002/26", "000000000000000100", False),
        ("20/000001/26", "000000000000000110", False),
        ("20/000002/26", "000000000000000120", True),
        ("20/000003/26", "000000000000000130", False),
    ]


def test_reading_goes_on_where_it_was_left_and_the_group_shows_it(desk: Desk) -> None:
    desk.write(*history())
    desk.follow()
    desk.write(change("u", 140, before=crime(3), after=crime(3, "harassment")))

    assert (desk.follow().read, desk.follow().read) == (1, 0)
    consumer = open_consumer(desk.bootstrap, desk.group)
    (place,) = consumer.committed([TopicPartition(desk.topic, 0)], timeout=10)
    consumer.close()
    assert place.offset == 7


def test_what_is_read_again_is_not_sent_again(desk: Desk) -> None:
    """Also what the connector itself writes twice, as it does after a crash."""
    desk.write(*history(), *history()[2:])

    first, again = desk.follow(), desk.follow({})

    assert (first.new, first.known) == (5, 3)
    assert (again.read, again.new, again.known) == (10, 0, 8)


def test_a_mapping_that_does_not_fit_ends_it_and_loses_nothing(desk: Desk, tmp_path: Path) -> None:
    """A column comes to the table: what came with it is read once the mapping knows it."""
    desk.write(*history())
    desk.follow()
    desk.write(change("c", 140, after=crime(4, suspect="s-1")))

    with pytest.raises(MappingError, match="column `suspect` that the mapping does not use"):
        desk.follow()
    (tmp_path / "crimes.yaml").write_text(MAPPING.replace("[id,", "[suspect, id,"))
    desk.mapping = load_mapping(tmp_path / "crimes.yaml")

    assert desk.follow().new == 1


def test_what_does_not_fit_into_the_outbox_is_read_again(desk: Desk) -> None:
    """Events and position are kept together, or neither."""
    desk.write(*history())
    desk.outbox.limit = 4
    with pytest.raises(OutboxFull):
        desk.follow()
    assert (desk.said(), desk.outbox.positions()) == ([], {})

    desk.outbox.limit = 5
    assert desk.follow().new == 5


def test_a_refused_record_is_noted_without_what_it_says(desk: Desk) -> None:
    """And no longer once it is read again and fits."""
    desk.write(change("c", 100, after=crime(1, "burglary of a dwelling")), change("t", 101))

    made = desk.follow()

    assert {reason: found.count for reason, found in made.refused.items()} == {"bad_field": 1, "unknown_operation": 1}
    noted = [(one.origin, one.position, one.reason, one.event_id) for one in desk.outbox.refusals()]
    assert noted == [
        (f"{desk.topic}-0", 0, "bad_field", "20/000001/26"),
        (f"{desk.topic}-0", 1, "unknown_operation", None),
    ]
    assert b"burglary" not in desk.outbox.path.read_bytes()


def test_records_that_went_before_they_were_read_are_said_to_be_lost(desk: Desk) -> None:
    desk.write(*history())
    desk.follow()
    (position,) = desk.outbox.positions().values()

    with pytest.raises(TopicMismatch, match="gone backwards"):
        desk.follow({f"{desk.topic}-0": Position(position.identity, 60)})
    with pytest.raises(TopicMismatch, match="deleted and made again"):
        desk.follow({f"{desk.topic}-0": Position("another", 6)})
