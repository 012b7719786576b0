"""`figure`: figures that are put on the record when they are published."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from throughline.cli.terminal.desk import at_desk
from throughline.cli.terminal.options import as_of_option, format_option, store_option
from throughline.cli.terminal.writing import write_answer
from throughline.quality.figures.publication import FIGURES, publish_figure
from throughline.quality.stewardship.desk import Desk
from throughline.sinks.disclosure.register import Register, register_of
from throughline.sinks.questions.query import Format
from throughline.sinks.store import open_store


@click.group(short_help="Put figures on the record when they are published.")
def figure() -> None:
    """Put figures on the record when they are published, so that later changes can be shown.

    Example: throughline figure list --store cases.duckdb
    """


@figure.command("publish", short_help="Put a figure on the record, with its present rows.")
@click.argument("name", type=click.Choice(FIGURES))
@at_desk
@as_of_option
@click.option(
    "--for-case-workers",
    is_flag=True,
    help="With small numbers: only those who work on the cases read it.",
)
def publish(desk: Desk, name: str, as_of: datetime | None, for_case_workers: bool) -> None:
    """Put the figure NAME on the record: one event for each row, in the steward's outbox and in the store.

    Small numbers are left out, and what would give them away beside all that was ever shown.

    Example: throughline figure publish delays --area 20 --events steward.jsonl --store cases.duckdb
    """
    # a desk's store is a file
    register = None if for_case_workers or desk.store.path is None else Register(register_of(desk.store.path))
    made = publish_figure(desk, name, as_of=as_of, register=register)
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
