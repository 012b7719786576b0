"""The manifest of what an outbox has sent, or of what stands in event files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from throughline.schemas.acceptance.events import Batch
from throughline.schemas.wire.manifest import Manifest, summed
from throughline.sources.publish.outbox import Outbox


def manifest_of_outbox(path: Path, type_prefix: str) -> Manifest:
    """What the broker has acknowledged, as far as the outbox still has it; `type_prefix` is the domain's.

    Sent records leave an outbox after some days. The days before are not vouched for. Raises what `Outbox` raises.
    """
    with Outbox(path) as outbox:
        shipped = [
            (said["ce_source"], _catalogue_name(said["ce_type"], type_prefix), _day(said), said.get("ce_sequence"), at)
            for said, at in outbox.shipped()
        ]
        is_pruned = outbox.is_pruned
    start = None
    if is_pruned and shipped:
        # what left it had been sent before the first that is there: what was recorded the day after was sent after
        start = datetime.fromtimestamp(shipped[0][4], UTC).date() + timedelta(days=1)
    return Manifest(summed(row[:4] for row in shipped if start is None or row[2] >= start), start)


def _day(said: dict[str, str]) -> date:
    """The day (UTC) of its recording, or of its own time where that is not stated; of a month the first, as stored."""
    stated = said.get("ce_recordedtime") or said.get("ce_time") or said["ce_occurredon"]
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


def _catalogue_name(wire_type: str, type_prefix: str) -> str:
    """`uk.example.police.crime.recorded.v1` as the catalogue has it."""
    name = wire_type.removeprefix(f"{type_prefix}.") if type_prefix else wire_type
    head, _, version = name.rpartition(".v")
    return head if version.isdigit() else name
