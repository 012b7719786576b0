"""Stages of a run: seconds, CPU seconds of all threads, and the peak of resident memory in each."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


@dataclass
class Stage:
    """What one stage took; a stage that is entered again goes on."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0


class Stages:
    """Measures from one `enter` to the next; `close` ends the last."""

    def __init__(self) -> None:
        self.by_name: dict[str, Stage] = {}
        self._now: str | None = None
        self._began = self._cpu = 0.0

    def enter(self, name: str) -> None:
        """End the stage that runs and go on with `name`."""
        if name == self._now:
            return
        self.close()
        reset_peak()
        self._now, self._began, self._cpu = name, time.perf_counter(), cpu_seconds()

    def close(self) -> None:
        """End the stage that runs."""
        if self._now is None:
            return
        stage = self.by_name.setdefault(self._now, Stage())
        stage.seconds += time.perf_counter() - self._began
        stage.cpu_seconds += cpu_seconds() - self._cpu
        stage.peak_bytes = max(stage.peak_bytes, peak_bytes())
        self._now = None

    @property
    def seconds(self) -> float:
        return sum(stage.seconds for stage in self.by_name.values())

    @property
    def peak_bytes(self) -> int:
        return max(stage.peak_bytes for stage in self.by_name.values())

    def lines(self, events: int) -> list[str]:
        """A table for people: one line a stage, and the total."""
        lines = [f"{'stage':<16}{'seconds':>10}{'CPU s':>10}{'events/s':>12}{'peak MiB':>10}"]
        cpu = sum(stage.cpu_seconds for stage in self.by_name.values())
        rows = [*self.by_name.items(), ("total", Stage(self.seconds, cpu, self.peak_bytes))]
        for name, stage in rows:
            rate = events / stage.seconds if stage.seconds else 0.0
            lines.append(
                f"{name:<16}{stage.seconds:>10.2f}{stage.cpu_seconds:>10.2f}{rate:>12,.0f}"
                f"{stage.peak_bytes / 2**20:>10,.0f}"
            )
        return lines


def cpu_seconds() -> float:
    """CPU seconds of this process so far, all threads, user and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_bytes() -> int:
    """The peak of resident memory since `reset_peak`, or since the beginning where the system cannot reset it."""
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def reset_peak() -> None:
    """Begin the peak of resident memory anew, where the system can (Linux)."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return
