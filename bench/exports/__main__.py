"""The same rows as CSV and as every other kind of export, read through one mapping: `python -m bench.exports`.

Prints rows a second of the processor, the ratio to CSV and the peak of memory of each, and ends non-zero where one
gives other events than the CSV. With `--replay`: what the whole command takes for each, beside a plain reader.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from hashlib import blake2b
from pathlib import Path

from bench.exports.command import compare_all
from bench.exports.kinds import KINDS, write
from bench.instruments.stages import peak_bytes
from throughline.schemas.definitions.domain import load_domain
from throughline.sources.mapping.conversion import read_mapped
from throughline.sources.mapping.mapping import load_mapping


def measure(path: Path, mapping: Path) -> None:
    """The process of one kind: prints events, seconds of the processor, the peak in bytes and a digest."""
    read, domain = load_mapping(mapping), load_domain()
    started, count, seen = time.process_time(), 0, 0
    for batch in read_mapped(path, read, domain):
        count += batch.events.num_rows
        columns = batch.events.select(["id", "unit", "occurred_at", "data"]).to_pylist() if count <= 200_000 else []
        for row in columns:
            seen ^= int.from_bytes(blake2b(repr(row).encode(), digest_size=8).digest())
    print(count, time.process_time() - started, peak_bytes(), seen)


def read_all(folder: Path, rows: int, megabytes: int, only: list[str]) -> None:
    """Print a line for each kind: the reader alone, in a process of its own."""
    expected: tuple[str, str] | None = None
    rate = 0.0
    print(f"{'kind':6} {'MB':>8} {'rows':>10} {'rows/s':>10} {'of CSV':>8} {'peak MB':>8}")
    for kind in KINDS:
        if only and kind not in ("csv", *only):
            continue
        is_large = kind == "xml" and megabytes
        path, mapping = write(kind, folder, megabytes * 6_000 if is_large else rows)
        command = [sys.executable, "-m", "bench.exports", "--measure", str(path), str(mapping)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{kind}: {done.stderr[-2000:]}")
        count, seconds, peak, seen = done.stdout.split()
        speed = int(count) / float(seconds)
        rate = rate or speed
        size = path.stat().st_size / 1e6
        print(f"{kind:6} {size:8.1f} {int(count):10,} {speed:10,.0f} {speed / rate:8.2f} {int(peak) / 1e6:8.0f}")
        expected = expected or (count, seen)
        is_cut = kind == "xls" and int(count) < rows
        if not is_large and not is_cut and (count, seen) != expected:
            sys.exit(f"{kind} gives other events than the CSV")
        path.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--megabytes", type=int, default=0, help="of the XML, which then has rows of its own number")
    parser.add_argument("--only", choices=KINDS, action="append", default=[])
    parser.add_argument("--replay", action="store_true", help="measure the whole command, beside a plain reader")
    parser.add_argument("--seed", type=int, default=0, help="not used: the rows are always the same")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--measure", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(*given.measure)
        return
    with tempfile.TemporaryDirectory() as made:
        lane = compare_all if given.replay else read_all
        lane(given.folder or Path(made), given.rows, given.megabytes, given.only)


if __name__ == "__main__":
    main()
