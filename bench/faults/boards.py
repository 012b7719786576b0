"""Faults of the sink: killed while it fills a board's store from the shared topics."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

from bench.faults.check import Checked
from bench.faults.crashes import finish
from bench.faults.workers import Failed
from bench.faults.world import Run
from throughline.sinks.store import open_store

_VIEWS = ("cases", "timeline", "holdings", "handoffs", "clocks", "contacts", "tellings", "claims", "contradictions")
_AS_OF = "2026-07-02"


def sink_killed(run: Run, kills: int) -> tuple[int, float, Checked]:
    """SIGKILL of the sink after the n-th statement, or at any time, while a worker publishes."""
    publishing, worker = run.publish(run.sendings(), seconds=0.8 * kills), run.start(publishes=True)
    board, killed = run.home / "board.duckdb", 0
    for number in range(kills):
        sink = run.start_part(
            "sink", statements=run.random.randint(1, 500) if number % 2 else 0, store=str(board), once=False
        )
        try:
            code = sink.wait(run.random.uniform(0.5, 4.0))
        except Failed:
            killed += sink.kill()
            continue
        if code != -signal.SIGKILL:
            raise Failed(f"a sink ended with {code}\n{sink.said()}")
        killed += 1
    _, checked = finish(run, publishing, worker)
    began = time.monotonic()
    fresh = run.home / "fresh.duckdb"
    for store in (board, fresh):
        sink = run.start_part("sink", store=str(store), once=True)
        if (code := sink.wait(120.0)) != 0:
            raise Failed(f"a sink that was to end in order ended with {code}\n{sink.said()}")
    seconds = time.monotonic() - began
    replayed = run.world.replayed
    for view in _VIEWS:
        shown, expected = _shown(board, view), _shown(fresh, view)
        if shown != expected:
            checked.digest_equal = False
            checked.faults.append(f"the view {view} has other rows than that of a sink that was not killed")
        if view in ("cases", "timeline") and len(shown) != (wanted := len(_shown(replayed, view))):
            checked.lost += abs(wanted - len(shown))
            checked.faults.append(f"the view {view} has {len(shown)} rows, and that of a replay {wanted}")
    return killed, seconds, checked


def _shown(file: Path, view: str) -> list[tuple[Any, ...]]:
    with open_store(file, write=False) as store:
        store.connection.execute("set variable as_of = ?::timestamp", [_AS_OF])
        return store.connection.execute(f"from {view} order by all").fetchall()
