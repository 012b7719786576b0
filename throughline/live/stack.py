"""Everything on this machine, each part as a process of its own: broker, topics, worker, sink and made-up publishers.

For trying out and showing: Java is needed, Docker is not. Each process writes its log into the folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from throughline.broker.local_broker import LocalBroker
from throughline.broker.ports import free_ports
from throughline.demo.population import write_population
from throughline.errors import PartFailed
from throughline.schemas.definitions.domain import load_domain

# which of the made-up systems each of the three publishers speaks for
PUBLISHERS = {
    "police": ("police_rms", "police_files"),
    "cps": ("cps_cases", "witness_care", "court"),
    "advocates": ("isva_idva", "stalking_advocacy"),
}
_STOP_SECONDS = 60.0
_SHOWN_CHARACTERS = 2_000


@dataclass
class Part:
    """One process: its name, what runs, and where its log is."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise PartFailed where it has ended with a fault."""
        code = self.process.poll()
        if code:
            raise PartFailed(
                f"`{self.name}` stopped with exit code {code}:\n"
                f"{self.log.read_text(errors='replace')[-_SHOWN_CHARACTERS:]}",
                hint=f"The whole log is in {self.log}.",
            )

    def stop(self) -> None:
        """Ask it to end; kill it where it does not."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Stack:
    """The parts in `folder`: broker/, live/ (the stores), board.duckdb, board-read.duckdb, files/, *.log."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        self.folder = folder.absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.broker = LocalBroker(self.folder / "broker", port=port)
        (self.health_port,) = free_ports(1)
        self.parts: dict[str, Part] = {}
        # the worker's stores; the sink's, and the copy of it that readers open; the made-up systems' event files
        self.live, self.files = self.folder / "live", self.folder / "files"
        self.board, self.board_read = self.folder / "board.duckdb", self.folder / "board-read.duckdb"

    def start(self) -> None:
        """Start broker, worker and sink, and make the topics; returns when the worker is ready."""
        self.broker.start()
        self.call("topics", "topics", "create", "--replication-factor", "1")
        self.run("worker", "worker", "--folder", str(self.live), "--health-port", str(self.health_port))
        self.run("sink", "sink", "--store", str(self.board), "--snapshot", str(self.board_read))

    def publish(self, *, cases: int, seed: int, rate: int | None = None) -> None:
        """Make cases up and start three publishers of them, each with an outbox of its own."""
        write_population(self.files, seed, cases, load_domain(None), datetime(2026, 6, 30, 12, tzinfo=UTC))
        for name, systems in PUBLISHERS.items():
            paths = [str(self.files / f"{system}.jsonl") for system in systems]
            outbox = ["--outbox", str(self.folder / f"outbox-{name}.sqlite")]
            self.run(f"publisher-{name}", "publish", *paths, *outbox, *(["--rate", str(rate)] if rate else []))

    def call(self, name: str, *arguments: str) -> None:
        """Run a command to its end. Raises PartFailed."""
        self.run(name, *arguments)
        part = self.parts.pop(name)
        part.process.wait()
        part.check()

    def run(self, name: str, *arguments: str) -> None:
        """Start a command of `throughline` as a process of the stack."""
        log = self.folder / f"{name}.log"
        command = [sys.executable, "-m", "throughline", *arguments, "--bootstrap", self.broker.bootstrap]
        with log.open("ab") as out:
            # the broker of the stack is in the clear, whatever this user's other broker wants
            env = {key: value for key, value in os.environ.items() if key != "THROUGHLINE_BROKER_SETTINGS"}
            self.parts[name] = Part(name, subprocess.Popen(command, stdout=out, stderr=out, env=env), log)

    def check(self) -> None:
        """Raise PartFailed where a part has ended with a fault."""
        for part in self.parts.values():
            part.check()

    def wait_for_publishers(self) -> Iterator[None]:
        """Yield four times a second until all publishers have ended."""
        while any(part.process.poll() is None for name, part in self.parts.items() if name.startswith("publisher-")):
            self.check()
            yield
            time.sleep(0.25)
        self.check()

    def stop(self, *names: str) -> None:
        """Stop these parts, or all: publishers first, the broker last."""
        for name in names or sorted(self.parts, key=lambda name: not name.startswith("publisher-")):
            part = self.parts.pop(name, None)
            if part is not None:
                part.stop()
        if not names:
            self.broker.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(KeyboardInterrupt):
            self.stop()
