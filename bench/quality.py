"""Every check over a large store, alone and beside a join that runs: `python -m bench.quality --events 1000000`.

The checks run as somebody would run them beside a worker: in a process of their own, on a store that is read, on one
processor, with what others leave of it (`systemd-run -p CPUWeight=idle` does so; without control groups, by priority
alone, which takes much more from the join). The join is a replay of the same events into a fresh store, with every
core that it can have; with `--live` it is a worker that takes the same events from a broker of this machine.
"""

from __future__ import annotations

import argparse
import functools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.generate.population import SEED, generate
from bench.instruments.encoded import encoded_records
from bench.live.contestants import Place, pause, throughline_worker
from bench.live.input import benchmark_broker, publish_encoded
from throughline.broker.jars import cache_folder
from throughline.schemas.definitions.domain import load_domain

_THROUGHLINE = (sys.executable, "-m", "throughline")
_LEAST = 19
Running = subprocess.Popen[bytes]


def replayed(file: Path, store: Path) -> float:
    """Seconds of a replay of the file into a fresh store."""
    began = time.perf_counter()
    subprocess.run([*_THROUGHLINE, "replay", file, "--store", store], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


@contextmanager
def live_join(folder: Path, events: int, seed: int) -> Iterator[Callable[[Path], float]]:
    """Seconds that a worker needs to take all events from topics into stores of a fresh folder."""
    domain = load_domain(None)
    records = encoded_records(cache_folder() / "bench-records", events, seed)
    with benchmark_broker(folder / "broker") as broker:
        topics = publish_encoded(broker, "live.", domain, records)
        assert broker.pid is not None
        place = Place(topics, broker.pid, folder, folder / "catalogue.json")

        def worked(stores: Path) -> float:
            pause()
            return throughline_worker(place, "Throughline", stores).seconds

        yield worked


def checking(store: Path, log: Path, group: Path | None) -> Running:
    """The checks of a store, with what others leave of the processors."""
    with log.open("wb") as out:
        return subprocess.Popen(
            [*_THROUGHLINE, "quality", "--all", "--format", "csv", "--store", store],
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: _step_aside(group),
        )


def _step_aside(group: Path | None) -> None:
    os.nice(_LEAST)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if group is not None:
        (group / "cgroup.procs").write_text(str(os.getpid()))


@contextmanager
def idle_group() -> Iterator[Path | None]:
    """A control group of processes that run only where no others want to; None where none can be made."""
    name = f"throughline-{os.getpid()}"
    group = next(filter(_is_made, (Path("/sys/fs/cgroup/cpu") / name, Path("/sys/fs/cgroup") / name)), None)
    try:
        yield group
    finally:
        if group is not None:
            group.rmdir()


def _is_made(group: Path) -> bool:
    try:
        group.mkdir()
    except OSError:
        return False
    try:
        (group / "cpu.idle").write_text("1")
    except OSError:
        group.rmdir()
        return False
    return True


def checked(store: Path, log: Path, group: Path | None) -> tuple[float, str]:
    """Seconds of all checks of a store, and what they say of themselves."""
    began = time.perf_counter()
    if checking(store, log, group).wait() != 0:
        raise RuntimeError(log.read_text(encoding="utf-8"))
    return time.perf_counter() - began, log.read_text(encoding="utf-8").splitlines()[-1]


def compare(
    join: Callable[[Path], float], folder: Path, checks: Callable[[Path], Running], events: int, rounds: int
) -> None:
    """Print the rate of the join, alone and beside the checks, in turn."""
    alone, beside = [], []
    for round_ in range(rounds):
        alone.append(join(folder / f"alone-{round_}"))
        log, began = folder / "beside.log", time.time()
        until = checks(log)
        beside.append(join(folder / f"beside-{round_}"))
        if until.wait() != 0:
            raise RuntimeError(log.read_text(encoding="utf-8"))
        print(
            f"join alone {events / alone[-1]:,.0f} events/s, beside the checks {events / beside[-1]:,.0f}; "
            f"the checks took {log.stat().st_mtime - began:.1f} s",  # they write when they have ended
            flush=True,
        )
    ratio = statistics.median(alone) / statistics.median(beside)
    print(f"the join keeps {ratio:.0%} of its rate beside the checks (medians of {rounds})")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--rounds", type=int, default=3, help="joins alone and beside the checks, in turn")
    options.add_argument("--live", action="store_true", help="the join is a worker on a broker")
    options.add_argument("--folder", type=Path, help="for the stores; a temporary one otherwise")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="throughline-quality-", dir=given.folder) as name, idle_group() as group:
        folder = Path(name)
        file = generate(folder, given.events, seed=given.seed)
        store = folder / "checked.duckdb"
        replayed(file, store)
        seconds, said = checked(store, folder / "alone.log", group)
        print(f"checks alone: {seconds:.1f} s over {given.events:,} events; {said}", flush=True)
        print("they run in an idle control group" if group else "they run at the lowest priority: no control groups")
        checks = functools.partial(checking, store, group=group)
        if given.live:
            with live_join(folder, given.events, given.seed) as join:
                compare(join, folder, checks, given.events, given.rounds)
        else:
            compare(functools.partial(replayed, file), folder, checks, given.events, given.rounds)


if __name__ == "__main__":
    main()
