"""How long a query may take, how much memory and disk; and its end where it takes more, or where it is told to stop.

DuckDB counts most of its memory itself, and looks between two pieces of work whether it was interrupted. Inside one
piece (a text of gigabytes, a list that is sorted) it does neither. So a watch in a thread of its own looks at the
clock, at the memory of the process and for signals, interrupts, and where nothing comes of that calls `stuck`, which
may end the process. What the watch is too late for (a text of gigabytes becoming one of Python's), the system refuses:
`hold_memory`.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from throughline.errors import QueryError, Stopped, ThroughlineError

_EVERY = 0.05
# what DuckDB is given to stop by itself
_GRACE = 3.0
# what a query may take besides what DuckDB counts: rows on their way out, and its own book-keeping
_BESIDE = 512 * 1024 * 1024
# what is mapped to be written, but never is: stacks of threads, room that an allocator keeps
_MAPPED_BESIDE = 1024 * 1024 * 1024
_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}


@dataclass(frozen=True)
class Limits:
    """`memory` and `spill` (disk used where memory does not do) are as DuckDB writes them: `1GB`."""

    seconds: float = 300.0
    memory: str = "2GB"
    spill: str = "2GB"

    @property
    def too_long(self) -> QueryError:
        return QueryError(
            f"The query took longer than {self.seconds:g} second{'' if self.seconds == 1 else 's'} and was stopped.",
            hint="Ask for fewer cases (`where case_id = …`), or allow it more time (--seconds).",
        )

    @property
    def too_large(self) -> QueryError:
        return QueryError(
            f"The query needs more than {self.memory} of memory and {self.spill} of disk, and was stopped.",
            hint="Ask for fewer rows or columns, or allow it more (--memory, --spill).",
        )


def size_in_bytes(text: str) -> int:
    """`1.5GB` as bytes. Raises ValueError for what is not a number with one of DuckDB's units."""
    number = text.rstrip("BbGgIiKkMmTt").strip()
    return int(float(number) * _UNITS[text[len(number) :].strip().upper()])


@contextmanager
def hold_memory(limits: Limits) -> Iterator[None]:
    """Let the system refuse this process meanwhile what is far beyond `limits`: for a process that only asks.

    What asks for more gets a MemoryError, or DuckDB's OutOfMemoryException, however fast it asks. Linux alone counts
    what is mapped so; elsewhere nothing happens.
    """
    mapped = _status("VmData")
    before, hardest = resource.getrlimit(resource.RLIMIT_DATA)
    if mapped is not None:
        most = mapped + size_in_bytes(limits.memory) + _BESIDE + _MAPPED_BESIDE
        if hardest == resource.RLIM_INFINITY or most < hardest:
            resource.setrlimit(resource.RLIMIT_DATA, (most, hardest))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, hardest))


@contextmanager
def limited(
    connection: duckdb.DuckDBPyConnection, limits: Limits, stuck: Callable[[ThroughlineError], None] | None = None
) -> Iterator[None]:
    """End what `connection` does where it takes more than `limits`: QueryError is raised, or given to `stuck`.

    `stuck` is called in another thread where the query does not stop some seconds after it was told to, by us or by a
    signal (SIGINT, SIGTERM: Stopped).
    """
    done, over = threading.Event(), threading.Event()
    said: list[ThroughlineError] = []
    allowed = _resident() + size_in_bytes(limits.memory) + _BESIDE

    def watch(signals: int | None) -> None:
        began = time.monotonic()
        while not done.wait(_EVERY):
            if stopped := _signal_in(signals):
                said.append(Stopped(stopped))
            elif _resident() > allowed:
                said.append(limits.too_large)
            elif time.monotonic() - began > limits.seconds:
                said.append(limits.too_long)
            if said:
                over.set()
                connection.interrupt()
                # memory can run out long before the time is over
                if not done.wait(_EVERY if said[0].what == limits.too_large.what else _GRACE) and stuck is not None:
                    stuck(said[0])
                return

    with _signals() as signals:
        thread = threading.Thread(target=watch, args=[signals], name="query-limits", daemon=True)
        thread.start()
        try:
            yield
        except duckdb.InterruptException:
            if over.is_set():
                raise said[0] from None
            raise
        except (duckdb.OutOfMemoryException, MemoryError):
            raise limits.too_large from None
        finally:
            done.set()
            thread.join()


@contextmanager
def _signals() -> Iterator[int | None]:
    """A pipe on which the number of every signal arrives, even while the main thread is inside DuckDB.

    None outside of the main thread, and where somebody else has a pipe already: those look after their signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield None
        return
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    if before != -1:
        signal.set_wakeup_fd(before)
    try:
        yield reading if before == -1 else None
    finally:
        if before == -1:
            signal.set_wakeup_fd(-1)
        os.close(reading)
        os.close(writing)


def _signal_in(signals: int | None) -> int:
    """SIGINT or SIGTERM where one has arrived; else 0."""
    if signals is None:
        return 0
    with suppress(BlockingIOError):
        return next((one for one in os.read(signals, 100) if one in (signal.SIGINT, signal.SIGTERM)), 0)
    return 0


def _resident() -> int:
    """The memory that this process has now, in bytes; on macOS the most that it has had.

    Not that on Linux: there, a process begins with the most of the one that started it.
    """
    now = _status("VmRSS")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if now is None else now


def _status(name: str) -> int | None:
    """A line of what Linux says of this process, in bytes; None elsewhere."""
    if sys.platform != "linux":
        return None
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return None
