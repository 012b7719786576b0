"""The sink: keeps a store at what the shared topics say, and a snapshot of it for readers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from throughline.errors import BrokerUnavailable
from throughline.schemas.definitions.topics import Topics
from throughline.sinks.snapshot import Snapshot
from throughline.sinks.store import Store
from throughline.sources.connection.security import OPEN, Security
from throughline.streams.shared.log import SharedLog
from throughline.streams.shared.state import READ, Position, Taken, take

AT_ONCE = 5_000
CHECK_SECONDS = 30.0
_LOOK_SECONDS = 0.5
_RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)

log = logging.getLogger(__name__)


@dataclass
class Sink:
    """Reads the shared topics into `store`, which `open_shared` prepared."""

    store: Store
    topics: Topics
    bootstrap: str
    snapshot: Snapshot | None = None
    report: Callable[[Taken], None] = lambda taken: None
    security: Security = OPEN

    def run_once(self) -> Taken:
        """Read up to where the topics end now. Raises BrokerUnavailable where no broker answers, and as `SharedLog`."""
        total = Taken()
        with self._log() as shared:
            while not shared.is_at_end:
                self._take(shared, total)
        if self.snapshot is not None:
            self.snapshot.write()
        return total

    def run(self, stop: threading.Event) -> Taken:
        """Read on until `stop` is set, also where the broker is away for a while. Raises as `SharedLog` otherwise."""
        total = Taken()
        failures = 0
        while not stop.is_set():
            try:
                with self._log() as shared:
                    failures = 0
                    self._follow(shared, stop, total)
            except BrokerUnavailable as error:
                pause = _RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)]
                failures += 1
                log.warning("%s Trying again in %g seconds.", error.what, pause)
                stop.wait(pause)
        if self.snapshot is not None:
            self.snapshot.write()
        return total

    def _follow(self, shared: SharedLog, stop: threading.Event, total: Taken) -> None:
        checked = time.monotonic()
        while not stop.is_set():
            self._take(shared, total)
            if self.snapshot is not None:
                self.snapshot.write_if_due()
            if time.monotonic() - checked >= CHECK_SECONDS:
                shared.check()
                checked = time.monotonic()

    def _log(self) -> SharedLog:
        rows = self.store.connection.execute("from log_positions").fetchall()
        names = [self.topics.shared[name].name for name in READ]
        return SharedLog(self.bootstrap, names, [Position(*row) for row in rows], self.security)

    def _take(self, shared: SharedLog, total: Taken) -> None:
        found = shared.read(AT_ONCE, _LOOK_SECONDS)
        if not found.positions:
            return
        taken = take(self.store, self.topics, found.messages, found.positions)
        total.changed += taken.changed
        total.gone += taken.gone
        total.old += taken.old
        self.report(total)
