"""Traces of a worker by OpenTelemetry: one span for each transaction, reading again, opening and portion published.

They go where the standard variables say (OTEL_EXPORTER_OTLP_ENDPOINT, by HTTP); without one nothing is recorded and
a span costs about a microsecond. A collector that is away costs spans, never records. No attribute names a case.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from opentelemetry import trace

# until `start_tracing` says where they go, its spans go nowhere
tracer = trace.get_tracer("throughline.worker")

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def start_tracing() -> Callable[[], None]:
    """Send spans to the endpoint that the environment names, if it names one; what to call at the end."""
    if not any(os.environ.get(name) for name in _ENDPOINTS):
        return lambda: None
    # only where it is asked for: the exporter takes a third of a second to import
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: "throughline-worker"}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider.shutdown
