"""A fetch: records of one topic and partition as a client of Kafka gave them, in the order of their offsets."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Headers = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Fetch:
    """Records, one place in each list for each: `times` are milliseconds since 1970 UTC, as the broker stamped them.

    Offsets ascend; some may be missing between them.
    """

    topic: str
    partition: int
    offsets: list[int]
    times: list[int]
    values: list[bytes | None]
    headers: list[Headers]

    def __len__(self) -> int:
        return len(self.offsets)

    @property
    def origin(self) -> str:
        """What stands as the origin of its records in the store."""
        return f"{self.topic}-{self.partition}"

    @property
    def next_offset(self) -> int:
        """The offset after its last record."""
        return self.offsets[-1] + 1

    @property
    def size(self) -> int:
        """Bytes of its values."""
        return sum(len(value) for value in self.values if value is not None)

    def since(self, offset: int) -> Fetch:
        """The records from `offset` on: what was not taken before."""
        first = bisect_left(self.offsets, offset)
        if first == 0:
            return self
        cut = slice(first, None)
        return Fetch(
            self.topic, self.partition, self.offsets[cut], self.times[cut], self.values[cut], self.headers[cut]
        )


def joined(fetches: Sequence[Fetch]) -> list[Fetch]:
    """One fetch for each topic, of all its records, for fetches of one partition number that are in order.

    A client that is up to date brings a record or two at a time, and each batch has a price of its own.
    """
    by_topic: dict[str, list[Fetch]] = {}
    for fetch in fetches:
        by_topic.setdefault(fetch.topic, []).append(fetch)
    return [
        run[0]
        if len(run) == 1
        else Fetch(
            topic=topic,
            partition=run[0].partition,
            offsets=[offset for fetch in run for offset in fetch.offsets],
            times=[time for fetch in run for time in fetch.times],
            values=[value for fetch in run for value in fetch.values],
            headers=[headers for fetch in run for headers in fetch.headers],
        )
        for topic, run in by_topic.items()
    ]


def fetch_of_records(records: Sequence[Any]) -> Fetch:
    """A fetch of aiokafka's records (at least one, of one partition)."""
    return Fetch(
        topic=records[0].topic,
        partition=records[0].partition,
        offsets=[record.offset for record in records],
        times=[record.timestamp for record in records],
        values=[record.value for record in records],
        headers=[record.headers for record in records],
    )


def fetch_of_messages(messages: Sequence[Any]) -> Fetch:
    """A fetch of confluent-kafka's messages (at least one, of one partition)."""
    return Fetch(
        topic=messages[0].topic(),
        partition=messages[0].partition(),
        offsets=[message.offset() for message in messages],
        times=[message.timestamp()[1] for message in messages],
        values=[message.value() for message in messages],
        headers=[message.headers() or () for message in messages],
    )
