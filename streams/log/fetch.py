"""A fetch: records of one topic and partition as the log has them, in the order of their offsets, and what was passed
over between them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from throughline.schemas.acceptance.reject import Reject

Headers = Sequence[tuple[str, bytes | None]]

# bytes of memory, about, that a header takes beside its text
_HEADER_BYTES = 64


@dataclass(frozen=True, slots=True)
class Passed:
    """Offsets from `first` up to but not including `end` that give no record.

    `fault` says why they cannot be read, and `raw` has their bytes, or the first of too many; None: there is nothing to
    be read (a marker of a transaction, records of one that was aborted). `time` is the broker's, milliseconds UTC.
    """

    headers: ClassVar[Headers] = ()
    key: ClassVar[None] = None

    first: int
    end: int
    time: int
    fault: Reject | None = None
    raw: bytes | None = None

    @property
    def offset(self) -> int:
        """The first: where it stands among records."""
        return self.first


@dataclass(frozen=True, slots=True)
class Fetch:
    """Records, one place in each list for each: `times` are milliseconds since 1970 UTC, as the broker stamped them.

    Offsets ascend; some may be missing between them. `passed` says of those that are missing at either end, and of all
    that cannot be read.
    """

    topic: str
    partition: int
    offsets: list[int]
    times: list[int]
    values: list[bytes | None]
    headers: list[Headers]
    passed: list[Passed] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.offsets)

    @property
    def origin(self) -> str:
        """What stands as the origin of its records in the store."""
        return f"{self.topic}-{self.partition}"

    @property
    def first(self) -> int:
        """The first offset that it is about."""
        return min([*self.offsets[:1], *(one.first for one in self.passed[:1])])

    @property
    def next_offset(self) -> int:
        """The offset after the last that it is about."""
        return max([*(offset + 1 for offset in self.offsets[-1:]), *(one.end for one in self.passed[-1:])])

    @property
    def latest(self) -> int:
        """When the broker wrote the last of it, milliseconds since 1970 UTC."""
        return max([*self.times[-1:], *(one.time for one in self.passed[-1:])])

    @property
    def size(self) -> int:
        """Bytes of memory, about, of its values and headers."""
        values = sum(len(value) for value in self.values if value is not None)
        kept = sum(len(one.raw) for one in self.passed if one.raw is not None)
        return values + kept + _HEADER_BYTES * sum(map(len, self.headers))

    def since(self, offset: int) -> Fetch:
        """What it says from `offset` on: what was not taken before."""
        if offset <= self.first:
            return self
        cut = slice(bisect_left(self.offsets, offset), None)
        return Fetch(
            self.topic,
            self.partition,
            self.offsets[cut],
            self.times[cut],
            self.values[cut],
            self.headers[cut],
            [one for one in self.passed if one.end > offset],
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
            passed=[one for fetch in run for one in fetch.passed],
        )
        for topic, run in by_topic.items()
    ]


def fetch_of_items(topic: str, partition: int, items: Sequence[Any]) -> Fetch:
    """A fetch of the items of a MessageSet (at least one): records and Passed in the order of their offsets."""
    records, passed = items, []
    if Passed in set(map(type, items)):
        records = [item for item in items if type(item) is not Passed]
        passed = [item for item in items if type(item) is Passed]
    return Fetch(
        topic=topic,
        partition=partition,
        offsets=[record.offset for record in records],
        times=[record.timestamp for record in records],
        values=[record.value for record in records],
        headers=[record.headers for record in records],
        # those with a fault, and the first and last, which say where the fetch begins and ends
        passed=[one for one in passed if one.fault is not None or one is passed[0] or one is passed[-1]],
    )
