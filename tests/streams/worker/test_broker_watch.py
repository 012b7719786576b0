"""Without a broker, a worker says that it waits, and is not to be killed for it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from throughline.streams.worker.broker_watch import BrokerWatch
from throughline.streams.worker.health import HealthServer
from throughline.streams.worker.metrics import WorkerMetrics


def answer(health: HealthServer, path: str) -> tuple[int, dict[str, Any]]:
    try:
        with urlopen(f"http://127.0.0.1:{health.port}{path}", timeout=5) as given:
            return given.status, json.loads(given.read())
    except HTTPError as refused:
        return refused.code, json.loads(refused.read())


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_worker_whose_broker_has_gone_waits() -> None:
    """The state, in its answers and its metrics, and that nobody knows how far behind it is; then all as before.

    The broker is a stand-in: it takes connections, and says nothing unless it is asked to the end.
    """
    metrics, address = WorkerMetrics(), socket.create_server(("127.0.0.1", 0))
    port = address.getsockname()[1]
    metrics.state("running")
    health, watch = HealthServer(0, metrics), BrokerWatch(f"127.0.0.1:{port}", metrics, every=0.02, answer=0.2)
    try:
        wait_until(lambda: metrics.now_state == "waiting")
        assert "does not answer" in answer(health, "/ready")[1]["waits_for"]

        address.close()
        wait_until(lambda: "refused" in metrics.waits_for)
        # for as long as it would otherwise count as stuck
        metrics.last_progress -= 3600
        status, said = answer(health, "/ready")
        assert (status, said["state"], said["behind"]) == (503, "waiting", None)
        assert answer(health, "/live")[0] == 200
        assert b'throughline_state{state="waiting"} 1.0' in metrics.text()

        with socket.create_server(("127.0.0.1", port)) as back:
            while metrics.waits_for:
                with back.accept()[0] as asking:
                    asking.recv(100)
                    asking.sendall(b"\0")
            assert answer(health, "/ready") == (
                200,
                {"state": "running", "partitions": [], "behind": 0, "waits_for": ""},
            )
            assert answer(health, "/live")[0] == 200
    finally:
        watch.close()
        health.close()


def test_a_worker_that_failed_does_not_wait() -> None:
    metrics = WorkerMetrics()
    metrics.state("failed")
    metrics.broker("nothing listens")

    assert (metrics.now_state, metrics.is_ready(), metrics.is_alive(120)) == ("failed", False, False)
