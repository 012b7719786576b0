"""What an outbox notes beside its records: how far something was read, what became of it, what was sent for good."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import orjson
import pyarrow as pa

from throughline.schemas.acceptance.events import REJECTS, Batch
from throughline.schemas.wire.kafka_record import AVRO, NUMBER_HEADER
from throughline.schemas.wire.receipts import Shipment, State

Way = Literal["file", "changes", "database", "http"]

# every place of an origin
_EVERYWHERE = (0, 2**62)

_COUNT = """
insert into deliveries (way, origin, day, read, new, known, refused, left_out, backlog)
values (?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict do update set
  read = read + excluded.read, new = new + excluded.new, known = known + excluded.known,
  refused = refused + excluded.refused, left_out = left_out + excluded.left_out, backlog = backlog + excluded.backlog
"""
_REFUSE = """
insert into refusals (origin, position, part, refused_at, reason, field, detail, source, event_id, type)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict do update set
  reason = excluded.reason, field = excluded.field, detail = excluded.detail,
  source = excluded.source, event_id = excluded.event_id, type = excluded.type
"""
_GO_ON = """
insert into positions (origin, identity, next_position) values (?, ?, ?)
on conflict do update set identity = excluded.identity, next_position = excluded.next_position
"""

_MOVED_AT_ONCE = 10_000
_STATES: tuple[State, ...] = ("waiting", "sent", "refused")
_STANDING = "select headers, state, sent_at, refusal from records order by place"
_IS_WHOLE = "select (select count(*) from known) <= (select count(*) from records) + (select count(*) from shipped)"
_SHIPPED = """
select source, area, event_id, type, revision, retracts, sequence, recorded, content_hash, sent_at
from shipped natural join sources
order by place
"""


@dataclass(frozen=True, slots=True)
class Position:
    """Where to go on: the next place of a thing that is read on, and which thing of its name that is."""

    identity: str
    next_position: int


@dataclass(frozen=True)
class Delivery:
    """Something that was read at once, of one origin (a file, a partition of a topic, a query, a sender).

    `read` counts its records; `refused` (REJECTS) are those that give no event; `backlog` counts those that had stood
    there before anybody looked, `new` and `known` its events that were added before this was noted. `position` is where
    to go on, noted with the events in one transaction; then `settled` (first and last place, inclusive) says of which
    places nothing that was refused before is true any more.
    """

    way: Way
    origin: str
    read: int
    refused: pa.Table = field(default_factory=REJECTS.empty_table)
    left_out: int = 0
    backlog: int = 0
    new: int = 0
    known: int = 0
    position: Position | None = None
    settled: tuple[int, int] | None = None


def of_file(file: str, batch: Batch, *, new: int, known: int, is_backlog: bool, is_first: bool) -> Delivery:
    """The delivery of a batch of a file, of which `new` and `known` events were added; with the first of them what an
    earlier reading refused is true no more."""
    read = batch.events.num_rows + batch.rejects.num_rows
    return Delivery(
        way="file",
        origin=file,
        read=read,
        refused=batch.rejects,
        backlog=read if is_backlog else 0,
        new=new,
        known=known,
        settled=_EVERYWHERE if is_first else None,
    )


@dataclass(frozen=True)
class Refusal:
    """A record that was refused here: where it stands, since when (seconds since 1970 UTC), and why."""

    origin: str
    position: int
    refused_at: int
    reason: str
    field: str | None
    detail: str
    source: str | None
    event_id: str | None
    type: str | None


@dataclass(frozen=True)
class DeliveryCount:
    """What became of the records of an origin on a day (UTC)."""

    way: str
    origin: str
    day: str
    read: int
    new: int
    known: int
    refused: int
    left_out: int
    backlog: int


def note_delivery(connection: sqlite3.Connection, delivery: Delivery, new: int, known: int, at: int) -> None:
    """Note a delivery within the transaction of its events; `at` is in seconds since 1970 UTC."""
    day = datetime.fromtimestamp(at, UTC).date().isoformat()
    counts = (
        delivery.read,
        new + delivery.new,
        known + delivery.known,
        delivery.refused.num_rows,
        delivery.left_out,
        delivery.backlog,
    )
    connection.execute(_COUNT, (delivery.way, delivery.origin, day, *counts))
    if delivery.settled is not None:
        connection.execute(
            "delete from refusals where origin = ? and position between ? and ?", (delivery.origin, *delivery.settled)
        )
    parts: dict[tuple[str, int], int] = {}
    for row in delivery.refused.drop_columns(["raw"]).to_pylist():
        place = (row["origin"], row["position"])
        parts[place] = part = parts.get(place, -1) + 1
        said = [row[name] for name in ("reason", "field", "detail", "source", "id", "type")]
        connection.execute(_REFUSE, (*place, part, at, *said))
    if delivery.position is not None:
        where = (delivery.origin, delivery.position.identity, delivery.position.next_position)
        connection.execute(_GO_ON, where)


def positions_of(connection: sqlite3.Connection) -> Mapping[str, Position]:
    """Where to go on, by origin."""
    found = connection.execute("select origin, identity, next_position from positions")
    return {origin: Position(identity, place) for origin, identity, place in found}


def refusals_of(connection: sqlite3.Connection) -> list[Refusal]:
    """What is refused, by origin and place."""
    columns = "origin, position, refused_at, reason, field, detail, source, event_id, type"
    return [Refusal(*row) for row in connection.execute(f"select {columns} from refusals")]


def refused_by_broker(connection: sqlite3.Connection) -> int:
    """How many records the broker did not take."""
    return int(connection.execute("select count(*) from records where state = 2").fetchone()[0])


def damage_of(connection: sqlite3.Connection) -> str:
    """What SQLite finds wrong with the file; empty where that is nothing."""
    said = str(connection.execute("pragma quick_check(1)").fetchone()[0])
    return "" if said == "ok" else said


def deliveries_of(connection: sqlite3.Connection) -> list[DeliveryCount]:
    """What became of what was read, by way, origin and day."""
    columns = "way, origin, day, read, new, known, refused, left_out, backlog"
    return [DeliveryCount(*row) for row in connection.execute(f"select {columns} from deliveries")]


def shipments_of(connection: sqlite3.Connection) -> Iterator[Shipment]:
    """Everything that was ever taken in, in the order in which it was, and what became of it."""
    for source, area, event, kind, revision, retracts, sequence, recorded, content, at in connection.execute(_SHIPPED):
        said = (source, area, event, kind, revision, bool(retracts), sequence, recorded, content)
        yield Shipment(*said, "sent", at, None)
    for headers, state, sent_at, refusal in connection.execute(_STANDING):
        yield _shipment(headers, _STATES[state], sent_at, refusal)


def is_whole_of(connection: sqlite3.Connection) -> bool:
    """Whether `shipments_of` gives everything: an earlier version forgot what it had sent days ago."""
    return bool(connection.execute(_IS_WHOLE).fetchone()[0])


def move_shipped(connection: sqlite3.Connection, before: int) -> int:
    """Delete the acknowledged records before a place, and keep of each what it was; how many."""
    # what `sent_before.py` noted of their places
    connection.execute("drop table if exists temp.places")
    rows = connection.execute(
        "select place, source_id, headers, sent_at from records where state = 1 and place < ?", [before]
    )
    while some := rows.fetchmany(_MOVED_AT_ONCE):
        kept = []
        for place, source_id, headers, sent_at in some:
            one = _shipment(headers, "sent", sent_at, None)
            said = (one.area, one.event_id, one.type, one.revision, int(one.retracts), one.sequence, one.recorded)
            kept.append(
                (place, source_id, *said, one.content_hash, sent_at, dict(orjson.loads(headers)).get(NUMBER_HEADER))
            )
        connection.executemany("insert into shipped values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", kept)
    return int(connection.execute("delete from records where state = 1 and place < ?", [before]).rowcount)


def _shipment(headers: str, state: State, sent_at: int | None, refusal: str | None) -> Shipment:
    said: dict[str, str] = dict(orjson.loads(headers))
    return Shipment(
        source=said["ce_source"],
        area=said.get("ce_partitionkey", ""),
        event_id=said["ce_id"],
        type=said["ce_type"],
        revision=said.get("ce_revision"),
        retracts="ce_retracts" in said,
        sequence=said.get("ce_sequence"),
        recorded=said.get("ce_recordedtime") or said.get("ce_time") or said["ce_occurredon"],
        # of an event as JSON the hash is of another text than that of the same event in Avro
        content_hash=said["ce_contenthash"] if said["content-type"] == AVRO else None,
        state=state,
        sent_at=sent_at,
        refusal=refusal,
    )
