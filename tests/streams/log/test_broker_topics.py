"""Topics on a real broker: made as the domain says, and every difference named."""

from __future__ import annotations

import socket
import time

import pytest
from brokers import RunningBroker
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from throughline.errors import BrokerRefused, BrokerUnavailable, UsageError
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.streams.log.broker_topics import compare_topics, create_topics


@pytest.fixture
def topics(topic_prefix: str) -> Topics:
    return load_topics(load_domain(None), prefix=topic_prefix, replication=1)


def test_what_is_missing_is_made_and_then_is_as_it_should_be(broker: RunningBroker, topics: Topics) -> None:
    names = [topic.name for topic in topics]
    assert [one.topic for one in compare_topics(broker.bootstrap, topics) if one.setting == "topic"] == names

    assert sorted(create_topics(broker.bootstrap, topics)) == sorted(names)
    assert create_topics(broker.bootstrap, topics) == []
    assert compared(broker, topics, []) == []


def test_each_wrong_setting_is_named(broker: RunningBroker, topics: Topics, topic_prefix: str) -> None:
    """A topic with other partitions, one with a wrong setting, one that is missing."""
    missing, fewer, wrong = (f"{topic_prefix}{agency}.case-events" for agency in ("court", "police", "cps"))
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    try:
        admin.create_topics({fewer: {"num_partitions": 2, "replication_factor": 1}})
        create_topics(broker.bootstrap, topics)
        admin.delete_topics([missing])
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, wrong, {"retention.ms": "86400000"})])
    finally:
        admin.close()
    expected = [
        f"`{fewer}`: partitions is 2, expected 12.",
        f"`{fewer}`: max.message.bytes is 1048588, expected 1048576.",
        f"`{fewer}`: message.timestamp.type is CreateTime, expected LogAppendTime.",
        f"`{wrong}`: retention.ms is 86400000, expected -1.",
        f"`{missing}` is missing.",
    ]

    assert compared(broker, topics, expected) == expected


def compared(broker: RunningBroker, topics: Topics, expected: list[str]) -> list[str]:
    """What is found; the broker tells itself of changes in its own time, and is given a minute to come to these."""
    until = time.monotonic() + 60
    while True:
        found = [str(one) for one in compare_topics(broker.bootstrap, topics)]
        if found == expected or time.monotonic() > until:
            return found
        time.sleep(0.05)


def test_more_copies_than_brokers_are_refused_in_its_words(broker: RunningBroker, topic_prefix: str) -> None:
    with pytest.raises(BrokerRefused, match="Unable to replicate the partition 3 time") as raised:
        create_topics(broker.bootstrap, load_topics(load_domain(None), prefix=topic_prefix))

    assert "--replication-factor 1" in raised.value.hint


def test_a_broker_that_is_away_is_said_to_be(topics: Topics) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(BrokerUnavailable, match=f"No broker answers at {where}: Connection refused"):
            compare_topics(where, topics)


def test_what_is_no_address_is_a_wrong_call(topics: Topics) -> None:
    with pytest.raises(UsageError, match="`broker` is not the address"):
        compare_topics("broker", topics)
