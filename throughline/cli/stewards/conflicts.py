"""`conflicts`: events of which copies differ, the copies beside one another, and which of them stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from throughline.cli.terminal.desk import desk_of, desk_options
from throughline.cli.terminal.options import domain_of, format_option, now, store_option
from throughline.cli.terminal.writing import write_answer, write_rows
from throughline.quality.stewardship.conflicts import Copy, copies_of
from throughline.quality.stewardship.conflicts import resolve as resolve_conflict
from throughline.sinks.questions.query import Format
from throughline.sinks.store import open_store


@click.group(short_help="Decide which copy of an event stands.")
def conflicts() -> None:
    """See the events that were published with different contents, and decide which content stands."""


@conflicts.command("list")
@store_option
@click.option("--rows", type=click.IntRange(1), default=200, show_default=True, help="Rows of a table to show.")
@format_option
def list_(store_path: Path, rows: int, format_: Format | None) -> None:
    """List the events of which copies differ: first those on which no steward has decided.

    Example: throughline conflicts list --store cases.duckdb
    """
    with open_store(store_path, write=False) as store:
        write_answer(store.connection, "conflicts", format_, rows, now=now())


@conflicts.command("show")
@click.argument("source")
@click.argument("event_id", metavar="ID")
@store_option
@format_option
def show_(source: str, event_id: str, store_path: Path, format_: Format | None) -> None:
    """Show the copies of the event SOURCE ID beside one another, field by field, and in which fields they differ.

    Example: throughline conflicts show urn:throughline:police:20:rms police-0001 --store cases.duckdb
    """
    with open_store(store_path, write=False) as store:
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


@conflicts.command(short_help="Let one of the copies stand.")
@desk_options
@click.argument("source")
@click.argument("event_id", metavar="ID")
@click.argument("content_hash", metavar="HASH")
@click.option("--reason-code", required=True, metavar="CODE", help="Why, as in the catalogue: source_corrected, …")
def resolve(source: str, event_id: str, content_hash: str, reason_code: str, **given: Any) -> None:
    """Let the copy of the event SOURCE ID with the content hash HASH stand. The latest such decision counts.

    Example: throughline conflicts resolve urn:throughline:police:20:rms police-0001 7fe5af29699a916097706db3c990899e
    --reason-code source_corrected --area 20 --events steward.jsonl --store cases.duckdb
    """
    with open_store(given["store_path"], write=True) as store:
        resolve_conflict(
            store,
            domain_of(store, given["domain"]),
            given["outbox"],
            source,
            event_id,
            content_hash,
            reason_code=reason_code,
            desk=desk_of(given),
            at=now(),
        )
    click.echo(f"{content_hash} stands")
