"""How Faust's fetches reach the agent: whole, committed, and read as the log in bulk is (`message_set`).

Faust reads what transactions withdrew unless it works in transactions itself, and aiokafka under it ends the worker at
the first batch that it cannot read, or takes whatever memory a batch unpacks to. Neither has a setting for it. So two
names of aiokafka's fetcher are replaced: what slices an answer into batches, and what makes records of them. Both
versions are pinned, and a test fails where either changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, ClassVar

import aiokafka
import faust
from aiokafka.consumer import fetcher
from aiokafka.structs import ConsumerRecord, TopicPartition
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport

from throughline.streams.log.fetch import Passed, fetch_of_items
from throughline.streams.log.message_set import MessageSet


class AnswerBytes:
    """Stands in for aiokafka's MemoryRecords: the bytes of an answer, not looked at yet."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def has_next(self) -> bool:
        """Whether there is anything: what it is, and whether it can be read, is seen later."""
        return bool(self.data)

    def size_in_bytes(self) -> int:
        return len(self.data)


class CommittedRecords:
    """Stands in for aiokafka's PartitionRecords: of case events, an answer is one record, with a Fetch as its value.

    That record stands at the last offset of the answer, so that Faust counts all of it as read once that one is. Those
    of another topic, such as the changelog of a table, come one by one, without what cannot be read.
    """

    case_topics: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        tp: TopicPartition,
        records: AnswerBytes,
        aborted_transactions: Sequence[tuple[int, int]] | None,
        fetch_offset: int,
        *_: Any,
    ) -> None:
        self.next_fetch_offset = fetch_offset
        self._messages = MessageSet(records.data, fetch_offset, aborted_transactions)
        topic, partition = tp
        self._records = (self._whole if topic in self.case_topics else self._singly)(topic, partition)

    def __iter__(self) -> Iterator[ConsumerRecord[None, Any]]:
        return self

    def __next__(self) -> ConsumerRecord[None, Any]:
        return next(self._records)

    def _whole(self, topic: str, partition: int) -> Iterator[ConsumerRecord[None, Any]]:
        items = list(chain.from_iterable(self._messages))
        self.next_fetch_offset = self._messages.next_offset
        if items:
            fetch = fetch_of_items(topic, partition, items)
            yield _record(topic, partition, fetch.next_offset - 1, fetch.latest, None, fetch, ())

    def _singly(self, topic: str, partition: int) -> Iterator[ConsumerRecord[None, Any]]:
        for items in self._messages:
            for item in items:
                if not isinstance(item, Passed):
                    self.next_fetch_offset = item.offset + 1
                    yield _record(
                        topic, partition, item.offset, item.timestamp, item.key, item.value, tuple(item.headers)
                    )
            self.next_fetch_offset = self._messages.next_offset


def _record(
    topic: str, partition: int, offset: int, time: int, key: bytes | None, value: Any, headers: Sequence[Any]
) -> ConsumerRecord[Any, Any]:
    sizes = (-1 if part is None else len(part) for part in (key, value))
    return ConsumerRecord(topic, partition, offset, time, 1, key, value, None, *sizes, headers)


class _Thread(AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        return consumer


class _Consumer(Consumer):
    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)


class CommittedTransport(Transport):
    """Faust's transport by aiokafka, of committed records."""

    Consumer = _Consumer


class CommittedApp(faust.App):
    """A Faust app that is fed with committed records, and with every batch that it cannot read as a Passed.

    To make one replaces how aiokafka makes records of answers, for all consumers of this process. `case_topics` are
    the topics whose fetches come whole.
    """

    def __init__(self, name: str, *, case_topics: frozenset[str], **settings: Any) -> None:
        fetcher.MemoryRecords = AnswerBytes
        fetcher.PartitionRecords = type("CaseRecords", (CommittedRecords,), {"case_topics": case_topics})
        super().__init__(name, **settings)

    def _new_transport(self) -> CommittedTransport:
        return CommittedTransport(self.conf.broker_consumer, self)
