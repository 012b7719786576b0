"""The state of which figures are shown: over a large store it follows the newest only when its pages are worked out.

Figures of millions of events take longer to work out than it takes until something else is committed. Were they those
of the newest state, nobody would ever be shown one that is at hand. So they stay those of a state for a while, and say
of which; a thread works out the next.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import duckdb

from throughline.errors import ThroughlineError
from throughline.sinks.board.reading.present import Facts, Present, State
from throughline.sinks.board.reading.turn import give_way

log = logging.getLogger(__name__)

Step = Callable[[State, duckdb.DuckDBPyConnection], object]
# of fewer events figures are worked out while a reader waits
LARGE = 100_000
# the next state is begun after so many times what the last one took, and after so many seconds
_PAUSE = 2.0
_LEAST_PAUSE = 10.0


class Settled:
    """The state for figures of `stores`, until `close`. `steps` work out what is to be at hand of a state;
    `left` is called with the stamp of a state that is shown no more."""

    def __init__(self, stores: Present, steps: Sequence[Step], left: Callable[[str], None]) -> None:
        self._stores = stores
        self._steps = steps
        self._left = left
        self._lock = threading.Lock()
        self._state: State | None = None
        self._not_before = 0.0
        self._thread: threading.Thread | None = None
        self._at_work: duckdb.DuckDBPyConnection | None = None
        self._is_closed = False

    @contextmanager
    def reading(self) -> Iterator[State]:
        """The state to show figures of, which stays open within the block."""
        with self._stores.reading() as newest:
            if newest.facts.events < LARGE:
                yield newest
                return
            state = self._follow(newest)
        try:
            yield state
        finally:
            state.release()

    def at_hand(self) -> Facts | None:
        """What is known of the state that figures are shown of, without waiting: of a large store, while a newer one is
        made; None where there is a newer one to wait for, or none yet."""
        shown = self._state
        newest = self._stores.at_hand(is_enough=shown is not None)
        if newest is None or (shown is None and newest.facts.events >= LARGE):
            return None
        if shown is None:
            return newest.facts
        try:
            if newest.hold():
                shown = self._follow(newest)
                shown.release()
        finally:
            newest.release()
        return shown.facts

    def begin(self) -> None:
        """Begin to work out the first state, before anybody asks."""
        with self.reading():
            pass

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            thread, at_work = self._thread, self._at_work
        if at_work is not None:
            with suppress(duckdb.Error):
                at_work.interrupt()
        if thread is not None:
            thread.join()
        if self._state is not None:
            self._state.release()
            self._state = None

    def _follow(self, newest: State) -> State:
        """The state that is shown, held for one reader; the thread is started where there is a newer one."""
        with self._lock:
            is_first = self._state is None
            if is_first:
                newest.hold()
                self._state = newest
            is_due = newest is not self._state and time.monotonic() >= self._not_before
            if (is_first or is_due) and self._thread is None and not self._is_closed:
                newest.hold()
                self._thread = threading.Thread(target=self._work_out, args=[newest], name="board-figures", daemon=True)
                self._thread.start()
            state = self._state
            assert state is not None
            state.hold()
            return state

    def _work_out(self, state: State) -> None:
        give_way(far=True)
        began = time.monotonic()
        is_done = self._take_steps(state)
        with self._lock:
            before = self._state
            if is_done and not self._is_closed:
                self._state = state
            else:
                before = state
            self._not_before = time.monotonic() + max((time.monotonic() - began) * _PAUSE, _LEAST_PAUSE)
            self._thread = None
        assert before is not None
        before.release()
        if before is not state:
            self._left(before.facts.stamp)

    def _take_steps(self, state: State) -> bool:
        try:
            with state.cursor() as cursor:
                self._at_work = cursor
                for step in self._steps:
                    if self._is_closed:
                        return False
                    step(state, cursor)
        except duckdb.InterruptException:
            return False
        except ThroughlineError as fault:
            log.warning("figures are not at hand: %s", fault.what)
        except Exception:
            log.exception("figures are not at hand")
            return False
        finally:
            self._at_work = None
        return True
