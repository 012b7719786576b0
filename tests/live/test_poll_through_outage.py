"""`source poll --every` on a broker that goes away: rows of PostgreSQL to the timeline, none lost, none twice."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from brokers import local_or_skip
from typed import run
from workers import until, worker

from throughline.broker.local_broker import LocalBroker
from throughline.broker.ports import free_ports
from throughline.sinks.store import open_store

PREFIX = "poll."
AGREES = re.compile(r"80 of 80 sent compared; the shared side has read to .* UTC; 0 differ\.\n")
TABLE = """
create table crimes (
  id bigint primary key, ref text, unit text, offence text, recorded timestamptz, changed timestamptz
)
"""
MAPPING = """
title: Crimes in their table
source: urn:throughline:police:20:crimes
database: {table: crimes, key: id, watermark: changed}
area: {constant: "20"}
unit: unit
identifiers: {crime_ref: ref}
type: {constant: police.crime.recorded}
time: recorded
fields: {offence_group: offence}
id: {columns: [ref]}
"""


def add(database: str, *numbers: int) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        for number in numbers:
            row = (number, f"20/{number:06}/26")
            connection.execute(
                "insert into crimes values (%s, %s, '20PP', 'stalking', '2026-03-02 09:00+00', clock_timestamp())", row
            )


@contextmanager
def polling(folder: Path, database: str, bootstrap: str) -> Iterator[subprocess.Popen[bytes]]:
    words = ["source", "poll", "crimes.yaml", "--bootstrap", bootstrap, "--topic-prefix", PREFIX, "--every", "0.2"]
    with (folder / "poll.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "throughline", *words],
            cwd=folder,
            stdout=log,
            stderr=log,
            env={**os.environ, "THROUGHLINE_DATABASE": database},
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def test_rows_outlive_a_broker_that_goes_away(
    agency_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it goes, while it is away, and after a kill of the poll meanwhile. What arrived is compared with what was
    sent while the publisher runs."""
    local_or_skip()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crimes.yaml").write_text(MAPPING, encoding="utf-8")
    with psycopg.connect(agency_database, autocommit=True) as connection:
        connection.execute(TABLE)
    add(agency_database, *range(1, 21))

    with LocalBroker(tmp_path / "broker") as broker:
        at = ("--bootstrap", broker.bootstrap, "--topic-prefix", PREFIX)
        run("topics", "create", *at, "--replication-factor", "1")
        with worker(broker.bootstrap, PREFIX, tmp_path / "live", port=free_ports(1)[0]) as working:
            with polling(tmp_path, agency_database, broker.bootstrap) as poll:
                working.wait_for(20)
                add(agency_database, *range(21, 41))
                broker.kill()
                add(agency_database, *range(41, 61))
                poll.kill()
            with polling(tmp_path, agency_database, broker.bootstrap):
                add(agency_database, *range(61, 81))
                broker.start()
                until(lambda: working.taken() >= 80)
                compare = ("source", "reconcile", "--outbox", "outbox.sqlite", *at)
                until(lambda: AGREES.fullmatch(run(*compare).stderr) is not None)
            working.stop()
        run("sink", *at, "--store", "board.duckdb", "--once")

    assert counted(tmp_path) == (80, 0, 20)
    shown = run("timeline", "crime_ref:20/000041/26", "--store", "board.duckdb").stdout
    assert "2026-03-02 09:00,police 20PP,Crime recorded" in shown


def counted(folder: Path) -> tuple[int, int, int]:
    """Events in the worker's stores, numbers of the outbox that are missing, and events that came as a backlog."""
    found = [0, 0, 0]
    for file in sorted((folder / "live").glob("partition-*.duckdb")):
        with open_store(file, write=False) as store:
            row = store.connection.execute(
                "select coalesce(sum(events), 0), coalesce(sum(sequence_gaps), 0), coalesce(sum(backlog), 0) "
                "from sources"
            ).fetchone()
        assert row is not None
        found = [one + int(more) for one, more in zip(found, row, strict=True)]
    return found[0], found[1], found[2]
