"""`quarantine`: the records that could not be accepted."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from throughline.cli.options import store_option
from throughline.quality.quarantine import groups, records, show
from throughline.sinks.store import open_store


@click.group()
def quarantine() -> None:
    """See what could not be accepted, and why."""


@quarantine.command("list")
@store_option
@click.option("--reason", help="The records of one reason.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Records to list, of a reason.")
def list_(store_path: Path, reason: str | None, limit: int) -> None:
    """List the reasons and sources; with --reason, the records themselves, without their content."""
    console = Console()
    table = Table(box=None, pad_edge=False)
    with open_store(store_path, write=False) as store:
        if reason is None:
            for column in ("records", "reason", "source", "last read"):
                table.add_column(column, justify="right" if column == "records" else "left")
            for group in groups(store.connection):
                table.add_row(
                    f"{group.records:,}",
                    group.reason,
                    group.source or "–",
                    f"{group.last_received_at:%Y-%m-%d %H:%M}",
                )
        else:
            for column in ("id", "where", "field", "what was expected", "type"):
                table.add_column(column, overflow="fold")
            for found in records(store.connection, reason=reason, limit=limit):
                where = f"{found.origin}:{found.position}"
                table.add_row(str(found.quarantine_id), where, found.field or "–", found.detail, found.type or "–")
    console.print(table if table.row_count else "Nothing is in quarantine.")


@quarantine.command("show")
@click.argument("quarantine_id", type=int)
@store_option
@click.option("--raw", is_flag=True, help="Show the record itself, escaped: it may hold personal data.")
def show_(quarantine_id: int, store_path: Path, raw: bool) -> None:
    """Show one record: where it was read, and what is wrong with it."""
    with open_store(store_path, write=False) as store:
        found = show(store.connection, quarantine_id, with_raw=raw)
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in (
        ("id", found.quarantine_id),
        ("reason", found.reason),
        ("field", found.field),
        ("expected", found.detail),
        ("where", f"{found.origin}:{found.position}"),
        ("read", f"{found.received_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("source", found.source),
        ("event", found.event_id),
        ("type", found.type),
        ("copy", found.content_hash),
        ("bytes", found.raw_bytes),
        ("record", found.raw),
    ):
        if value is not None:
            table.add_row(name, str(value), style=None)
    Console().print(table)
