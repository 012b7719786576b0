"""`quality`: what must be true of the timeline, what is not, and since when."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from throughline.cli.stewards.letter import letter_command
from throughline.cli.stewards.page import page_command
from throughline.cli.stewards.receipts import receipts_command
from throughline.cli.stewards.reconcile import reconcile_command
from throughline.cli.stewards.scores import scores_command
from throughline.cli.terminal.desk import at_desk
from throughline.cli.terminal.options import as_of_now_option, format_option, on_store, usual_domain_option
from throughline.cli.terminal.writing import write_answer, write_rows
from throughline.errors import DataError
from throughline.quality.checks.check import as_of_checked, checks_of, run_checks
from throughline.quality.checks.data_docs import write_data_docs
from throughline.quality.letters.page import STALE_DAYS
from throughline.quality.stewardship.desk import Desk
from throughline.quality.stewardship.run import results_table, run_on_record
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.quality import load_quality_rules
from throughline.sinks.questions.query import Format
from throughline.sinks.store import Store


class _ShowsByDefault(click.Group):
    """A group that makes the checks where no command is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["show", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_ShowsByDefault, short_help="See whether the timeline can be trusted, and what to mend.")
def quality() -> None:
    """Check what must be true of the timeline. Without a command it runs `show`.

    Example: throughline quality --store cases.duckdb
    """


@quality.command(short_help="Run every check now; failures come first.")
@on_store()
@as_of_now_option
@format_option
@click.option("--all", "is_all", is_flag=True, help="Show what passes, too.")
@click.option("--strict", is_flag=True, help="Exit code 1 if a check fails.")
def show(store: Store, domain: Domain, as_of: datetime, format_: Format | None, is_all: bool, strict: bool) -> None:
    """Run every check on what the store holds now, and show what fails. Nothing is written.

    Example: throughline quality show --all --store cases.duckdb
    """
    rules = load_quality_rules(domain)
    _say_age(store, as_of)
    results = run_checks(store.connection, domain, as_of)
    failing = [one for one in results if not one.success]
    store.connection.register("results", results_table(results if is_all else failing, checks_of(rules)))
    write_answer(store.connection, "quality", format_, 1_000)
    made = len({one.check for one in results})
    click.echo(f"{len(results):,} results of {made} checks: {len(failing):,} failed", err=True)
    if strict and failing:
        raise DataError(
            f"{len(failing):,} of {len(results):,} results failed.", hint="The column `do` says what to do about each."
        )


@quality.command(short_help="Run every check, and put the results on the record.")
@at_desk
@as_of_now_option
def run(desk: Desk, as_of: datetime) -> None:
    """Run every check and publish each result as an event. The view quality_results shows them from then on.

    Example: throughline quality run --area 20 --events steward.jsonl --store cases.duckdb
    """
    _say_age(desk.store, as_of)
    run_id, results = run_on_record(desk, as_of)
    failing = sum(not one.success for one in results)
    click.echo(f"{run_id}: {len(results):,} results, {failing:,} failed")


@quality.command(short_help="Show the runs on the record, and what changed between them.")
@on_store(with_domain=False)
@format_option
@click.option("--check", "check_name", help="The results of one check in every run.")
def history(store: Store, format_: Format | None, check_name: str | None) -> None:
    """Show the runs on the record: how many results failed in each, and how many of those had not failed before.

    Example: throughline quality history --check sources_silent --store cases.duckdb
    """
    if check_name is None:
        write_answer(store.connection, "quality_history", format_, 1_000)
    else:
        write_answer(store.connection, "quality_of_check", format_, 1_000, check=check_name)


@quality.command(short_help="List the checks: why each is run, its limit, and what to do.")
@usual_domain_option
@format_option
def checks(domain: Domain, format_: Format | None) -> None:
    """List the checks: why each is run, the most that its value may be, and what to do if it is more.

    Example: throughline quality checks --format json
    """
    known = checks_of(load_quality_rules(domain)).values()
    rows = [(one.name, one.dimension, f"{one.at_most:g}", one.why, one.do) for one in known]
    write_rows(["check", "dimension", "at_most", "why", "do"], rows, format_)


@quality.command(short_help="Write the checks as pages of Great Expectations.")
@on_store()
@as_of_now_option
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="A new folder.")
def docs(store: Store, domain: Domain, as_of: datetime, out: Path) -> None:
    """Run every check and write Data Docs, the pages of Great Expectations: counts only, never what a record says.

    Example: throughline quality docs --out data-docs --store cases.duckdb
    """
    _say_age(store, as_of)
    click.echo(write_data_docs(store.connection, domain, as_of, out))


def _say_age(store: Store, as_of: datetime) -> None:
    """Say first that the latest events are long past at the time asked about, where they are."""
    latest = as_of_checked(store.connection)
    days = (as_of - latest).days
    if days > STALE_DAYS:
        click.echo(
            f"The latest events are of {latest:%Y-%m-%d %H:%M} (UTC), {days} days before the time that this is asked "
            f"as of: every feed is silent. --as-of {latest:%Y-%m-%dT%H:%M} asks as of then.",
            err=True,
        )


for _command in (scores_command, letter_command, page_command, reconcile_command, receipts_command):
    quality.add_command(_command)
