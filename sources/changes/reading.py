"""Topics that Kafka Connect fills, read from any offset on. Positions are the reader's own and stand in its outbox: the
group joins nothing, and is told how far it is so that whoever runs the broker sees its lag.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from throughline.errors import BrokerRefused, BrokerUnavailable, TopicMismatch, UsageError
from throughline.schemas.wire.broker_address import broker_unavailable, silence
from throughline.sources.changes.envelope import ConnectRecord
from throughline.sources.connection.clients import for_confluent
from throughline.sources.connection.refusal import refusal
from throughline.sources.connection.security import OPEN, Security
from throughline.sources.publish.ledger import Position

_SECONDS = 10.0

_AWAY = (
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TRANSPORT,
    KafkaError._TIMED_OUT,
    KafkaError._RESOLVE,
    KafkaError._PARTITION_EOF,
)


@dataclass(frozen=True)
class _Partition:
    topic: str
    number: int
    topic_id: str

    @property
    def origin(self) -> str:
        return f"{self.topic}-{self.number}"


def open_consumer(bootstrap: str, group: str, security: Security) -> Consumer:
    """The consumer of this room."""
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "client.id": "throughline-changes",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "isolation.level": "read_committed",
            "socket.timeout.ms": int(_SECONDS * 1000),
            "log_level": 0,
            **for_confluent(security),
        }
    )


class ConnectTopics(AbstractContextManager["ConnectTopics"]):
    """Reads `topics` from the offsets of `positions` (by topic-partition), and what is not there from its beginning.

    Raises BrokerUnavailable, UsageError for a topic that is not there, and TopicMismatch where records are gone that
    were not read, or the topic is another one of the name.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        positions: Mapping[str, Position],
        *,
        group: str,
        security: Security = OPEN,
    ) -> None:
        reason = silence(bootstrap, asks=False)
        if reason:
            raise broker_unavailable(bootstrap, reason)
        self.trouble = ""
        self._consumer = open_consumer(bootstrap, group, security)
        try:
            self._partitions = {
                (one.topic, one.number): one for one in _partitions(bootstrap, topics, security, _SECONDS)
            }
            self._ends: dict[tuple[str, int], int] = {}
            self._next: dict[tuple[str, int], int] = {}
            for key, one in self._partitions.items():
                first, end = self._consumer.get_watermark_offsets(TopicPartition(*key), timeout=_SECONDS)
                self._ends[key] = end
                self._next[key] = _begin(one, positions.get(one.origin), first, end)
            self._consumer.assign([TopicPartition(*key, offset) for key, offset in self._next.items()])
        except KafkaException as error:
            self._consumer.close()
            raise refusal(bootstrap, security) or BrokerUnavailable(
                f"`{bootstrap}` does not say where its topics stand: {error.args[0].str()}.",
                hint="Check that the broker is running, and that this client may read the topic.",
            ) from None
        except BaseException:
            self._consumer.close()
            raise

    @property
    def is_at_end(self) -> bool:
        """Whether all was read that stood there when reading began."""
        return all(self._next[key] >= end for key, end in self._ends.items())

    def read(self, most: int, seconds: float) -> list[ConnectRecord]:
        """At most so many records, after at most so many seconds; none where there are no more, or no broker answers
        (`trouble` says why)."""
        found = []
        for message in self._consumer.consume(most, timeout=seconds):
            error = message.error()
            if error is None:
                found.append(_record(message))
            elif error.code() not in _AWAY and not error.retriable():
                raise BrokerRefused(f"The broker refuses: {error.str()}.", reason=error.name(), hint="See its log.")
            else:
                self.trouble = error.str()
        if found:
            self.trouble = ""
        for place in self._consumer.position([TopicPartition(*key) for key in self._next]):
            if place.offset >= 0:  # also past what was aborted, and markers
                self._next[place.topic, place.partition] = place.offset
        return found

    def position(self, topic: str, partition: int, last: int) -> Position:
        """Where to go on after the offset `last`."""
        return Position(self._partitions[topic, partition].topic_id, last + 1)

    def show(self, topic: str, partition: int, position: Position) -> None:
        """Tell the group how far it is; it is for show, so nothing is waited for."""
        self._consumer.commit(offsets=[TopicPartition(topic, partition, position.next_position)], asynchronous=True)

    def close(self) -> None:
        self._consumer.close()

    def __exit__(self, *_: object) -> None:
        self.close()


def _partitions(bootstrap: str, topics: Sequence[str], security: Security, seconds: float) -> list[_Partition]:
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0, **for_confluent(security)})
    found = []
    for topic, future in admin.describe_topics(TopicCollection(list(topics)), request_timeout=seconds).items():
        try:
            said = future.result()
        except KafkaException as error:
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                hint = "See which topics the connector writes: its `topic.prefix`, the schema and the table."
                raise UsageError(f"There is no topic `{topic}`.", hint=hint) from None
            raise
        found += [_Partition(topic, one.id, str(said.topic_id)) for one in said.partitions]
    return found


def _begin(one: _Partition, known: Position | None, first: int, end: int) -> int:
    if known is None:
        return first
    if known.identity != one.topic_id:
        raise TopicMismatch(
            f"The topic `{one.topic}` is not the one that was read before: it was deleted and made again.",
            hint="Read all of it with --from-beginning; what was published before is not sent again.",
        )
    if not first <= known.next_position <= end:
        lost = first - known.next_position
        what = f"{lost:,} records that were not read are gone" if lost > 0 else "it has gone backwards"
        raise TopicMismatch(
            f"Of {one.origin}, {what}: it has offsets {first:,} to {end:,}, and {known.next_position:,} was next.",
            hint="Have the connector read the table again (a snapshot), then run this with --from-beginning: what was "
            "published before is not sent again.",
        )
    return known.next_position


def _record(message: Message) -> ConnectRecord:
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    headers = [(str(name), None if text is None else _bytes(text)) for name, text in list(message.headers() or ())]
    key, value = message.key(), message.value()
    return ConnectRecord(
        topic,
        partition,
        offset,
        message.timestamp()[1],
        None if key is None else _bytes(key),
        None if value is None else _bytes(value),
        headers,
    )


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
