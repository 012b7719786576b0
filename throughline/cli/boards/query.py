"""`query`: the answer to one SELECT, or to a question that has a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from throughline.cli.terminal.options import format_option, store_option
from throughline.cli.terminal.writing import write_answer, write_query
from throughline.errors import UsageError
from throughline.sinks.questions.query import Format
from throughline.sinks.questions.question import question, questions
from throughline.sinks.store import open_store


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
    """A value of a question, as NAME=VALUE."""

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
@click.option("--rows", type=click.IntRange(1), default=200, show_default=True, help="How many rows a table shows.")
@click.option(
    "--named", type=QuestionName(), metavar="NAME", help="Instead of SQL: a question from docs/how-to/boards.md."
)
@click.option(
    "--set",
    "given",
    type=Setting(),
    multiple=True,
    metavar="NAME=VALUE",
    help="With --named: set a value of the question.",
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
    """Run one SELECT over the public views, or ask a question by its name. Nothing can be changed by it.

    Example: throughline query "from handoffs where received_at is null order by sent_at" --store cases.duckdb

    Example: throughline query --named longest_limbo --set rows=10 --store cases.duckdb
    """
    if named is None and statement is None:
        raise click.MissingParameter(ctx=context, param=context.command.params[0])
    if (named is not None and statement is not None) or (named is None and given):
        raise UsageError(
            "--named asks a question instead of SQL, and --set goes with it.", hint="Give SQL, or --named NAME."
        )
    with open_store(store_path, write=False) as store:
        if named is not None:
            write_answer(store.connection, named, format_, rows, **dict(given))
        elif statement is not None:
            write_query(store.connection, statement, format_, rows)
