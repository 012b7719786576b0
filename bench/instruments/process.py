"""A process that is measured from outside: CPU seconds and the peak of its memory, as Linux tells them.

It does not outlive the benchmark, however that ends.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """What processes used so far."""

    cpu_seconds: float = 0.0
    peak_bytes: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.cpu_seconds + other.cpu_seconds, self.peak_bytes + other.peak_bytes)

    def __sub__(self, earlier: Usage) -> Usage:
        """The CPU seconds since; the peak is that of the whole life."""
        return Usage(self.cpu_seconds - earlier.cpu_seconds, self.peak_bytes)


def usage_of(pid: int) -> Usage:
    """CPU seconds of a running process and of those that it waited for, and its peak; zeros where there is no /proc."""
    proc = Path("/proc") / str(pid)
    try:
        fields = (proc / "stat").read_text().rsplit(")", 1)[1].split()
        status = (proc / "status").read_text()
    except OSError:
        return Usage()
    peak = next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)
    return Usage(sum(map(int, fields[11:15])) / _TICKS, peak)


class MeasuredProcess:
    """A process whose output goes to `log`; killed at the end of a `with` if it still runs."""

    def __init__(self, command: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None) -> None:
        self.log = log
        self._out = log.open("ab")
        self.began = time.time()
        self.process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,  # Ctrl-C is for us
        )
        # where this pipe ends without a line, we are gone, and so shall be the process
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", 'read -r line || kill -KILL "$0" 2>/dev/null', str(self.process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def usage(self) -> Usage:
        """What it used so far, while it runs."""
        return usage_of(self.process.pid)

    def check(self) -> None:
        """Raise RuntimeError, with what it said last, where it has ended."""
        if self.process.poll() is not None:
            raise RuntimeError(f"it ended with {self.process.returncode}:\n{self.said()}")

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-4000:]

    def stop(self, seconds: float = 120.0) -> int:
        """Ask it to end; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)
        with contextlib.suppress(BrokenPipeError):
            self._guard.communicate(b"done\n")
        self._out.close()


def wait_until(
    done: Callable[[], float], wanted: float, processes: Sequence[MeasuredProcess], *, stuck: float, every: float = 0.05
) -> float:
    """Look how much is `done` until it is `wanted`; the time at which it was.

    Raises RuntimeError, with what the processes said last, where one ends or nothing more is done for `stuck` seconds.
    """
    so_far, since = -1.0, time.monotonic()
    while (now := done()) < wanted:
        for process in processes:
            process.check()
        if now != so_far:
            so_far, since = now, time.monotonic()
        elif time.monotonic() - since > stuck:
            said = "\n".join(process.said() for process in processes)
            raise RuntimeError(f"{so_far:.0f} of {wanted:.0f} after {stuck:.0f} s without progress:\n{said}")
        time.sleep(every)
    return time.time()
