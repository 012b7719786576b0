"""`sink`: a store from the shared topics."""

from __future__ import annotations

from pathlib import Path

import click

from throughline.cli.terminal.ending import stopping
from throughline.cli.terminal.options import broker_options, domain_of, domain_option, store_at, topic_prefix_option
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import load_topics
from throughline.sinks.snapshot import Snapshot
from throughline.sinks.store import open_store
from throughline.sources.connection.security import Security
from throughline.streams.shared.sink import Sink
from throughline.streams.shared.state import open_shared


@click.command(short_help="Keep a board's own store, from the shared topics.")
@broker_options
@store_at("shared.duckdb", "The store to fill: a DuckDB file of its own.")
@topic_prefix_option
@domain_option
@click.option("--once", is_flag=True, help="Read to the end of the topics, and stop.")
@click.option("--snapshot", "snapshot_path", type=click.Path(path_type=Path), help="Keep a copy here for readers.")
@click.option(
    "--snapshot-seconds",
    type=click.FloatRange(0, min_open=True),
    default=10.0,
    show_default=True,
    help="How old the copy may get.",
)
def sink(
    bootstrap: str,
    security: Security,
    store_path: Path,
    topic_prefix: str,
    domain: Domain | None,
    once: bool,
    snapshot_path: Path | None,
    snapshot_seconds: float,
) -> None:
    """Fill a store from the shared topics alone, and keep it up to date until it is stopped.

    It shows what the workers' stores show, except what is not shared: further copies of an event (`deliveries`,
    `sources`), stewards' decisions, and the content of quarantine. Read the snapshot: the store itself is being
    written.

    Example: throughline sink --bootstrap localhost:9092 --store board.duckdb --snapshot board-read.duckdb
    """
    with open_store(store_path, write=True) as store:
        domain = domain_of(store, domain)
        topics = load_topics(domain, prefix=topic_prefix)
        open_shared(store, domain)
        snapshot = None if snapshot_path is None else Snapshot(store, snapshot_path, snapshot_seconds)
        made = Sink(store, topics, bootstrap, snapshot, security=security)
        if once:
            taken = made.run_once()
        else:
            with stopping() as stop:
                taken = made.run(stop)
    click.echo(f"{taken.changed:,} changed, {taken.gone:,} gone, {taken.old:,} out of date.")
