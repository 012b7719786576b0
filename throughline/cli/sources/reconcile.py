"""`source reconcile`: what a publisher sent beside what the shared side has, id by id."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from throughline.cli.terminal.options import (
    broker_options_without,
    format_option,
    topic_prefix_option,
    usual_domain_option,
)
from throughline.cli.terminal.writing import write_rows
from throughline.errors import UsageError
from throughline.quality.reconciliation.comparison import Finding, compare, counted
from throughline.quality.reconciliation.differences import advice
from throughline.quality.reconciliation.receipts import receipts_of
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.receipts import Receipts, Shipment, joined, read_receipts
from throughline.sinks.questions.query import Format
from throughline.sinks.store import Store, open_store
from throughline.sources.connection.security import Security
from throughline.sources.publish.account import Account
from throughline.sources.publish.ledger import Refusal, refusals_of
from throughline.streams.shared.sink import Sink
from throughline.streams.shared.state import open_shared

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command("reconcile", short_help="Name what was sent and is missing, came otherwise, or was refused.")
@click.option(
    "--outbox", "outbox_path", type=_FILE, required=True, help="The outbox of a publisher; it may be running."
)
@click.option(
    "--receipts", "receipts_paths", type=_FILE, multiple=True, help="Receipts that the shared side has written."
)
@click.option(
    "--store", "store_paths", type=_FILE, multiple=True, help="A store of the shared side. May be given often."
)
@broker_options_without(" The shared topics are read where neither receipts nor a store is given.")
@topic_prefix_option
@usual_domain_option
@format_option
@click.option("--each", is_flag=True, help="List each event, with its id.")
@click.option("--strict", is_flag=True, help="Exit code 1 where anything differs.")
def reconcile_command(
    outbox_path: Path,
    receipts_paths: tuple[Path, ...],
    store_paths: tuple[Path, ...],
    bootstrap: str | None,
    security: Security,
    topic_prefix: str,
    domain: Domain,
    format_: Format | None,
    each: bool,
    strict: bool,
) -> None:
    """Compare what an outbox sent with what the shared side has, id by id: of a receipts file, of its stores, or of the
    shared topics.

    It names what is missing, what came with other content, what was quarantined or refused and why, and since when. The
    shared topics say only that an event is there, not what it says.

    Example: throughline source reconcile --outbox outbox.sqlite --receipts receipts.jsonl
    """
    if (receipts_paths and store_paths) or not (receipts_paths or store_paths or bootstrap):
        hint = "Give --receipts FILE, or --store FILE (for each partition one), or --bootstrap HOST:PORT."
        raise UsageError("There is one other side to compare with.", hint=hint)
    with Account(outbox_path) as outbox:
        shipments, refusals, is_whole = list(outbox.shipments()), outbox.look(refusals_of), outbox.is_whole
    sources = tuple(dict.fromkeys(one.source for one in shipments))
    if receipts_paths:
        receipts = joined(read_receipts(path) for path in receipts_paths)
    elif store_paths:
        receipts = joined(_of_store(path, domain, sources) for path in store_paths)
    else:
        with _shared_store(str(bootstrap), security, domain, topic_prefix) as store:
            receipts = receipts_of(store.connection, domain, sources)
    found = [*compare(shipments, receipts, domain.type_prefix), *_refused_here(refusals, shipments)]
    _write(found, format_, is_each=each)
    _say(shipments, receipts, found, is_whole=is_whole)
    if strict and found:
        sys.exit(1)


def _of_store(path: Path, domain: Domain, sources: tuple[str, ...]) -> Receipts:
    with open_store(path, write=False) as store:
        return receipts_of(store.connection, domain, sources)


@contextmanager
def _shared_store(bootstrap: str, security: Security, domain: Domain, topic_prefix: str) -> Iterator[Store]:
    """A store of what the shared topics have now."""
    with (
        tempfile.TemporaryDirectory(prefix="throughline-shared-") as folder,
        open_store(Path(folder) / "shared.duckdb", write=True) as store,
    ):
        open_shared(store, domain)
        Sink(store, load_topics(domain, prefix=topic_prefix), bootstrap, None, security=security).run_once()
        yield store


def _refused_here(refusals: list[Refusal], shipments: list[Shipment]) -> Iterator[Finding]:
    """What never left, but for events that were mended and sent since."""
    sent = {(one.source, one.event_id) for one in shipments}
    for one in refusals:
        if (one.source, one.event_id) not in sent:
            since = datetime.fromtimestamp(one.refused_at, UTC).replace(tzinfo=None)
            place = f"{one.origin}:{one.position}"
            event = place if one.event_id is None else one.event_id
            yield Finding(
                "refused_here",
                one.source,
                one.type,
                event,
                None,
                since,
                one.reason,
                one.field,
                f"{place}: {one.detail}",
            )


def _write(found: list[Finding], format_: Format | None, *, is_each: bool) -> None:
    rows: list[tuple[Any, ...]]
    if is_each:
        columns = ["finding", "source", "type", "id", "revision", "since", "reason", "field", "detail"]
        rows = [
            (
                *(one.finding, one.source, one.type, one.event_id, one.revision),
                *(_time(one.since), one.reason, one.field, one.detail),
            )
            for one in sorted(found, key=lambda one: (one.finding, str(one.source), str(one.since), str(one.event_id)))
        ]
    else:
        columns = ["finding", "source", "type", "reason", "field", "events", "since", "until", "ids", "do"]
        rows = [
            (
                *(group.finding, group.source, group.type, group.reason, group.field, str(group.events)),
                *(_time(group.since), _time(group.until), ", ".join(group.ids), advice()[group.finding][1]),
            )
            for group in counted(found)
        ]
    write_rows(columns, rows, format_)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _say(shipments: list[Shipment], receipts: Receipts, found: list[Finding], *, is_whole: bool) -> None:
    compared = sum(one.source in receipts.sources for one in shipments)
    read_to = "nothing" if receipts.read_to is None else f"to {_time(receipts.read_to)} UTC"
    click.echo(
        f"{compared:,} of {len(shipments):,} sent compared; the shared side has read {read_to}; {len(found):,} differ.",
        err=True,
    )
    if not is_whole:
        click.echo("What an earlier version of the publisher sent and forgot is not compared.", err=True)
