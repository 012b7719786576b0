"""`query`, `timeline`, `handoffs` and `delays`: what the store says."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from throughline.cli.terminal.options import (
    as_of_option,
    domain_of,
    domain_option,
    format_option,
    known_at_option,
    store_option,
)
from throughline.cli.terminal.writing import write_answer, write_query
from throughline.errors import UsageError
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.questions.case import case_id, case_of
from throughline.sinks.questions.query import Format
from throughline.sinks.questions.question import question, questions
from throughline.sinks.store import Store, open_store
from throughline.streams.join.rebuild import past


class QuestionName(click.ParamType):
    """A question that needs nothing but the store."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        asked = question(str(value))
        if asked.needs:
            self.fail(f"`{value}` is asked by a command of its own.", param, ctx)
        return asked.name

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        askable = [one for one in questions().values() if not one.needs and one.name.startswith(incomplete)]
        return [CompletionItem(one.name, help=one.asks) for one in askable]


class Setting(click.ParamType):
    """What a question is told, as NAME=VALUE."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        name, equals, text = str(value).partition("=")
        if not equals:
            self.fail(f"`{value}` is not of the form NAME=VALUE.", param, ctx)
        return name, text


@click.command(short_help="Run one SELECT over the public views, read only.")
@click.argument("statement", metavar="SQL", required=False)
@store_option
@format_option
@click.option("--rows", type=click.IntRange(1), default=200, show_default=True, help="Rows of a table to show.")
@click.option(
    "--named", type=QuestionName(), metavar="NAME", help="Instead of SQL: a question of docs/how-to/boards.md."
)
@click.option(
    "--set",
    "given",
    type=Setting(),
    multiple=True,
    metavar="NAME=VALUE",
    help="With --named: what the question may be told.",
)
@click.pass_context
def query(
    context: click.Context,
    statement: str | None,
    store_path: Path,
    format_: Format | None,
    rows: int,
    named: str | None,
    given: tuple[tuple[str, str], ...],
) -> None:
    """Run one SELECT over the public views, or ask a named question; read only.

    Example: throughline query "from handoffs where received_at is null order by sent_at" --store cases.duckdb

    Example: throughline query --named longest_limbo --set rows=10 --store cases.duckdb
    """
    if named is None and statement is None:
        raise click.MissingParameter(ctx=context, param=context.command.params[0])
    if (named is not None and statement is not None) or (named is None and given):
        raise UsageError(
            "--named asks a question instead of SQL, and --set is for it.", hint="Give SQL, or --named NAME."
        )
    with open_store(store_path, write=False) as store:
        if named is not None:
            write_answer(store.connection, named, format_, rows, **dict(given))
        elif statement is not None:
            write_query(store.connection, statement, format_, rows)


@click.command(short_help="Show the timeline of a case, by any identifier.")
@click.argument("case")
@store_option
@domain_option
@as_of_option
@known_at_option
@format_option
def timeline(
    case: str,
    store_path: Path,
    domain: Domain | None,
    as_of: datetime | None,
    known_at: datetime | None,
    format_: Format | None,
) -> None:
    """Show the timeline of a CASE: its id, or any identifier of it (kind:value, or the value alone).

    Example: throughline timeline urn:20PP0012324 --known-at 2026-03-01
    """
    with ExitStack() as stack:
        store = stack.enter_context(open_store(store_path, write=False))
        key = case_of(store.connection, case)
        keys = [key]
        if as_of is not None or known_at is not None:
            events = store.connection.execute("select event_key from events where case_key = ?", [key]).fetchall()
            store = stack.enter_context(
                past(store, domain_of(store, domain), as_of=as_of, known_at=known_at, case_key=key)
            )
            # its identifiers may not have been joined yet: then the case was several
            found = store.connection.execute(
                "select distinct case_key from events "
                "where case_key is not null and event_key in (select unnest(?::ubigint[]))",
                [[event for (event,) in events]],
            ).fetchall()
            keys = [found_key for (found_key,) in found]
        write_answer(store.connection, "timeline", format_, 10_000, case_ids=[case_id(one) for one in keys])


@click.command(short_help="List handoffs, the longest in limbo first.")
@store_option
@format_option
@click.option("--rows", type=click.IntRange(1), default=30, show_default=True, help="Rows of a table to show.")
def handoffs(store_path: Path, format_: Format | None, rows: int) -> None:
    """List handoffs, the longest in limbo first, those not received counted to the latest event."""
    with open_store(store_path, write=False) as store:
        write_answer(store.connection, "handoffs", format_, rows)


@click.command(short_help="Show how long each pair of agencies waits.")
@store_option
@as_of_option
@format_option
def delays(store_path: Path, as_of: datetime | None, format_: Format | None) -> None:
    """Show how long handoffs take for each pair of agencies, those not received counted as censored."""
    with open_store(store_path, write=False) as store:
        _ask(store, as_of)
        write_answer(store.connection, "delays", format_, 200)


def _ask(store: Store, as_of: datetime | None) -> None:
    """Let the views count open intervals to `as_of` rather than to the latest event."""
    store.connection.execute("set variable as_of = ?::timestamp", [as_of])
