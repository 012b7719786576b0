"""Turns at what takes long: so many at once as there are processors, so that many readers do not need much memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from throughline.errors import QueryError


class Turns:
    """`at_once` readers are served at once, as many as there are processors if not given; others wait for `seconds`."""

    def __init__(self, seconds: float, at_once: int | None = None) -> None:
        self._seconds = seconds
        self._free = threading.BoundedSemaphore(at_once or os.cpu_count() or 1)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One turn, for the block. Raises QueryError where none is free in time."""
        if not self._free.acquire(timeout=self._seconds):
            raise QueryError("Too many figures are being worked out.", hint="Ask for the page again in a minute.")
        try:
            yield
        finally:
            self._free.release()
