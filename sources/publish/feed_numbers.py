"""The numbers that an outbox gives to the records of each feed: of one source, topic and area, from 1 without a gap.

A source may publish in several areas, and each area may be in another store: only numbers of one area show there what
was lost on the way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from secrets import token_hex

from throughline.schemas.wire.kafka_record import KafkaRecord

_PLACE = """
insert into feeds (source_id, topic, area, series) values (?, ?, ?, ?)
on conflict do update set series = excluded.series
"""
_KNOWN = "select source, topic, area, series, last_number from feeds natural join sources"
_WRITE = "update feeds set last_number = ? where source_id = ? and topic = ? and area = ?"

Place = tuple[bytes, str, bytes]


@dataclass(frozen=True, slots=True)
class Feed:
    """Where a source publishes; the last sequence number that it gave, and how many of its records wait."""

    source: str
    topic: str
    area: str
    sequence: int
    waiting: int


class FeedNumbers:
    """What was given to each feed so far; `write` keeps it, within the transaction of the records."""

    def __init__(self) -> None:
        self._last: dict[Place, tuple[str, int]] = {}

    def __iter__(self) -> Iterator[Place]:
        """The feeds, each as source, topic and area."""
        return iter(sorted(self._last))

    def recall(self, connection: sqlite3.Connection) -> None:
        """Bring it in line with the file."""
        found = connection.execute(_KNOWN)
        self._last = {(name.encode(), topic, area): (series, last) for name, topic, area, series, last in found}

    def place(self, connection: sqlite3.Connection, name: bytes, source_id: int, record: KafkaRecord) -> Place:
        """The feed of a record, which is made if it is new; each has a series of its own, so that a new outbox is told
        from an old one."""
        feed = (name, record.topic, record.key)
        if not self._last.get(feed, ("", 0))[0]:
            series = token_hex(4)
            connection.execute(_PLACE, [source_id, record.topic, record.key, series])
            self._last[feed] = (series, 0)
        return feed

    def next_of(self, feed: Place) -> str:
        """The next number of a feed, with its series."""
        series, last = self._last[feed]
        self._last[feed] = (series, last + 1)
        return f"{series}:{last + 1}"

    def write(self, connection: sqlite3.Connection, source_ids: Mapping[bytes, int]) -> None:
        """Keep what was given."""
        connection.executemany(
            _WRITE,
            [(last, source_ids[name], topic, area) for (name, topic, area), (_, last) in self._last.items()],
        )
