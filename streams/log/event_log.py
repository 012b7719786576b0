"""Kafka as the record: where each partition begins and ends, and its records in bulk, from any offset to any other.

The same reader serves a gap, the catch-up of a store that is behind, and the rebuilding of one that was lost. It
joins no group and commits nothing: a store keeps its own positions. It reads what is committed: a transaction that is
still open is not there yet, nor what was written after it began.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from throughline.errors import BrokerRefused, BrokerUnavailable, InfrastructureError, TopicMismatch
from throughline.sources.connection.clients import for_confluent
from throughline.sources.connection.refusal import refusal
from throughline.sources.connection.security import OPEN, Security
from throughline.streams.log.answers import LogAnswers
from throughline.streams.log.fetch import Fetch, fetch_of_items
from throughline.streams.log.message_set import FETCH_COST, Item, MessageSet

RECORDS_AT_ONCE = 50_000
_SECONDS, _ASK_SECONDS = 10.0, 2.0
_RIGHTS = (
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
)
RIGHTS_HINT = (
    "This user or certificate has no right to it on the broker. `throughline topics acl check` names the rights that "
    "are missing; whoever runs the broker gives them by `throughline topics acl apply`."
)


@dataclass(frozen=True)
class Extent:
    """The offsets that a partition has, as far as all is decided: from `first` up to but not including `end`."""

    first: int
    end: int


class CaseLog(AbstractContextManager["CaseLog"]):
    """A reader of partitions by offset. `group` is only asked for where it stands, never joined."""

    def __init__(
        self,
        bootstrap: str,
        *,
        security: Security = OPEN,
        group: str = "throughline-log",
        client_id: str = "throughline",
    ) -> None:
        self._reached: dict[str, Any] = {"bootstrap.servers": bootstrap, **for_confluent(security), "log_level": 3}
        self._settings: dict[str, Any] = {
            **self._reached,
            "group.id": group,
            "client.id": client_id,
            "enable.auto.commit": False,
            "socket.timeout.ms": int(_SECONDS * 1000),
        }
        self._bootstrap = bootstrap
        self._security = security
        self._client_id = client_id
        self._consumer: Consumer | None = None
        self._admin: AdminClient | None = None

    def topic_ids(self, topics: list[str]) -> dict[str, str]:
        """The id of each topic. Raises TopicMismatch for one that is not there."""
        with _translated(self._bootstrap, self._security):
            described = self._open_admin().describe_topics(TopicCollection(topics), request_timeout=_SECONDS)
            found: dict[str, str] = {}
            for topic, future in described.items():
                try:
                    found[topic] = str(future.result().topic_id)
                except KafkaException as error:
                    if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                        raise
                    raise TopicMismatch(
                        f"There is no topic `{topic}`.", hint="Create it with `throughline topics create`."
                    ) from None
        return found

    def extent(self, topic: str, partition: int) -> Extent:
        """The offsets that a partition has now, up to the first of a transaction that is still open."""
        with _translated(self._bootstrap, self._security):
            first, end = self._open().get_watermark_offsets(TopicPartition(topic, partition), timeout=_SECONDS)
        return Extent(first, end)

    def written(self, topic: str, partition: int) -> Extent:
        """The offsets that a partition has now, with those of transactions that are still open."""
        at, latest = TopicPartition(topic, partition), OffsetSpec.latest()  # type: ignore[no-untyped-call]
        with _translated(self._bootstrap, self._security):
            found = self._open_admin().list_offsets({at: latest}, request_timeout=_SECONDS)
            end = found[at].result().offset
        return Extent(self.extent(topic, partition).first, end)

    def committed(self, partition: int, topics: list[str]) -> dict[str, int]:
        """Where the group stands in this partition of each topic; -1001 where it never committed."""
        asked = [TopicPartition(topic, partition) for topic in topics]
        with _translated(self._bootstrap, self._security):
            found = self._open().committed(asked, timeout=_SECONDS)
        return {one.topic: one.offset for one in found}

    def read(self, topic: str, partition: int, first: int, end: int) -> Iterator[Fetch]:
        """What is committed from `first` up to but not including `end`, in fetches of about RECORDS_AT_ONCE at most.

        Offsets that the log does not have, and those of aborted transactions, are passed over; a batch that cannot be
        read is among `passed`, whole where `end` is within it. Ends early where a transaction is still open. Raises
        BrokerUnavailable where nothing comes any more.
        """
        answers = LogAnswers(
            self._bootstrap, topic, partition, client_id=self._client_id, seconds=_SECONDS, security=self._security
        )
        try:
            items: list[Item] = []
            cost, silent_since = 0, time.monotonic()
            while first < end:
                answer = answers.ask(first)
                messages = MessageSet(answer.data, first, answer.aborted, most_cost=FETCH_COST - cost)
                items += chain.from_iterable(messages)
                cost += messages.cost
                if messages.next_offset > first:
                    first, silent_since = messages.next_offset, time.monotonic()
                elif first >= answer.stable_end:
                    break  # the end of the log
                elif time.monotonic() - silent_since > 3 * _SECONDS:
                    raise BrokerUnavailable(
                        f"`{self._bootstrap}` has sent nothing of {topic}-{partition} from offset {first} on.",
                        hint="Look whether the broker runs; the same read may be tried again.",
                    )
                while len(items) >= RECORDS_AT_ONCE or (items and (cost >= FETCH_COST or first >= end)):
                    some, items = items[:RECORDS_AT_ONCE], items[RECORDS_AT_ONCE:]
                    cost = 0
                    yield from _fetches(topic, partition, some, end)
            if items:
                yield from _fetches(topic, partition, items, end)
        finally:
            answers.close()

    def close(self) -> None:
        self._admin = None
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open_admin(self) -> AdminClient:
        if self._admin is None:
            self._admin = AdminClient(self._reached)
        return self._admin

    def _open(self) -> Consumer:
        if self._consumer is None:
            self._consumer = Consumer(self._settings)
        return self._consumer


def _fetches(topic: str, partition: int, items: list[Item], end: int) -> Iterator[Fetch]:
    """The fetch of those items that begin before `end`, if there are any."""
    if items[-1].offset >= end:
        items = [item for item in items if item.offset < end]
    if items:
        yield fetch_of_items(topic, partition, items)


@contextmanager
def _translated(bootstrap: str, security: Security) -> Iterator[None]:
    """What the client raises, as an error of ours."""
    try:
        yield
    except KafkaException as error:
        raise true_error(error, bootstrap, security) from None


def true_error(error: KafkaException, bootstrap: str, security: Security) -> InfrastructureError:
    """An error of the client as one of ours. It takes a broker that does not let us in for one that is away."""
    found = kafka_error(error, bootstrap)
    if error.args[0].code() in _RIGHTS:
        return found
    try:
        return refusal(bootstrap, security, _ASK_SECONDS) or found
    except BrokerUnavailable as away:  # who gives tokens
        return away


def kafka_error(error: KafkaException, bootstrap: str) -> InfrastructureError:
    """An error of the client as one of ours: the broker is away, or it refuses."""
    cause = error.args[0]
    if cause.code() in _RIGHTS:
        return BrokerRefused(f"The broker refuses: {cause.str()}.", reason=cause.name(), hint=RIGHTS_HINT)
    away = {
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TIMED_OUT,
        KafkaError._MSG_TIMED_OUT,
        KafkaError._RESOLVE,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        # a broker that was started again may know less than the client, for a moment
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
    }
    if cause.retriable() or cause.code() in away:
        return BrokerUnavailable(
            f"`{bootstrap}` does not answer: {cause.str()}.",
            hint="Check that the broker is running and that this is its address. The same may be tried again.",
        )
    return BrokerRefused(f"The broker refuses: {cause.str()}.", reason=cause.name(), hint="See the broker's log.")


def check_position(topic: str, partition: int, position: int, extent: Extent) -> None:
    """Raise TopicMismatch where the log no longer has what follows `position`: it lost records, or is another log."""
    if position > extent.end:
        raise TopicMismatch(
            f"The log of {topic}-{partition} went backwards: it ends at offset {extent.end}, but {position} records "
            "of it were taken.",
            hint="Records that were acknowledged are lost, or the topic was created again. Restore the topic, or "
            "delete the store of this partition and let it be filled from what the topic has now.",
        )
    if position < extent.first:
        raise TopicMismatch(
            f"The log of {topic}-{partition} begins at offset {extent.first}, but the store has only reached "
            f"{position}: {extent.first - position} records in between have gone from the topic.",
            hint="Case events must be kept for ever (`throughline topics check`). Restore them to the topic from the "
            "agency's outbox or a copy. Nothing is skipped.",
        )


def check_topic_ids(known: Mapping[str, str], found: Mapping[str, str]) -> None:
    """Raise TopicMismatch where a topic is not the one that the store was filled from, but a new one with its name."""
    for topic, topic_id in known.items():
        if topic in found and found[topic] != topic_id:
            raise TopicMismatch(
                f"The topic `{topic}` was deleted and created again: its id was {topic_id}, and is now {found[topic]}.",
                hint="Publish its events again, then delete the store's file, so that it is filled from the new topic.",
            )
