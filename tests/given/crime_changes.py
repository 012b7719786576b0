"""A table of crimes as a connector writes its changes, its mapping, and what comes of them in an outbox."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from debezium import COMMITTED, change, tombstone

from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.kafka_record import as_backlog, plain_rows, record_of
from throughline.sources.changes.envelope import ConnectRecord
from throughline.sources.changes.following import Followed, follow
from throughline.sources.changes.reading import ConnectTopics
from throughline.sources.mapping.parts import Mapping as SourceMapping
from throughline.sources.publish.ledger import Delivery, Position
from throughline.sources.publish.outbox import Added, Outbox

MAPPING = """
title: Crimes, as the connector writes them
source: urn:throughline:police:20:rms
topic: {records: changes, deleted: retract}
area: {constant: "20"}
unit: unit
identifiers: {crime_ref: crime_no}
type: {constant: police.crime.recorded}
time: {column: recorded, format: local_us}
recorded_at: {column: ../source.ts_ms, format: epoch_ms}
fields: {offence_group: offence}
id: {columns: [crime_no]}
ignore: [id, notes]
"""


@cache
def england_wales_domain() -> Domain:
    return load_domain(None)


def crime(number: int, offence: str = "stalking", **more: Any) -> Mapping[str, Any]:
    """A row, recorded on 2 March 2026 at 10:15 on a clock of no zone."""
    given = {"id": number, "crime_no": f"20/{number:06}/26", "recorded": COMMITTED * 1000, "unit": "20PP"}
    return {**given, "offence": offence, "notes": "seen by the officer", **more}


def history() -> list[ConnectRecord]:
    """A snapshot of two rows, then one is changed, one deleted, and one comes: five events, one record left out."""
    return [
        change("r", 100, after=crime(1), snapshot="first"),
        change("r", 100, after=crime(2), snapshot="last"),
        change("u", 110, before=crime(1), after=crime(1, "harassment")),
        change("d", 120, before=crime(2)),
        tombstone(),
        change("c", 130, after=crime(3)),
    ]


class WrittenTopic(ConnectTopics):
    """Records of one partition that stand there, numbered from 0, without a broker."""

    def __init__(self, records: Sequence[ConnectRecord], positions: Mapping[str, Position]) -> None:
        origin = records[0].origin
        first = positions[origin].next_position if origin in positions else 0
        numbered = [
            ConnectRecord(one.topic, one.partition, offset, one.time, one.key, one.value, one.headers)
            for offset, one in enumerate(records)
        ]
        self.waiting = numbered[first:]

    @property
    def is_at_end(self) -> bool:
        return not self.waiting

    def read(self, most: int, seconds: float) -> list[ConnectRecord]:
        some, self.waiting = self.waiting[:most], self.waiting[most:]
        return some

    def position(self, topic: str, partition: int, last: int) -> Position:
        return Position("made", last + 1)

    def show(self, topic: str, partition: int, position: Position) -> None:
        """Nobody looks."""

    def close(self) -> None:
        """Nothing is open."""


def taken(
    reading: ConnectTopics, mapping: SourceMapping, outbox: Outbox, note: Callable[[str], None] = lambda text: None
) -> Followed:
    """Follow to the end, into the outbox alone: nothing is sent."""
    domain = england_wales_domain()
    schemas, topics = SchemaStore(domain), load_topics(domain)

    def take(delivery: Delivery, events: pa.Table, backlog: Collection[int]) -> Added:
        records = [(record_of(row, schemas, topics), row["position"] in backlog) for row in plain_rows(events)]
        return outbox.add([as_backlog(one) if is_backlog else one for one, is_backlog in records], delivery)

    return follow(reading, take, mapping, domain, is_over=lambda: reading.is_at_end, note=note)


def outbox_says(outbox: Outbox) -> list[tuple[str, str, bool]]:
    """Id, revision and whether it is taken back, of every event in the outbox."""
    headers = (dict(one.record.headers) for one in outbox.unsent())
    return [(one["ce_id"].decode(), one["ce_revision"].decode(), "ce_retracts" in one) for one in headers]


def written_mapping(folder: Path, text: str = MAPPING) -> Path:
    path = folder / "crimes.yaml"
    path.write_text(text, encoding="utf-8")
    return path
