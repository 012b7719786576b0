"""Hostile requests to the way in over HTTP, put to the application itself: no socket, headers that no client sends."""

from __future__ import annotations

import asyncio
import gzip
import random
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from bench.hostile.values import RAW_JSON, TEXTS, damaged, hostile_value
from bench.hostile_sources.attempt import Case, Made
from bench.hostile_sources.damage import cell, sound
from bench.hostile_sources.exports import UNTOUCHED
from bench.hostile_sources.text_files import dumped
from throughline.errors import DataError
from throughline.schemas.acceptance.events import EVENTS, REJECTS
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.sources.ingest.app import Service, create_app
from throughline.sources.ingest.body import BodyLimits
from throughline.sources.ingest.intake import Intake
from throughline.sources.ingest.load import Rates
from throughline.sources.ingest.receipts import Receipts, receipts_path
from throughline.sources.ingest.token import Tokens, make_token, write_tokens
from throughline.sources.publish.outbox import Outbox

_SOURCE = "urn:throughline:bench:police"
_STRUCTURED, _BATCH = b"application/cloudevents+json", b"application/cloudevents-batch+json"
_EVENTS = 60
_BYTES = 2_000_000
_TAKEN = {202, 400, 403, 404, 405, 413, 415, 422}
_NAMES = (
    b"content-type", b"content-encoding", b"content-length", b"idempotency-key", b"ce-id", b"ce-source", b"ce-type",
    b"ce-time", b"ce-specversion", b"ce-partitionkey", b"ce-data", b"ce-X", b"ce-", b"authorization", b"x",
)  # fmt: skip

Headers = list[tuple[bytes, bytes]]


def _event(number: int) -> dict[str, Any]:
    data = {"unit": "20PP", "identifiers": {"crime_ref": f"20/{number}/26"}, "offence_group": "stalking"}
    event = {"specversion": "1.0", "id": f"h{number}", "source": _SOURCE, "type": "police.crime.recorded"}
    return event | {"time": "2026-03-02T10:15:00Z", "partitionkey": "20", "data": data}


class Requests:
    """Hostile requests to one service: batches of hostile events, and requests that are hostile themselves.

    What the receipt says is held against what is in the outbox; the untouched events of a batch must be accepted.
    """

    def __init__(self, domain: Domain, folder: Path) -> None:
        token, secret = make_token(
            domain, agency="police", source=_SOURCE, areas=["20"], days=30, today=datetime.now(UTC).date()
        )
        write_tokens(folder / "tokens.yaml", [token])
        self.secret = secret.encode()
        path = folder / "outbox.sqlite"
        for one in folder.glob("outbox.sqlite*"):
            one.unlink()
        self.outbox = Outbox(path)
        self.receipts = Receipts(receipts_path(path))
        intake = Intake(domain, SchemaStore(domain), load_topics(domain, replication=1), self.outbox, self.receipts)
        types = [form.wire_type for form in domain.rules.forms]
        limits = BodyLimits(most_bytes=_BYTES)
        self.app = create_app(
            Service(intake, Tokens(folder / "tokens.yaml"), Rates(1e9, 1e9), "Bench", types, limits=limits)
        )
        self.loop = asyncio.new_event_loop()

    def close(self) -> None:
        self.loop.close()
        self.outbox.__exit__(None, None, None)
        self.receipts.__exit__(None, None, None)

    def _asked(self, headers: Headers, body: bytes, path: str = "/events", method: str = "POST") -> tuple[int, bytes]:
        """The status and the body of the answer."""
        half = len(body) // 2
        parts = [{"type": "http.request", "body": body[:half], "more_body": True},
                 {"type": "http.request", "body": body[half:], "more_body": False}]  # fmt: skip
        said: list[Any] = []

        async def receive() -> Any:
            return parts.pop(0) if parts else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            said.append(message)

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path,
            "raw_path": path.encode(errors="replace"), "query_string": b"", "root_path": "", "headers": headers,
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        self.loop.run_until_complete(self.app(scope, receive, send))
        return said[0]["status"], b"".join(one.get("body", b"") for one in said[1:])

    def case(self, chance: random.Random) -> Case:
        if chance.random() < 0.5:
            events, kept = [], set()
            for place in range(_EVENTS):
                event = _event(chance.randrange(10**12))
                if chance.random() < UNTOUCHED:
                    kept.add(place)
                    events.append(orjson.dumps(event))
                else:
                    events.append(_odd(event, chance))
            headers = [(b"content-type", _BATCH), (b"authorization", b"Bearer " + self.secret)]
            body = b"[" + b",".join(events) + b"]"
            return Case(_EVENTS, lambda: self._read(headers, body, _EVENTS, kept))
        path, method = "/events", "POST"
        if chance.random() < 0.1:
            path, method = f"/receipts/{sound(cell(chance, 'r-1'))}", chance.choice(("GET", "POST", "\u0130", ""))
        headers, body = _odd_request(chance, self.secret)
        return Case(1, lambda: self._read(headers, body, None, set(), path, method), may_refuse=True)

    def _read(
        self,
        headers: Headers,
        body: bytes,
        records: int | None,
        kept: set[int],
        path: str = "/events",
        method: str = "POST",
    ) -> Iterator[Made]:
        """Raises AssertionError where the answer is not one of those that are described, or says other than is so."""
        before = self.outbox.waiting
        status, answer = self._asked(headers, body, path, method)
        said = orjson.loads(answer)
        assert status in _TAKEN or (status == 401 and "code" not in said), f"answered with {status}: {answer[:200]!r}"
        fates = said.get("fates") or said.get("errors") or []
        accepted = sum(one.get("fate") == "accepted" for one in fates)
        assert self.outbox.waiting - before == accepted, "the outbox has other events than were said to be accepted"
        assert all(one.get("reason") and one.get("detail") for one in fates if one.get("fate", "refused") == "refused")
        if status != 202 and not fates:
            assert said["status"] == status and said["detail"], "a refusal without its reason"  # noqa: PT018
            raise DataError(said["detail"])
        assert records in (None, len(fates)), f"{len(fates)} fates of {records} records: {fates[:1]}"
        assert all(fates[place]["fate"] in ("accepted", "known") for place in kept), "an untouched event was refused"
        nothing = EVENTS.empty_table(), REJECTS.empty_table()
        yield Made(*nothing, len(fates), accepted=accepted, refused=len(fates) - accepted)


def _odd(event: dict[str, Any], chance: random.Random) -> bytes:
    """A hostile event that is one element of a list all the same."""
    part = chance.choice((event, event, event["data"], event["data"]["identifiers"]))
    name = chance.choice([*part, chance.choice(TEXTS)])
    was = part.get(name)
    part[name] = chance.choice((hostile_value(chance), sound(cell(chance, was if isinstance(was, str) else ""))))
    made = dumped(event)
    if chance.random() < 0.1:
        made = chance.choice((b"null", b"1", b'""', b"[]", b"{}", b"9" * 200))
    try:
        orjson.loads(made)
    except orjson.JSONDecodeError:
        return b"-0.0"  # what is no JSON spoils the whole batch: that is for the other requests
    return made


def _odd_request(chance: random.Random, secret: bytes) -> tuple[Headers, bytes]:
    event = _event(chance.randrange(10**12))
    body = orjson.dumps(event)
    headers: Headers = [
        (b"authorization", b"Bearer " + secret),
        (b"content-type", chance.choice((_STRUCTURED, _BATCH))),
    ]
    what = chance.randrange(7)
    if what == 0:
        body = damaged(body, chance)
    elif what == 1:
        body = chance.choice(
            (b"[" * 9000, b'{"a":' * 9000, b"", b"[]", b"\x00", chance.choice(RAW_JSON), b"[" + body, body + body)
        )
    elif what == 2:
        bomb = gzip.compress(b" " * 5_000_000, 1)
        packed = chance.choice((gzip.compress(body), zlib.compress(body), bomb, gzip.compress(body) * 20, b"\x1f\x8b"))
        body = chance.choice((packed, damaged(packed, chance), packed + b"x"))
        headers.append(
            (b"content-encoding", chance.choice((b"gzip", b"deflate", b"x-gzip", b"gzip, gzip", b"br", b"\xff")))
        )
    elif what == 3:
        headers[1:] = [(b"ce-" + name.encode(), str(value).encode()) for name, value in event.items() if name != "data"]
        headers.append(
            (b"content-type", chance.choice((b"application/json", b"text/plain", b"", b"application/x+json")))
        )
        body = orjson.dumps(event["data"])
    elif what == 4:
        body = b"[" + b",".join([b"{}"] * chance.choice((2, 10_000, 10_001))) + b"]"
    for _ in range(chance.choice((0, 1, 1, 3))):
        value = chance.choice(
            (sound(cell(chance, "x")).encode()[:9000], b"%", b"%E9", b"%00", b'"', b"\xff\xfe", b"-1", b"9" * 5000)
        )
        odd = (chance.choice(_NAMES), value)
        headers.insert(chance.randrange(len(headers) + 1), odd)
    return headers, body


READERS = {"http": Requests}
