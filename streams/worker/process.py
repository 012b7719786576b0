"""A worker as a process: Faust's loop, the committing thread, health, logs, and a clean end."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from throughline.errors import BrokerUnavailable
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.sinks.store import Store
from throughline.sources.connection.refusal import check_admitted, refusal
from throughline.sources.connection.security import OPEN, Security
from throughline.streams.log.event_log import RIGHTS_HINT, CaseLog
from throughline.streams.worker.agent import make_app
from throughline.streams.worker.broker_watch import BrokerWatch
from throughline.streams.worker.committer import EXIT_CODE, Announced, Announcer, Committer, Place
from throughline.streams.worker.health import HealthServer
from throughline.streams.worker.inbox import Inbox
from throughline.streams.worker.metrics import WorkerMetrics
from throughline.streams.worker.tracing import start_tracing

INBOX_BYTES = 64 * 1024 * 1024


class LiveWorker:
    """One worker; `run` returns when told to stop (SIGTERM, SIGINT), and ends the process where it breaks down."""

    def __init__(
        self,
        *,
        bootstrap: str,
        folder: Path,
        domain: Domain,
        topic_prefix: str = "",
        group: str = "throughline",
        instance: str | None = None,
        health_port: int = 6067,
        memory_limit: str = "2GB",
        publishes: bool = True,
        json_logs: bool = False,
        security: Security = OPEN,
    ) -> None:
        configure_logs(json_logs)
        folder.mkdir(parents=True, exist_ok=True)
        topics = load_topics(domain, prefix=topic_prefix)
        group = topic_prefix + group
        self._inbox = Inbox(INBOX_BYTES)
        self._metrics = WorkerMetrics()
        announcer = _announcer(bootstrap, topics, security) if publishes else Silence()
        self._committer = Committer(
            Place(folder, domain, topics, SchemaStore(domain), memory_limit),
            CaseLog(bootstrap, group=group, security=security),
            self._inbox,
            self._metrics,
            announcer,
        )
        self._health_port = health_port
        self._reached = bootstrap, security
        self._app = make_app(
            bootstrap=bootstrap,
            group=group,
            topics=topics,
            folder=folder,
            inbox=self._inbox,
            instance=instance,
            security=security,
        )

    def run(self) -> None:
        """Work until told to stop. Raises BrokerRefused where the broker does not let us in."""
        check_admitted(*self._reached)
        stop_tracing = start_tracing()
        health = HealthServer(self._health_port, self._metrics)
        bootstrap, security = self._reached
        watch = BrokerWatch(bootstrap, self._metrics, security)
        structlog.get_logger(__name__).info("worker_starts", health_port=health.port, pid=os.getpid())
        self._committer.start()
        try:
            worker = self._app.Worker(
                override_logging=False, redirect_stdouts=False, quiet=True, loglevel="WARNING", console_port=0
            )
            broken = _broken_by(worker)
        finally:
            self._committer.stop()
            watch.close()
            health.close()
            stop_tracing()
        if broken is not None:
            what, hint = self._meant(broken)
            structlog.get_logger(__name__).critical(
                "worker_stops",
                error=type(broken).__name__,
                what=what,
                hint=hint,
            )
            os._exit(EXIT_CODE)

    def _meant(self, broken: BaseException) -> tuple[str, str]:
        """What broke Faust down, and what to do: what its client says of a refusal is that the broker is away."""
        with suppress(BrokerUnavailable):
            if (found := refusal(*self._reached)) is not None:
                return found.what, found.hint
        if "Authorization" in type(broken).__name__:
            bootstrap, security = self._reached
            # its text is the name of what may not be read, or of the group
            named = ", ".join(map(str, broken.args))
            return f"The broker at {bootstrap} does not let {security.who} read {named}.", RIGHTS_HINT
        return str(broken), "Check that the broker is running at the address given; then start the worker again."


def _broken_by(worker: Any) -> BaseException | None:
    """Run Faust until it ends; what it broke down by, None where it was told to stop.

    It says neither by what it raises: a supervisor would take a worker that broke down for one that has done its work.
    """
    try:
        worker.execute_from_commandline()
    except SystemExit as ended:
        if ended.code:
            return worker.crash_reason or ended.__context__ or ended
    reason: BaseException | None = worker.crash_reason or worker.app.crash_reason
    return reason


def _announcer(bootstrap: str, topics: Topics, security: Security) -> Announcer:
    # a worker that publishes nothing does without what renders it
    from throughline.streams.worker.announcer import KafkaAnnouncer

    return KafkaAnnouncer(bootstrap, topics, _now, security)


class Silence:
    """Publishes nothing."""

    def announce(self, store: Store) -> Announced:
        """Leave what is outgoing where it is."""
        return Announced(0, is_more=False)


def configure_logs(as_json: bool) -> None:
    """Logs of this process to standard error: ids and numbers, never what a record says."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
