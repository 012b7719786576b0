"""A topic that Kafka Connect fills, on a real broker: reading goes on where it was left, and says what is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from brokers import RunningBroker
from confluent_kafka import TopicPartition
from crime_changes import crime, history, outbox_says, taken, written_mapping
from debezium import CRIMES, change, write

from throughline.errors import TopicMismatch, UsageError
from throughline.sources.changes.reading import ConnectTopics, open_consumer
from throughline.sources.connection.security import OPEN
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.publish.ledger import Position, positions_of
from throughline.sources.publish.outbox import Outbox


def test_reading_goes_on_where_it_was_left(broker: RunningBroker, topic_prefix: str, tmp_path: Path) -> None:
    """Whatever ended it; the group shows how far it is, and what is gone before it was read is told."""
    write(broker.bootstrap, history(), topic_prefix)
    topic, group = topic_prefix + CRIMES, f"{topic_prefix}changes"
    mapping = load_mapping(written_mapping(tmp_path))

    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        with ConnectTopics(broker.bootstrap, [topic], outbox.look(positions_of), group=group) as reading:
            made = taken(reading, mapping, outbox)
        assert (made.read, made.new, made.left_out, made.backlog, made.refused.counts) == (6, 5, 1, 2, {})
        assert outbox_says(outbox) == [
            ("20/000001/26", "000000000000000100", False),
            ("20/000002/26", "000000000000000100", False),
            ("20/000001/26", "000000000000000110", False),
            ("20/000002/26", "000000000000000120", True),
            ("20/000003/26", "000000000000000130", False),
        ]

    write(broker.bootstrap, [change("u", 140, before=crime(3), after=crime(3, "harassment"))], topic_prefix)
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        with ConnectTopics(broker.bootstrap, [topic], outbox.look(positions_of), group=group) as reading:
            assert taken(reading, mapping, outbox).read == 1
        (known,) = outbox.look(positions_of).values()
    consumer = open_consumer(broker.bootstrap, group, OPEN)
    (place,) = consumer.committed([TopicPartition(topic, 0)], timeout=10)
    consumer.close()
    assert place.offset == known.next_position == 7

    for position, told in (
        (Position(known.identity, 60), "gone backwards"),
        (Position("another", 6), "made again"),
    ):
        with pytest.raises(TopicMismatch, match=told):
            ConnectTopics(broker.bootstrap, [topic], {f"{topic}-0": position}, group=group)
    with pytest.raises(UsageError, match=r"no topic `rms\.public\.other`"):
        ConnectTopics(broker.bootstrap, ["rms.public.other"], {}, group=group)
