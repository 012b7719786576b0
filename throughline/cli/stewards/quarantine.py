"""`quarantine`: the records that could not be accepted."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from throughline.cli.terminal.desk import at_desk, reason_option
from throughline.cli.terminal.options import (
    Command,
    format_option,
    mapping_of,
    mapping_option,
    now,
    on_store,
    taken_at_option,
    topic_prefix_option,
)
from throughline.cli.terminal.progress import progress_bar
from throughline.cli.terminal.writing import print_counts, write_answer, write_rows
from throughline.errors import DataError
from throughline.quality.stewardship import quarantine as decisions
from throughline.quality.stewardship.desk import Desk
from throughline.quality.stewardship.replay import replay_quarantine
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.quarantine.highlight import MARK, marked
from throughline.sinks.quarantine.records import prepare_groups, raw_of, show
from throughline.sinks.questions.query import Format
from throughline.sinks.questions.table import printable
from throughline.sinks.store import Store


@click.group(short_help="See what could not be accepted, and deal with it.")
def quarantine() -> None:
    """See which records could not be accepted and why. Judge them again, discard them or assign them."""


@quarantine.command("list")
@on_store(with_domain=False)
@click.option("--reason", help="List the records with this reason.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many of them to list.")
@format_option
def list_(store: Store, reason: str | None, limit: int, format_: Format | None) -> None:
    """List the reasons and sources or, with --reason, the records themselves, without their content.

    Discarded records do not count as open. `days old` is the age of the oldest open record. `newest id` is the id of
    the latest record: give it to `quarantine show`.

    Example: throughline quarantine list --reason conflict --store cases.duckdb
    """
    if reason is None:
        prepare_groups(store.connection)
        write_answer(store.connection, "quarantine_groups", format_, 10_000, now=now())
    else:
        _check_reason(store, reason)
        write_answer(store.connection, "quarantine_records", format_, limit, reason=reason, rows=limit)


def _check_reason(store: Store, reason: str) -> None:
    """Raise DataError where no record is in quarantine for this reason: perhaps it is misspelt."""
    found = store.connection.execute("select distinct reason from quarantined order by reason").fetchall()
    reasons = [name for (name,) in found]
    if reason not in reasons:
        hint = f"There are: {', '.join(reasons)}." if reasons else "Nothing is in quarantine."
        raise DataError(f"No record is in quarantine for the reason `{reason}`.", hint=hint)


@quarantine.command("show")
@click.argument("quarantine_id", type=int)
@on_store(with_domain=False)
@click.option("--raw", is_flag=True, help="Show the record itself, escaped. It may hold personal data.")
@format_option
def show_(quarantine_id: int, store: Store, raw: bool, format_: Format | None) -> None:
    """Show one record: where it was read and what is wrong with it. With --raw, the field at fault is marked.

    Example: throughline quarantine show 17422457106160203652 --store cases.duckdb
    """
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


@quarantine.command(short_help="Judge records again once the catalogue or a mapping is corrected.")
@on_store(write=True)
@click.option("--reason", help="Only records with this reason.")
@click.option("--source", help="Only records from this source.")
@click.option("--id", "quarantine_id", type=int, help="One record, discarded or not.")
@mapping_option
@taken_at_option
@topic_prefix_option
def replay(
    store: Store,
    domain: Domain,
    reason: str | None,
    source: str | None,
    quarantine_id: int | None,
    mapping_name: str | None,
    taken_at: str | None,
    topic_prefix: str,
) -> None:
    """Judge the open records in quarantine again by the current catalogue, from the bytes that were kept.

    A record that is accepted now leaves quarantine. It enters the store with the place and time at which it was first
    read. Replaying again changes nothing. Conflicts are not replayed: a steward decides them.

    Example: throughline quarantine replay --reason unknown_type --store cases.duckdb
    """
    with progress_bar() as report:
        done = replay_quarantine(
            store,
            domain,
            reason=reason,
            source=source,
            quarantine_id=quarantine_id,
            mapping=mapping_of(mapping_name, domain, taken_at),
            topic_prefix=topic_prefix,
            report=report,
        )
    print_counts(done.counts, Console())
    if done.left_out:
        click.echo(f"{done.left_out:,} left out by a filter of the mapping. They stay in quarantine: discard them.")
    for why, records in done.unread.most_common():
        click.echo(f"{records:,} could not be judged again: {why.what}. {why.hint}", err=True)


def _on_records(command: Command) -> Command:
    """The argument and options of a decision on records."""
    return at_desk(click.argument("quarantine_ids", metavar="ID…", nargs=-1, required=True, type=int)(command))


@quarantine.command(short_help="Discard records that will never be events.")
@_on_records
@reason_option("test_record")
def discard(desk: Desk, quarantine_ids: tuple[int, ...], reason_code: str) -> None:
    """Discard records. They stay in quarantine but no longer count as open. `restore` reverses the decision.

    Example: throughline quarantine discard 17422457106160203652 --reason-code test_record --area 20
    --events steward.jsonl --store cases.duckdb
    """
    click.echo(f"{decisions.discard(desk, quarantine_ids, reason_code=reason_code):,} discarded")


@quarantine.command(short_help="Reverse the decision to discard records.")
@_on_records
def restore(desk: Desk, quarantine_ids: tuple[int, ...]) -> None:
    """Reverse the decision to discard records. They count as open again.

    Example: throughline quarantine restore 17422457106160203652 --area 20 --events steward.jsonl --store cases.duckdb
    """
    click.echo(f"{decisions.restore(desk, quarantine_ids):,} restored")


@quarantine.command(short_help="Say who is to deal with records.")
@_on_records
@click.option("--role", required=True, metavar="ROLE", help="As in the catalogue: publisher, mapping, …")
@click.option("--assignee", metavar="PSEUDONYM", help="Keyed pseudonym, if one person is meant. No name.")
def assign(desk: Desk, quarantine_ids: tuple[int, ...], role: str, assignee: str | None) -> None:
    """Say who is to deal with records: a role and, if one person is meant, a keyed pseudonym.

    Example: throughline quarantine assign 17422457106160203652 --role publisher --area 20
    --events steward.jsonl --store cases.duckdb
    """
    click.echo(f"{decisions.assign(desk, quarantine_ids, role=role, assignee=assignee):,} assigned")
