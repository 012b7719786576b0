"""The newest committed state of some stores, kept open for readers, and made anew when something was committed."""

from __future__ import annotations

import hashlib
import logging
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import duckdb

from throughline.errors import ThroughlineError
from throughline.sinks.board.reading.copy import Copy, copy_store, state_of
from throughline.sinks.board.reading.together import open_together
from throughline.sinks.questions.limits import Limits
from throughline.sql import one_row

log = logging.getLogger(__name__)

# a state is made anew at most so often (seconds), and that takes at most half of the time
_LEAST_PAUSE = 0.5
_SHARE_OF_TIME = 1.0


@dataclass(frozen=True)
class Facts:
    """What is known of a state as a whole: times are UTC, null for stores without an event.

    `stamp` is another for each state.
    """

    stamp: str
    cases: int
    events: int
    received_at: datetime | None
    last_at: datetime | None


class State:
    """One state of all stores: open until it was replaced and its last reader has gone."""

    def __init__(self, copies: list[Copy], connection: duckdb.DuckDBPyConnection, seen: tuple[object, ...]) -> None:
        self.copies = copies
        self.seen = seen
        self.connection = connection
        self.facts = _facts(connection, seen)
        self._readers = 0
        self._is_replaced = False
        self._is_closed = False
        self._lock = threading.Lock()

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of one reader, with variables of its own."""
        self.hold()
        try:
            with self.connection.cursor() as cursor:
                yield cursor
        finally:
            self.release()

    def hold(self) -> bool:
        """Count one more reader, until `release`; false where the last one has gone, and it is closed."""
        with self._lock:
            self._readers += 1
            return not self._is_closed

    def release(self) -> None:
        with self._lock:
            self._readers -= 1
        self._close_if_done()

    def replace(self) -> None:
        with self._lock:
            self._is_replaced = True
        self._close_if_done()

    def _close_if_done(self) -> None:
        with self._lock:
            is_done = self._is_replaced and self._readers == 0 and not self._is_closed
            self._is_closed |= is_done
        if is_done:
            with suppress(duckdb.Error):
                self.connection.close()
            for copy in self.copies:
                copy.remove()


class Present:
    """The newest committed state of the stores at `paths`, for many readers at once, until `close`.

    The newest is made in a thread; who asks waits for it at most `patience` seconds, and is then given the one before.

    Raises what `copy_store` and `open_together` raise where the first state cannot be made.
    """

    def __init__(self, paths: Sequence[Path], limits: Limits, *, patience: float = 60.0) -> None:
        self._patience = patience
        self.paths = tuple(path.expanduser().resolve() for path in paths)
        self.limits = limits
        self._folder = Path(mkdtemp(prefix="throughline-board-"))
        self._making = threading.Lock()
        self._number = 0
        self._not_before = 0.0
        self.fault: ThroughlineError | None = None
        """Why the stores could not be read as they are now; null while they can."""
        try:
            self._state = self._make(None)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def state(self) -> State:
        """The newest state; the one before it while the newest is being made, or where that cannot be."""
        maker = self._begin()
        if maker is not None:
            maker.join(self._patience)
        return self._state

    def at_hand(self, *, is_enough: bool) -> State | None:
        """The state that is shown now, without waiting. Where the stores have a newer one, that is begun if the one
        before it `is_enough`; otherwise None is given, and `state` is to be asked."""
        if is_enough:
            self._begin()
        elif time.monotonic() >= self._not_before and self._making.acquire(blocking=False):
            try:
                if self._seen() != self._state.seen:
                    return None
            finally:
                self._making.release()
        return self._state

    def _begin(self) -> threading.Thread | None:
        """The thread that makes the newest state; None where there is nothing newer, or where it is being made."""
        if time.monotonic() < self._not_before or not self._making.acquire(blocking=False):
            return None
        if self._seen() == self._state.seen:
            self.fault = None
            self._making.release()
            return None
        maker = threading.Thread(target=self._renew, name="board-state", daemon=True)
        maker.start()
        return maker

    @contextmanager
    def reading(self) -> Iterator[State]:
        """The newest state, which stays open within the block."""
        while not (state := self.state()).hold():
            state.release()
        try:
            yield state
        finally:
            state.release()

    def close(self) -> None:
        with self._making:
            self._state.replace()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _renew(self) -> None:
        """Make the newest state, and let the next be made: in a thread, with `_making` held."""
        began, before = time.monotonic(), self._state
        try:
            self._state = self._make(before)
        except ThroughlineError as fault:
            log.warning("the board shows an earlier state: %s", fault.what)
            self.fault = fault
        except Exception:
            log.exception("the board shows an earlier state")
        else:
            self.fault = None
            before.replace()
        finally:
            taken = time.monotonic() - began
            self._not_before = time.monotonic() + max(taken * _SHARE_OF_TIME, _LEAST_PAUSE)
            self._making.release()

    def _make(self, before: State | None) -> State:
        self._number += 1
        # looked at first: what is committed while it is copied is seen the next time
        seen = self._seen()
        earlier = {} if before is None else {copy.store: copy for copy in before.copies}
        made: list[Copy] = []
        try:
            for place, path in enumerate(self.paths):
                target = self._folder / f"{self._number}-{place}.duckdb"
                made.append(copy_store(path, target, earlier.get(path)))
            connection = open_together(
                [(copy.store, copy.path) for copy in made],
                memory=self.limits.memory,
                spill=self.limits.spill,
                folder=self._folder / "spill",
            )
        except BaseException:
            for copy in made:
                copy.remove()
            raise
        return State(made, connection, seen)

    def _seen(self) -> tuple[object, ...]:
        return tuple(state_of(path) for path in self.paths)


def _facts(connection: duckdb.DuckDBPyConnection, seen: tuple[Any, ...]) -> Facts:
    cases, last_at = one_row(connection, "select count(*), coalesce(max(reached_at), max(last_at)) from case_facts")
    # numbers are kept for each part of the column: no row is read
    events, received_at = one_row(connection, "select count(*), max(received_at) from events")
    return Facts(hashlib.sha256(repr(seen).encode()).hexdigest()[:16], cases, events, received_at, last_at)
