"""`demo` and `replay`: events in."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from throughline.cli.findings import print_findings
from throughline.cli.options import DOMAINS, domain_option, store_option
from throughline.cli.progress import progress_bar
from throughline.demo.findings import run_demo
from throughline.errors import UsageError
from throughline.replay import replay as replay_files
from throughline.schemas.domain import Domain
from throughline.sinks.store import open_store
from throughline.sources.mapping import load_mapping
from throughline.sources.tabular import dry_run as dry_run_mapping
from throughline.streams.accept import Counts


@click.command()
@click.option(
    "--store",
    "store_path",
    type=click.Path(path_type=Path),
    default=Path("demo.duckdb"),
    show_default=True,
    help="Store to write; an earlier demo there is replaced.",
)
@click.option("--cases", type=click.IntRange(1), default=2000, show_default=True, help="How many cases to make up.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same cases.")
def demo(store_path: Path, cases: int, seed: int) -> None:
    """Make up plausible cases of police, CPS and advocates, join them, and show what comes out.

    Nothing in it is real: persons, cases and dates are invented from a seed.

    Example: throughline demo
    """
    with progress_bar() as report:
        counts = run_demo(store_path, cases=cases, seed=seed, report=report)
    print_findings(store_path, counts)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@store_option
@domain_option
@click.option(
    "--mapping",
    "mapping_path",
    metavar="FILE",
    help="Mapping of an existing system's CSV, Parquet or XES, or the name of one that ships with the domain.",
)
@click.option("--dry-run", is_flag=True, help="With --mapping: say line by line what does not fit; publish nothing.")
def replay(paths: tuple[Path, ...], store_path: Path, domain: Domain, mapping_path: str | None, dry_run: bool) -> None:
    """Replay event files (JSON Lines, Avro, Parquet), or an export with a mapping, into a store.

    A record that cannot be accepted goes to quarantine and stops nothing. Replaying again changes nothing.

    Example: throughline replay events/ --store cases.duckdb
    """
    mapping = None if mapping_path is None else load_mapping(_mapping_file(mapping_path, domain))
    if dry_run:
        if mapping is None:
            raise UsageError("--dry-run is for a mapping.", hint="Give --mapping FILE too.")
        for path in paths:
            for line in dry_run_mapping(mapping, path, domain).lines():
                click.echo(line)
        return
    with open_store(store_path, write=True) as store, progress_bar() as report:
        counts = replay_files(store, domain, list(paths), mapping=mapping, report=report)
    print_counts(counts, Console())


def _mapping_file(name: str, domain: Domain) -> Path:
    path = Path(name)
    shipped = DOMAINS / domain.name / "mappings" / f"{name}.yaml"
    return shipped if not path.exists() and shipped.exists() else path


def print_counts(counts: Counts, console: Console) -> None:
    """What became of the records, one line each."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right")
    table.add_column()
    table.add_row(f"{counts.read:,}", "read")
    table.add_row(f"{counts.accepted:,}", "accepted")
    table.add_row(f"{counts.duplicate:,}", "duplicate")
    table.add_row(f"{sum(counts.quarantined.values()):,}", "quarantined")
    for reason, n in sorted(counts.quarantined.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(f"{n:,}", f"  {reason}")
    console.print(table)
