"""`quarantine`: the records that could not be accepted."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from throughline.cli.stewards.kept import assign, discard, replay, restore
from throughline.cli.terminal.options import format_option, now, store_option
from throughline.cli.terminal.writing import write_answer, write_rows
from throughline.errors import DataError
from throughline.sinks.quarantine.highlight import MARK, marked
from throughline.sinks.quarantine.records import groups, prepare_groups, raw_of, show
from throughline.sinks.questions.query import Format, printable
from throughline.sinks.store import Store, open_store


@click.group(short_help="See what could not be accepted, and see to it.")
def quarantine() -> None:
    """See what could not be accepted and why; judge it again, discard it, or assign it."""


@quarantine.command("list")
@store_option
@click.option("--reason", help="The records of one reason.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Records to list, of a reason.")
@format_option
def list_(store_path: Path, reason: str | None, limit: int, format_: Format | None) -> None:
    """List the reasons and sources; with --reason, the records themselves, without their content.

    What was discarded is not counted as open. `days old` is the age of the oldest open record.

    Example: throughline quarantine list --reason conflict --store cases.duckdb
    """
    with open_store(store_path, write=False) as store:
        if reason is None:
            prepare_groups(store.connection)
            write_answer(store.connection, "quarantine_groups", format_, 10_000, now=now())
        else:
            _check_reason(store, reason)
            write_answer(store.connection, "quarantine_records", format_, limit, reason=reason, rows=limit)


def _check_reason(store: Store, reason: str) -> None:
    """Raise DataError where no record is in quarantine for this reason: it is perhaps misspelt."""
    reasons = sorted({group.reason for group in groups(store.connection)})
    if reason not in reasons:
        hint = f"There are: {', '.join(reasons)}." if reasons else "Nothing is in quarantine."
        raise DataError(f"No record is in quarantine for the reason `{reason}`.", hint=hint)


@quarantine.command("show")
@click.argument("quarantine_id", type=int)
@store_option
@click.option("--raw", is_flag=True, help="Show the record itself, escaped: it may hold personal data.")
@format_option
def show_(quarantine_id: int, store_path: Path, raw: bool, format_: Format | None) -> None:
    """Show one record: where it was read, and what is wrong with it; with --raw, the field at fault marked.

    Example: throughline quarantine show 17422457106160203652 --store cases.duckdb
    """
    with open_store(store_path, write=False) as store:
        found = show(store.connection, quarantine_id, with_raw=raw)
        lines = marked(raw_of(store.connection, quarantine_id), found.field) if raw and found.raw is not None else None
    facts = [
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
        ("state", "discarded" if found.discarded else "open"),
        ("because", found.reason_code),
        ("assigned to", found.assigned_to),
        ("bytes", found.raw_bytes),
        ("record", found.raw),
    ]
    texts = [(name, None if value is None else str(value)) for name, value in facts]
    if format_ is None:
        _print_facts(texts, lines)
    else:
        write_rows([name for name, _ in texts], [tuple(text for _, text in texts)], format_)


def _print_facts(facts: list[tuple[str, str | None]], lines: list[str] | None) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, text in facts:
        if text is not None:
            # Text, since what a publisher wrote may look like markup of the console
            table.add_row(name, Text(printable(text)))
    console = Console(highlight=False, soft_wrap=False)
    console.print(table)
    for line in lines or ():
        console.print(Text(line, style="bold red" if line.startswith(MARK) else ""))


for command in (replay, discard, restore, assign):
    quarantine.add_command(command)
