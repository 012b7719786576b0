"""Workers as processes that a driver of faults starts, signals, asks and waits for."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import URLError
from urllib.request import urlopen

from throughline.broker.ports import free_ports

_PARENT_DEATH = 1  # PR_SET_PDEATHSIG of Linux

NEXT_OFFSET = "throughline_next_offset"


class Failed(Exception):  # noqa: N818 - what is the case, as in throughline.errors
    """What was to hold after a fault does not."""


class Worker:
    """One worker process; `log` is what it says, from `log_begins` on."""

    def __init__(self, pid: int, port: int, log: Path, poll: Callable[[], int | None]) -> None:
        self.pid = pid
        self.port = port
        self.log = log
        self.log_begins = log.stat().st_size if log.exists() else 0
        self._poll = poll
        self._ended: int | None = None

    def ended(self) -> int | None:
        """Its exit code, less the number of the signal that ended it; None while it runs."""
        if self._ended is None:
            self._ended = self._poll()
        return self._ended

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self.ended() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> bool:
        """End it at once; whether it still ran."""
        was_running = self.ended() is None
        self.signal(signal.SIGKILL)
        code = self.wait(10)
        return was_running and code == -signal.SIGKILL

    def stop(self, seconds: float = 60.0) -> int:
        """Ask it to end; its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds: float) -> int:
        """Its exit code, once it has ended."""
        until = time.monotonic() + seconds
        while (code := self.ended()) is None:
            if time.monotonic() > until:
                raise Failed(f"worker {self.pid} did not end within {seconds:g} s\n{self.said()}")
            time.sleep(0.02)
        return code

    def metrics(self) -> dict[tuple[str, str], float]:
        """Its metrics by name and labels; none where it does not answer."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=2) as answer:
                lines = answer.read().decode().splitlines()
        except (URLError, ConnectionError, TimeoutError, OSError):
            return {}
        found = {}
        for line in lines:
            if not line.startswith("#"):
                name, _, number = line.rpartition(" ")
                metric, _, labels = name.partition("{")
                found[metric, labels.rstrip("}")] = float(number)
        return found

    def positions(self) -> dict[tuple[str, int], int]:
        """How far it has come, by topic and partition."""
        found = {}
        for (metric, labels), number in self.metrics().items():
            if metric == NEXT_OFFSET:
                named = dict(part.split("=", 1) for part in labels.split(","))
                found[named["topic"].strip('"'), int(named["partition"].strip('"'))] = int(number)
        return found

    def is_ready(self) -> bool:
        """Whether it says that it has partitions and takes their records."""
        return self.metrics().get(("throughline_state", 'state="running"')) == 1.0

    def said(self, most: int = 3_000) -> str:
        """The end of its log."""
        with self.log.open("rb") as file:
            file.seek(self.log_begins)
            return file.read().decode(errors="replace")[-most:]


def die_with_parent() -> None:
    """Have this process, just forked, killed when the one that forked it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL)


class Nursery:
    """A process that has imported everything once and forks a worker when asked."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.faults.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )

    def start(
        self,
        options: Mapping[str, Any],
        log: Path,
        *,
        part: str = "worker",
        statements: int = 0,
        clock: Path | None = None,
    ) -> Worker:
        """A part with these options; with `statements`, killed after so many; `clock` says seconds to add to time."""
        port = free_ports(1)[0]
        made = Worker(0, port, log, lambda: self._ask({"poll": made.pid}))
        more = {"health_port": port} if part == "worker" else {}
        asked = {"start": part, "options": {**options, **more}, "log": str(log), "statements": statements}
        made.pid = self._ask({**asked, "clock": None if clock is None else str(clock)})
        return made

    def close(self) -> None:
        """End it, and with it its workers."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, question: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())
