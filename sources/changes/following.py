"""From topics that Kafka Connect fills into an outbox: what was read and how far it was read are kept together, or
neither is. So each record is taken once, however often this is killed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import pyarrow as pa

from throughline.schemas.definitions.domain import Domain
from throughline.sources.changes.conversion import by_partition, map_records
from throughline.sources.changes.reading import ConnectTopics
from throughline.sources.mapping.parts import Mapping
from throughline.sources.publish.dispatch import Published
from throughline.sources.publish.ledger import Delivery
from throughline.sources.publish.outbox import Added

_RECORDS = 2_000
_LOOK_SECONDS = 0.5


@dataclass
class Followed(Published):
    """What became of the records: of those read also how many were left out knowingly, and how many a snapshot read."""

    left_out: int = 0
    backlog: int = 0


def follow(
    topics: ConnectTopics,
    take: Callable[[Delivery, pa.Table, Collection[int]], Added],
    mapping: Mapping,
    domain: Domain,
    *,
    is_over: Callable[[], bool],
    counts: Followed | None = None,
    note: Callable[[str], None] = lambda text: None,
) -> Followed:
    """Read records until `is_over` says so, which is asked when there are none for a moment and after each run.

    `take` (`Publisher.take`) keeps a delivery and its events (EVENTS) together, or neither, and is told the offsets of
    those that a snapshot read. `note` is told at once of the first record that is refused for a reason: this may go on
    for months.

    Raises what reading raises, and OutboxError and its kinds. `counts` has what was done until then.
    """
    counts = Followed() if counts is None else counts
    while True:
        for records in by_partition(topics.read(_RECORDS, _LOOK_SECONDS)):
            made = map_records(records, mapping, domain)
            first, last = records[0], records[-1]
            position = topics.position(last.topic, last.partition, last.offset)
            delivery = Delivery(
                way="changes",
                origin=last.origin,
                read=made.records,
                refused=made.batch.rejects,
                left_out=made.left_out,
                backlog=len(made.backlog),
                position=position,
                settled=(first.offset, last.offset),
            )
            added = take(delivery, _in_order(made.batch.events), made.backlog)
            topics.show(last.topic, last.partition, position)
            counts.read += made.records
            counts.left_out += made.left_out
            counts.backlog += len(made.backlog)
            counts.new += added.new
            counts.known += added.known
            for reason in counts.refused.add(made.batch.rejects):
                note(f"refused: {counts.refused.line(reason)}")
        if is_over():
            return counts


def _in_order(events: pa.Table) -> pa.Table:
    """By offset: what the outbox numbers is numbered in the order of the log."""
    return events.sort_by("position")
