"""`compatibility`: can those who have one version of a type read the data of another?"""

from __future__ import annotations

import click

from throughline.cli.terminal.options import DomainFolder, domain_option, format_option
from throughline.cli.terminal.writing import write_rows
from throughline.errors import DataError, UsageError
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.entry import nearest
from throughline.schemas.wire.avro.succession import verdicts
from throughline.sinks.questions.query import Format


@click.command(short_help="Say whether versions of a type can read one another's data, and why not.")
@click.argument("type_", metavar="[TYPE]", required=False)
@domain_option
@click.option(
    "--before", type=DomainFolder(), metavar="DIR", help="The domain folder as it was published, to compare with."
)
@format_option
def compatibility(type_: str | None, domain: Domain | None, before: Domain | None, format_: Format | None) -> None:
    """Say whether those who have one version of a TYPE can read the data of another, and why not; or of all types.

    Change a copy of the domain folder, and give the published one as --before. The exit code is 1 where somebody could
    not read on.

    Example: throughline compatibility police.crime.recorded --domain draft/ --before england_wales
    """
    domain = domain or load_domain()
    known = domain.types.keys() | (before.types.keys() if before else set())
    if type_ is not None and type_ not in known:
        raise UsageError(
            f"`{type_}` is not in the catalogue of {domain.title}.",
            hint=f"{nearest(type_, known)} `throughline catalogue` lists the types.".strip(),
        )
    found = [one for one in verdicts(domain, before) if type_ in (None, one.type)]
    columns = ["type", "who has version", "can read version", "answer", "why, or what is lost"]
    rows = [
        (
            one.type,
            str(one.reader),
            str(one.writer),
            "yes" if one.verdict.compatible else "no",
            "; ".join((*one.verdict.problems, *one.verdict.cautions)),
        )
        for one in sorted(found, key=lambda one: one.verdict.compatible)
    ]
    write_rows(columns, rows, format_)
    refused = [one for one in found if not one.verdict.compatible]
    if refused:
        raise DataError(
            f"{len({one.type for one in refused})} types have versions that cannot be read by those who have another.",
            hint="A field that is new or goes must be optional; a field keeps its type.",
        )
    if not found:
        click.echo("There is one version: nothing to compare. Give --before DIR to compare with another.", err=True)
