"""Kill a poll of a database between any two statements: `python -m bench.poll --kills 200 [--database URL]`.

While the agency's system writes rows, some of them committed late under a lower number, polls of it are killed by
SIGKILL at the n-th statement, of the database or of the outbox, n drawn anew each time. The client of Kafka refuses,
and is away, at random. In the end each committed row has to be exactly one event in the outbox, and has to have
arrived. With a whole table rows are deleted too, and what stands in the end has to be what the table says.

The database is a new SQLite file, or the one at URL, in which the table `bench_poll_files` is made again.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import orjson
from sqlalchemy import Engine, create_engine, event, text

from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.kafka_record import KafkaRecord
from throughline.sources.databases.address import Database
from throughline.sources.databases.poll import Poll
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.publish import publisher as publishing
from throughline.sources.publish.outbox import Outbox
from throughline.sources.publish.transport import Done, Fault, Verdict

WAYS = {
    "watermark": "database: {table: bench_poll_files, key: id, watermark: changed_at}\nsnapshot: {as_of: changed_at}",
    "outbox": "database: {table: bench_poll_files, outbox: id}",
    "whole": "database: {table: bench_poll_files, key: id, whole: true}\nsnapshot: {complete: true, vanished: retract}",
}
_MAPPING = """
title: Crimes in a table
source: urn:throughline:police:20:poll
area: {constant: "20"}
unit: {constant: 20PP}
identifiers: {crime_ref: ref}
type: {constant: police.crime.recorded}
time: changed_at
fields: {offence_group: {constant: stalking}}
id: {columns: [ref]}
"""
# rows are committed in another order within so many
_WINDOW = 6
_STATEMENTS = 150
_LOOK_SECONDS = 30.0
_BETWEEN_SECONDS = 0.02


@dataclass
class Result:
    """Of one way of reading: how often a poll was killed, rows committed, events in the outbox, and what is wrong."""

    way: str
    kills: int
    rows: int
    events: int
    faults: list[str]


def run(way: str, kills: int, folder: Path, url: str, seed: int = 1) -> Result:
    """Kill polls of `way` so often, then poll to the end and compare."""
    chance = random.Random(seed)
    domain = load_domain()
    # compiled once: each poll would take seconds for it
    compiled = SchemaStore(domain)
    cast(Any, publishing).SchemaStore = lambda of: compiled
    (folder / "mapping.yaml").write_text(WAYS[way] + _MAPPING, encoding="utf-8")
    with closing_engine(url) as engine, engine.begin() as connection:
        connection.execute(text("drop table if exists bench_poll_files"))
        connection.execute(
            text("create table bench_poll_files (id integer primary key, ref text, changed_at varchar(40))")
        )
    writer = forked(lambda: _write(url, random.Random(seed), folder / "stop", deletes=way == "whole"))
    killed = 0
    for number in range(kills):
        statement = chance.randint(1, _STATEMENTS)
        poll = forked(partial(_poll, domain, folder, url, statement, random.Random(number)))
        killed += os.WTERMSIG(os.waitpid(poll, 0)[1]) == signal.SIGKILL
    (folder / "stop").touch()
    os.waitpid(writer, 0)
    last = forked(partial(_poll, domain, folder, url, None, random.Random(seed)))
    os.waitpid(last, 0)
    return _compared(way, killed, folder, url)


class closing_engine:  # noqa: N801 - reads as a word where it is used
    def __init__(self, url: str) -> None:
        # a file of SQLite is not written while it is read
        patience = {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else {}
        self._engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), **patience)

    def __enter__(self) -> Engine:
        return self._engine

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()


def forked(work: Callable[[], None]) -> int:
    """A process that does `work` and ends: forked, since to start Python anew takes longer than to read a table."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", flush=True)
    os._exit(code)


def _write(url: str, chance: random.Random, stop: Path, *, deletes: bool) -> None:
    """Commit row after row until told to stop."""
    insert = text("insert into bench_poll_files values (:id, :ref, :changed_at)")
    first = 1
    with closing_engine(url) as engine:
        while not stop.exists():
            numbers = list(range(first, first + _WINDOW))
            chance.shuffle(numbers)
            for number in numbers:
                at = f"2026-03-02T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z"
                row = {"id": number, "ref": f"20/{number:06}/26", "changed_at": at}
                with engine.begin() as connection:
                    connection.execute(insert, row)
                    if deletes and number % 5 == 0:
                        gone = {"id": chance.randint(1, number)}
                        connection.execute(text("delete from bench_poll_files where id = :id"), gone)
                time.sleep(_BETWEEN_SECONDS)
            first += _WINDOW


def _poll(domain: Domain, folder: Path, url: str, kill_at: int | None, chance: random.Random) -> None:
    """Look until killed at a statement, or to the end where none is given."""
    count = iter(range(1, 10**9))

    def step(*_: object) -> None:
        if next(count) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", lambda *_: step())
    arrived = (folder / "arrived.jsonl").open("ab", buffering=0)
    is_last = kill_at is None
    cast(dict[str, Any], publishing.CLIENTS)["poor"] = lambda *_, **__: PoorClient(arrived, None if is_last else chance)
    with (
        Outbox(folder / "outbox.sqlite") as outbox,
        Database(url) as database,
        publishing.Publisher("nowhere:1", load_topics(domain), domain, outbox, client="poor") as publisher,
    ):
        outbox.add((), also=lambda file: file.set_trace_callback(step))
        poll = Poll(database, load_mapping(folder / "mapping.yaml"), domain, publisher, outbox)
        until = time.monotonic() + _LOOK_SECONDS
        while True:
            poll.look()
            if is_last:
                publisher.flush(60.0)
                return
            if time.monotonic() > until:
                return
            time.sleep(_BETWEEN_SECONDS)


class PoorClient:
    """A client of Kafka that writes down what has arrived, and with `chance` is away or refuses for a while."""

    trouble, is_broken = "", False

    def __init__(self, arrived: Any, chance: random.Random | None) -> None:
        self._arrived, self._chance = arrived, chance
        self._away_until = 0.0

    def send(self, record: KafkaRecord, done: Done) -> bool:
        if self._chance is not None and self._chance.random() < 0.05:
            self._away_until = time.monotonic() + self._chance.uniform(0, 0.3)
        if time.monotonic() < self._away_until:
            return False
        if self._chance is not None and self._chance.random() < 0.1:
            done(Fault(Verdict.AGAIN, "not acknowledged in time"))
            return True
        said = {name: value.decode() for name, value in record.headers}
        names = ("ce_id", "ce_revision", "ce_retracts", "ce_contenthash")
        self._arrived.write(orjson.dumps([said.get(name) for name in names]) + b"\n")
        done(None)
        return True

    def poll(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.01))

    def close(self) -> None:
        pass


def _compared(way: str, kills: int, folder: Path, url: str) -> Result:
    with closing_engine(url) as engine, engine.connect() as connection:
        rows = {str(ref) for (ref,) in connection.execute(text("select ref from bench_poll_files"))}
    with closing(sqlite3.connect(folder / "outbox.sqlite")) as file:
        kept = [dict(orjson.loads(text_)) for (text_,) in file.execute("select headers from records")]
        waiting = file.execute("select count(*) from records where state <> 1").fetchone()[0]
    arrived = {tuple(orjson.loads(line)) for line in (folder / "arrived.jsonl").read_bytes().splitlines()}
    faults = [f"{waiting} events were not sent"] if waiting else []
    said = Counter((one["ce_id"], one.get("ce_revision")) for one in kept)
    faults += [
        f"{event_id} at {revision} stands {count} times" for (event_id, revision), count in said.items() if count > 1
    ]
    sent = {(event_id, revision) for event_id, revision, _, _ in arrived}
    faults += [f"{len(sent ^ set(said))} events are not both in the outbox and arrived"] if sent != set(said) else []
    last = {one[0]: one for one in sorted(arrived, key=lambda one: one[1] or "")}
    stands = {event_id for event_id, one in last.items() if not one[2]}
    faults += (
        [f"{len(rows - stands)} rows were lost, {len(stands - rows)} events have no row"] if stands != rows else []
    )
    if way != "whole" and len(kept) != len(rows):
        faults.append(f"{len(rows)} rows are {len(kept)} events")
    return Result(way, kills, len(rows), len(kept), faults)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="of each way of reading")
    parser.add_argument("--database", help="default: a new SQLite file")
    parser.add_argument("--way", choices=WAYS, action="append")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    wrong = 0
    for way in given.way or WAYS:
        with tempfile.TemporaryDirectory(prefix="throughline-poll-") as made:
            folder = Path(made)
            url = given.database or f"sqlite:///{folder}/agency.sqlite"
            began = time.monotonic()
            found = run(way, given.kills, folder, url, given.seed)
            verdict = "none lost, none twice" if not found.faults else "; ".join(found.faults[:5])
            print(
                f"{way}: {found.kills} kills in {time.monotonic() - began:.0f} s, {found.rows} rows, "
                f"{found.events} events: {verdict}",
                flush=True,
            )
            wrong += bool(found.faults)
    raise SystemExit(wrong)


if __name__ == "__main__":
    main()
