"""What was worked out of a state, kept for its next reader: a page asked for again asks nothing of the stores."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

from throughline.errors import QueryError

T = TypeVar("T")

_MOST = 5_000
_BYTES = 10**9
# what does not say how large it is (`nbytes`) is taken to be as large as a page
_PAGE_BYTES = 64 * 1024


class Kept:
    """Results by state, of which those asked for last are kept: at most 5,000, and so many bytes of them.

    Safe among threads. What one thread is making, others wait for, at most `seconds`: ten readers of a page that takes
    ten seconds ask the stores once.
    """

    def __init__(self, seconds: float = 60.0, *, most_bytes: int = _BYTES) -> None:
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._results: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._making: dict[Hashable, Future[Any]] = {}

    def get(self, stamp: str, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gave for this key of the state `stamp`, made now if it was not yet.

        Raises what `make` raises, to whoever waited for it too; QueryError where another thread makes it for too long.
        """
        place = (stamp, key)
        with self._lock:
            if place in self._results:
                self._results.move_to_end(place)
                return self._results[place][0]  # type: ignore[no-any-return]
            awaited = self._making.get(place)
            if awaited is None:
                made_here: Future[T] = Future()
                self._making[place] = made_here
        if awaited is not None:
            return self._wait(awaited)  # type: ignore[no-any-return]
        try:
            made = make()
        except BaseException as fault:
            with self._lock:
                del self._making[place]
            made_here.set_exception(fault)
            raise
        with self._lock:
            del self._making[place]
            self._keep(place, made)
        made_here.set_result(made)
        return made

    def at_hand(self, stamp: str, key: Hashable) -> Any:
        """What is kept for this key of the state; None where nothing is. Nobody waits for it."""
        place = (stamp, key)
        with self._lock:
            if place not in self._results:
                return None
            self._results.move_to_end(place)
            return self._results[place][0]

    def forget(self, stamps: set[str]) -> None:
        """Drop the results of these states, which nobody is shown again."""
        with self._lock:
            for place in [place for place in self._results if place[0] in stamps]:  # type: ignore[index]
                self._bytes -= self._results.pop(place)[1]

    def _wait(self, awaited: Future[Any]) -> Any:
        try:
            return awaited.result(timeout=self._seconds)
        except TimeoutError:
            if awaited.done():
                raise
            raise QueryError(
                "The figures are still being worked out.", hint="Ask for the page again in a minute."
            ) from None

    def _keep(self, place: Hashable, made: Any) -> None:
        size = getattr(made, "nbytes", _PAGE_BYTES)
        self._results[place] = (made, size)
        self._bytes += size
        while len(self._results) > 1 and (len(self._results) > _MOST or self._bytes > self._most_bytes):
            self._bytes -= self._results.popitem(last=False)[1][1]
