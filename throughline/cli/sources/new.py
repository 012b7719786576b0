"""`source new`: draft a mapping of strange data."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.core import ParameterSource

from throughline.cli.sources.poll import address_of, database_file_option, database_option
from throughline.cli.terminal.options import usual_domain_option
from throughline.cli.terminal.writing import say
from throughline.errors import UsageError
from throughline.schemas.definitions.domain import Domain
from throughline.sources.databases.table import sample as look_at
from throughline.sources.workbench.draft import LEAVE_OUT, Draft
from throughline.sources.workbench.plan import draft_of
from throughline.sources.workbench.sample import ROWS, sample_of, sample_of_table


@click.command("new", short_help="Look at data and draft its mapping.")
@click.argument("data", metavar="FILE|TABLE")
@database_option
@database_file_option
@usual_domain_option
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the mapping here, not to the screen."
)
@click.option("--sheet", default="", help="Of a spreadsheet with several sheets: the one to draft from.")
@click.option(
    "--decide",
    "decided",
    multiple=True,
    metavar="KEY=VALUE",
    help=f"Answer something that is left to you, as often as needed. `types.WORD='{LEAVE_OUT}'` drops rows.",
)
@click.option("--rows", type=click.IntRange(1), default=ROWS, show_default=True, help="Look at this many rows at most.")
@click.option("--force", is_flag=True, help="Write over a mapping that is there.")
@click.pass_context
def new(
    ctx: click.Context,
    data: str,
    address: str | None,
    address_file: Path | None,
    domain: Domain,
    out: Path | None,
    sheet: str,
    decided: tuple[str, ...],
    rows: int,
    force: bool,
) -> None:
    """Look at FILE, or at a TABLE of --database, and draft a mapping: how it is laid out, what its columns are, how its
    times are written, each with the evidence. What only you can know is left as DECIDE: with the choices.

    No value of a column that may be about a person is printed, and no free text.

    Example: throughline source new crimes.csv --out crimes.yaml
    """
    if out is not None and out.exists() and not force:
        raise UsageError(f"`{out}` is there already.", hint="Name another file, or give --force to write over it.")
    if (address is None and address_file is None) or Path(data).exists():
        sample = sample_of(Path(data), sheet=sheet, most=rows)
    else:
        is_typed = ctx.get_parameter_source("address") is ParameterSource.COMMANDLINE
        found = look_at(address_of(address, address_file, is_typed=is_typed), data, rows)
        sample = sample_of_table(data, [name for name, _ in found.columns], found.rows, rows)
    draft = draft_of(sample, domain, _answers(decided))
    if out is None:
        click.echo(draft.text(), nl=False)
    else:
        out.write_text(draft.text(), encoding="utf-8")
    _say(draft, out, data, is_table=sample.layout.key == "database")


def _answers(decided: tuple[str, ...]) -> dict[str, str]:
    """KEY=VALUE; a key may have `=` in its last part only where the value has none."""
    answers = {}
    for one in decided:
        key, mark, value = one.partition("=")
        if not mark or not key or not value:
            raise UsageError(f"`{one}` is no answer.", hint="Write --decide KEY=VALUE, such as --decide area=20.")
        answers[key] = value
    return answers


def _say(draft: Draft, out: Path | None, data: str, *, is_table: bool) -> None:
    name = "MAPPING" if out is None else os.fspath(out)
    for one in draft.decisions:
        choices = " | ".join(one.choices[:5]) + (" | …" if len(one.choices) > 5 else "")
        say(f"decide {one.key}: {choices} ({one.why})", is_error=True)
    step = f"throughline source poll {name} --dry-run" if is_table else f"throughline source check {name} {data}"
    say(f"{len(draft.decisions)} left to decide. Next: {step}", is_error=True)
