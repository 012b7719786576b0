"""How long a query may take, how much memory and disk; and its end where it takes more.

DuckDB counts most of its memory itself, and looks between two pieces of work whether it was interrupted. Inside one
piece (a text of gigabytes, a list that is sorted) it does neither. So a watch in a thread of its own looks at the clock
and at the memory of the process, interrupts, and where nothing comes of that calls `stuck`, which may end the process.
"""

from __future__ import annotations

import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from throughline.errors import QueryError

_EVERY = 0.05
# what DuckDB is given to stop by itself
_GRACE = 3.0
# what a query may take besides what DuckDB counts: rows on their way out, and its own book-keeping
_BESIDE = 512 * 1024 * 1024
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
def limited(
    connection: duckdb.DuckDBPyConnection, limits: Limits, stuck: Callable[[QueryError], None] | None = None
) -> Iterator[None]:
    """End what `connection` does where it takes more than `limits`: QueryError is raised, or given to `stuck`.

    `stuck` is called in another thread where the query does not stop some seconds after it was told to.
    """
    done, over = threading.Event(), threading.Event()
    said: list[QueryError] = []
    allowed = _peak() + size_in_bytes(limits.memory) + _BESIDE

    def watch() -> None:
        began = time.monotonic()
        while not done.wait(_EVERY):
            if _peak() > allowed:
                said.append(limits.too_large)
            elif time.monotonic() - began > limits.seconds:
                said.append(limits.too_long)
            if said:
                over.set()
                connection.interrupt()
                # memory can run out long before the time is over
                if not done.wait(_GRACE if said[0].what == limits.too_long.what else _EVERY) and stuck is not None:
                    stuck(said[0])
                return

    thread = threading.Thread(target=watch, name="query-limits", daemon=True)
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


def _peak() -> int:
    """The most memory that this process has had, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
