"""What a publisher sent, one event a row, and the receipts for it: what each record became on the shared side.

A file of receipts is JSON Lines, for one publisher alone and without anything that a record says:

    {"receipts": 1, "sources": ["urn:…"], "read_to": "2026-03-02T10:15:00Z", "each_revision": true}
    {"source": "urn:…", "event_id": "1", "type": "police.crime.recorded", "revision": null, "outcome": "accepted",
     "area": "20", "content_hash": "…", "reason": null, "field": null, "detail": null, "origin": "police.case-events-3",
     "position": 41, "received_at": "2026-03-02T10:15:00Z"}

`read_to` is when the latest record of any publisher was received: of what was sent after that, nothing is known yet.
Where there is no receipt for `each_revision` (a store that was filled from the shared topics), what stands has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import orjson

from throughline.errors import DataError

VERSION = 1
State = Literal["waiting", "sent", "refused"]
Outcome = Literal["accepted", "conflict", "quarantined"]
_OUTCOMES = ("accepted", "conflict", "quarantined")
_TEXTS = ("source", "area", "event_id", "type", "revision", "content_hash", "reason", "field", "detail", "origin")
_HINT = "`throughline quality receipts --source URN > receipts.jsonl` writes one, on the shared side."


@dataclass(frozen=True, slots=True)
class Shipment:
    """An event at a revision that a publisher took in to send; `type` as on the wire, `sent_at` (seconds since 1970
    UTC) of the acknowledgement, `recorded` as it was stated, `refusal` in the words of the broker."""

    source: str
    area: str
    event_id: str
    type: str
    revision: str | None
    retracts: bool
    sequence: str | None
    recorded: str
    content_hash: str | None
    state: State
    sent_at: int | None
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one statement of an event, or of a record that is none: `source` and `event_id` where they could
    be read. `area` is null in quarantine, where nobody knows it. `content_hash` is that of its Avro, null where the
    shared side cannot say it. `received_at` is UTC."""

    source: str | None
    area: str | None
    event_id: str | None
    type: str | None
    revision: str | None
    outcome: Outcome
    content_hash: str | None
    reason: str | None
    field: str | None
    detail: str | None
    origin: str
    position: int
    received_at: datetime


@dataclass(frozen=True)
class Receipts:
    """The receipts for some sources, up to when the shared side has read (UTC, naive), and whether they are for each
    revision of an event, or for what stands."""

    sources: tuple[str, ...]
    read_to: datetime | None
    each_revision: bool
    receipts: tuple[Receipt, ...]


def catalogue_name(wire_type: str, type_prefix: str) -> str:
    """`uk.example.police.crime.recorded.v1` as the catalogue has it."""
    name = wire_type.removeprefix(f"{type_prefix}.") if type_prefix else wire_type
    head, _, version = name.rpartition(".v")
    return head if version.isdigit() else name


def receipts_lines(made: Receipts) -> Iterator[str]:
    """The lines of a file of receipts."""
    head = {"receipts": VERSION, "sources": made.sources, "read_to": made.read_to, "each_revision": made.each_revision}
    for one in (head, *map(asdict, made.receipts)):
        yield orjson.dumps(one, option=orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z).decode()


def read_receipts(path: Path) -> Receipts:
    """The receipts in a file. Raises DataError with the line and field that is wrong."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise DataError(f"The receipts cannot be read: {error.strerror}.", file=path, hint=_HINT) from error
    objects = [_object(line, number, path) for number, line in enumerate(lines, 1)]
    if not objects or objects[0].get("receipts") != VERSION or not isinstance(objects[0].get("sources"), list):
        raise DataError(f"These are no receipts of form {VERSION}.", file=path, line=1, hint=_HINT)
    head, *rest = objects
    read_to = None if head.get("read_to") is None else _moment(head, "read_to", 1, path)
    found = tuple(_receipt(one, number, path) for number, one in enumerate(rest, 2))
    return Receipts(tuple(map(str, head["sources"])), read_to, head.get("each_revision") is True, found)


def joined(many: Iterable[Receipts]) -> Receipts:
    """Those of several stores as one; up to when all of them have read."""
    parts = list(many)
    sources = tuple(dict.fromkeys(source for part in parts for source in part.sources))
    ends = [part.read_to for part in parts if part.read_to is not None]
    receipts = tuple(one for part in parts for one in part.receipts)
    return Receipts(sources, min(ends, default=None), all(part.each_revision for part in parts), receipts)


def _object(line: bytes, number: int, path: Path) -> dict[str, Any]:
    try:
        read = orjson.loads(line)
    except orjson.JSONDecodeError:
        read = None
    if not isinstance(read, dict):
        raise DataError("is no JSON object.", file=path, line=number, hint=_HINT)
    return read


def _receipt(said: dict[str, Any], number: int, path: Path) -> Receipt:
    for name in _TEXTS:
        if not isinstance(said.get(name), str | None):
            raise DataError("is not text.", file=path, line=number, field=name, hint=_HINT)
    if said.get("outcome") not in _OUTCOMES:
        raise DataError(f"is none of {', '.join(_OUTCOMES)}.", file=path, line=number, field="outcome", hint=_HINT)
    if type(said.get("position")) is not int or said.get("origin") is None:
        raise DataError("is no place of a record.", file=path, line=number, field="position", hint=_HINT)
    texts: dict[str, Any] = {name: said.get(name) for name in _TEXTS}
    received = _moment(said, "received_at", number, path)
    return Receipt(**texts, outcome=said["outcome"], position=said["position"], received_at=received)


def _moment(said: dict[str, Any], name: str, number: int, path: Path) -> datetime:
    try:
        return datetime.fromisoformat(said[name]).astimezone(UTC).replace(tzinfo=None)
    except (KeyError, TypeError, ValueError):
        raise DataError("is no time (RFC 3339).", file=path, line=number, field=name, hint=_HINT) from None
