"""A worker's traces reach a collector that speaks OTLP over HTTP; one that is away costs no record."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from brokers import RunningBroker
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from workers import made_up_records, make_topics, send, worker

from throughline.broker.ports import free_ports
from throughline.schemas.definitions.domain import load_domain


@contextmanager
def collector(spans: list[Any]) -> Iterator[str]:
    """The address of a collector that adds what it is sent to `spans`."""

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    spans.extend(scope.spans)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Taking)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_each_transaction_is_a_span(
    broker: RunningBroker, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the partition and what became of the records, and nothing that tells of a case."""
    domain = load_domain()
    topics = make_topics(broker.bootstrap, topic_prefix, domain)
    records = made_up_records(tmp_path / "files", domain, topics, cases=5)
    sent = send(broker.bootstrap, records)
    spans: list[Any] = []
    with collector(spans) as address:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        with worker(broker.bootstrap, topic_prefix, tmp_path / "live", port=free_ports(1)[0]) as only:
            only.wait_for(sent)
            assert only.stop() == 0

    # what was fetched before a store was open is read again; that may happen or not
    assert {span.name for span in spans} - {"read again"} == {"open", "commit", "publish"}
    attributes = [{one.key: one.value.int_value for one in span.attributes} for span in spans if span.name == "commit"]
    assert {frozenset(one) for one in attributes} == {
        frozenset({"partition", "behind", "accepted", "duplicate", "quarantined"})
    }
    assert sum(one["accepted"] + one["duplicate"] + one["quarantined"] for one in attributes) == sent


def test_a_collector_that_is_away_costs_no_record(
    broker: RunningBroker, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = load_domain()
    topics = make_topics(broker.bootstrap, topic_prefix, domain)
    sent = send(broker.bootstrap, made_up_records(tmp_path / "files", domain, topics, cases=2))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_ports(1)[0]}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")

    with worker(broker.bootstrap, topic_prefix, tmp_path / "live", port=free_ports(1)[0]) as only:
        only.wait_for(sent)
        assert only.stop() == 0
