"""What an agency has to send, in a local file: an event that stands in it survives a broker that is away and a kill.

A record is marked as sent only when the broker has acknowledged it. What is not marked when the process dies is sent
again: a copy of the same event, which counts once wherever it arrives. An event that was added before, with the same
content, is not added again.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from throughline.schemas.wire.kafka_record import NUMBER_HEADER, KafkaRecord
from throughline.sources.publish.feed_numbers import Feed, FeedNumbers
from throughline.sources.publish.ledger import Delivery, move_shipped, note_delivery
from throughline.sources.publish.record_text import SEQUENCE_DIGITS, event_hash, headers_of, headers_text
from throughline.sources.publish.sent_before import note_added, send_again
from throughline.sources.publish.sqlite_file import open_outbox_file, outbox_errors, outbox_full

T = TypeVar("T")
# what notes how far something was read, in a transaction of the file
Noting = Callable[[sqlite3.Connection], None]

LIMIT = 5_000_000
KEPT_DAYS = 7.0
_DAY = 86_400
# a sequence of a source's own counts as a number up to here; SQLite has 64 bits
_SEQUENCE_LIMIT = 2**62

_INSERT = "insert into records (source_id, topic, key, headers, value) values (?, ?, ?, ?, ?)"
_UNSENT = """
select place, source_id, topic, key, headers, value from records indexed by waiting
where state = 0 and place > ?
order by place
limit ?
"""
_COUNT_WAITING = "select source_id, count(*) from records indexed by waiting where state = 0 group by source_id"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that waits to be sent, its place in the outbox, and the outbox's number of its source."""

    place: int
    source_id: int
    record: KafkaRecord


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the records given to `add`: `new` ones, and `known` ones that are there already; of each in turn
    whether it was new."""

    new: int = 0
    known: int = 0
    fates: tuple[bool, ...] = field(default=(), compare=False)


@dataclass
class _Source:
    source_id: int
    last_sequence: int
    waiting: int = 0


class Outbox(AbstractContextManager["Outbox"]):
    """The outbox in the file at `path`, which is made if it is not there; for one process, any of its threads. Others
    may read it meanwhile (`Account`).

    Raises OutboxLocked, OutboxDamaged, OutboxFull and OutboxError, at opening and at every call.
    """

    def __init__(self, path: Path, *, limit: int = LIMIT) -> None:
        self.path = path
        self.limit = limit
        self._lock = threading.RLock()
        self._connection = open_outbox_file(path)
        self._sources: dict[bytes, _Source] = {}
        self._feeds = FeedNumbers()
        self._waiting = 0
        with outbox_errors(self.path):
            self._recall()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def waiting(self) -> int:
        """How many records are neither sent nor refused."""
        return self._waiting

    def add(
        self, records: Iterable[KafkaRecord], delivery: Delivery | None = None, also: Noting | None = None,
        *, again: bool = False,
    ) -> Added:  # fmt: skip
        """Keep records of events until they are sent; when this returns, they are on the disk: all of them, or none,
        and with them what is to be noted of the `delivery` that they came in.

        A source that gives its events no sequence gets one here: the header `ce_sequence` of 12 digits. `also` notes in
        the same transaction how far they were read. With `again` those that are known wait once more, as they were
        sent. Raises OutboxFull where they would be more than the limit.
        """
        with self._lock, outbox_errors(self.path):
            try:
                return self._add(records, delivery, also, again)
            except BaseException:
                self._recall()
                raise

    def unsent(self, after: int = 0, limit: int = 1000) -> list[Waiting]:
        """Records that wait, by their place, beyond the place `after`."""
        with self._lock, outbox_errors(self.path):
            rows = self._connection.execute(_UNSENT, [after, limit]).fetchall()
        return [
            Waiting(place, source_id, KafkaRecord(topic, key, headers_of(headers), value))
            for place, source_id, topic, key, headers, value in rows
        ]

    def mark(
        self, sent: Sequence[Waiting] = (), refused: Sequence[tuple[Waiting, str]] = (), *, now: float | None = None
    ) -> None:
        """Note what the broker acknowledged and what it refused, with its reason. `now` is as of time.time."""
        with self._lock, outbox_errors(self.path):
            with self._transaction():
                at = int(time.time() if now is None else now)
                changed = self._connection.executemany(
                    "update records set state = 1, sent_at = ? where place = ? and state = 0",
                    [(at, one.place) for one in sent],
                ).rowcount
                changed += self._connection.executemany(
                    "update records set state = 2, refusal = ? where place = ? and state = 0",
                    [(reason, one.place) for one, reason in refused],
                ).rowcount
            if changed != len(sent) + len(refused):
                # some were noted before: they were sent twice
                self._count_waiting()
                return
            gone = Counter(one.source_id for one in (*sent, *(one for one, _ in refused)))
            for source in self._sources.values():
                source.waiting -= gone[source.source_id]
            self._waiting -= gone.total()

    def retry_refused(self) -> int:
        """Let what was refused wait again; how many records."""
        return self._wait_again("state = 2", [])

    def again(self, since: float = 0.0) -> int:
        """Let what was sent since then (as of time.time) wait again, as far as it is still here; how many records."""
        return self._wait_again("state = 1 and sent_at >= ?", [int(since)])

    def _wait_again(self, which: str, given: list[int]) -> int:
        anew = f"update records set state = 0, refusal = null, sent_at = null where {which}"
        with self._lock, outbox_errors(self.path):
            with self._transaction():
                again = self._connection.execute(anew, given).rowcount
            self._count_waiting()
        return int(again)

    def feeds(self) -> list[Feed]:
        """Where each source publishes, and how far it is."""
        with self._lock:
            return [
                Feed(source.decode(), topic, area.decode(), known.last_sequence, known.waiting)
                for source, topic, area in self._feeds
                for known in (self._sources[source],)
            ]

    def prune(self, *, kept_days: float = KEPT_DAYS, now: float | None = None) -> int:
        """Delete records that were sent more than so many days ago, but for what they were; how many."""
        before = (time.time() if now is None else now) - kept_days * _DAY
        with self._lock, outbox_errors(self.path), self._transaction():
            row = self._connection.execute(
                "select place from records where state = 1 and sent_at > ? order by place limit 1", [before]
            ).fetchone()
            return move_shipped(self._connection, row[0] if row else _SEQUENCE_LIMIT)

    def look(self, reader: Callable[[sqlite3.Connection], T]) -> T:
        """What a reader of `ledger.py` finds: where to go on, what was refused, what became of each delivery."""
        with self._lock, outbox_errors(self.path):
            return reader(self._connection)

    def close(self) -> None:
        """Let another process use the file."""
        with self._lock:
            self._connection.close()

    def _add(
        self, records: Iterable[KafkaRecord], delivery: Delivery | None, also: Noting | None, again: bool
    ) -> Added:
        fates = []
        rows = []
        with self._transaction():
            remember = self._connection.cursor().execute
            for record in records:
                said = dict(record.headers)
                name, own = said["ce_source"], said.get("ce_sequence")
                source = self._source(name)
                number = source.last_sequence + 1 if own is None else None
                event = event_hash(record.topic, name, said["ce_id"], said["ce_contenthash"])
                is_new = bool(remember("insert or ignore into known values (?, ?)", [event, number]).rowcount)
                fates.append(is_new)
                if not is_new:
                    if again:
                        send_again(self._connection, event, source.source_id, record)
                    continue
                if again:
                    note_added(self._connection, event)
                feed = self._feeds.place(self._connection, name, source.source_id, record)
                if own is None:
                    source.last_sequence += 1
                    record = record.with_header("ce_sequence", f"{number:0{SEQUENCE_DIGITS}}")
                    record = record.with_header(NUMBER_HEADER, self._feeds.next_of(feed))
                else:
                    source.last_sequence = max(source.last_sequence, _number(own))
                source.waiting += 1
                rows.append((source.source_id, record.topic, record.key, headers_text(record), record.value))
            new = len(rows)
            if self._waiting + new > self.limit:
                raise outbox_full(self.path, self._waiting + new, self.limit)
            self._connection.executemany(_INSERT, rows)
            self._connection.executemany(
                "update sources set last_sequence = ? where source_id = ?",
                [(source.last_sequence, source.source_id) for source in self._sources.values()],
            )
            self._feeds.write(self._connection, {name: one.source_id for name, one in self._sources.items()})
            if also is not None:
                also(self._connection)
            if delivery is not None:
                note_delivery(self._connection, delivery, new, len(fates) - new, int(time.time()))
        self._waiting += new
        if again:
            self._count_waiting()
        return Added(new, len(fates) - new, tuple(fates))

    def _source(self, name: bytes) -> _Source:
        found = self._sources.get(name)
        if found is None:
            row = self._connection.execute("insert into sources (source) values (?)", [name.decode()])
            found = self._sources[name] = _Source(int(row.lastrowid or 0), 0)
        return found

    def _recall(self) -> None:
        """Bring what is held in memory in line with the file."""
        known = self._connection.execute("select source_id, source, last_sequence from sources")
        self._sources = {name.encode(): _Source(source_id, last) for source_id, name, last in known}
        self._feeds.recall(self._connection)
        self._count_waiting()

    def _count_waiting(self) -> None:
        counts: dict[int, int] = dict(self._connection.execute(_COUNT_WAITING).fetchall())
        for source in self._sources.values():
            source.waiting = counts.get(source.source_id, 0)
        self._waiting = sum(counts.values())

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("begin immediate")
        try:
            yield
            self._connection.execute("commit")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            raise


def _number(sequence: bytes) -> int:
    """The number that a sequence is, 0 where it is none."""
    return min(int(sequence), _SEQUENCE_LIMIT) if sequence.isdigit() and len(sequence) < 100 else 0
