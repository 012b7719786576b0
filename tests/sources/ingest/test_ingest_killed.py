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


def post(made: Running, secret: str, client: int, told: list[str]) -> None:
    """Post batches of five, one of three a second time, as a client does that heard no answer."""
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": BATCH}
    with httpx.Client(base_url=made.url, headers=headers, trust_env=False, timeout=30) as line:
        for batch in range(4):
            body = orjson.dumps([crime(f"{client}-{batch}-{number}") for number in range(5)])
            for _ in range(2 if batch % 3 == 1 else 1):
                assert line.post("/events", content=body).status_code == 202
            told += [f"e{client}-{batch}-{number}" for number in range(5)]


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    """Killed as soon as the last answer is heard: nothing comes after it that could bring it to the disk."""
    secret, told = add_token(tmp_path / "tokens.yaml"), list[str]()
    with running(tmp_path, "--rate", 1_000_000, stop=lambda process: process.kill()) as made:
        clients = [threading.Thread(target=post, args=(made, secret, client, told)) for client in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        post(made, secret, CLIENTS, told)

    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        kept = Counter(ids_in(outbox))
    assert len(told) == (CLIENTS + 1) * 4 * 5
    assert kept == dict.fromkeys(told, 1)
