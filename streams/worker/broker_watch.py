"""Whether a broker answers and lets us in, asked every few seconds in a thread of its own.

The thread that commits hears of it too, but late: a client waits for its broker for minutes before it says so, and for
one that no longer takes its password or certificate for ever.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import structlog

from throughline.errors import BrokerRefused, BrokerUnavailable
from throughline.schemas.wire.broker_address import silence
from throughline.sources.connection.refusal import refusal
from throughline.sources.connection.security import OPEN, Security
from throughline.streams.worker.metrics import WorkerMetrics

# three brokers that say nothing are known to be silent within 15 seconds
_EVERY_SECONDS = 4.0
_ANSWER_SECONDS = 2.0
# to enter costs the broker a handshake and the work of a password
_ENTER_SECONDS = 30.0

_RESTART_HINT = "Then start this worker again: it reads its settings as it starts."

log = structlog.get_logger(__name__)


class BrokerWatch:
    """Tells `metrics` why no broker at `bootstrap` answers or lets us in, and that one does again, until `close`.

    Asked `every` so many seconds; whether we are let in every `enter`, and while we are not, or came back, each time.
    """

    def __init__(
        self,
        bootstrap: str,
        metrics: WorkerMetrics,
        security: Security = OPEN,
        *,
        every: float = _EVERY_SECONDS,
        answer: float = _ANSWER_SECONDS,
        enter: float = _ENTER_SECONDS,
    ) -> None:
        self._bootstrap, self._metrics, self._security = bootstrap, metrics, security
        # a question in the clear would stand in the log of a broker that wants TLS as a failed handshake
        self._asks = not security.has_tls
        self._every, self._answer, self._enter = every, answer, enter
        self._entered_at = time.monotonic()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(self._every):
            waited = bool(self._metrics.waits_for)
            reason = silence(self._bootstrap, self._answer, asks=self._asks)
            refused = None if reason else self._refused(waited)
            if refused is not None:
                reason = refused.what
                if reason != self._metrics.waits_for:
                    log.error("broker_refuses", what=reason, hint=f"{refused.hint} {_RESTART_HINT}")
            elif bool(reason) != waited:
                log.warning("broker_away", what=reason) if reason else log.info("broker_back")
            self._metrics.broker(reason)

    def _refused(self, waited: bool) -> BrokerRefused | None:
        if self._security == OPEN or not (waited or time.monotonic() - self._entered_at >= self._enter):
            return None
        self._entered_at = time.monotonic()
        with suppress(BrokerUnavailable):
            return refusal(self._bootstrap, self._security)
        return None
