"""From the outbox to the broker, in a thread of its own: whatever waits is sent until it is acknowledged.

Records go in the order in which they were added. Where the broker does not acknowledge in time, the thread lets what
is under way end, and begins again with the first that still waits. A record that is refused in a batch is sent once
more alone, so that its neighbours do not share its fate; the others go on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from functools import partial

from throughline.errors import OutboxError
from throughline.schemas.wire.kafka_record import KafkaRecord
from throughline.sources.publish.outbox import Outbox, Waiting
from throughline.sources.publish.transport import Fault, Transport, Verdict

log = logging.getLogger(__name__)

_LOADED_AT_ONCE = 2_000
_UNDER_WAY = 20_000
_SHRINKAGE, _GROWTH = 8, 4
_MARK_SECONDS = 0.2
_MARKED_AT_ONCE = 5_000
_POLL_SECONDS = 0.02
_IDLE_SECONDS = 0.25
_AGAIN_SECONDS = 1.0


class Sender:
    """Sends what waits in `outbox` by the transport that `connect` makes, from `start` to `stop`.

    `beats` gives the heartbeats that are due; they pass the outbox by. With `retry_seconds` what the broker refused is
    tried again so often, and `refused` stays empty: for who runs for long, and asks nobody.
    """

    def __init__(
        self,
        outbox: Outbox,
        connect: Callable[[], Transport],
        beats: Callable[[], list[KafkaRecord]] = lambda: [],
        *,
        retry_seconds: float | None = None,
    ) -> None:
        self.sent = 0
        self.refused: list[tuple[Waiting, str]] = []
        self.failure: OutboxError | None = None
        self.changed = threading.Condition()
        self._outbox = outbox
        self._connect = connect
        self._beats = beats
        self._retry_seconds = retry_seconds
        self._retry_at = time.monotonic() + (retry_seconds or 0)
        self._transport = connect()
        self._thread = threading.Thread(target=self._run, name="throughline-sender", daemon=True)
        self._wake = threading.Event()
        self._is_stopping = False
        # of this thread alone
        self._loaded: deque[Waiting] = deque()
        self._cursor = 0
        self._under_way = 0
        self._done: list[Waiting] = []
        self._refusals: list[tuple[Waiting, str]] = []
        self._window = _UNDER_WAY  # how many may be under way together
        self._begin_again = False
        self._not_before = 0.0
        self._marked_at = 0.0
        self._beats_due: deque[KafkaRecord] = deque()

    @property
    def trouble(self) -> str:
        """Why no broker was reached lately; empty while all is well."""
        return self._transport.trouble

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Say that there is more to send."""
        self._wake.set()

    def stop(self) -> None:
        """Note what was acknowledged, give up the rest (it stays in the outbox), and end."""
        self._is_stopping = True
        self._wake.set()
        self._thread.join()
        self._transport.close()

    def _run(self) -> None:
        try:
            while not self._is_stopping:
                self._turn()
            self._transport.poll(0)
            self._mark()
        except OutboxError as error:
            log.error("the outbox cannot be used any more: %s", error.what)
            self.failure = error
        finally:
            with self.changed:
                self.changed.notify_all()

    def _turn(self) -> None:
        """Send what can be sent, hear what became of it, and note it."""
        self._wake.clear()
        self._retry()
        self._send_beats()
        self._send()
        is_idle = not self._under_way and not self._loaded and not self._beats_due
        if not self._under_way and time.monotonic() < self._not_before:
            self._transport.poll(0)
            time.sleep(_POLL_SECONDS)
        elif is_idle:
            self._transport.poll(0)
            self._wake.wait(_IDLE_SECONDS)
        else:
            self._transport.poll(_POLL_SECONDS if self._under_way else 0)
        due = time.monotonic() - self._marked_at > _MARK_SECONDS or not self._under_way
        if due or len(self._done) > _MARKED_AT_ONCE:
            self._mark()
        if self._transport.is_broken and not self._is_stopping:
            self._replace_transport()

    def _send(self) -> None:
        if self._begin_again:
            if self._under_way or time.monotonic() < self._not_before:
                return
            self._mark()
            self._loaded.clear()
            self._cursor, self._begin_again = 0, False
        elif self._window < _UNDER_WAY:
            if self._under_way:
                return  # all of a small company are heard of before the next one goes
            self._window = min(_UNDER_WAY, self._window * _GROWTH)
        while self._under_way < self._window and not self._begin_again and self._load():
            one = self._loaded[0]
            self._under_way += 1
            if not self._transport.send(one.record, partial(self._on_done, one, self._window == 1)):
                self._under_way -= 1
                return
            self._loaded.popleft()

    def _load(self) -> bool:
        """See that the next record that waits is at hand, if there is one."""
        if not self._loaded:
            self._loaded.extend(self._outbox.unsent(self._cursor, _LOADED_AT_ONCE))
            if self._loaded:
                self._cursor = self._loaded[-1].place
        return bool(self._loaded)

    def _on_done(self, one: Waiting, was_alone: bool, fault: Fault | None) -> None:
        self._under_way -= 1
        if fault is None:
            self._done.append(one)
        elif fault.verdict is Verdict.REFUSED or (fault.verdict is Verdict.APART and was_alone):
            self._refusals.append((one, fault.reason))
        elif fault.verdict is Verdict.APART:
            if not self._begin_again:
                self._window = max(1, self._window // _SHRINKAGE)
            self._begin_again = True
        else:
            self._begin_again = True
            self._not_before = time.monotonic() + _AGAIN_SECONDS

    def _mark(self) -> None:
        self._marked_at = time.monotonic()
        if not self._done and not self._refusals:
            return
        for (topic, reason), count in Counter((one.record.topic, reason) for one, reason in self._refusals).items():
            log.warning("the broker refused %d records on %s: %s", count, topic, reason)
        with self.changed:  # so that who sees that nothing waits sees what became of it too
            self._outbox.mark(self._done, self._refusals)
            self.sent += len(self._done)
            if self._retry_seconds is None:
                self.refused += self._refusals
            self.changed.notify_all()
        self._done, self._refusals = [], []

    def _retry(self) -> None:
        if self._retry_seconds is None or time.monotonic() < self._retry_at:
            return
        self._retry_at = time.monotonic() + self._retry_seconds
        if self._outbox.retry_refused():
            self._begin_again = True  # they stand before what was loaded last

    def _send_beats(self) -> None:
        # those that could not be sent are out of date as soon as there are new ones
        self._beats_due = deque(self._beats()) or self._beats_due
        while self._beats_due and not self._begin_again and self._window == _UNDER_WAY:
            if not self._transport.send(self._beats_due[0], lambda fault: None):
                return
            self._beats_due.popleft()

    def _replace_transport(self) -> None:
        log.warning("the client of Kafka broke down and is replaced: %s", self._transport.trouble)
        self._mark()
        self._transport.close()
        self._transport = self._connect()
        self._under_way, self._begin_again = 0, True
