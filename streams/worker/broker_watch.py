"""Whether a broker answers, asked every few seconds in a thread of its own.

The thread that commits hears of it too, but late: a client waits for its broker for minutes before it says so.
"""

from __future__ import annotations

import threading

import structlog

from throughline.schemas.wire.broker_address import silence
from throughline.sources.connection.security import OPEN, Security
from throughline.streams.worker.metrics import WorkerMetrics

# three brokers that say nothing are known to be silent within 15 seconds
_EVERY_SECONDS = 4.0
_ANSWER_SECONDS = 2.0

log = structlog.get_logger(__name__)


class BrokerWatch:
    """Tells `metrics` why no broker at `bootstrap` answers, and that one does again, until `close`."""

    def __init__(
        self,
        bootstrap: str,
        metrics: WorkerMetrics,
        security: Security = OPEN,
        *,
        every: float = _EVERY_SECONDS,
        answer: float = _ANSWER_SECONDS,
    ) -> None:
        self._bootstrap, self._metrics = bootstrap, metrics
        # a question in the clear would stand in the log of a broker that wants TLS as a failed handshake
        self._asks = not security.has_tls
        self._every, self._answer = every, answer
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(self._every):
            reason = silence(self._bootstrap, self._answer, asks=self._asks)
            if bool(reason) != bool(self._metrics.waits_for):
                log.warning("broker_away", what=reason) if reason else log.info("broker_back")
            self._metrics.broker(reason)
