"""Whether what was shown is on the record of looks, whenever the board is killed: `python -m bench.board.looks`.

Cases are asked for at a rate while the board is killed (SIGKILL) and started again. A page that a visitor got whole was
a look: of each case there have to be at least as many looks on the record.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

from bench.board.direct import opened
from bench.board.served import Served, made_store
from bench.board.visitors import Answer, at_a_rate
from bench.generate.population import SEED
from throughline.sinks.board.access.looks import Looks, check, looks_path


def on_record(path: Path) -> Counter[str]:
    """Looks at each case that were shown."""
    # what a kill cut off is left out: nobody was answered to it
    return Counter(look.case for look in Looks(path).read() if look.outcome == "shown")


def missing(answers: list[Answer], recorded: Counter[str]) -> dict[str, int]:
    """By case, how many pages of it visitors got whole beyond the looks on the record."""
    shown = Counter(answer.path.removeprefix("/cases/") for answer in answers if answer.status == 200)
    return {case: count - recorded[case] for case, count in shown.items() if count > recorded[case]}


def killed(store: Path, log: Path, paths: list[str], rate: float, every: float) -> tuple[list[Answer], int]:
    """The answers to `paths`, and how often the board was killed meanwhile."""
    done, kills = threading.Event(), 0
    board = Served(store, log)
    board.wait()
    port = board.port

    def keep_killing() -> None:
        nonlocal board, kills
        while not done.wait(every):
            with board:
                board.process.kill()
                board.process.wait()
            kills += 1
            board = Served(store, log, port=port)
            board.wait()

    killer = threading.Thread(target=keep_killing)
    killer.start()
    try:
        answers = at_a_rate(paths, lambda: port, rate, patience=10.0)
    finally:
        done.set()
        killer.join()
        with board:
            board.stop()
    return answers, kills


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=20_000)
    options.add_argument("--folder", type=Path, help="where the store is made and kept; a temporary one otherwise")
    options.add_argument("--rate", type=float, default=50, help="requests a second")
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--every", type=float, default=3, help="seconds from the board's being up until it is killed")
    options.add_argument("--seed", type=int, default=SEED)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as made:
        folder = Path(made)
        store = made_store(folder, given.events, given.seed)
        with closing(opened(store)) as present, present.state().cursor() as cursor:
            cases = [row[0] for row in cursor.execute("select case_id from cases order by case_id").fetchall()]
        chance = random.Random(given.seed)
        paths = [f"/cases/{chance.choice(cases)}" for _ in range(int(given.rate * given.seconds))]
        answers, kills = killed(store, folder / "board.log", paths, given.rate, given.every)
        record = looks_path(store)
        recorded, chain = on_record(record), check(record)
    whole = sum(answer.status == 200 for answer in answers)
    lost = missing(answers, recorded)
    print(f"{len(answers):,} asked, {whole:,} got a case whole, {kills} kills")
    faults = f"{chain.cut_off} cut off, {len(chain.faults)} faults in its chain"
    print(f"{recorded.total():,} looks on the record, {faults}")
    print(f"{sum(lost.values())} shown without a look on the record")
    print(*chain.faults, sep="\n", end="\n" if chain.faults else "")
    return 1 if lost or chain.faults or not whole or not kills else 0


if __name__ == "__main__":
    sys.exit(main())
