"""How fast the pages of a board are while its store is written: `python -m bench.board --events 300000`.

Each page is asked at a rate, uncached (every request counts to another time, so that nothing is at hand; `another cut`
counts to the same time by other cuts, so that its page is not) and cached (as it stands in the navigation). Then its
CPU seconds are held against those of the same SQL asked of DuckDB directly: a ratio, which the load of the machine
changes little.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from bench.board.direct import Asked, cpu_seconds, longest_cases, opened, pages
from bench.board.served import Served, made_store
from bench.board.visitors import Answer, ask, at_a_rate
from bench.generate.population import SEED
from bench.instruments.process import MeasuredProcess
from bench.small_batch import quantile

_AIMS = {"uncached": 0.300, "cached": 0.020, "beside": 0.020}
# requests a second: what does not keep its aim then keeps it at no rate
_SLOWEST = 0.5
_FIRST_PAGE_BYTES = 100_000
_BEGIN = datetime(2025, 9, 1)  # noqa: DTZ001 — the address has no zone


def uncached(one: Asked, count: int, offset: int) -> list[str]:
    """The page counted to as many times, none of which was asked for before; or others like it."""
    if one.others:
        return [one.others[n % len(one.others)] for n in range(count)]
    sign = "&" if "?" in one.path else "?"
    return [f"{one.path}{sign}as_of={_BEGIN + timedelta(seconds=offset + n):%Y-%m-%dT%H:%M:%S}" for n in range(count)]


def is_kept(how: str, answers: Sequence[Answer]) -> bool:
    """Whether every request was answered, and all but few in time."""
    good = [answer.seconds for answer in answers if answer.status == 200]
    return len(good) == len(answers) and quantile(good, 0.95) <= _AIMS[how]


def line(name: str, how: str, rate: float, answers: Sequence[Answer], cpu: float, direct: float | None) -> str:
    how_often = f"{how} {rate:g}/s"
    good = [answer.seconds for answer in answers if answer.status == 200]
    if not good:
        return f"{name:<16}{how_often:<14}{'none of':>10} {len(answers)} was answered"
    middle, high = quantile(good, 0.5), quantile(good, 0.95)
    ratio = "" if direct is None else f"{cpu / len(answers) / max(direct, 1e-4):>9.2f}x"
    kept = "kept" if is_kept(how, answers) else "missed"
    return (
        f"{name:<16}{how_often:<14}{len(good):>5}/{len(answers):<5}{middle * 1e3:>9.0f}{high * 1e3:>9.0f}"
        f"{cpu / len(answers) * 1e3:>11.1f}  {kept:<7}{ratio}"
    )


def measure(board: Served, asked: Sequence[Asked], direct: dict[str, float], rate: float, seconds: float) -> list[str]:
    """Lines for people: p50 and p95 in milliseconds, CPU milliseconds a request, and the ratio to the SQL alone.

    `beside` are requests for the first page, which is cached, while uncached ones of the page are asked for. Uncached
    pages that miss their aim are asked for at half of the rate, and half of that, until they keep it.
    """
    made = [f"{'page':<16}{'':<14}{'answered':>10}{'p50 ms':>10}{'p95 ms':>9}{'CPU ms':>11}  {'aim':<7}{'to SQL':>10}"]
    offset = 0
    for one in asked:
        # the first is made while all wait
        at_hand(board, one.path)
        cached, cpu = spent(board, [one.path] * max(int(rate * seconds), 1), rate)
        made.append(line(one.name, "cached", rate, cached, cpu, None))
        slower = rate
        while True:
            count = max(int(slower * seconds), 2)
            with ThreadPoolExecutor(1) as others:
                beside = others.submit(at_a_rate, [asked[0].path] * int(rate * seconds), lambda: board.port, rate)
                answers, cpu = spent(board, uncached(one, count, offset), slower)
                met = beside.result()
            offset += count
            made.append(line(one.name, "uncached", slower, answers, cpu, direct.get(one.name)))
            made.append(line("", "beside", rate, met, 0, None))
            print(*made[-3:], sep="\n", file=sys.stderr)
            if is_kept("uncached", answers) or slower <= _SLOWEST:
                break
            slower /= 2
    return made


def spent(board: Served, paths: Sequence[str], rate: float) -> tuple[list[Answer], float]:
    """The answers, and the CPU seconds that the board took meanwhile."""
    before = board.usage()
    answers = at_a_rate(paths, lambda: board.port, rate)
    return answers, (board.usage() - before).cpu_seconds


def at_hand(board: Served, path: str, seconds: float = 1_800) -> None:
    """Until the page is answered: of a large store its figures are worked out first."""
    until = time.monotonic() + seconds
    while ask(board.port, path).status != 200 and time.monotonic() < until:
        board.check()
        time.sleep(1)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=300_000)
    options.add_argument("--store", type=Path, help="a store that there is, which is copied; otherwise one is made")
    options.add_argument("--folder", type=Path, help="where stores are made and kept; a temporary one otherwise")
    options.add_argument("--rate", type=float, default=20, help="requests a second")
    options.add_argument("--seconds", type=float, default=10, help="for each page, cached and uncached")
    options.add_argument("--no-writer", action="store_true", help="nobody commits meanwhile")
    options.add_argument("--rounds", type=int, default=3, help="how often the SQL alone is asked; 0 for not at all")
    options.add_argument("--pages", type=int, help="the first so many pages alone")
    options.add_argument("--seed", type=int, default=SEED)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as made, ExitStack() as stack:
        folder = Path(made)
        store = given.store or made_store(given.folder or folder, given.events, given.seed)
        # a writer changes it
        shown = Path(shutil.copyfile(store, folder / "shown.duckdb"))
        # without its mark nobody may write to it
        shutil.copyfile(f"{store}.mark", f"{shown}.mark")
        present = opened(shown)
        asked = pages(longest_cases(present))[: given.pages]
        direct = cpu_seconds(present, asked, rounds=given.rounds)
        events = present.state().facts.events
        present.close()
        board = stack.enter_context(Served(shown, folder / "board.log"))
        board.wait()
        at_hand(board, "/overview")
        plain, packed = ask(board.port, "/overview"), ask(board.port, "/overview", packed=True)
        look = ask(board.port, "/static/look.css").size + ask(board.port, "/static/fresh.js").size
        if not given.no_writer:
            command = [sys.executable, "-m", "bench.board.writer", str(shown)]
            stack.enter_context(MeasuredProcess(command, folder / "writer.log"))
        print(f"{events:,} events, {given.rate:g} requests/s")
        print(*measure(board, asked, direct, given.rate, given.seconds), sep="\n")
        board.check()
        print(f"first page: {plain.size + look:,} bytes with its style and script, {packed.size + look:,} compressed")
        print(f"peak of the board's memory: {board.usage().peak_bytes / 1e6:,.0f} MB")
        if plain.status != 200 or packed.size + look > _FIRST_PAGE_BYTES:
            print("the first page is too large, or was not answered")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
