"""What a publisher sent beside its receipts, id by id: what is missing, came otherwise, or was quarantined."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from throughline.schemas.wire.receipts import Receipt, Receipts, Shipment, catalogue_name

Key = tuple[str, str | None, str]


@dataclass(frozen=True)
class Finding:
    """One event, or record, that is not on both sides as it should be: `finding` is one of `differences.yaml`.

    `since` (UTC, naive) is when it was sent, or refused; None where it has not been sent.
    """

    finding: str
    source: str | None
    type: str | None
    event_id: str | None
    revision: str | None
    since: datetime | None
    reason: str | None = None
    field: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class FindingCount:
    """Findings of one kind, source, type, reason and field: how many, since when and until when, and the first ids."""

    finding: str
    source: str | None
    type: str | None
    reason: str | None
    field: str | None
    events: int
    since: datetime | None
    until: datetime | None
    ids: tuple[str, ...]


def compare(shipments: Iterable[Shipment], receipts: Receipts, type_prefix: str) -> Iterator[Finding]:
    """What differs, of the sources that the receipts are for; what agrees is not told."""
    stated: dict[Key, list[Receipt]] = defaultdict(list)
    refused: dict[tuple[str, str], Receipt] = {}
    nameless: list[Receipt] = []
    for receipt in receipts.receipts:
        if receipt.event_id is None or receipt.source is None:
            nameless.append(receipt)
        elif receipt.outcome == "quarantined":
            refused.setdefault((receipt.source, receipt.event_id), receipt)
        else:
            stated[receipt.source, receipt.area, receipt.event_id].append(receipt)
    ours = [one for one in shipments if one.source in receipts.sources]
    sent = {(one.source, one.area, one.event_id) for one in ours}
    for one in ours if receipts.each_revision else _latest(ours):
        finding = _finding(one, stated, refused, receipts, type_prefix)
        if finding is not None:
            yield finding
    for key in stated.keys() - sent:
        first = min(stated[key], key=lambda given: given.received_at)
        yield Finding("not_sent_from_here", first.source, first.type, first.event_id, first.revision, first.received_at)
    named = {(source, event) for source, _, event in (*sent, *stated)}
    for receipt in (*nameless, *(given for key, given in refused.items() if key not in named)):
        yield _quarantined(receipt, None)


def counted(findings: Iterable[Finding]) -> list[FindingCount]:
    """The findings counted, the most frequent first."""
    groups: dict[tuple[str | None, ...], list[Finding]] = defaultdict(list)
    for one in findings:
        groups[one.finding, one.source, one.type, one.reason, one.field].append(one)
    made = []
    for many in groups.values():
        times = sorted(one.since for one in many if one.since is not None)
        ids = tuple(sorted({one.event_id for one in many if one.event_id is not None})[:3])
        first = many[0]
        since, until = (times[0], times[-1]) if times else (None, None)
        made.append(
            FindingCount(
                first.finding, first.source, first.type, first.reason, first.field, len(many), since, until, ids
            )
        )
    return sorted(made, key=lambda one: (-one.events, one.finding, str(one.source), str(one.type), str(one.reason)))


def _latest(shipments: list[Shipment]) -> list[Shipment]:
    """Of each event what was taken in at its highest revision; nothing of one that is taken back."""
    found: dict[Key, Shipment] = {}
    for one in shipments:
        key = (one.source, one.area, one.event_id)
        if key not in found or (one.revision or "") >= (found[key].revision or ""):
            found[key] = one
    return [one for one in found.values() if not one.retracts]


def _finding(
    one: Shipment,
    stated: dict[Key, list[Receipt]],
    refused: dict[tuple[str, str], Receipt],
    receipts: Receipts,
    type_prefix: str,
) -> Finding | None:
    kind = catalogue_name(one.type, type_prefix)
    since = None if one.sent_at is None else datetime.fromtimestamp(one.sent_at, UTC).replace(tzinfo=None)

    def found(finding: str, reason: str | None = None, detail: str | None = None) -> Finding:
        return Finding(finding, one.source, kind, one.event_id, one.revision, since, reason, None, detail)

    key = (one.source, one.area, one.event_id)
    there = stated.get(key, [])
    if receipts.each_revision:
        there = [receipt for receipt in there if receipt.revision == one.revision]
    # of copies in conflict one stands once a steward has decided
    standing = [receipt for receipt in there if receipt.outcome == "accepted"]
    if there and not standing:
        return found("conflict", "conflict", there[0].detail)
    if standing:
        hashes = {receipt.content_hash for receipt in standing}
        agrees = None in hashes or one.content_hash is None or one.content_hash in hashes
        return None if agrees else found("otherwise", "other_content")
    if (one.source, one.event_id) in refused:
        return _quarantined(refused[one.source, one.event_id], kind)
    if one.state != "sent":
        return found("waiting") if one.state == "waiting" else found("refused_by_broker", one.refusal)
    if since is not None and (receipts.read_to is None or since > receipts.read_to):
        return found("not_read_yet")
    return found("missing", "revision_missing" if key in stated else None)


def _quarantined(receipt: Receipt, kind: str | None) -> Finding:
    return Finding(
        "quarantined",
        receipt.source,
        receipt.type if kind is None else kind,
        receipt.event_id,
        receipt.revision,
        receipt.received_at,
        receipt.reason,
        receipt.field,
        receipt.detail,
    )
