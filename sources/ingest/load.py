"""How much is taken at a time: requests and bytes under way together, and events a second of each publisher."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from throughline.errors import RequestRefused


@dataclass
class Load:
    """Requests that are being read or judged, and the bytes that they hold. Of one thread, the one that reads."""

    most_requests: int = 32
    most_bytes: int = 64 * 1024 * 1024
    requests: int = 0
    bytes: int = 0

    @contextmanager
    def request(self) -> Iterator[Callable[[int], None]]:
        """One request more; gives what it calls with the bytes that it holds. Raises RequestRefused (503) where that is
        too much together."""
        if self.requests >= self.most_requests:
            raise _busy()
        held = 0

        def hold(count: int) -> None:
            nonlocal held
            if self.bytes + count > self.most_bytes:
                raise _busy()
            held += count
            self.bytes += count

        self.requests += 1
        try:
            yield hold
        finally:
            self.requests -= 1
            self.bytes -= held


@dataclass
class Rates:
    """How many events a second each publisher may send: a bucket for each, full at first, of `burst` events."""

    a_second: float = 5_000.0
    burst: float = 20_000.0
    clock: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, publisher: str, events: int) -> None:
        """Count events. Raises RequestRefused (429) where there is no room for them yet; none is counted then."""
        with self._lock:
            now = self.clock()
            left, at = self._left.get(publisher, (self.burst, now))
            left = min(self.burst, left + (now - at) * self.a_second)
            if left < events:
                self._left[publisher] = (left, now)
                seconds = max(1, math.ceil((events - left) / self.a_second))
                raise RequestRefused(
                    f"This publisher sends more than {self.a_second:g} events a second.",
                    code="too_fast",
                    status=429,
                    hint=f"Send it again after {seconds} s: nothing of it was taken.",
                    headers={"Retry-After": str(seconds)},
                )
            self._left[publisher] = (left - events, now)


def _busy() -> RequestRefused:
    return RequestRefused(
        "Too much is being taken at once.",
        code="busy",
        status=503,
        hint="Send it again in a moment: nothing of it was taken.",
        headers={"Retry-After": "1"},
    )
