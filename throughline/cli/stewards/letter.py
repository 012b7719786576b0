"""`letter`: the monthly letter to an agency, as HTML and PDF."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from throughline.cli.terminal.options import now, on_store
from throughline.cli.terminal.writing import write_file
from throughline.quality.letters.letter import letter, letter_html
from throughline.quality.letters.pdf import letter_pdf
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.quality import load_quality_rules
from throughline.sinks.store import Store


class Month(click.ParamType):
    """A month as YYYY-MM; converted to its first day."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(f"{value}-01")
        except ValueError:
            self.fail(f"`{value}` is not a month. Write 2026-05.", param, ctx)


@click.command("letter", short_help="Write the monthly letter on data quality to an agency.")
@click.argument("agency")
@click.option("--month", required=True, type=Month(), metavar="YYYY-MM", help="Which month.")
@click.option(
    "--out", "folder", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write to."
)
@click.option(
    "--from",
    "sender",
    default="The steward of the shared timeline",
    show_default=True,
    envvar="THROUGHLINE_QUALITY_SENDER",
    help="Who writes: a role and its body. No name.",
)
@click.option(
    "--ask",
    default="The steward of the shared timeline",
    show_default=True,
    envvar="THROUGHLINE_QUALITY_CONTACT",
    help="Who to ask: a role, and how to reach it. No name.",
)
@on_store()
def letter_command(agency: str, month: date, folder: Path, sender: str, ask: str, domain: Domain, store: Store) -> None:
    """Write the letter to AGENCY for a month, as AGENCY-YYYY-MM.html and .pdf.

    It rests on the last run of the checks (`throughline quality run`) as of a time in that month.

    Example: throughline quality letter police --month 2026-05 --store cases.duckdb --out letters/
    """
    rules = load_quality_rules(domain)
    said = letter(store.connection, rules, agency, month, as_of=now(), sender=sender, ask=ask)
    for kind, content in (("html", letter_html(said).encode()), ("pdf", letter_pdf(said))):
        path = folder / f"{agency}-{month:%Y-%m}.{kind}"
        write_file(path, content)
        click.echo(str(path))
