"""`restated`: what changed in figures that were published, and by which events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from throughline.cli.terminal.options import Moment, domain_of, domain_option, format_option, store_option
from throughline.cli.terminal.writing import write_rows
from throughline.quality.figures.publication import publications
from throughline.quality.figures.restatement import Restated, restated
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.questions.query import Format
from throughline.sinks.store import open_store


@click.command("restated", short_help="Show what changed in published figures, and by which events.")
@store_option
@domain_option
@format_option
@click.option("--since", type=Moment(), help="Only publications since this time. Default: all.")
@click.option(
    "--causes", "is_of_causes", is_flag=True, help="List the events that touched the cases behind each change."
)
def restated_command(
    store_path: Path, domain: Domain | None, format_: Format | None, since: datetime | None, is_of_causes: bool
) -> None:
    """Show which rows of published figures differ now: before, now, and how many events changed them.

    Both sides count up to the day to which the publication counts. Where a row changed, the store is rebuilt as it was
    known then, so this takes as long as a rebuild for each publication that changed.

    Example: throughline restated --since 2026-07-01 --causes --store cases.duckdb
    """
    with open_store(store_path, write=False) as store:
        chosen = domain_of(store, domain)
        found = publications(store.connection, since)
        lines = [line for publication in found for line in restated(store, chosen, publication)]
    write_rows(*(_of_causes(lines) if is_of_causes else _of_changes(lines)), format_)
    changed = len({line.publication.publication_id for line in lines})
    click.echo(f"{len(found):,} publications, {changed:,} of them restated", err=True)
    if partial := sum(not one.is_whole for one in found):
        click.echo(
            f"{partial:,} of them lack rows in this store: replay the steward's file that has them all.", err=True
        )


def _of_changes(lines: Iterable[Restated]) -> tuple[list[str], list[tuple[Any, ...]]]:
    columns = ["publication", "figure", "row", "column", "before", "now", "events", "note"]
    return columns, [
        (
            line.publication.publication_id,
            line.publication.figure,
            line.subject,
            column,
            _text(before),
            _text(now),
            str(len(line.causes)),
            line.explanation,
        )
        for line in lines
        for column, (before, now) in line.changes.items()
    ]


def _of_causes(lines: Iterable[Restated]) -> tuple[list[str], list[tuple[Any, ...]]]:
    columns = ["publication", "row", "what", "agency", "type", "source", "event", "received", "case"]

    return columns, [
        (
            line.publication.publication_id,
            line.subject,
            cause.kind,
            cause.agency,
            cause.type,
            cause.source,
            cause.event_id,
            f"{cause.received_at:%Y-%m-%d %H:%M:%S}",
            cause.case_id,
        )
        for line in lines
        for cause in line.causes
    ]


def _text(value: Any) -> str | None:
    """A number as the figure shows it; a whole number without a decimal point."""
    if value is None:
        return None
    return f"{value:.10g}" if isinstance(value, float) else str(value)
