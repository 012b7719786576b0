"""Reading Kafka's log by offset: what is there, what is not, and what each failure of the client is called."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from brokers import RunningBroker
from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from throughline.errors import BrokerRefused, BrokerUnavailable, TopicMismatch
from throughline.streams.log.event_log import CaseLog, Extent, check_position, check_topic_ids, kafka_error

UNUSED = "127.0.0.1:9"


@pytest.fixture
def topic(broker: RunningBroker, topic_prefix: str) -> str:
    """A topic of one partition with the records 0 to 99."""
    name = f"{topic_prefix}police.case-events"
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    admin.create_topics([NewTopic(name, 2, 1)])[name].result(30)
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    for number in range(100):
        producer.produce(name, str(number).encode(), partition=0, headers={"ce_id": str(number).encode()})
    assert producer.flush(30) == 0
    return name


def delete_records(broker: RunningBroker, topic: str, before: int) -> None:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    for future in admin.delete_records([TopicPartition(topic, 0, before)]).values():
        future.result(30)


def ids_when_known(log: CaseLog, topic: str) -> dict[str, str]:
    """A broker acknowledges a new topic a moment before it tells of it."""
    for _ in range(100):
        with suppress(TopicMismatch):
            return log.topic_ids([topic])
        time.sleep(0.1)
    return log.topic_ids([topic])


def test_reads_from_any_offset_to_any_other(broker: RunningBroker, topic: str) -> None:
    """More than once by the same reader: no record of an earlier reading is left over."""
    with CaseLog(broker.bootstrap) as log:
        assert log.extent(topic, 0) == Extent(0, 100)
        assert log.extent(topic, 1) == Extent(0, 0)
        for first, end in ((0, 100), (10, 20), (99, 100), (0, 1), (50, 50)):
            fetches = list(log.read(topic, 0, first, end))
            assert [offset for fetch in fetches for offset in fetch.offsets] == list(range(first, end))
            assert [value for fetch in fetches for value in fetch.values] == [b"%d" % n for n in range(first, end)]


def test_ends_where_the_log_ends(broker: RunningBroker, topic: str) -> None:
    """A group may stand further than the log that is there now; whoever asks checks that by `check_position`."""
    with CaseLog(broker.bootstrap) as log:
        assert [offset for fetch in log.read(topic, 0, 95, 500) for offset in fetch.offsets] == [95, 96, 97, 98, 99]


def test_says_where_a_group_stands_that_never_was(broker: RunningBroker, topic: str) -> None:
    with CaseLog(broker.bootstrap, group=f"{topic}.nobody") as log:
        assert log.committed(0, [topic]) == {topic: -1001}


def test_does_not_begin_elsewhere_where_records_were_deleted(broker: RunningBroker, topic: str) -> None:
    delete_records(broker, topic, 40)
    with CaseLog(broker.bootstrap) as log:
        assert log.extent(topic, 0) == Extent(40, 100)
        with pytest.raises(BrokerRefused):
            list(log.read(topic, 0, 10, 60))
        assert [offset for fetch in log.read(topic, 0, 40, 60) for offset in fetch.offsets] == list(range(40, 60))


def test_knows_a_topic_that_was_made_anew(broker: RunningBroker, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    with CaseLog(broker.bootstrap) as log:
        known = log.topic_ids([topic])
        check_topic_ids(known, log.topic_ids([topic]))
        admin.delete_topics([topic])[topic].result(30)
        with pytest.raises(TopicMismatch, match=f"There is no topic `{topic}`"):
            log.topic_ids([topic])
        admin.create_topics([NewTopic(topic, 2, 1)])[topic].result(30)
        with pytest.raises(TopicMismatch, match="was deleted and created again"):
            check_topic_ids(known, ids_when_known(log, topic))


def test_says_that_no_broker_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throughline.streams.log.event_log._SECONDS", 1.0)
    with CaseLog(UNUSED) as log:
        for ask in (
            lambda: log.extent("police.case-events", 0),
            lambda: log.committed(0, ["police.case-events"]),
            lambda: log.topic_ids(["police.case-events"]),
        ):
            with pytest.raises(BrokerUnavailable, match=UNUSED):
                ask()


@pytest.mark.parametrize(
    "code",
    [
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TIMED_OUT,
        # a record that was to be published, and nobody took for a minute: a worker outlives that
        KafkaError._MSG_TIMED_OUT,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
    ],
)
def test_what_passes_is_waited_for(code: int) -> None:
    assert isinstance(kafka_error(KafkaException(KafkaError(code)), "here:9092"), BrokerUnavailable)


@pytest.mark.parametrize(
    "code",
    [
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.OFFSET_OUT_OF_RANGE,
        KafkaError._AUTO_OFFSET_RESET,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._BAD_MSG,
    ],
)
def test_what_does_not_pass_stops(code: int) -> None:
    assert isinstance(kafka_error(KafkaException(KafkaError(code)), "here:9092"), BrokerRefused)


@pytest.mark.parametrize(("position", "extent"), [(0, Extent(0, 0)), (7, Extent(0, 7)), (7, Extent(7, 9))])
def test_a_position_within_the_log_is_well(position: int, extent: Extent) -> None:
    check_position("police.case-events", 3, position, extent)


@pytest.mark.parametrize(
    ("position", "extent", "said"),
    [
        (8, Extent(0, 7), "went backwards: it ends at offset 7, but 8 records"),
        (6, Extent(7, 9), "begins at offset 7, but the store has only reached 6: 1 records in between have gone"),
    ],
)
def test_a_position_outside_the_log_is_a_loss(position: int, extent: Extent, said: str) -> None:
    with pytest.raises(TopicMismatch, match=said):
        check_position("police.case-events", 3, position, extent)
