"""What was worked out of a state, kept for its next reader: a page asked for again asks nothing of the stores."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

_MOST = 200


class Kept:
    """At most 200 results, those of the newest state that was asked about; safe among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamp = ""
        self._results: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, stamp: str, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gave for this key of the state `stamp`, made now if it was not yet."""
        with self._lock:
            if stamp != self._stamp:
                self._stamp, self._results = stamp, OrderedDict()
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key]  # type: ignore[no-any-return]
        # two readers may both make it: better than that one waits for what the other does not need
        made = make()
        with self._lock:
            if stamp == self._stamp:
                self._results[key] = made
                while len(self._results) > _MOST:
                    self._results.popitem(last=False)
        return made
