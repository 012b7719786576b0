"""`conflicts`: events whose copies differ, the copies side by side, and which of them stands."""

from __future__ import annotations

import click

from throughline.cli.terminal.desk import at_desk, reason_option
from throughline.cli.terminal.options import format_option, now, on_store
from throughline.cli.terminal.writing import write_answer, write_rows
from throughline.quality.stewardship.conflicts import Copy, copies_of
from throughline.quality.stewardship.conflicts import resolve as resolve_conflict
from throughline.quality.stewardship.desk import Desk
from throughline.sinks.questions.query import Format
from throughline.sinks.store import Store


@click.group(short_help="Decide which copy of an event stands.")
def conflicts() -> None:
    """See the events that were published with different contents, and decide which content stands."""


@conflicts.command("list")
@on_store(with_domain=False)
@click.option("--rows", type=click.IntRange(1), default=200, show_default=True, help="How many rows a table shows.")
@format_option
def list_(store: Store, rows: int, format_: Format | None) -> None:
    """List the events whose copies differ, the undecided ones first.

    Example: throughline conflicts list --store cases.duckdb
    """
    write_answer(store.connection, "conflicts", format_, rows, now=now())


@conflicts.command("show")
@click.argument("source")
@click.argument("event_id", metavar="ID")
@on_store(with_domain=False)
@format_option
def show_(source: str, event_id: str, store: Store, format_: Format | None) -> None:
    """Show the copies of the event SOURCE ID side by side, field by field, and mark the fields that differ.

    SOURCE is the name of the source, or its end as tables show it: police:20:rms.

    Example: throughline conflicts show urn:throughline:police:20:rms police-0001 --store cases.duckdb
    """
    copies = copies_of(store.connection, source, event_id)
    names = ["field", *(f"copy {n}" for n in range(1, len(copies) + 1)), "differs"]
    write_rows(names, _beside(copies), format_)


def _beside(copies: list[Copy]) -> list[tuple[str, ...]]:
    """One row per field: what each copy says; the content hash first, what came to be of no content last."""
    rows = [
        ("content hash", *(copy.content_hash for copy in copies), ""),
        ("stands", *("yes" if copy.stands else "no" for copy in copies), ""),
    ]
    for name in dict.fromkeys(name for copy in copies for name in copy.fields):
        said = [_text(copy.fields.get(name)) for copy in copies]
        rows.append((name, *said, "differs" if len(set(said)) > 1 else ""))
    rows += [(name, *(_text(copy.coming[name]) for copy in copies), "") for name in copies[0].coming]
    return rows


def _text(value: object) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


@conflicts.command(short_help="Choose the copy that stands.")
@at_desk
@click.argument("source")
@click.argument("event_id", metavar="ID")
@click.argument("content_hash", metavar="HASH")
@reason_option("source_corrected")
def resolve(desk: Desk, source: str, event_id: str, content_hash: str, reason_code: str) -> None:
    """Let the copy of the event SOURCE ID with the content hash HASH stand. The latest such decision counts.

    Example: throughline conflicts resolve urn:throughline:police:20:rms police-0001 7fe5af29699a916097706db3c990899e
    --reason-code source_corrected --area 20 --events steward.jsonl --store cases.duckdb
    """
    resolve_conflict(desk, source, event_id, content_hash, reason_code=reason_code)
    click.echo(f"{content_hash} stands")
