"""Events a second through the service on one core, beside a service that only echoes the same bodies."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from bench.ingest.events import BATCH, batches
from bench.ingest.served import Served, echo, ingest_of, make_token, served
from throughline.sources.publish.outbox import Outbox

AIM = 3_000
_CORE = 0
_CONNECTIONS = 2


def measure_rate(folder: Path, count: int, size: int) -> bool:
    """Print the rate of both; whether the aim is kept and every event is in the outbox."""
    secret = make_token(folder)
    bodies = [body for _, body in batches(count, size, "rate")]
    warm = [body for _, body in batches(20, size, "warm")]
    rates = {}
    for name, command in (("echo alone (Starlette on uvicorn)", echo()), ("throughline ingest", ingest_of(folder))):
        with served(command, folder / "service.log", _CORE) as service:
            _post_all(service, warm, secret)
            began, cpu = time.monotonic(), service.cpu_seconds()
            _post_all(service, bodies, secret)
            seconds, cpu = time.monotonic() - began, service.cpu_seconds() - cpu
        rates[name] = count * size / cpu
        print(
            f"{name:36}{count * size / seconds:>12,.0f} events/s{rates[name]:>12,.0f} events a second of the processor"
            f"{cpu / count * 1000:>8.1f} ms a batch of {size}"
        )
    ours, theirs = rates["throughline ingest"], rates["echo alone (Starlette on uvicorn)"]
    print(f"{'ratio to the echo':36}{ours / theirs:>12.3f}")
    with Outbox(folder / "outbox.sqlite") as outbox:
        kept = outbox.waiting
    expected = (count + 20) * size
    print(f"{kept:,} of {expected:,} events are in the outbox; the aim is {AIM:,} events/s on one core.")
    return kept == expected and ours >= AIM


def _post_all(service: Served, bodies: Sequence[bytes], secret: str) -> None:
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": BATCH}
    failed: list[int] = []

    def post(share: Sequence[bytes]) -> None:
        line = service.connection()
        for body in share:
            line.request("POST", "/events", body, headers)
            answer = line.getresponse()
            answer.read()
            if answer.status != 202:
                failed.append(answer.status)
        line.close()

    threads = [threading.Thread(target=post, args=(bodies[first::_CONNECTIONS],)) for first in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(f"{len(failed)} requests were answered otherwise, the first with {failed[0]}")
