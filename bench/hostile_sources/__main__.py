"""Hostile inputs over every way in of existing systems: `python -m bench.hostile_sources --inputs 1000000 --seed 7`.

Nothing may crash, hang, warn or grow without bound; every record ends accepted, refused with a reason, or left out
knowingly; what nothing was done to comes out as it is. Keeps each input that ends otherwise, and says how to read it
again. Ends non-zero where there is one.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

# of a thousand inputs
SHARES = {
    "csv": 130, "csv_quotes": 60, "fixed": 110, "json": 110, "xml": 100, "xlsx": 90, "ods": 70, "xls": 20,
    "ocel_json": 60, "ocel_xml": 50, "ocel_sqlite": 40, "drafts": 8, "mappings": 12, "changes": 60, "outbox": 30,
    "http": 30, "rows": 20,
}  # fmt: skip
SEED = 7
_SHOWN = 12


@dataclass
class Lane:
    """What became of the inputs of one reader."""

    reader: str
    files: int = 0
    inputs: int = 0
    accepted: int = 0
    refused: int = 0
    files_refused: int = 0
    cpu: float = 0.0
    slowest: float = 0.0
    slowest_number: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)

    def take(self, told: dict[str, Any]) -> None:
        self.files += 1
        self.inputs += told["inputs"]
        self.accepted += told["accepted"]
        self.refused += told["refused"] + told["left_out"]
        self.files_refused += told["files_refused"]
        self.cpu += told["cpu"]
        if told["cpu"] > self.slowest:
            self.slowest, self.slowest_number = told["cpu"], told["number"]
        self.faults += [(told["number"], one) for one in told["faults"]]

    def line(self) -> str:
        rate = self.inputs / self.cpu if self.cpu else 0
        return (
            f"{self.reader:<12}{self.inputs:>10,}{self.files:>9,}{self.accepted:>10,}{self.refused:>10,}"
            f"{self.files_refused:>9,}{len(self.faults):>8,}{self.slowest:>9.2f}{rate:>10,.0f}"
        )


HEAD = (
    f"{'reader':<12}{'inputs':>10}{'files':>9}{'accepted':>10}{'refused':>10}{'whole':>9}{'faults':>8}{'slowest':>9}"
    f"{'a CPU s':>10}"
)


def run_lane(reader: str, seed: int, inputs: int, folder: Path, first: int = 0, *, is_one: bool = False) -> Lane:
    """Read so many inputs of a reader, in processes that may end; `folder` keeps what went wrong."""
    lane = Lane(reader)
    while lane.inputs < inputs:
        own = folder / f"at-{reader}"
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True)
        last = first - 1
        for told in _said(reader, seed, first, 1 if is_one else inputs - lane.inputs, own, folder):
            lane.take(told)
            last = told["number"]
            if told["faults"]:
                _keep(own, folder, reader, seed, last)
            if is_one:
                return lane
        if lane.inputs >= inputs:
            break
        # the input behind the last that was told ended the process
        first = last + 2
        _keep(own, folder, reader, seed, last + 1)
        said = (folder / f"{reader}.stderr").read_text(errors="replace")
        lane.faults.append((last + 1, f"ended its process: {said[-1500:]}"))
        lane.files += 1
        lane.inputs += 1
        if is_one or (last + 1 == 0 and lane.files == 1 and "most recent call first" not in said):
            return lane
    return lane


def _said(reader: str, seed: int, first: int, inputs: int, own: Path, folder: Path) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "bench.hostile_sources.trial", reader, *map(str, (seed, first, inputs, own))]
    with (folder / f"{reader}.stderr").open("w") as errors:  # noqa: SIM117
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process:
            assert process.stdout is not None
            for line in process.stdout:
                yield orjson.loads(line)


def _keep(own: Path, folder: Path, reader: str, seed: int, number: int) -> None:
    """Keep the files of an input."""
    into = folder / "faults" / f"{reader}-{seed}-{number}"
    shutil.copytree(own, into, dirs_exist_ok=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--inputs", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--only", choices=SHARES, help="one reader")
    options.add_argument("--at", type=int, help="the one input of this number, of --only")
    options.add_argument("--processes", type=int, default=2)
    options.add_argument("--folder", type=Path, help="where faulty inputs are kept; a temporary one otherwise")
    given = options.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="hostile-sources-"))
    if given.at is not None:
        lanes = [run_lane(given.only, given.seed, 1, folder, given.at, is_one=True)]
    elif given.only:
        lanes = [run_lane(given.only, given.seed, given.inputs, folder)]
    else:
        with ThreadPoolExecutor(given.processes) as together:
            waiting = [
                together.submit(run_lane, reader, given.seed, max(1, given.inputs * share // 1000), folder)
                for reader, share in SHARES.items()
            ]
            lanes = [one.result() for one in waiting]
    print(HEAD)
    for lane in lanes:
        print(lane.line())
    total = Lane("all")
    for lane in lanes:
        total.files, total.inputs = total.files + lane.files, total.inputs + lane.inputs
        total.accepted, total.refused = total.accepted + lane.accepted, total.refused + lane.refused
        total.files_refused, total.cpu = total.files_refused + lane.files_refused, total.cpu + lane.cpu
        total.faults, total.slowest = total.faults + lane.faults, max(total.slowest, lane.slowest)
    print(total.line())
    for lane in lanes:
        kinds = {fault.partition("\n")[0][:60]: (number, fault) for number, fault in reversed(lane.faults)}
        for number, fault in list(kinds.values())[:_SHOWN]:
            print(f"\n{lane.reader} {number}: {fault}")
            print(f"  again: python -m bench.hostile_sources --only {lane.reader} --seed {given.seed} --at {number}")
    if total.faults:
        print(f"\n{len(total.faults):,} faults; the inputs are in {folder / 'faults'}")
        raise SystemExit(1)
    print("0 faults")


if __name__ == "__main__":
    main()
