"""Publish files: read, judge, keep in the outbox, send; what the catalogue refuses stays at home and is named."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from throughline.errors import BrokerUnavailable
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.wire.broker_address import silence
from throughline.sources.connection.refusal import refusal
from throughline.sources.files import Report, files_to_read, read_all, size_of
from throughline.sources.formats.text import position_in
from throughline.sources.mapping.parts import Mapping
from throughline.sources.publish.ledger import of_file
from throughline.sources.publish.publisher import Publisher
from throughline.sources.tally import Tally

_PORTIONS_A_SECOND = 10
_LOOK_SECONDS = 0.5
_FIRST_ASK_SECONDS, _ASK_SECONDS = 0.4, 10.0
_KEPT = "What was not sent stays in the outbox."


@dataclass
class Published:
    """What became of the records that were read."""

    read: int = 0
    new: int = 0
    known: int = 0
    refused: Tally = field(default_factory=Tally)


def publish(
    publisher: Publisher,
    domain: Domain,
    paths: list[Path],
    *,
    mapping: Mapping | None = None,
    rate: int | None = None,
    is_backlog: bool = False,
    again: bool = False,
    wait_seconds: float = 120.0,
    report: Report = lambda stage, done, total: None,
    counts: Published | None = None,
    note: Callable[[str], None] = lambda text: None,
) -> Published:
    """Publish every record of `paths` that the catalogue accepts, at most `rate` a second. `is_backlog`: it is history
    that is loaded for the first time.

    Events that the outbox has already are not sent again, unless `again` says so. Returns when the broker has
    acknowledged all. Raises BrokerUnavailable where it has acknowledged nothing for `wait_seconds`: the rest stays in
    the outbox. Raises BrokerRefused, once all others have gone, or where the broker does not let us in; OutboxError
    and its kinds, UsageError, MappingError, CodecError. What was done until then stands in `counts`; `note` is told
    what the user is to know besides.
    """
    counts = Published() if counts is None else counts
    files = files_to_read(paths, is_mapped=mapping is not None)
    sizes = [size_of(file) for file in files]
    begun: set[int] = set()
    began = time.monotonic()
    for place, batch in read_all(files, domain, mapping, note=note):
        counts.refused.add(batch.rejects)
        counts.read += batch.rejects.num_rows
        before = (counts.new, counts.known)
        for portion in _portions(batch.events, rate):
            if rate is not None:
                time.sleep(max(0.0, began + counts.read / rate - time.monotonic()))
            added = publisher.publish(portion, is_backlog=is_backlog, again=again)
            counts.read += portion.num_rows
            counts.new += added.new
            counts.known += added.known
            done = sum(sizes[:place]) + (position_in(files[place]) or 0)
            report(f"publishing {files[place].name}: {counts.read:,} records", done, sum(sizes) or None)
        new, known = counts.new - before[0], counts.known - before[1]
        name, is_first = str(files[place]), place not in begun
        publisher.note(of_file(name, batch, new=new, known=known, is_backlog=is_backlog, is_first=is_first))
        begun.add(place)
    wait_for_broker(publisher, wait_seconds, report)
    return counts


def wait_for_broker(
    publisher: Publisher, wait_seconds: float, report: Report = lambda stage, done, total: None
) -> None:
    """Wait until the broker has acknowledged or refused everything.

    Raises BrokerUnavailable where it has acknowledged nothing for `wait_seconds`, and BrokerRefused once all others
    have gone, or where it does not let us in.
    """
    sent, until, ask_at = publisher.sent, time.monotonic() + wait_seconds, time.monotonic() + _FIRST_ASK_SECONDS
    while waiting := publisher.flush(_LOOK_SECONDS):
        report("waiting for the broker", publisher.sent, publisher.sent + waiting)
        if publisher.sent > sent:
            sent, until = publisher.sent, time.monotonic() + wait_seconds
        elif time.monotonic() > ask_at:
            _check_not_refused(publisher)
            ask_at = time.monotonic() + _ASK_SECONDS
        if time.monotonic() > until:
            trouble = publisher.trouble or silence(publisher.bootstrap, asks=False) or "no answer"
            events = "1 event was" if waiting == 1 else f"{waiting:,} events were"
            raise BrokerUnavailable(
                f"{events} not acknowledged by `{publisher.bootstrap}`: {trouble}.",
                hint=f"{_KEPT} Run the same command again when the broker answers.",
            )


def _check_not_refused(publisher: Publisher) -> None:
    """Raise BrokerRefused where the broker does not let us in, which no waiting mends and the clients do not say."""
    with suppress(BrokerUnavailable):
        if (found := refusal(publisher.bootstrap, publisher.security)) is not None:
            raise type(found)(found.what, reason=found.reason, hint=f"{found.hint} {_KEPT}")


def _portions(events: pa.Table, rate: int | None) -> list[pa.Table]:
    if rate is None or not events.num_rows:
        return [events]
    size = max(1, rate // _PORTIONS_A_SECOND)
    return [events.slice(first, size) for first in range(0, events.num_rows, size)]
