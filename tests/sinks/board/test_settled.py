"""Figures of a large store stay those of one state until the pages of a newer one are worked out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from england_wales import england_wales
from histories import event
from joined import batch_of

from throughline.errors import QueryError
from throughline.sinks.board.frame.settings import PAGE_LIMITS
from throughline.sinks.board.reading import present as present_module
from throughline.sinks.board.reading import settled as settled_module
from throughline.sinks.board.reading.present import Present, State
from throughline.sinks.board.reading.settled import Settled, Step
from throughline.sinks.store import Store, open_store
from throughline.streams.join.batch import join
from throughline.streams.join.rebuild import open_domain

NOW = datetime.fromisoformat("2026-03-10T00:00")


def crime(store: Store, number: int) -> None:
    one = event(
        "police.crime.recorded", "2026-03-02T10:00", id=f"c{number}", identifiers={"crime_ref": f"20/{number}/26"}
    )
    join(store, batch_of([one]), NOW)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every store is large, and nothing waits for a pause to be over."""
    for module, name in ((present_module, "_SHARE_OF_TIME"), (present_module, "_LEAST_PAUSE")):
        monkeypatch.setattr(module, name, 0.0)
    for name in ("LARGE", "_PAUSE", "_LEAST_PAUSE"):
        monkeypatch.setattr(settled_module, name, 0.0)


class Work:
    """A step that goes on when it is let, and notes the cases of each state that it was done for."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.done: list[int] = []
        self.left: list[str] = []
        self.fault: Exception | None = None

    def __call__(self, state: State, cursor: duckdb.DuckDBPyConnection) -> None:
        self.begun.set()
        assert self.go_on.wait(timeout=60)
        if self.fault is not None:
            raise self.fault
        self.done.append(state.facts.cases)


@contextmanager
def board(tmp_path: Path, *steps: Step, work: Work) -> Iterator[tuple[Store, Present, Settled]]:
    """A store of one case that is written, its newest state, and the one for figures."""
    with open_store(tmp_path / "store.duckdb", write=True) as store:
        open_domain(store, england_wales())
        crime(store, 1)
        stores = Present([tmp_path / "store.duckdb"], PAGE_LIMITS)
        settled = Settled(stores, [work, *steps], work.left.append)
        yield store, stores, settled
        work.go_on.set()
        settled.close()
        stores.close()


def cases(settled: Settled) -> int:
    with settled.reading() as state:
        return state.facts.cases


def finished(settled: Settled) -> None:
    thread = settled._thread
    if thread is not None:
        thread.join()


def test_figures_are_of_the_state_before_until_the_next_is_worked_out(tmp_path: Path) -> None:
    work = Work()
    with board(tmp_path, work=work) as (store, stores, settled):
        work.go_on.set()
        assert cases(settled) == 1
        finished(settled)
        work.go_on.clear()
        work.begun.clear()
        crime(store, 2)
        assert cases(settled) == 1
        assert work.begun.wait(timeout=60)
        assert stores.state().facts.cases == 2
        assert cases(settled) == 1
        assert work.left == []
        work.go_on.set()
        finished(settled)
        assert cases(settled) == 2
        assert work.done == [1, 2]
        # what was kept of the first is dropped
        assert len(work.left) == 1


def test_a_state_that_is_shown_stays_open_while_others_replace_it(tmp_path: Path) -> None:
    """Also while its reader holds it, and the next for figures takes its place."""
    work = Work()
    with board(tmp_path, work=work) as (store, stores, settled):
        work.go_on.set()
        with settled.reading() as first:
            finished(settled)
            for number in (2, 3):
                crime(store, number)
                stores.state()
            assert cases(settled) == 1
            finished(settled)
            assert cases(settled) == 3
            with first.cursor() as cursor:
                assert cursor.execute("select count(*) from cases").fetchone() == (1,)


def test_a_small_store_is_shown_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled_module, "LARGE", 100)
    work = Work()
    with board(tmp_path, work=work) as (store, _, settled):
        assert cases(settled) == 1
        crime(store, 2)
        assert cases(settled) == 2
        assert not work.begun.is_set()


def test_a_page_that_takes_too_long_holds_up_no_other_state(tmp_path: Path) -> None:
    """It is worked out when somebody asks for it, and says so; figures do not stay what they were for ever."""
    work = Work()
    with board(tmp_path, work=work) as (store, _, settled):
        work.go_on.set()
        assert cases(settled) == 1
        finished(settled)
        work.fault = QueryError("too much")
        crime(store, 2)
        cases(settled)
        finished(settled)
        assert cases(settled) == 2
