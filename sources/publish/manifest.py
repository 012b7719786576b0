"""The manifest of what an outbox has sent, or of what stands in event files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from throughline.schemas.acceptance.events import Batch
from throughline.schemas.wire.manifest import Manifest, summed
from throughline.schemas.wire.receipts import catalogue_name
from throughline.sources.publish.account import Account


def manifest_of_outbox(path: Path, type_prefix: str) -> Manifest:
    """What the broker has acknowledged; `type_prefix` is the domain's.

    Of an outbox that an earlier version has written, which forgot what it had sent days ago, those days are not vouched
    for. Raises what `Account` raises.
    """
    with Account(path) as outbox:
        shipped = [
            (one.source, catalogue_name(one.type, type_prefix), _day(one.recorded), one.sequence, one.sent_at or 0)
            for one in outbox.shipments()
            if one.state == "sent"
        ]
        is_whole = outbox.is_whole
    start = None
    if not is_whole and shipped:
        # what left it had been sent before the first that is there: what was recorded the day after was sent after
        start = datetime.fromtimestamp(shipped[0][4], UTC).date() + timedelta(days=1)
    return Manifest(summed(row[:4] for row in shipped if start is None or row[2] >= start), start)


def _day(stated: str) -> date:
    """The day (UTC) of its recording, or of its own time where that is not stated; of a month the first, as stored."""
    return date.fromisoformat(f"{stated}-01"[: len("YYYY-MM-DD")])


def manifest_of_batches(batches: Iterable[Batch]) -> Manifest:
    """What the batches have that is not refused, each event once."""
    return Manifest(summed(_distinct(batches)))


def _distinct(batches: Iterable[Batch]) -> Iterator[tuple[str, str, date, str | None]]:
    seen: set[tuple[str, str]] = set()
    for batch in batches:
        for row in batch.events.select(["source", "id", "type", "sequence", "recorded_at", "occurred_at"]).to_pylist():
            if (event := (row["source"], row["id"])) not in seen:
                seen.add(event)
                yield row["source"], row["type"], (row["recorded_at"] or row["occurred_at"]).date(), row["sequence"]
