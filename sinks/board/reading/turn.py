"""Turns at what takes long: fewer at once than there are processors, so that the others answer what is at hand."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from throughline.errors import QueryError

T = TypeVar("T")


# how far: a thread that answers goes first wherever both could go on
_COUNTING, _AHEAD = 5, 10


def give_way(*, far: bool = False) -> None:
    """Let the thread that calls give way to others of this machine; `far` also to those that count. Linux alone has
    priorities of threads: elsewhere nothing happens."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _AHEAD if far else _COUNTING)


class Turns:
    """`at_once` things are made at once, each in a thread; others wait for `seconds`, in no thread. Until `close`.

    Of one event loop. All processors but one if `at_once` is not given.
    """

    def __init__(self, seconds: float, at_once: int | None = None) -> None:
        at_once = at_once or max((os.cpu_count() or 1) - 1, 1)
        self._seconds = seconds
        self._free = asyncio.Semaphore(at_once)
        self._threads = ThreadPoolExecutor(at_once, "board-counting", give_way)
        self._making: dict[Hashable, asyncio.Future[BaseException | None]] = {}

    async def made(self, key: Hashable, make: Callable[[], T]) -> T | None:
        """What `make` gave when it had its turn; None where it was being made for somebody else, and now is.

        Raises what `make` raises, to all who waited for it; QueryError where there is no turn in time.
        """
        if (awaited := self._making.get(key)) is not None:
            fault = await asyncio.shield(awaited)
            if fault is not None:
                raise fault
            return None
        said = self._making[key] = asyncio.get_running_loop().create_future()
        fault = None
        try:
            return await self._in_turn(make)
        except BaseException as error:
            fault = error
            raise
        finally:
            del self._making[key]
            # who waits for one that was called off asks again
            said.set_result(None if isinstance(fault, asyncio.CancelledError) else fault)

    def close(self) -> None:
        """Let go of the threads; what is being made goes on to its end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_turn(self, make: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(self._seconds):
                await self._free.acquire()
        except TimeoutError:
            raise QueryError(
                "Too many figures are being worked out.", hint="Ask for the page again in a minute."
            ) from None
        made: Any = asyncio.get_running_loop().run_in_executor(self._threads, make)
        # a turn lasts as long as its thread, though nobody waits any more
        made.add_done_callback(lambda _: self._free.release())
        return await made  # type: ignore[no-any-return]
