"""`scores`: what each feed scores, month by month, and which service levels it met."""

from __future__ import annotations

from pathlib import Path

import click

from throughline.cli.terminal.options import domain_of, domain_option, format_option, now, store_option
from throughline.cli.terminal.writing import write_answer
from throughline.quality.checks.scores import scores, service_levels
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.quality import load_quality_rules
from throughline.sinks.questions.query import Format
from throughline.sinks.store import open_store


@click.command("scores", short_help="See what each feed scores, month by month, and what it met of what was agreed.")
@store_option
@domain_option
@format_option
@click.option("--levels", "is_levels", is_flag=True, help="The service levels instead of the scores.")
def scores_command(store_path: Path, domain: Domain | None, format_: Format | None, is_levels: bool) -> None:
    """Show six scores of 100 for each feed, agency and all feeds, by month: how many of the checks made of it held.

    They rest on the runs on the record (`throughline quality run`); service levels on the events themselves.

    Example: throughline quality scores --store cases.duckdb
    """
    with open_store(store_path, write=False) as store:
        rules = load_quality_rules(domain_of(store, domain))
        if is_levels:
            levels = service_levels(store.connection, rules, now())
            store.connection.register("levels", levels)
        else:
            store.connection.register("scored", scores(store.connection, rules))
        write_answer(store.connection, "service_levels" if is_levels else "scores", format_, 1_000)
