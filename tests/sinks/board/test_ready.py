"""A page that is at hand is given though nothing else can be: it waits for no store, no thread and no turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from boards import board_of
from starlette.testclient import TestClient

from throughline.sinks.board.figures import page as page_module
from throughline.sinks.board.figures.choice import choice
from throughline.sinks.board.reading.present import State


@pytest.fixture
def board(demo: Path) -> Iterator[TestClient]:
    with board_of([demo]) as client:
        yield client


def test_a_page_asked_for_again_asks_nothing_of_the_stores(board: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    first = board.get("/promises")
    opened = []
    monkeypatch.setattr(State, "cursor", lambda state: opened.append(state))
    again = board.get("/promises")

    assert (again.status_code, again.text, again.headers) == (200, first.text, first.headers)
    assert opened == []
    # it is that of its own address, and of how it is packed
    plain = board.get("/promises", headers={"Accept-Encoding": "identity"})
    assert plain.status_code == 500
    assert board.get("/promises?as_of=2026-05-01").status_code == 500
    assert len(opened) == 2


def test_a_page_at_hand_does_not_wait_for_one_that_is_being_counted(
    board: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though many more readers than there are threads wait for theirs; two who ask for one page count it once."""
    at_hand = board.get("/promises").text
    begun, go_on, asked = threading.Event(), threading.Event(), list[str]()

    def slowly(of: object, measure: object) -> object:
        asked.append(str(of.text("as_of")))  # type: ignore[attr-defined]
        begun.set()
        assert go_on.wait(timeout=60)
        return choice(of, measure)  # type: ignore[arg-type]

    monkeypatch.setattr(page_module, "choice", slowly)
    paths = [f"/figures/promises?as_of=2026-0{month}-01" for month in range(1, 7)] * 8
    with ThreadPoolExecutor(len(paths)) as readers:
        counted = [readers.submit(board.get, path) for path in paths]
        assert begun.wait(timeout=60)
        assert board.get("/promises").text == at_hand
        assert not any(one.done() for one in counted)
        go_on.set()
        assert {one.result().status_code for one in counted} == {200}
    assert sorted(asked) == sorted({path[-10:] for path in paths})
