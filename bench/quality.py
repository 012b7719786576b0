"""Every check over a large store, alone and beside a join that runs: `python -m bench.quality --events 1000000`.

The checks run as somebody would run them beside a worker: in a process of their own, at the lowest priority, on a store
that is read. The join is a replay of the same events into a fresh store, which uses every core that it can have.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.generate import SEED, generate

_THROUGHLINE = (sys.executable, "-m", "throughline")
_LEAST = 19


def replayed(file: Path, store: Path) -> float:
    """Seconds of a replay of the file into a fresh store."""
    began = time.perf_counter()
    subprocess.run([*_THROUGHLINE, "replay", file, "--store", store], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def checking(store: Path, log: Path) -> subprocess.Popen[bytes]:
    """The checks of a store, at the lowest priority."""
    with log.open("wb") as out:
        return subprocess.Popen(
            [*_THROUGHLINE, "quality", "--all", "--format", "csv", "--store", store],
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.nice(_LEAST),
        )


def checked(store: Path, log: Path) -> tuple[float, str]:
    """Seconds of all checks of a store, and what they say of themselves."""
    began = time.perf_counter()
    if checking(store, log).wait() != 0:
        raise RuntimeError(log.read_text(encoding="utf-8"))
    return time.perf_counter() - began, log.read_text(encoding="utf-8").splitlines()[-1]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--rounds", type=int, default=3, help="replays alone and beside the checks, in turn")
    options.add_argument("--folder", type=Path, help="for the stores; a temporary one otherwise")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="throughline-quality-", dir=given.folder) as name:
        folder = Path(name)
        file = generate(folder, given.events, seed=given.seed)
        store = folder / "checked.duckdb"
        replayed(file, store)
        seconds, said = checked(store, folder / "alone.log")
        print(f"alone: {seconds:.1f} s over {given.events:,} events; {said}", flush=True)
        alone, beside, runs = [], [], 0
        for round_ in range(given.rounds):
            alone.append(replayed(file, folder / f"alone-{round_}.duckdb"))
            until = checking(store, folder / "beside.log")
            beside.append(replayed(file, folder / f"beside-{round_}.duckdb"))
            runs += until.poll() is not None
            began = time.perf_counter()
            until.wait()
            print(
                f"join alone {given.events / alone[-1]:,.0f} events/s, beside the checks "
                f"{given.events / beside[-1]:,.0f}; the checks took {beside[-1] + time.perf_counter() - began:.1f} s",
                flush=True,
            )
        best, burdened = sorted(alone)[len(alone) // 2], sorted(beside)[len(beside) // 2]
        print(f"the join keeps {best / burdened:.0%} of its rate beside the checks (median of {given.rounds})")


if __name__ == "__main__":
    main()
