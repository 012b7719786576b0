"""`scores`: what each feed scores, month by month, and which service levels it met."""

from __future__ import annotations

import click

from throughline.cli.terminal.options import format_option, now, on_store
from throughline.cli.terminal.writing import write_answer
from throughline.quality.checks.scores import scores, service_levels
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.quality import load_quality_rules
from throughline.sinks.questions.query import Format
from throughline.sinks.store import Store


@click.command("scores", short_help="See what each feed scores month by month, and which service levels it met.")
@on_store()
@format_option
@click.option("--levels", "is_levels", is_flag=True, help="Show the service levels instead of the scores.")
def scores_command(store: Store, domain: Domain, format_: Format | None, is_levels: bool) -> None:
    """Show six scores out of 100 for each feed, each agency and all feeds, by month: the share of checks passed.

    They rest on the runs on the record (`throughline quality run`); service levels on the events themselves.

    Example: throughline quality scores --store cases.duckdb
    """
    rules = load_quality_rules(domain)
    if is_levels:
        levels = service_levels(store.connection, rules, now())
        store.connection.register("levels", levels)
    else:
        store.connection.register("scored", scores(store.connection, rules))
    write_answer(store.connection, "service_levels" if is_levels else "scores", format_, 1_000)
