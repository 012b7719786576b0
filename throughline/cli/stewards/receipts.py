"""`quality receipts`: what became of everything that a source sent, for its publisher alone."""

from __future__ import annotations

import click

from throughline.cli.terminal.options import on_store
from throughline.quality.reconciliation.receipts import receipts_of, source_named
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.wire.receipts import receipts_lines
from throughline.sinks.store import Store


@click.command("receipts", short_help="Write, for a publisher, what became of all that it sent.")
@on_store()
@click.option("--source", "sources", multiple=True, required=True, metavar="URN", help="A source of this publisher.")
def receipts_command(store: Store, domain: Domain, sources: tuple[str, ...]) -> None:
    """Write receipts to standard output: of each event and record of these sources whether it was accepted, or why not.

    They say nothing of other publishers, and nothing of what a record says. Hand them to the publisher, who compares
    them with its outbox (`throughline source reconcile`).

    Example: throughline quality receipts --source police:20:rms --store cases.duckdb > receipts.jsonl
    """
    named = [source_named(store.connection, source) for source in sources]
    for line in receipts_lines(receipts_of(store.connection, domain, named)):
        click.echo(line)
