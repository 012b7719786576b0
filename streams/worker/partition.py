"""The store of one partition number: what the records of that number in every topic of case events say.

All that can be one case is in one partition number, so a store is a function of its partitions of the log alone, and
whoever holds the partitions can make it again. Rows, positions and what is to be published commit together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from throughline.errors import StoreMissing
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import Topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.sinks.digest import digest
from throughline.sinks.store import Store, open_store
from throughline.sql import registered, sql
from throughline.streams.join.accept import Counts
from throughline.streams.join.batch import bring_up_to_date, in_threads_for, settle, take
from throughline.streams.join.rebuild import open_domain
from throughline.streams.log.fetch import Fetch, joined
from throughline.streams.worker.records import CaseRecords, read_case_records

# records in the log behind us beyond which events are only accepted, and cases derived once for many of them
MANY = 20_000
# what may wait to be derived before it is derived all the same: as many events as one slice has
MOST_UNSETTLED = 1_500_000


class PartitionStore:
    """An open store of one partition number, and how far it has come in each topic."""

    def __init__(self, store: Store, number: int, domain: Domain, topics: Topics, schemas: SchemaStore) -> None:
        self.store = store
        self.number = number
        self._domain = domain
        self._topics = topics
        self._schemas = schemas
        self._unsettled = 0
        self.next_offsets: dict[str, int] = {}
        open_domain(store, domain)
        self._settle()
        for topic, offset in store.connection.execute(
            "select topic, next_offset from log_positions where partition = ?", [number]
        ).fetchall():
            self.next_offsets[topic] = offset

    def topic_ids(self) -> dict[str, str]:
        """The id that each topic had when it was first read."""
        return dict(self.store.connection.execute("select topic, topic_id from log_positions").fetchall())

    def begin(self, topic_ids: dict[str, str]) -> None:
        """Note the topics that were never read before, from offset 0 on."""
        new = [(topic, self.number, made, 0) for topic, made in topic_ids.items() if topic not in self.next_offsets]
        if not new:
            return
        with self.store.transaction() as connection:
            connection.executemany("insert into log_positions values (?, ?, ?, ?)", new)
        self.next_offsets.update((topic, 0) for topic, *_ in new)

    def take(self, fetches: Sequence[Fetch], *, behind: int) -> Counts:
        """Bring the records in, all or none; `behind` is how many more the log has for this store.

        Records before the position of their topic were taken already and are passed over. Raises StoreError where
        the store cannot be written: nothing was taken then, and the same call may be made again.
        """
        after = dict(self.next_offsets)
        fresh = []
        for fetch in fetches:
            # of this call, too: a client may give the same records again
            if fetch.next_offset > after[fetch.topic]:
                fresh.append(fetch.since(after[fetch.topic]))
                after[fetch.topic] = fetch.next_offset
        fresh = joined(fresh)
        read = [read_case_records(fetch, self._domain, self._schemas, self._topics) for fetch in fresh]
        counts = Counts()
        if not fresh:
            self._settle_if_due(behind)
            return counts
        derives = behind < MANY and self._unsettled < MANY
        events = sum(records.batch.events.num_rows for records in read)
        with in_threads_for(self.store, events), self.store.transaction() as connection:
            with note_quarantine(connection):
                # of all topics at once: a batch of few records takes as long as one of many
                counts.add(take(connection, _all_batches(read)))
            for records in read:
                _note_heartbeats(connection, records)
                _note_numbers(connection, records)
                _note_backlog(connection, records)
            for fetch in fresh:
                connection.execute(
                    "update log_positions set next_offset = ? where topic = ? and partition = ?",
                    [fetch.next_offset, fetch.topic, self.number],
                )
            if derives:
                bring_up_to_date(connection)
                note_outgoing(connection)
        self.next_offsets = after
        self._unsettled = 0 if derives else self._unsettled + counts.accepted
        self._settle_if_due(behind)
        return counts

    def close(self) -> None:
        """Close the file and let the next worker in."""
        self.store.close()

    def _settle_if_due(self, behind: int) -> None:
        if self._unsettled >= MOST_UNSETTLED or (self._unsettled and behind < MANY):
            self._settle()

    def _settle(self) -> None:
        settle(self.store, derived=note_outgoing)
        self._unsettled = 0


def open_partition(
    folder: Path, number: int, domain: Domain, topics: Topics, schemas: SchemaStore, *, memory_limit: str
) -> PartitionStore:
    """Open, or make, the store of a partition number in `folder`: `partition-07.duckdb`.

    What was accepted and not settled when the last process died is settled first. Raises StoreError and its kinds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    store = open_store(partition_file(folder, number), write=True, memory_limit=memory_limit)
    try:
        return PartitionStore(store, number, domain, topics, schemas)
    except BaseException:
        store.close()
        raise


def partition_file(folder: Path, number: int) -> Path:
    """Where the store of a partition number stands."""
    return folder / f"partition-{number:02}.duckdb"


def digest_of_partitions(folder: Path) -> str:
    """The digest over the stores of all partitions in `folder`: that of one store with all their cases.

    Raises StoreLocked while a worker writes one of them, and StoreMissing where there is none.
    """
    files = sorted(folder.glob("partition-*.duckdb"))
    if not files:
        raise StoreMissing(
            f"`{folder}` has no stores of partitions.", hint="Name a folder that a worker keeps (its --folder)."
        )
    with ExitStack() as stack:
        stores = [stack.enter_context(open_store(file, write=False)) for file in files]
        return digest(*(store.connection for store in stores))


@contextmanager
def note_quarantine(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Note the records that come into quarantine, or leave it, in the block: a part of the caller's transaction."""
    connection.execute("create or replace temp table quarantined_before as select quarantine_id from quarantined")
    yield
    connection.execute(sql(__package__, "sql/outgoing_quarantine"))


def note_outgoing(connection: duckdb.DuckDBPyConnection) -> None:
    """Note the cases that were just derived as changed, in the transaction that derived them."""
    connection.execute("insert into outgoing_cases from cases_to_derive")


def _all_batches(read: Sequence[CaseRecords]) -> Batch:
    return Batch(
        pa.concat_tables([records.batch.events for records in read]),
        pa.concat_tables([records.batch.rejects for records in read]),
    )


def _note_heartbeats(connection: duckdb.DuckDBPyConnection, records: CaseRecords) -> None:
    """Keep the latest sign of life of each source and area, whatever the order they come in."""
    if not records.heartbeats.num_rows:
        return
    with registered(connection, beats=records.heartbeats):
        connection.execute(sql(__package__, "sql/heartbeats"))


def _note_numbers(connection: duckdb.DuckDBPyConnection, records: CaseRecords) -> None:
    """Note which numbers of publishers' outboxes have been read, whatever the order they come in."""
    if not records.numbers.num_rows:
        return
    with registered(connection, numbers_read=records.numbers):
        connection.execute(sql(__package__, "sql/number_runs"))


def _note_backlog(connection: duckdb.DuckDBPyConnection, records: CaseRecords) -> None:
    """Note which records are marked as a backlog."""
    if not records.backlog.num_rows:
        return
    with registered(connection, backlog_read=records.backlog):
        connection.execute(sql(__package__, "sql/backlog_runs"))
