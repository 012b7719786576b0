"""A table of an agency's system, in SQLite and in PostgreSQL, and what is taken out of it into an outbox."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from unittest.mock import patch

import orjson
import psycopg
from tiny_domain import write

from throughline.schemas.definitions.domain import DEFAULT_DOMAIN, Domain, load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore, decode_messages
from throughline.schemas.wire.kafka_record import KafkaRecord
from throughline.sources.databases.address import Database
from throughline.sources.databases.poll import Poll, Polled
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.publish.outbox import Outbox
from throughline.sources.publish.publisher import CLIENTS, Publisher
from throughline.sources.publish.transport import Done

MAPPING = """
title: Files in their table
source: urn:throughline:police:20:file_table
area: {constant: "20"}
unit: unit
identifiers: {urn: ref}
type: {constant: police.file.sent}
time: sent_at
fields: {colour: colour, reference: {constant: R1}}
id: {columns: [ref]}
ignore: [notes]
"""
BY_CHANGE = "database: {table: files, key: id, watermark: changed_at}\nsnapshot: {as_of: changed_at}\n"
TABLE = {
    "sqlite": "create table files (id integer primary key, ref text, unit text, colour text, sent_at text, "
    "changed_at text, notes text)",
    "postgresql": "create table files (id bigint primary key, ref text, unit text, colour text, "
    "sent_at timestamptz, changed_at timestamptz, notes text)",
}
# one event in the outbox, as (id, revision, what colour, whether it is taken back)
Sent = tuple[str, str | None, str | None, bool]


class Away:
    """A client of a Kafka that is away: what is read waits in the outbox."""

    trouble, is_broken = "away", False

    def send(self, record: KafkaRecord, done: Done) -> bool:
        return False

    def poll(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        pass


AWAY = {"away": lambda *given, **said: Away()}


@cache
def domain() -> Domain:
    """Of two types: to compile the schemas of more takes longer than a test."""
    return load_domain(domain_folder())


@cache
def topics() -> Topics:
    return load_topics(domain())


@cache
def domain_folder() -> Path:
    folder = write(Path(_KEPT.name) / "tiny")
    topics = (DEFAULT_DOMAIN / "topics.yaml").read_text(encoding="utf-8").splitlines(keepends=True)
    others = ("advocate.", "court.", "oversight.", "steward.")
    (folder / "topics.yaml").write_text("".join(line for line in topics if not any(one in line for one in others)))
    return folder


_KEPT = TemporaryDirectory(prefix="throughline-agency-")


class AgencyTable:
    """The database at `url`, written as the agency's own system does, each time by a connection of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.kind = url.partition(":")[0]

    def connect(self) -> Any:
        if self.kind == "sqlite":
            return sqlite3.connect(self.url.removeprefix("sqlite:///"))
        return psycopg.connect(self.url)

    def run(self, statement: str, rows: Sequence[Sequence[Any]] = ((),)) -> None:
        statement = statement if self.kind == "sqlite" else statement.replace("?", "%s")
        with closing(self.connect()) as connection:
            for row in rows:
                connection.execute(statement, row)
            connection.commit()

    def make(self) -> AgencyTable:
        self.run(TABLE[self.kind])
        return self

    def add(self, *numbers: int, changed_at: str = "2026-03-02T10:00:00Z", colour: str = "red") -> None:
        self.run("insert into files values (?, ?, '20PP', ?, ?, ?, 'free text')", rows_of(numbers, changed_at, colour))

    def all_rows(self) -> list[tuple[Any, ...]]:
        with closing(self.connect()) as connection:
            return sorted(connection.execute("select * from files").fetchall())


def rows_of(numbers: Sequence[int], changed_at: str, colour: str) -> list[tuple[Any, ...]]:
    return [(number, f"{number:04}", colour, "2026-03-01T10:00:00Z", changed_at) for number in numbers]


class Desk:
    """Where an engineer of the agency looks at the table, with an outbox of one folder."""

    def __init__(self, folder: Path, table: AgencyTable, mapping: str) -> None:
        self.folder, self.table = folder, table
        self.outbox_path = folder / "outbox.sqlite"
        self.mapping_path = folder / "files.yaml"
        self.mapping_path.write_text(mapping, encoding="utf-8")

    @contextmanager
    def open(self, is_stopping: Callable[[], bool] = lambda: False) -> Iterator[Poll]:
        with (
            Outbox(self.outbox_path) as outbox,
            Database(self.table.url) as database,
            patch.dict(CLIENTS, cast(dict[Any, Any], AWAY)),
            Publisher("nowhere:1", topics(), domain(), outbox, client="away") as publisher,
        ):
            yield Poll(database, load_mapping(self.mapping_path), domain(), publisher, outbox, is_stopping=is_stopping)

    def look(self) -> Polled:
        """Start, look once, and end."""
        with self.open() as poll:
            return poll.look()

    def sent(self) -> list[Sent]:
        """Every event in the outbox, in its order."""
        with Outbox(self.outbox_path) as outbox:
            values = [one.record.value for one in outbox.unsent(limit=1_000_000)]
        events = decode_messages(values, SchemaStore(domain()), "outbox", range(len(values))).events.to_pylist()
        return [(one["id"], one["revision"], _colour(one), bool(one["retracts"])) for one in events]

    def marked(self) -> list[bool]:
        """Of every event in the outbox, whether it is marked as a backlog."""
        with Outbox(self.outbox_path) as outbox:
            headers = [dict(one.record.headers) for one in outbox.unsent(limit=1_000_000)]
        return [one.get("throughline-backlog") == b"true" for one in headers]

    def numbers(self) -> list[int]:
        """The numbers of the files in the outbox, each as often as it stands there, in order."""
        return sorted(int(event[0].partition(":")[0]) for event in self.sent())


def _colour(event: dict[str, Any]) -> str | None:
    said = orjson.loads(event["data"]).get("colour")
    return None if said is None else str(said)
