"""`python -m bench.mutation`: put a slip into the code, one at a time, and name those that no test notices.

    python -m bench.mutation --part join --sample 120 --seed 1

Prints how many slips were killed (a test failed), survived or timed out, and each survivor as file and line, before
and after. A slip that `equivalent.yaml` lists is not tried: it changes nothing that can be seen, and says there why.
Ends non-zero where more than 5 % survived.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NoReturn

import yaml

from bench.mutation.mutant import Mutant
from bench.mutation.parts import PARTS, files_of
from bench.mutation.python import python_mutants
from bench.mutation.sql import sql_mutants
from bench.mutation.trial import Bench, Outcome

ROOT = Path(__file__).resolve().parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.yaml")
ALLOWED = 0.05
_NOT_TRIED = ("does not run", "broken")


def mutants_of(part: str) -> list[Mutant]:
    """All mutants of a part that DuckDB or Python can parse, without those known to change nothing."""
    known = {(e["file"], e["before"], e["after"]) for e in yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8")) or []}
    found: list[Mutant] = []
    for file in files_of(part, ROOT):
        text = (ROOT / file).read_text(encoding="utf-8")
        found += (sql_mutants if file.endswith(".sql") else python_mutants)(file, text)
    found = [m for m in found if (m.file, m.before, m.after) not in known]
    # in another process: DuckDB starts threads, and a trial is forked from this one
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
        parsed = other.map(Mutant.can_be_parsed, found, chunksize=100)
        return [m for m, is_whole in zip(found, parsed, strict=True) if is_whole]


def tried(benches: list[Bench], mutants: list[Mutant], wanted: int) -> Iterator[tuple[Mutant, Outcome]]:
    """The outcomes of so many mutants that run, as they come, and of those before them that do not.

    Each bench has a process of its own, which forks the trials: it has no threads, and has read its own copy alone.
    """
    said, saying = os.pipe()
    workers = []
    for place, bench in enumerate(benches):
        worker = os.fork()
        if worker == 0:
            _try_all(bench, mutants, range(place, len(mutants), len(benches)), saying)
        workers.append(worker)
    os.close(saying)
    try:
        with os.fdopen(said, encoding="utf-8") as lines:
            while wanted > 0 and (line := lines.readline()):
                number, what, seconds, printed = json.loads(line)
                wanted -= what not in _NOT_TRIED
                yield mutants[number], Outcome(what, seconds, printed)
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGTERM)
            os.waitpid(worker, 0)


def _try_all(bench: Bench, mutants: list[Mutant], numbers: range, saying: int) -> NoReturn:
    """Say what comes of each in a line, shorter than what a pipe may tear."""
    signal.signal(signal.SIGTERM, lambda *_: (bench.stop(), os._exit(1)))
    try:
        bench.enter()
        for number in numbers:
            outcome = bench.outcome(mutants[number])
            lines = outcome.printed.splitlines()
            failed = "".join(line for line in lines if line.startswith(("FAILED", "ERROR")))[:1000]
            if outcome.what == "broken":
                failed = outcome.printed[-1000:]
            os.write(saying, f"{json.dumps([number, outcome.what, outcome.seconds, failed])}\n".encode())
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.mutation", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--part", choices=sorted(PARTS), required=True)
    parser.add_argument("--sample", type=int, default=120, metavar="N", help="how many mutants, chosen at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--only", default="", metavar="PATTERN", help="only mutants whose `file:line before -> after` matches"
    )
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="trials at once, each in a copy of its own")
    parser.add_argument("--limit", type=float, default=600, metavar="S", help="seconds after which a trial is given up")
    parser.add_argument("--first", type=int, metavar="N", help="only the first N files of tests: a quick look")
    parser.add_argument("--list", action="store_true", help="only print the sample")
    parser.add_argument("-v", "--verbose", action="store_true", help="print every trial")
    given = parser.parse_args()
    mutants = [m for m in mutants_of(given.part) if re.search(given.only, " ".join(str(m).split()))]
    total = len(mutants)
    Random(given.seed).shuffle(mutants)
    print(f"{total} mutants of {given.part}, of which {min(given.sample, total)} are tried", flush=True)
    if given.list:
        print(*mutants[: given.sample], sep="\n")
        return 0
    # a sixth of what the suite tries: who survives is tried again with more
    os.environ.setdefault("THROUGHLINE_HISTORIES", "48")
    tests = {file: tests[: given.first] for file, tests in files_of(given.part, ROOT).items()}
    is_sql = all(file.endswith(".sql") for file in tests)
    counts = Counter[str]()
    with TemporaryDirectory(prefix="throughline-mutation-") as folder:
        benches = [
            Bench(ROOT, Path(folder) / f"copy{n}" / "main", tests, given.limit, is_sql) for n in range(given.at_once)
        ]
        for bench in benches:
            bench.make()
        for mutant, outcome in tried(benches, mutants, given.sample):
            counts[outcome.what] += 1
            if given.verbose or outcome.what in {"survived", "timed out", "broken"}:
                print(f"{outcome.what} after {outcome.seconds:.0f} s: {mutant}\n    {outcome.printed}", flush=True)
    ran = counts.total() - sum(counts[what] for what in _NOT_TRIED)
    share = counts["survived"] / max(ran, 1)
    print(", ".join(f"{what} {number}" for what, number in sorted(counts.items())) + f"; {share:.1%} survived")
    return int(share > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
