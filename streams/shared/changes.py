"""What has changed, as messages of the shared topics: the state of cases, handoffs, alerts, quarantine.

`outgoing` reads what waits and renders it; the caller sends it, and when all of it is acknowledged, `published` takes
it off the list. A process that dies in between renders and sends the same again, which changes nothing for who reads.
A case that changes in between stays on the list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import duckdb
import pyarrow as pa

from throughline.schemas.definitions.topics import SharedName, Topics, murmur2
from throughline.schemas.wire.avro.shared import Kind, ce_type, shared_schema
from throughline.schemas.wire.kafka_record import AVRO
from throughline.sinks.schema import public_schema
from throughline.sinks.store import Store
from throughline.sql import cursor_of, one_row, registered, sql
from throughline.streams.shared.form import FLAT_OF, Flat, case_id, flat_columns, hexadecimal, read_case, sent

# time is looked at so often for alerts that nothing but its passing raises
ALERTS_EVERY = timedelta(seconds=60)

Headers = tuple[tuple[str, bytes], ...]


class SharedRecord(NamedTuple):
    """A message of a shared topic; without a value, its key is gone."""

    topic: str
    key: bytes
    value: bytes | None
    headers: Headers
    partition: int


@dataclass
class Outgoing:
    """Messages to send, and what `published` has to note when they are.

    `is_more`: more waits than was asked for. Shapes: `cases` (case_key, notes), `quarantine` (quarantine_id, notes).
    """

    records: list[SharedRecord] = field(default_factory=list)
    is_more: bool = False
    alerts_until: datetime | None = None
    noted: dict[str, pa.Table] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.records or self.alerts_until or any(table.num_rows for table in self.noted.values()))


def outgoing(store: Store, topics: Topics, *, limit: int, as_of: datetime | None) -> Outgoing:
    """What waits to be published: up to `limit` cases, as many records in quarantine, and what follows from them.

    Alerts are those that stand at `as_of` (UTC, naive; None: the time of the latest event), which also is looked at for
    the cases that have not changed, `limit` at a time. Time never runs backwards: an earlier `as_of` is not heeded.
    """
    # a connection of its own: its temporary tables hide the store's, and it sees one state of the store throughout
    with cursor_of(store.connection) as cursor:
        cursor.execute("begin transaction")
        return _Rendering(cursor, store, topics, limit, as_of).made()


def published(store: Store, outgoing: Outgoing) -> None:
    """Take what was published off the lists, in one transaction of its own."""
    if not outgoing:
        return
    with store.transaction() as connection:
        for name, table in outgoing.noted.items():
            # copied first: a join on an Arrow column of 64-bit keys would be pushed into Arrow, which cannot hold them
            with registered(connection, noted=table):
                connection.execute(f"create or replace temp table {name} as from noted")
        connection.execute(sql(__package__, "sql/published"))
        for name in outgoing.noted:
            connection.execute(f"drop table temp.{name}")
        if outgoing.alerts_until is not None:
            connection.execute("delete from alerts_until")
            connection.execute("insert into alerts_until values (?)", [outgoing.alerts_until])


_NOTED = {
    "said_cases": "select case_key, notes from waiting_cases",
    "said_quarantine": "select quarantine_id, notes from waiting_quarantine",
    "settled_quarantine": "select quarantine_id from settled_quarantine",
    "said_handoffs": "select case_key, sent_key as sent_event, content from handoffs_to_say",
    "gone_handoffs": "select case_key, sent_event from gone_handoffs",
    "said_alerts": "select alert_id, case_key, content from alerts_to_say",
    "gone_alerts": "select alert_id from gone_alerts",
}


class _Rendering:
    """One call of `outgoing`, on a connection whose temporary tables nobody else sees."""

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, store: Store, topics: Topics, limit: int, as_of: datetime | None
    ) -> None:
        self.cursor = cursor
        self.topics = topics
        self.limit = limit
        self.source = f"urn:throughline:{store.store_id}".encode()
        self.partitions: dict[str, int] = {}
        self.version, self.partition = self._positions()
        self.as_of, self.since = self._times(as_of)

    def made(self) -> Outgoing:
        run = self.cursor.execute
        run("set variable most = ?", [self.limit])
        run("set variable version = ?", [self.version])
        run("set variable as_of = ?::timestamp", [self.as_of])
        run("set variable since = ?::timestamp", [self.since])
        run(sql(__package__, "sql/waiting"))
        until = self._look_at_time()
        counts = one_row(
            self.cursor,
            "select (select count(*) from waiting_cases), (select count(*) from waiting_quarantine), "
            "(select count(*) from settled_quarantine), (select count(*) from timely_cases)",
        )
        if until is None and not any(counts):
            return Outgoing()
        run(sql(__package__, "sql/narrow"))
        records = [*self._cases(), *self._handoffs(), *self._alerts(), *self._quarantine()]
        noted = {name: run(query).to_arrow_table() for name, query in _NOTED.items()}
        return Outgoing(records, max(counts) >= self.limit, until, noted)

    def _positions(self) -> tuple[int, int | None]:
        """How far the store has read, and the one partition number that it reads, if it is one."""
        version, least, most = one_row(
            self.cursor,
            "select coalesce(sum(next_offset), 0)::bigint, min(partition), max(partition) from log_positions",
        )
        return version, least if least == most else None

    def _times(self, asked: datetime | None) -> tuple[datetime | None, datetime | None]:
        """To when alerts are counted, and up to when that was done."""
        latest, until = one_row(
            self.cursor,
            "select (select coalesce(max(reached_at), max(last_at)) from case_facts), "
            "(select max(as_of) from alerts_until)",
        )
        found = [time for time in (asked or latest, until) if time is not None]
        return (max(found) if found else None), until

    def _look_at_time(self) -> datetime | None:
        """Make `timely_cases`; up to when time has been looked at, if it was."""
        self.cursor.execute("create temp table timely_cases (case_key ubigint, moment timestamp)")
        if self.as_of is None or (self.since is not None and self.as_of < self.since + ALERTS_EVERY):
            return None
        self.cursor.execute(sql(__package__, "sql/timely"))
        cases, last = one_row(self.cursor, "select count(*), max(moment) from timely_cases")
        return last + timedelta(microseconds=1) if cases >= self.limit else self.as_of

    def _cases(self) -> Iterator[SharedRecord]:
        # those that are gone first: an event that went from one case to another is never in both
        gone = f"select {case_id('case_key')}, area from gone_cases left join case_areas using (case_key) order by 1"
        yield from self._gone("decision_timeline", gone)
        rows = self.cursor.execute(read_case(self.cursor)).to_arrow_table()
        keys, areas = rows.column("case_id").to_pylist(), rows.column("area").to_pylist()
        yield from self._messages("decision_timeline", keys, areas, self._encoded("decision_timeline", rows))

    def _handoffs(self) -> Iterator[SharedRecord]:
        # every handoff, also one that a system dates after this moment
        self.cursor.execute("set variable as_of = null::timestamp")
        self._show("handoffs")
        self.cursor.execute("set variable as_of = ?::timestamp", [self.as_of])
        self.cursor.execute(sql(__package__, "sql/handoffs"))
        yield from self._flat("handoffs", "handoffs_to_say")
        key = f"{case_id('case_key')} || '/' || {hexadecimal('sent_event')}"
        yield from self._gone(
            "handoffs", f"select {key}, area from gone_handoffs left join case_areas using (case_key) order by 1"
        )

    def _alerts(self) -> Iterator[SharedRecord]:
        self._show("alerts")
        self.cursor.execute(sql(__package__, "sql/alerts"))
        yield from self._flat("alerts", "alerts_to_say")
        yield from self._gone(
            "alerts", "select alert_id, area from gone_alerts left join case_areas using (case_key) order by 1"
        )

    def _quarantine(self) -> Iterator[SharedRecord]:
        self.cursor.execute(
            "create or replace temp table shown_quarantine as select *, null::varchar as area_of_key "
            "from quarantine where quarantine_id in (select quarantine_id from waiting_quarantine)"
        )
        yield from self._flat("quarantine", "shown_quarantine")
        yield from self._gone(
            "quarantine", f"select {hexadecimal('quarantine_id')}, null from settled_quarantine order by 1"
        )

    def _show(self, view: str) -> None:
        """Make `shown_<view>`: the rows of a public view, of the cases at hand, because its text finds their tables."""
        # as it is written: what DuckDB makes of it, with commas for cross joins, does not run again
        text = public_schema().views[view]
        query = text.partition(f"create or replace view {view} as\n")[2].partition(";\ncomment on view")[0]
        self.cursor.execute(f"create or replace temp table shown_{view} as {query}")

    def _flat(self, topic: SharedName, rows: str) -> Iterator[SharedRecord]:
        flat: Flat = FLAT_OF[topic]
        columns = flat_columns(self.cursor, flat)
        names = [f"{sent(column)} as {column.name}" for column in columns]
        names.insert(0, "getvariable('version')::bigint as version")
        if flat.key not in (column.name for column in columns):
            names.insert(0, flat.key)
        found = self.cursor.execute(f"select {', '.join(names)}, area_of_key from {rows} order by 1, 2")
        table = found.to_arrow_table()
        keys, areas = table.column(flat.key).to_pylist(), table.column("area_of_key").to_pylist()
        yield from self._messages(topic, keys, areas, self._encoded(topic, table.drop_columns(["area_of_key"])))

    def _encoded(self, topic: SharedName, rows: pa.Table) -> list[bytes]:
        schema = shared_schema(topic)
        bodies: list[bytes] = []
        for batch in rows.combine_chunks().to_batches():
            bodies += schema.codec.encode(batch).to_pylist()
        return [schema.frame + body for body in bodies]

    def _gone(self, topic: SharedName, query: str) -> Iterator[SharedRecord]:
        rows = self.cursor.execute(query).fetchall()
        keys, areas = [key for key, _ in rows], [area for _, area in rows]
        yield from self._messages(topic, keys, areas, None)

    def _messages(
        self, topic: SharedName, keys: list[str], areas: list[str | None], values: list[bytes] | None
    ) -> Iterator[SharedRecord]:
        kind: Kind = "gone" if values is None else "changed"
        name = self.topics.shared[topic].name
        before = (("ce_specversion", b"1.0"), ("ce_source", self.source), ("ce_type", ce_type(topic, kind).encode()))
        after = (("ce_sequence", f"{self.version:020}".encode()), ("content-type", AVRO.encode()))
        suffix = f"@{self.version}"
        for place, key in enumerate(keys):
            headers = (*before, ("ce_id", (key + suffix).encode()), *after)
            value = None if values is None else values[place]
            yield SharedRecord(name, key.encode(), value, headers, self._partition_of(areas[place], key))

    def _partition_of(self, area: str | None, key: str) -> int:
        if area is None:
            return murmur2(key.encode()) % self.topics.partitions if self.partition is None else self.partition
        if area not in self.partitions:
            self.partitions[area] = self.topics.partition_of(area)
        return self.partitions[area]
