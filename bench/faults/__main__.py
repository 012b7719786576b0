"""Faults on the real worker and a real broker, and whether anything is lost: `python -m bench.faults --lane short`.

Each run makes topics and a folder of its own, lets faults happen while records are published, then lets all heal and
drain, and compares: every record that was acknowledged is accepted, a duplicate or in quarantine, once; and the stores
say what a replay of the same files says. Ends non-zero where that does not hold, and says with which seed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.faults import boards, crashes, disks, logs, records
from bench.faults.check import Checked
from bench.faults.workers import Failed, Nursery
from bench.faults.world import Run, World
from throughline.broker.local_broker import LocalBroker
from throughline.schemas.definitions.domain import load_domain

SEED = 7
# some forty records a case
CASES = {"brief": 25, "short": 60, "long": 60}
Fault = Callable[[Run, int], tuple[int, float, Checked]]


@dataclass(frozen=True)
class Row:
    """A fault: how often it happens in a run, and how many runs, in the short and in the long lane; in the brief lane,
    which the tests take, how often in one run."""

    name: str
    fault: Fault
    short: tuple[int, int]
    long: tuple[int, int]
    is_kill: bool = False
    brief: int = 1

    def shares(self, lane: str) -> tuple[int, int]:
        """How often in a run, and how many runs."""
        return {"brief": (self.brief, 1), "short": self.short, "long": self.long}[lane]


ROWS = (
    Row("worker killed", crashes.worker_killed, (12, 1), (25, 5), is_kill=True, brief=2),
    Row("worker killed at a statement", crashes.worker_killed_at_statement, (8, 1), (25, 4), is_kill=True, brief=2),
    Row("taker killed at a statement", crashes.taker_killed_at_statement, (30, 1), (80, 2), is_kill=True, brief=5),
    Row("sink killed", boards.sink_killed, (12, 1), (25, 2), is_kill=True, brief=2),
    Row("broker killed", crashes.broker_killed, (2, 1), (5, 4), is_kill=True),
    Row("broker paused", crashes.broker_paused, (1, 1), (3, 2)),
    Row("worker paused", crashes.worker_paused, (1, 1), (3, 2)),
    Row("workers joined and left", crashes.rebalanced, (3, 1), (10, 2)),
    Row("clock jumped", crashes.clock_jumped, (3, 1), (8, 1)),
    Row("records copied and shuffled", records.copied_and_shuffled, (3, 1), (5, 2)),
    Row("records spoilt", records.records_spoilt, (3, 1), (20, 2)),
    Row("disk full", disks.disk_full, (2, 1), (6, 1)),
    Row("store damaged", disks.store_damaged, (4, 1), (9, 3)),
    Row("offsets of the group lost", logs.offsets_lost, (2, 1), (6, 1)),
    Row("records deleted from the log", logs.records_deleted, (1, 1), (1, 2)),
    Row("topic made anew while away", logs.topic_made_anew_while_away, (1, 1), (1, 2)),
    Row("topic made anew at work", logs.topic_made_anew_at_work, (1, 1), (1, 2)),
)


@dataclass
class Measured:
    """What the runs of one fault came to."""

    times: int = 0
    records: int = 0
    lost: int = 0
    digest_equal: bool = True
    seconds: float = 0.0
    faults: int = 0
    left_out: str = ""

    def line(self, name: str) -> str:
        if self.left_out:
            return f"{name:<34}  {self.left_out}"
        equal = "yes" if self.digest_equal else "NO"
        return (
            f"{name:<34}{self.times:>7}{self.records:>10}{self.lost:>7}{equal:>9}{self.seconds:>10.1f}"
            f"{'  FAILED' if self.faults else ''}"
        )


HEAD = f"{'fault':<34}{'times':>7}{'records':>10}{'lost':>7}{'digest =':>9}{'s to heal':>10}"


def measure(world: World, row: Row, times: int, runs: int, given: str) -> Measured:
    """Run one fault; what fails is told at once."""
    measured = Measured()
    for number in range(runs):
        run = world.run(row.name, number)
        try:
            happened, seconds, checked = row.fault(run, times)
            measured.times += happened
            measured.records += checked.records
            measured.lost += checked.lost
            measured.digest_equal &= checked.digest_equal
            measured.seconds = max(measured.seconds, seconds)
            checked.raise_any()
        except FileNotFoundError as error:
            measured.left_out = f"not tried: {error}"
        except Exception as error:
            measured.faults += 1
            why = str(error) if isinstance(error, Failed) else traceback.format_exc()
            print(f"{row.name}, run {number}, {times} times ({given}):\n{why}\n", file=sys.stderr, flush=True)
            crashes.world_is_up(world)
    return measured


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lane", choices=["brief", "short", "long"], default="short")
    options.add_argument("--only", action="append", help="rows whose name has this in it, or that of another --only")
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--kills", type=int, help="how many kills all rows of kills together have at least")
    options.add_argument("--folder", type=Path, help="for stores and logs, kept; a temporary one otherwise")
    given = options.parse_args()
    parts = given.only or [""]
    for part in parts:
        if not any(part in row.name for row in ROWS):
            options.error(f"no row has `{part}` in its name; there are: {', '.join(row.name for row in ROWS)}")
    rows = [row for row in ROWS if any(part in row.name for part in parts)]
    shares = {row.name: row.shares(given.lane) for row in rows}
    usual = sum(times * runs for row in rows if row.is_kill for times, runs in [shares[row.name]])
    told = f"--lane {given.lane} --seed {given.seed} --kills {given.kills or usual}"
    told += "".join(f" --only '{part}'" for part in given.only or ())
    print(f"python -m bench.faults {told}\n{HEAD}", flush=True)
    found: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory(prefix="throughline-faults-") as made:
        folder = given.folder or Path(made)
        with LocalBroker(folder / "broker") as broker, Nursery() as nursery:
            world = World(folder, load_domain(), broker, nursery, given.seed, CASES[given.lane])
            for row in rows:
                times, runs = shares[row.name]
                if row.is_kill and given.kills:
                    runs = max(1, -(-runs * given.kills // max(usual, 1)))
                began = time.monotonic()
                found[row.name] = measure(world, row, times, runs, told)
                print(f"{found[row.name].line(row.name)}  ({time.monotonic() - began:.0f} s)", flush=True)
    kills = sum(found[row.name].times for row in rows if row.is_kill)
    failed = sum(one.faults for one in found.values())
    records, lost = (sum(getattr(one, name) for one in found.values()) for name in ("records", "lost"))
    print(f"{kills} kills; {records} records; {lost} lost; {failed} faults")
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
