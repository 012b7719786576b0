"""What was answered with 202 is in the outbox, once, however the process ends (`python -m bench.ingest` kills more)."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import httpx
import orjson
from posted import BATCH, Running, add_token, crime, ids_in, running

from throughline.sources.publish.outbox import Outbox

CLIENTS = 3


def post_until_it_dies(made: Running, secret: str, client: int, told: list[str]) -> None:
    """Post batches of five, one of three a second time, as a client does that heard no answer. The first client kills
    the service as soon as it has heard that its seventh batch is kept."""
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": BATCH}
    with httpx.Client(base_url=made.url, headers=headers, trust_env=False) as line:
        for batch in range(10_000):
            body = orjson.dumps([crime(f"{client}-{batch}-{number}") for number in range(5)])
            try:
                for _ in range(2 if batch % 3 == 1 else 1):
                    if line.post("/events", content=body).status_code == 202:
                        told += [f"e{client}-{batch}-{number}" for number in range(5)]
                if (client, batch) == (0, 6):
                    made.process.kill()
            except httpx.HTTPError:
                return


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    secret, told = add_token(tmp_path / "tokens.yaml"), list[str]()
    with running(tmp_path, "--rate", 1_000_000, stop=lambda process: process.kill()) as made:
        clients = [
            threading.Thread(target=post_until_it_dies, args=(made, secret, client, told)) for client in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()

    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        kept = Counter(ids_in(outbox))
    assert "e0-6-4" in told
    assert set(told) <= set(kept)
    assert set(kept.values()) == {1}
