"""The shared topics as a log that is read on from where a store stands: each record once, and never past a gap.

The store has its own positions, so that there is no group of consumers: partitions are assigned, not shared out.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from throughline.errors import BrokerRefused, BrokerUnavailable, SharedLogError, TopicMismatch
from throughline.sources.connection.clients import for_confluent
from throughline.sources.connection.refusal import check_admitted, refusal
from throughline.sources.connection.security import OPEN, Security
from throughline.streams.shared.state import Position, SharedMessage

ANSWER_SECONDS = 5.0
_LOOK_SECONDS = 0.1
_GONE_FROM_LOG = (KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._AUTO_OFFSET_RESET)
_UNREADABLE = (KafkaError._BAD_MSG, KafkaError._BAD_COMPRESSION, KafkaError.INVALID_MSG)
_NO_RIGHT = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED)
# of a topic that was just made, or whose broker has gone, one is being chosen
_NO_LEADER = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)
_NO_TOPIC = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.UNKNOWN_TOPIC_ID, KafkaError._UNKNOWN_PARTITION)

log = logging.getLogger(__name__)


@dataclass
class Read:
    """Messages in the order of each partition, and how far they reach."""

    messages: list[SharedMessage] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)


class SharedLog(AbstractContextManager["SharedLog"]):
    """The partitions of some topics, read from the given positions on, or from the beginning.

    Raises BrokerUnavailable where no broker answers, BrokerRefused where it does not let us in, TopicMismatch where a
    topic is not there, and SharedLogError where the log does not hold what comes after a position (it was made again,
    cut short, or older records were deleted), and where a message cannot be read: without it, an older state of its key
    would stand as the present one.
    """

    def __init__(
        self, bootstrap: str, topics: Sequence[str], positions: Sequence[Position], security: Security = OPEN
    ) -> None:
        self._bootstrap, self._security = bootstrap, security
        check_admitted(bootstrap, security)
        quiet: dict[str, Any] = {
            "bootstrap.servers": bootstrap,
            **for_confluent(security),
            "logger": log,
            "log_level": 3,
        }
        self._admin = AdminClient({**quiet, "socket.timeout.ms": int(ANSWER_SECONDS * 1000)})
        self._next = {(one.topic, one.partition): one for one in positions if one.topic in topics}
        self._ends: dict[tuple[str, int], int] = {}
        self._done: set[tuple[str, int]] = set()
        self._topics = topics
        self._consumer = Consumer(
            {
                **quiet,
                "group.id": "throughline-sink",  # asked for by the client; nothing is ever committed to it
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
                "fetch.min.bytes": 1,
                "queued.max.messages.kbytes": 65_536,
                # what is damaged is to be seen, not taken
                "check.crcs": True,
                "error_cb": _note,
            }
        )
        try:
            self.check()
            self._consumer.assign([TopicPartition(*place, one.next_offset) for place, one in self._next.items()])
        except BaseException:
            self.close()
            raise

    @property
    def is_at_end(self) -> bool:
        """Whether everything has been read that was there at the last check."""
        return self._done >= self._ends.keys()

    def read(self, most: int, seconds: float) -> Read:
        """Up to `most` messages, or none after `seconds`. Raises as the class does."""
        found = Read()
        reached: dict[tuple[str, int], int] = {}
        for message in self._consumer.consume(most, timeout=seconds):
            error = message.error()
            place = message.topic() or "", message.partition() or 0
            if error is None:
                offset = message.offset()
                assert offset is not None
                try:
                    headers = message.headers()
                    found.messages.append(SharedMessage(*place, offset, message.key(), message.value(), headers))  # type: ignore[arg-type]
                except (UnicodeDecodeError, SystemError):  # which of them depends on the client's version
                    raise _unreadable(f"the message at offset {offset}, of `{place[0]}` partition {place[1]}") from None
                reached[place] = offset + 1
            elif error.code() == KafkaError._PARTITION_EOF:
                # the end may lie behind the last message: what was compacted away, marks of transactions
                reached[place] = max(reached.get(place, 0), message.offset() or 0)
            else:
                self._judge(error)
        for place, offset in reached.items():
            known = self._next[place]
            if offset > known.next_offset:
                self._next[place] = known._replace(next_offset=offset)
                found.positions.append(self._next[place])
            if offset >= self._ends[place]:
                self._done.add(place)
        return found

    def check(self) -> None:
        """Look again at what the broker keeps: that each topic is the one that was read, and holds what comes next."""
        for topic, topic_id, partitions in self._described():
            for partition in range(partitions):
                place = topic, partition
                low, high = self._watermarks(topic, partition)
                known = self._next.get(place)
                if known is None:
                    known = self._next[place] = Position(topic, partition, topic_id, low)
                _check_position(known, topic_id, low, high)
                self._ends[place] = high
                if known.next_offset >= high:
                    self._done.add(place)

    def close(self) -> None:
        self._consumer.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _described(self) -> list[tuple[str, str, int]]:
        """Name, id and number of partitions of each topic."""
        try:
            asked = self._admin.describe_topics(TopicCollection(list(self._topics)), request_timeout=ANSWER_SECONDS)
            found = [(name, future.result()) for name, future in asked.items()]
        except KafkaException as fault:
            raise self._meant(fault.args[0], ", ".join(self._topics)) from None
        return [(name, str(topic.topic_id), len(topic.partitions)) for name, topic in found]

    def _watermarks(self, topic: str, partition: int) -> tuple[int, int]:
        until = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                found = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=ANSWER_SECONDS)
                break
            except KafkaException as fault:
                if fault.args[0].code() not in _NO_LEADER or time.monotonic() > until:
                    raise self._meant(fault.args[0], topic) from None
            time.sleep(_LOOK_SECONDS)
        if found is None:
            raise BrokerUnavailable(f"No broker says where `{topic}` partition {partition} ends.")
        return found

    def _meant(self, error: KafkaError, topics: str) -> BrokerUnavailable | BrokerRefused | TopicMismatch:
        if error.code() in _NO_TOPIC:
            return TopicMismatch(
                f"There is no such topic: {topics}.", hint="`throughline topics create` creates the topics of a domain."
            )
        if error.code() in _NO_RIGHT:
            return BrokerRefused(
                f"The broker does not let {self._security.who} read {topics}.",
                topic=topics,
                reason=error.str(),
                hint="`throughline topics acl check` names the rights that are missing on the broker.",
            )
        # the client takes a broker that does not let us in for one that is away
        return refusal(self._bootstrap, self._security) or BrokerUnavailable(
            f"No broker answers: {error.str()}.", hint="Check the address given with --bootstrap."
        )

    def _judge(self, error: KafkaError) -> None:
        """An error in the place of a message: what is lost is found and named, what passes is waited for."""
        if error.code() in _GONE_FROM_LOG or error.code() in _NO_TOPIC:
            self.check()
            raise SharedLogError(f"A shared topic could not be read any further: {error.str()}.")
        if error.code() in _UNREADABLE:
            raise _unreadable(f"a message of a shared topic: {error.str()}")
        if error.code() in _NO_RIGHT:
            raise self._meant(error, ", ".join(self._topics))
        if error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
            return  # the client looks for the group, and we never need it
        if error.fatal():
            raise BrokerRefused("The broker does not let the shared topics be read.", reason=error.str())
        log.warning("reading of the shared topics was interrupted: %s", error.str())


def _check_position(known: Position, topic_id: str, low: int, high: int) -> None:
    where = f"`{known.topic}` partition {known.partition}"
    refill = "Move the store away and run this again: a new one is filled from the beginning of the topics."
    if known.topic_id != topic_id:
        raise SharedLogError(
            f"{where} is not the topic that was read up to offset {known.next_offset}: it was deleted and created "
            f"again (its id was {known.topic_id} and is now {topic_id}).",
            hint=refill,
        )
    if known.next_offset > high:
        raise SharedLogError(
            f"{where} went backwards: it was read up to offset {known.next_offset}, and now ends at {high}.",
            hint="The broker lost records, or was restored from an older state. " + refill,
        )
    if known.next_offset < low:
        raise SharedLogError(
            f"{where} begins at offset {low}, but was read up to {known.next_offset}: what came between was deleted.",
            hint=refill,
        )


def _unreadable(what: str) -> SharedLogError:
    return SharedLogError(
        f"Cannot read {what}.",
        hint="Only workers write there: the broker's copy is damaged, or somebody else may write. Nothing from there "
        "on was taken. Let another replica lead the partition, or make the shared topics again, have the workers "
        "publish every case, and fill a new store.",
    )


def _note(error: Any) -> None:
    log.info("the Kafka client says: %s", error.str())
