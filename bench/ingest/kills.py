"""The service killed at any moment while clients post: whether what it answered with 202 is in the outbox, once."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from http.client import HTTPException
from pathlib import Path

import orjson

from bench.ingest.events import BATCH, batches
from bench.ingest.served import Served, ingest_of, make_token, served
from throughline.sources.publish.outbox import Outbox

_CLIENTS = 4
_SIZE = 20
_BATCHES = 100_000
_MOST_SECONDS = 2.0


def measure_kills(folder: Path, kills: int, seed: int) -> bool:
    """Print what was answered, kept, lost and doubled; whether nothing was lost or doubled."""
    secret = make_token(folder)
    chance = random.Random(seed)
    told: set[str] = set()
    keys: dict[str, tuple[bytes, str]] = {}
    began = time.monotonic()
    for kill in range(kills):
        with served(ingest_of(folder), folder / "service.log") as service:
            clients = [
                threading.Thread(target=_post, args=(service, secret, f"{kill}-{client}", told, keys))
                for client in range(_CLIENTS)
            ]
            for client in clients:
                client.start()
            time.sleep(chance.uniform(0, _MOST_SECONDS))
            service.process.kill()
            service.process.wait()
            for client in clients:
                client.join()
    with served(ingest_of(folder), folder / "service.log") as service:
        other = sum(_post_again(service, secret, key, *asked) for key, asked in keys.items())
    with Outbox(folder / "outbox.sqlite") as outbox:
        kept: Counter[str] = Counter()
        place = 0
        while some := outbox.unsent(place, 100_000):
            kept.update(dict(one.record.headers)["ce_id"].decode() for one in some)
            place = some[-1].place
    lost, doubled = told - kept.keys(), [name for name, count in kept.items() if count > 1]
    print(
        f"{kills} kills in {time.monotonic() - began:,.0f} s: {len(told):,} events answered with 202, {len(kept):,} in "
        f"the outbox, {len(lost)} lost, {len(doubled)} there twice; of {len(keys):,} keys sent again, {other} gave "
        "another receipt."
    )
    return not lost and not doubled and not other and bool(told)


def _post(service: Served, secret: str, run: str, told: set[str], keys: dict[str, tuple[bytes, str]]) -> None:
    """Post until nobody answers; every other batch with a key."""
    line = service.connection()
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": BATCH}
    for number, (ids, body) in enumerate(batches(_BATCHES, _SIZE, run)):
        key = f"{run}-{number}" if number % 2 else None
        try:
            line.request("POST", "/events", body, headers | ({"Idempotency-Key": key} if key else {}))
            answer = line.getresponse()
            said = answer.read()
        except (OSError, HTTPException):
            return
        if answer.status != 202:
            raise RuntimeError(f"answered with {answer.status}")
        told.update(ids)
        if key:
            keys[key] = body, orjson.loads(said)["receipt"]


def _post_again(service: Served, secret: str, key: str, body: bytes, receipt: str) -> bool:
    """Whether a key that was answered gives another receipt now."""
    line = service.connection()
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": BATCH, "Idempotency-Key": key}
    line.request("POST", "/events", body, headers)
    said = orjson.loads(line.getresponse().read())
    line.close()
    return bool(said.get("receipt") != receipt)
