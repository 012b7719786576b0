"""What a worker on this machine says of itself on its health port."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

_SECONDS = 2.0


@dataclass(frozen=True)
class WorkerState:
    """State (`worker_metrics.STATES`), records in the log behind it, age of the last one in seconds, and counts."""

    state: str
    behind: int
    seconds_behind: float | None
    accepted: int
    duplicate: int
    quarantined: int
    published: int

    @property
    def taken(self) -> int:
        """Records that it committed, whatever became of them."""
        return self.accepted + self.duplicate + self.quarantined


def worker_state(health_port: int) -> WorkerState | None:
    """What the worker says; None where it does not answer."""
    address = f"http://127.0.0.1:{health_port}"
    try:
        ready = json.loads(_get(f"{address}/ready"))
        text = _get(f"{address}/metrics").decode()
    except (URLError, ConnectionError, TimeoutError):
        return None
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]

    def values(name: str, **labels: str) -> list[float]:
        return [one.value for one in samples if one.name == name and labels.items() <= one.labels.items()]

    return WorkerState(
        state=ready["state"],
        behind=ready["behind"] or 0,
        seconds_behind=max(values("throughline_seconds_behind"), default=None),
        accepted=int(sum(values("throughline_records_total", outcome="accepted"))),
        duplicate=int(sum(values("throughline_records_total", outcome="duplicate"))),
        quarantined=int(sum(values("throughline_quarantined_total"))),
        published=int(sum(values("throughline_published_records_total"))),
    )


def _get(address: str) -> bytes:
    try:
        with urlopen(address, timeout=_SECONDS) as answer:
            body: bytes = answer.read()
    except HTTPError as error:  # not ready is an answer too
        with error:
            body = error.read()
    return body
