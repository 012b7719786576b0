"""The board as people start it, in a process that is measured; and a store for it."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

from bench.generate.population import generate
from bench.instruments.process import MeasuredProcess
from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.store import open_store
from throughline.streams.join.replay import replay

_BOARD = "from throughline.cli.main import main; main()"


class Served(MeasuredProcess):
    """A board over `store`; `port` is where it listens, once `wait` has returned."""

    def __init__(self, store: Path, log: Path, *, port: int = 0) -> None:
        # what an earlier board said is not what this one says
        log.write_bytes(b"")
        command = [sys.executable, "-c", _BOARD, "board", "--store", str(store), "--port", str(port)]
        super().__init__(command, log)
        self.port = port

    def wait(self, seconds: float = 300.0) -> None:
        """Until it says where it is. Raises RuntimeError, with what it said, where it ends or says nothing."""
        until = time.monotonic() + seconds
        while (found := re.search(r"http://[^:/]+:(\d+)/", self.said())) is None:
            self.check()
            if time.monotonic() > until:
                raise RuntimeError(f"the board does not come up:\n{self.said()}")
            time.sleep(0.05)
        self.port = int(found[1])


def made_store(folder: Path, events: int, seed: int) -> Path:
    """A store of so many generated events in `folder`; the one that is there, where there is one."""
    path = folder / f"board-{events}-{seed}.duckdb"
    if not path.exists():
        file = generate(folder, events, seed=seed)
        with open_store(path, write=True) as store:
            replay(store, load_domain(None), [file])
        file.unlink()
    return path
