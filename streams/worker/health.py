"""Health of a worker over HTTP, on the loopback address only: /live, /ready and /metrics."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from throughline.errors import UsageError
from throughline.streams.worker.metrics import WorkerMetrics

# a worker that has work and takes none of it for so long is to be killed and started again
STUCK_SECONDS = 120.0


class HealthServer:
    """Answers on 127.0.0.1 at `port` (0: any that is free) until `close`; `port` says which it is."""

    def __init__(self, port: int, metrics: WorkerMetrics) -> None:
        """Raises UsageError where the port is taken."""
        handler = type("Handler", (_Handler,), {"metrics": metrics})
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        except OSError as error:
            raise UsageError(
                f"The worker cannot listen on port {port}: {error.strerror}.",
                hint="Give another port with --health-port.",
            ) from None
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    metrics: WorkerMetrics

    def do_GET(self) -> None:
        metrics = self.metrics
        state = {
            "state": metrics.now_state,
            "partitions": sorted(metrics.open_partitions),
            # nobody knows how far behind, where no broker says how long its log is
            "behind": None if metrics.waits_for else metrics.behind,
            "waits_for": metrics.waits_for,
        }
        if self.path == "/metrics":
            self._answer(200, "text/plain; version=0.0.4; charset=utf-8", metrics.text())
        elif self.path == "/ready":
            self._answer(200 if metrics.is_ready() else 503, "application/json", json.dumps(state).encode())
        elif self.path == "/live":
            alive = metrics.is_alive(STUCK_SECONDS)
            self._answer(200 if alive else 503, "application/json", json.dumps(state).encode())
        else:
            self._answer(404, "text/plain", b"/live, /ready or /metrics\n")

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a probe a second is no news."""
