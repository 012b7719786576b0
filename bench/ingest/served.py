"""A service in a process of its own, on one core, with the seconds of the processor that it took."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from bench.ingest.events import AGENCY, SOURCE

_START = "from throughline.cli.main import main; main()"
_TICKS = os.sysconf("SC_CLK_TCK")
# what Starlette and uvicorn cost by themselves: a body in, the same out
_ECHO = """
import socket, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
async def echo(request):
    return Response(await request.body(), 202)
app = Starlette(routes=[Route("/events", echo, methods=["POST"])])
listening = socket.create_server(("127.0.0.1", 0))
print("http://127.0.0.1:%d/events" % listening.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, http="h11", log_level="critical", access_log=False)).run(sockets=[listening])
"""


@dataclass
class Served:
    """A service that runs, at a port of this machine."""

    process: subprocess.Popen[str]
    port: int

    def cpu_seconds(self) -> float:
        """Seconds of the processor, of all its threads, until now."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / _TICKS

    def connection(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=60)


def make_token(folder: Path) -> str:
    """A token of the file in `folder`; its secret."""
    command = [sys.executable, "-c", _START, "ingest", "token", "add", "--agency", AGENCY, "--source", SOURCE]
    made = subprocess.run([*command, "--tokens", folder / "tokens.yaml"], capture_output=True, text=True, check=True)
    return made.stdout.strip()


def ingest_of(folder: Path) -> list[str]:
    """The command of the service over the files of `folder`, without limits of rate."""
    files = ["--tokens", str(folder / "tokens.yaml"), "--outbox", str(folder / "outbox.sqlite")]
    return [sys.executable, "-c", _START, "ingest", "--port", "0", "--rate", "10000000", *files]


def echo() -> list[str]:
    return [sys.executable, "-c", _ECHO]


@contextmanager
def served(command: Sequence[str], log: Path, core: int | None = None) -> Iterator[Served]:
    """The service of a command, ended at the end if it has not ended by itself."""
    with log.open("a") as said:
        process = subprocess.Popen(list(command), stdout=subprocess.PIPE, stderr=said, text=True)
    with process:
        try:
            if core is not None:
                os.sched_setaffinity(process.pid, {core})
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
            if found is None:
                raise RuntimeError(f"it did not start: {line}{log.read_text()}")
            yield Served(process, int(found[1]))
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(60)
