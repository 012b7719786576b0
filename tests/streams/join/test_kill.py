"""Killed at any moment and run again until done, a replay loses nothing and counts nothing twice.

THROUGHLINE_KILLS is how often it is killed; a failure names its seed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from histories import Event, batches, duplicated, history, shuffled, to_table
from joined import batch_of, differences, emptied, filled, product_hash, small_domain

from throughline.sinks.digest import digest_by_table
from throughline.sinks.store import Store, open_store
from throughline.streams.join.batch import accept_only, settle
from throughline.streams.join.rebuild import open_domain

KILLS = int(os.environ.get("THROUGHLINE_KILLS", "5"))
SEED = int(os.environ.get("THROUGHLINE_KILL_SEED", "1"))
PROGRAM = Path(__file__).with_name("replayed_in_batches.py")
DELIVERIES = "select source, event_id, origin, position, received_at from deliveries order by all"


class Killed:
    """A replay of `parts` into `store`, one process after another."""

    def __init__(self, folder: Path, parts: list[list[Event]]) -> None:
        self.store, self.batches = folder / "cases.duckdb", folder / "batches.arrow"
        received = [to_table(part).append_column("received_at", received_column(part)) for part in parts]
        table = pa.concat_tables(received)
        with pa.OSFile(str(self.batches), "wb") as sink, pa.ipc.new_file(sink, table.schema) as file:
            file.write_table(table)

    def start(self, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(PROGRAM), str(self.store), str(self.batches), *options],
            stdout=subprocess.PIPE,
            text=True,
        )

    def kill_after(self, lines: int, seconds: float, *options: str) -> tuple[bool, int, int]:
        """Kill it so many seconds after its line of this number.

        Returns whether it was running still, how many lines it wrote, and how many records it said were committed.
        """
        with self.start(*options) as process:
            assert process.stdout is not None
            written, said = 0, 0
            while written < lines and (line := process.stdout.readline()):
                written, said = written + 1, max(said, int(line.split()[1]))
            time.sleep(seconds)
            process.kill()
            said = max([said, *(int(line.split()[1]) for line in process.stdout if line.endswith("\n"))])
        return process.returncode == -9, written, said

    def finish(self) -> None:
        with self.start() as process:
            assert process.stdout is not None
            lines = process.stdout.read().splitlines()
        assert process.returncode == 0
        assert lines[-1] == "done 0"

    def rows(self, query: str) -> list[Any]:
        with open_store(self.store, write=False) as store:
            return store.connection.execute(query).fetchall()


def received_column(part: list[Event]) -> pa.Array:
    return pa.array([one["received_at"] for one in part], pa.timestamp("us"))


def drawn_batches(seed: int, size: int, longest: int) -> list[list[Event]]:
    random = Random(seed)
    events = history(seed, size, product_hash, placeholders=False)
    return batches(shuffled(duplicated(events, random, share=0.1), random), random, longest)


def uninterrupted(parts: list[list[Event]]) -> Store:
    return filled(emptied(), parts, in_bulk=True)


def assert_whole(killed: Killed, parts: list[list[Event]]) -> None:
    """The store is as if nothing had happened: same digest, same deliveries, and what the reference says."""
    expected = uninterrupted(parts)
    with open_store(killed.store, write=False) as store:
        assert digest_by_table(store.connection) == digest_by_table(expected.connection)
        assert store.connection.execute(DELIVERIES).fetchall() == expected.connection.execute(DELIVERIES).fetchall()
        assert differences(store, [one for part in parts for one in part]) == []
        waiting = "select (select count(*) from unsettled) + (select count(*) from unsettled_cases)"
        assert store.connection.execute(waiting).fetchall() == [(0,)]


@pytest.mark.timeout(60 + 30 * KILLS)
def test_killed_at_any_moment(tmp_path: Path) -> None:
    """Mostly where new batches are accepted, joined or settled, sometimes before; what it said is committed stays."""
    random = Random(SEED)
    parts = drawn_batches(SEED, size=160, longest=12)
    killed = Killed(tmp_path, parts)
    kills, furthest = 0, 1
    while kills < KILLS:
        lines = random.choice([furthest, furthest + 1, furthest + 2, random.randrange(furthest + 1)])
        was_running, written, said = killed.kill_after(min(lines, len(parts) + 2), random.random() * 0.3)
        kills += was_running
        furthest = max(furthest, written)
        if killed.store.exists():
            kept = killed.rows("select count(*) from deliveries")[0][0]
            assert kept >= said, f"kill {kills} of seed {SEED}: committed records are gone"

    killed.finish()

    assert_whole(killed, parts)


def test_killed_between_accepting_and_settling(tmp_path: Path) -> None:
    """All is accepted and some not derived: the next run settles it, though every record is a duplicate to it."""
    parts = drawn_batches(SEED + 1, size=60, longest=20)
    killed = Killed(tmp_path, parts)

    was_running, _, said = killed.kill_after(len(parts) + 2, 0, "pause")

    assert was_running
    assert said == len(uninterrupted(parts).connection.execute(DELIVERIES).fetchall())
    assert killed.rows("select count(*) > 0 from unsettled") == [(True,)]
    killed.finish()
    assert_whole(killed, parts)


def test_what_was_accepted_before_is_settled_with_what_comes_next(tmp_path: Path) -> None:
    """A process that dies after accepting leaves its events to whoever opens the store next."""
    parts = drawn_batches(SEED + 2, size=40, longest=10)
    path, domain = tmp_path / "cases.duckdb", small_domain()
    for part in parts:
        with open_store(path, write=True) as store:
            open_domain(store, domain)
            accept_only(store, batch_of(part), part[0]["received_at"])
    with open_store(path, write=True) as store:
        open_domain(store, domain)
        settle(store)
        assert differences(store, [one for part in parts for one in part]) == []
