"""`page`: the steward's page on the quality of the timeline."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from throughline.cli.terminal.options import as_of_now_option, on_store
from throughline.cli.terminal.writing import write_file
from throughline.quality.checks.check import as_of_checked
from throughline.quality.letters.page import page, page_html
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.quality import load_quality_rules
from throughline.sinks.store import Store


@click.command("page", short_help="Write the steward's page: can the timeline be trusted today?")
@click.option(
    "--out", "path", required=True, type=click.Path(path_type=Path, dir_okay=False), help="HTML file to write."
)
@click.option("--results", "results_link", metavar="URL", help="Where the table of all results can be seen.")
@as_of_now_option
@on_store()
def page_command(path: Path, results_link: str | None, as_of: datetime, domain: Domain, store: Store) -> None:
    """Write one HTML file that says whether the timeline can be trusted, and what to mend first.

    It shows the runs of the checks on the record (`throughline quality run`), quarantine, conflicts and feeds.

    Example: throughline quality page --store cases.duckdb --out quality.html
    """
    rules, latest = load_quality_rules(domain), as_of_checked(store.connection)
    shown = page(store.connection, rules, as_of=as_of, latest=latest, results_link=results_link)
    write_file(path, page_html(shown).encode())
    click.echo(f"{path}: {shown.verdict}")
