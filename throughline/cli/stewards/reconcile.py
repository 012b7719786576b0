"""`reconcile` and `manifest`: what should be there and is not, and what a publisher says it sent."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from throughline.cli.terminal.options import (
    DOMAINS,
    as_of_now_option,
    format_option,
    mapping_of,
    mapping_option,
    on_store,
    usual_domain_option,
)
from throughline.cli.terminal.writing import write_rows
from throughline.errors import UsageError
from throughline.quality.reconciliation.differences import Difference, reconcile
from throughline.quality.reconciliation.official import compare_official, load_official, read_totals
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.wire.manifest import manifest_text, read_manifest
from throughline.sinks.questions.query import Format
from throughline.sinks.store import Store
from throughline.sources.files import files_to_read, read_batches
from throughline.sources.publish.manifest import manifest_of_batches, manifest_of_outbox


@click.command("reconcile", short_help="Show what should be there and is not, and what to do about it.")
@on_store()
@as_of_now_option
@format_option
@click.option(
    "--manifest",
    "manifests",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="What a publisher says it sent (`throughline manifest`). May be given several times, the latest last.",
)
@click.option(
    "--official",
    "official",
    nargs=2,
    multiple=True,
    metavar="CSV MAPPING",
    help="Published totals, and the mapping of their columns: a file, or the name of one that is built in.",
)
def reconcile_command(
    store: Store,
    domain: Domain,
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
    found = reconcile(store.connection, domain, manifests=given, as_of=as_of)
    for totals_file, mapping in official:
        table = load_official(_mapping_file(mapping, domain), domain)
        made = compare_official(store.connection, domain, table, read_totals(Path(totals_file), table))
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
            f"`{name}` is not a mapping of official totals.",
            hint=f"Name a file, or one that is built in: {', '.join(shipped) or 'there is none'}.",
        )
    return Path(name)


@click.command("manifest", short_help="Write what an outbox has sent, or event files hold, day by day.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@usual_domain_option
@mapping_option
@click.option(
    "--outbox",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The outbox of a publisher; it may be running.",
)
def manifest_command(paths: tuple[Path, ...], domain: Domain, mapping_name: str | None, outbox: Path | None) -> None:
    """Write a manifest to standard output: events by source, type and day, with the first and last sequence number.

    For an outbox it lists what the broker has acknowledged; for event files (or an export with its mapping), what they
    would send.

    Example: throughline manifest --outbox outbox.sqlite > manifest.json
    """
    if (outbox is None) == (not paths):
        raise UsageError("A manifest is made from an outbox or from files.", hint="Give either --outbox FILE or PATH….")
    if outbox is not None:
        made = manifest_of_outbox(outbox, domain.type_prefix)
    else:
        mapping = mapping_of(mapping_name, domain)
        files = files_to_read(list(paths), is_mapped=mapping is not None)
        made = manifest_of_batches(batch for file in files for batch in read_batches(file, domain, mapping))
    click.echo(manifest_text(made), nl=False)
