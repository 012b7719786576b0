"""What takes long is done for so many readers at once, and no more."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from throughline.errors import QueryError
from throughline.sinks.board.reading.turn import Turns


def test_of_many_readers_so_many_are_served_at_once() -> None:
    turns, both, at_once, most = Turns(60, 2), threading.Barrier(2), [], []

    def read() -> None:
        with turns.turn():
            at_once.append(1)
            most.append(len(at_once))
            # nobody goes on before two are in: and never are three
            both.wait(timeout=60)
            at_once.pop()

    with ThreadPoolExecutor(6) as readers:
        for one in [readers.submit(read) for _ in range(6)]:
            one.result()
    assert max(most) == 2


def test_who_gets_no_turn_in_time_is_told_so() -> None:
    turns = Turns(0.01, 1)

    with turns.turn(), pytest.raises(QueryError, match="Too many figures"), turns.turn():
        pass
    # a turn that ended in a fault is free again
    with pytest.raises(ValueError, match="fault"), turns.turn():
        raise ValueError("fault")
    with turns.turn():
        pass
