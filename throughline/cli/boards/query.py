"""`query`: the answer to one SELECT, or to a question that has a name."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from throughline.cli.terminal.ending import end_at_once
from throughline.cli.terminal.options import as_of_option, chosen_format, format_option, store_option
from throughline.errors import UsageError
from throughline.sinks.guard import Settings
from throughline.sinks.questions.limits import Limits, hold_memory, size_in_bytes
from throughline.sinks.questions.query import TABLE_ROWS, Format
from throughline.sinks.questions.query import query as run_query
from throughline.sinks.questions.question import Question, question, questions, written
from throughline.sinks.questions.reach import check_counts_back, count_to
from throughline.sinks.schema import public_schema
from throughline.sinks.store import open_store

# two dashes that begin no option: `-- who?`, or a comment with more lines after it
_COMMENT = re.compile(r"--(?:[^a-z]|(?![a-z-]+=).*\n)")


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


class Size(click.ParamType):
    """An amount of memory or disk as DuckDB writes it."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            if size_in_bytes(str(value)) > 0:
                return str(value)
        except (KeyError, ValueError):
            pass
        return self.fail(f"`{value}` is not a size. Write 500MB or 2GB.", param, ctx)


class SqlCommand(click.Command):
    """A command whose SQL may begin with a comment, which is no option although it begins with two dashes."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [f"\n{arg}" if _COMMENT.match(arg) else arg for arg in args])


@click.command(cls=SqlCommand, short_help="Run one SELECT over the public views, read only.")
@click.argument("statement", metavar="SQL", required=False)
@store_option
@format_option
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Instead of SQL: a file that has it; - for standard input.",
)
@click.option("--rows", type=click.IntRange(1), default=TABLE_ROWS, show_default=True, help="Rows that a table shows.")
@click.option(
    "--named", type=QuestionName(), metavar="NAME", help="Instead of SQL: a question from docs/how-to/boards.md."
)
@click.option(
    "--set",
    "given",
    type=Setting(),
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a value that the first lines of the question or file offer ($NAME).",
)
@as_of_option
@click.option(
    "--tables",
    "with_tables",
    is_flag=True,
    help="For operators: the tables behind the views too. They hold personal data.",
)
@click.option("--seconds", type=click.FloatRange(0, min_open=True), default=60, show_default=True, help="Most time.")
@click.option("--memory", type=Size(), default="1GB", show_default=True, help="Most memory.")
@click.option("--spill", type=Size(), default="2GB", show_default=True, help="Most disk, where memory does not do.")
@click.pass_context
def query(
    context: click.Context,
    statement: str | None,
    store_path: Path,
    format_: Format | None,
    path: Path | None,
    rows: int,
    named: str | None,
    given: tuple[tuple[str, str], ...],
    as_of: datetime | None,
    with_tables: bool,
    seconds: float,
    memory: str,
    spill: str,
) -> None:
    """Run one SELECT over the public views, or ask a question by its name. Nothing can be changed by it.

    Example: throughline query "from handoffs where received_at is null order by sent_at" --store cases.duckdb

    Example: throughline query --named longest_limbo --set rows=10 --store cases.duckdb
    """
    ways = [one for one in (statement, path, named) if one is not None]
    if not ways:
        raise click.MissingParameter(ctx=context, param=context.command.params[0])
    if len(ways) > 1:
        raise UsageError("SQL, --file and --named each ask a question.", hint="Give one of them.")
    asked = question(named) if named is not None else _written(statement, path)
    limits = Limits(seconds, memory, spill)
    settings: Settings = {"memory_limit": memory, "max_temp_directory_size": spill}
    with open_store(store_path, write=False, settings=settings) as store:
        if count_to(store.connection, as_of):
            check_counts_back(store.connection, asked.sql, as_of)
        kind = chosen_format(format_)
        with hold_memory(limits):
            run_query(
                store.connection,
                asked.sql,
                out=sys.stdout.buffer if kind == "parquet" else sys.stdout,
                values=asked.values(dict(given)),
                format=kind,
                rows=rows,
                limits=limits,
                # a question of this release reads what it needs
                views=None if with_tables or named is not None else public_schema().views,
                # DuckDB is inside one piece of work, and cannot be told to stop
                stuck=end_at_once,
                spare=asked.spare,
            )


def _written(statement: str | None, path: Path | None) -> Question:
    if path is None:
        return written((statement or "").removeprefix("\n"))
    try:
        return written(sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"`{path}` cannot be read: {error}.", hint="Check the path: a text file in UTF-8.") from error
