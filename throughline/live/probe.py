"""What a worker on this machine says of itself on its health port."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

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
        lines = _get(f"{address}/metrics").decode().splitlines()
    except (URLError, ConnectionError, TimeoutError):
        return None
    found: dict[str, list[tuple[str, float]]] = {}
    for line in lines:
        if not line.startswith("#"):
            labelled, value = line.rsplit(" ", 1)
            found.setdefault(labelled.split("{")[0], []).append((labelled, float(value)))

    def total(name: str, label: str = "") -> int:
        return int(sum(value for labelled, value in found.get(name, []) if label in labelled))

    return WorkerState(
        state=ready["state"],
        behind=ready["behind"],
        seconds_behind=max((value for _, value in found.get("throughline_seconds_behind", [])), default=None),
        accepted=total("throughline_records_total", 'outcome="accepted"'),
        duplicate=total("throughline_records_total", 'outcome="duplicate"'),
        quarantined=total("throughline_quarantined_total"),
        published=total("throughline_published_records_total"),
    )


def _get(address: str) -> bytes:
    try:
        with urlopen(address, timeout=_SECONDS) as answer:
            body: bytes = answer.read()
    except HTTPError as error:  # not ready is an answer too
        with error:
            body = error.read()
    return body
