"""How a command ends when it is told to: Ctrl-C or SIGTERM, one line, and nothing left behind."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from throughline.errors import Stopped, ThroughlineError
from throughline.sinks.spill import delete_spill

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Ending:
    """What a signal does to a command, until `close`; a command that has its own way says so in between.

    The first one is raised as KeyboardInterrupt wherever the main thread is, so that every `with` closes. What comes
    of it (DuckDB makes it a RuntimeError) is `meant` as Stopped. The second one ends the process where it stands.
    """

    def __init__(self) -> None:
        self._number = 0
        is_main = threading.current_thread() is threading.main_thread()
        before = {number: signal.getsignal(number) for number in _SIGNALS} if is_main else {}
        # a shell that starts a command in the background has it ignore Ctrl-C
        self._before = {number: what for number, what in before.items() if what not in (signal.SIG_IGN, None)}
        for number in self._before:
            signal.signal(number, self._told)

    def close(self) -> None:
        """Let signals do what they did before."""
        for number, what in self._before.items():
            signal.signal(number, what)

    def meant(self, error: BaseException) -> Stopped | None:
        """What `error` is if we were told to stop; None if not, or if it says something of its own."""
        told = self._number or isinstance(error, KeyboardInterrupt | click.Abort)
        if isinstance(error, ThroughlineError | SystemExit) or not told:
            return None
        return Stopped(self._number or signal.SIGINT)

    def _told(self, number: int, frame: FrameType | None) -> None:
        if self._number:
            end_at_once(Stopped(number))
        self._number = number
        raise KeyboardInterrupt


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """What Ctrl-C and SIGTERM set, for a command that ends by itself: after the step that it is at, nothing lost."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, what in before.items():
            signal.signal(number, what)


def end_at_once(error: ThroughlineError) -> None:
    """Say it and end the process, where nothing else can be waited for."""
    delete_spill()
    sys.stderr.write(f"throughline: {error}\n")
    sys.stderr.flush()
    os._exit(error.exit_code)
