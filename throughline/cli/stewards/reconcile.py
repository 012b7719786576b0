"""`reconcile` and `manifest`: what should be there and is not, and what a publisher says that it sent."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from throughline.cli.terminal.options import (
    DOMAINS,
    MappingFile,
    as_of_now_option,
    domain_of,
    domain_option,
    format_option,
    mapping_of,
    store_option,
)
from throughline.cli.terminal.writing import write_rows
from throughline.errors import UsageError
from throughline.quality.reconciliation.differences import Difference, reconcile
from throughline.quality.reconciliation.official import compare_official, load_official, read_totals
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.wire.manifest import manifest_text, read_manifest
from throughline.sinks.questions.query import Format
from throughline.sinks.store import open_store
from throughline.sources.files import files_to_read, read_batches
from throughline.sources.publish.manifest import manifest_of_batches, manifest_of_outbox


@click.command("reconcile", short_help="Show what should be there and is not, and what to do about it.")
@store_option
@domain_option
@as_of_now_option
@format_option
@click.option(
    "--manifest",
    "manifests",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="What a publisher says that it sent (`throughline manifest`); may be given again, the latest last.",
)
@click.option(
    "--official",
    "official",
    nargs=2,
    multiple=True,
    metavar="CSV MAPPING",
    help="Published totals, and the mapping of their columns: a file, or the name of one that ships with the domain.",
)
def reconcile_command(
    store_path: Path,
    domain: Domain | None,
    as_of: datetime,
    format_: Format | None,
    manifests: tuple[Path, ...],
    official: tuple[tuple[str, str], ...],
) -> None:
    """List what should be there and is not: receipts, tellings, sequence numbers, feeds, and what manifests name.

    Each line says which agency and days, how many of how many, and what to do next.

    Example: throughline quality reconcile --manifest manifest.json --store cases.duckdb
    """
    given = [read_manifest(path) for path in manifests]
    with open_store(store_path, write=False) as store:
        chosen = domain_of(store, domain)
        found = reconcile(store.connection, chosen, manifests=given, as_of=as_of)
        for totals_file, mapping in official:
            table = load_official(_mapping_file(mapping, chosen), chosen)
            made = compare_official(store.connection, chosen, table, read_totals(Path(totals_file), table))
            found += made.differences
            click.echo(f"{table.title}: {made.compared} of {made.compared + len(made.left_out)} compared", err=True)
    write_rows(*_rows(found), format_)
    click.echo(f"{len(found):,} differences", err=True)


def _rows(found: list[Difference]) -> tuple[list[str], list[tuple[Any, ...]]]:
    columns = ["difference", "agency", "what", "from", "to", "expected", "found", "differ by", "why", "do"]
    return columns, [
        (
            one.difference,
            one.agency,
            one.subject,
            one.from_day.isoformat(),
            one.to_day.isoformat(),
            f"{one.expected:.0f}",
            f"{one.found:.0f}",
            f"{one.found - one.expected:+.0f}",
            one.why,
            one.do,
        )
        for one in found
    ]


def _mapping_file(name: str, domain: Domain) -> Path:
    folder = DOMAINS / domain.name / "official"
    shipped = sorted(file.stem for file in folder.glob("*.yaml"))
    if name in shipped:
        return folder / f"{name}.yaml"
    if not Path(name).is_file():
        raise UsageError(
            f"`{name}` is no mapping of official totals.",
            hint=f"Name a file, or one that ships: {', '.join(shipped) or 'there is none'}.",
        )
    return Path(name)


@click.command("manifest", short_help="Write what an outbox has sent, or event files hold, day by day.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@domain_option
@click.option("--mapping", "mapping_name", metavar="FILE", type=MappingFile(), help="Mapping of an export.")
@click.option(
    "--outbox",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The outbox of a publisher that does not run at the moment.",
)
def manifest_command(
    paths: tuple[Path, ...], domain: Domain | None, mapping_name: str | None, outbox: Path | None
) -> None:
    """Write a manifest to standard output: events by source, type and day, with the first and last sequence number.

    Of an outbox it is what the broker has acknowledged; of event files (or an export with its mapping) what would be.

    Example: throughline manifest --outbox outbox.sqlite > manifest.json
    """
    if (outbox is None) == (not paths):
        raise UsageError("A manifest is of an outbox or of files.", hint="Give --outbox FILE, or PATH….")
    domain = domain or load_domain()
    if outbox is not None:
        made = manifest_of_outbox(outbox, domain.type_prefix)
    else:
        mapping = mapping_of(mapping_name, domain)
        files = files_to_read(list(paths), is_mapped=mapping is not None)
        made = manifest_of_batches(batch for file in files for batch in read_batches(file, domain, mapping))
    click.echo(manifest_text(made), nl=False)
