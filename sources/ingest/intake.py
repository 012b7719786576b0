"""What becomes of the records of a request: judged as `publish` judges, kept in the outbox, named in a receipt.

When `take` returns, the events are on the disk, and so is the receipt.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from throughline.errors import RequestRefused
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.steward import ACTS
from throughline.schemas.definitions.topics import Topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.json_lines import events_from_objects
from throughline.schemas.wire.kafka_record import KafkaRecord, plain_rows, record_of
from throughline.sources.ingest.binding import Headers, events_of, fingerprint_of
from throughline.sources.ingest.receipts import Kept, Receipts
from throughline.sources.ingest.token import Token
from throughline.sources.publish.outbox import Outbox

MOST_EVENTS = 10_000
_NAMED_CHARS = 200

_NOT_GRANTED = {
    "steward_act",
    "unlisted_steward",
    "source_not_granted",
    "agency_not_granted",
    "area_not_granted",
    "wrong_source",
}


@dataclass(frozen=True)
class Post:
    """A request that was read whole: its headers (names in small letters), its body, unpacked, and its key, if any."""

    headers: Headers
    body: bytes
    key: str | None = None


@dataclass(frozen=True)
class Answer:
    """A receipt as JSON, its id, the status of HTTP that goes with it, and whether it had been given before."""

    receipt_id: str
    status: int
    body: Mapping[str, Any]
    is_repeated: bool = False


class Intake:
    """Takes posts into `outbox`, one at a time; `count` is called with the publisher and its events before any is
    judged, and may refuse them; `wake` once there is something to send."""

    def __init__(
        self,
        domain: Domain,
        schemas: SchemaStore,
        topics: Topics,
        outbox: Outbox,
        receipts: Receipts,
        *,
        count: Callable[[str, int], None] = lambda publisher, events: None,
        wake: Callable[[], None] = lambda: None,
        structured: bool = False,
    ) -> None:
        self._domain = domain
        self._schemas = schemas
        self._topics = topics
        self._outbox = outbox
        self._receipts = receipts
        self._count = count
        self._wake = wake
        self._structured = structured

    def take(self, token: Token, post: Post) -> Answer:
        """Keep the events of a post. Raises RequestRefused where the request as a whole is not taken, OutboxError and
        ReceiptsError where nothing can be kept: then it may be sent again, and nothing counts twice."""
        fingerprint = None
        if post.key is not None:
            fingerprint = fingerprint_of(post.headers, post.body)
            before = self._receipts.of_key(token.source, post.key)
            if before is not None:
                return _again(before, fingerprint)
        stated = events_of(post.headers, post.body, record_bytes=self._domain.limits.record_bytes, most=MOST_EVENTS)
        self._count(token.source, len(stated))
        fates = self._keep([event[:2] for event in stated], token)
        receipt_id = f"r-{secrets.token_hex(16)}"
        counts = Counter(fate["fate"] for fate in fates)
        body = {
            "receipt": receipt_id,
            "taken_at": datetime.fromtimestamp(int(time.time()), UTC).isoformat().replace("+00:00", "Z"),
            "source": token.source,
            "records": len(fates),
            **{name: counts[name] for name in ("accepted", "known", "refused")},
            "fates": fates,
        }
        self._receipts.keep(receipt_id, token.source, post.key, Kept(orjson.dumps(body), fingerprint))
        return Answer(receipt_id, status_of(body), body)

    def receipt(self, token: Token, receipt_id: str) -> Mapping[str, Any]:
        """A receipt that this publisher was given. Raises RequestRefused (404)."""
        kept = self._receipts.of_id(token.source, receipt_id)
        if kept is None:
            raise RequestRefused(
                "There is no such receipt of this publisher.",
                code="no_receipt",
                status=404,
                hint="Receipts are kept for 30 days, and shown to the source that was given them.",
            )
        body: Mapping[str, Any] = orjson.loads(kept.body)
        return body

    def prune(self) -> None:
        """Let go of what was sent, and of receipts, that are old enough."""
        self._outbox.prune()
        self._receipts.prune()

    def _keep(self, stated: list[tuple[Any, bytes | None]], token: Token) -> list[dict[str, Any]]:
        """The fate of each record, in their order."""
        batch = events_from_objects(
            [(event, raw, place, None) for place, (event, raw) in enumerate(stated)], self._domain, "http"
        )
        fates: list[dict[str, Any]] = [{} for _ in stated]
        for row in batch.rejects.select(["position", "reason", "field", "detail", "source", "id", "type"]).to_pylist():
            why = Reject(row["reason"], row["field"], row["detail"])
            fates[row["position"]] = _refused(row["position"], row, why)
        records: list[KafkaRecord] = []
        places: list[int] = []
        for row in plain_rows(batch.events):
            place = row["position"]
            fault = why_not_granted(row, token)
            if fault is not None:
                fates[place] = _refused(place, row, fault)
                continue
            fates[place] = _fate(place, row, "known")
            places.append(place)
            records.append(
                record_of(
                    row,
                    self._schemas,
                    self._topics,
                    type_prefix=self._domain.type_prefix,
                    structured=self._structured,
                )
            )
        if records:
            for place, is_new in zip(places, self._outbox.add(records).fates, strict=True):
                if is_new:
                    fates[place]["fate"] = "accepted"
            self._wake()
        return fates


def why_not_granted(row: Mapping[str, Any], token: Token) -> Reject | None:
    """Why a token does not cover an accepted event (a row of EVENTS), or None."""
    if row["type"] in ACTS:
        return Reject("steward_act", "type", "what a steward decides is said by a steward's command, not over HTTP")
    if row["source"] != token.source:
        return Reject("source_not_granted", "source", "the token is of another source")
    if row["agency"] != token.agency:
        return Reject("agency_not_granted", "data.agency", "the token is of another agency")
    if token.areas is not None and row["area"] not in token.areas:
        return Reject("area_not_granted", "partitionkey", "the token is of other areas")
    return None


def status_of(receipt: Mapping[str, Any]) -> int:
    """The status of HTTP: 202, unless every record was refused (403 where none was this publisher's to send)."""
    if not receipt["records"] or receipt["refused"] < receipt["records"]:
        return 202
    return 403 if all(fate["status"] == 403 for fate in receipt["fates"]) else 422


def _again(before: Kept, fingerprint: bytes) -> Answer:
    if before.fingerprint != fingerprint:
        raise RequestRefused(
            "This Idempotency-Key was sent with another request.",
            code="key_used",
            status=422,
            hint="Give each request a key of its own; repeat a request as it was.",
        )
    body = orjson.loads(before.body)
    return Answer(body["receipt"], status_of(body), body, is_repeated=True)


def _fate(place: int, named: Mapping[str, Any], fate: str) -> dict[str, Any]:
    found: dict[str, Any] = {"record": place + 1, "fate": fate}
    for name in ("source", "id", "type"):
        value = named[name]
        if value is not None:
            # what was refused may be of any length
            found[name] = value if fate != "refused" or len(value) <= _NAMED_CHARS else f"{value[:_NAMED_CHARS]}…"
    return found


def _refused(place: int, named: Mapping[str, Any], why: Reject) -> dict[str, Any]:
    return {
        **_fate(place, named, "refused"),
        "reason": why.reason,
        "field": why.field,
        "detail": why.detail,
        "status": 403 if why.reason in _NOT_GRANTED else 422,
    }
