"""`figure`: figures that are put on the record when they are published."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from throughline.cli.terminal.desk import desk_of, desk_options
from throughline.cli.terminal.options import as_of_option, domain_of, format_option, now, store_option
from throughline.cli.terminal.writing import write_answer
from throughline.quality.figures.publication import FIGURES, publish_figure
from throughline.sinks.questions.query import Format
from throughline.sinks.store import open_store


@click.group(short_help="Put figures on the record when they are published.")
def figure() -> None:
    """Put figures on the record when they are published, so that it can be told what changed since.

    Example: throughline figure list --store cases.duckdb
    """


@figure.command("publish", short_help="Put a figure on the record, with the rows that it has now.")
@click.argument("name", type=click.Choice(FIGURES))
@desk_options
@as_of_option
def publish(name: str, as_of: datetime | None, **given: Any) -> None:
    """Put the figure NAME on the record: an event for each row, in the steward's outbox and in the store.

    Example: throughline figure publish delays --area 20 --events steward.jsonl --store cases.duckdb
    """
    with open_store(given["store_path"], write=True) as store:
        made = publish_figure(
            store,
            domain_of(store, given["domain"]),
            given["outbox"],
            name,
            as_of=as_of,
            desk=desk_of(given),
            at=now(),
        )
    click.echo(
        f"{made.publication_id}: {len(made.rows)} rows of {name}, counted to {made.as_of:%Y-%m-%d %H:%M}, "
        f"known at {made.known_at:%Y-%m-%d %H:%M} (UTC)"
    )


@figure.command("list", short_help="List the publications on the record.")
@store_option
@format_option
def list_publications(store_path: Path, format_: Format | None) -> None:
    """List the publications on the record, the latest first.

    Example: throughline figure list --store cases.duckdb
    """
    with open_store(store_path, write=False) as store:
        write_answer(store.connection, "publications", format_, 1_000)
