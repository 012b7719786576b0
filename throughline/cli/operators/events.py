"""`demo` and `replay`: events in."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from throughline.cli.operators.findings import print_findings
from throughline.cli.terminal.options import (
    domain_of,
    domain_option,
    mapping_of,
    mapping_option,
    store_at,
    store_option,
    taken_at_option,
)
from throughline.cli.terminal.progress import progress_bar
from throughline.cli.terminal.writing import print_counts
from throughline.demo.run import run_demo
from throughline.errors import DataError, UsageError
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.sinks.store import open_store
from throughline.sources.files import files_to_read, too_few
from throughline.sources.workbench.dry_run import dry_run as dry_run_mapping
from throughline.streams.join.accept import Counts
from throughline.streams.join.replay import replay as replay_files


@click.command(short_help="Make cases up, join them, and show what was found.")
@store_at("demo.duckdb", "The store to write. An earlier demo there is replaced.")
@click.option("--cases", type=click.IntRange(1), default=2000, show_default=True, help="How many cases to make up.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same cases.")
@click.option(
    "--live", is_flag=True, help="Run it live, on a real broker on this machine (Java 17): publishers, worker and sink."
)
def demo(store_path: Path, cases: int, seed: int, live: bool) -> None:
    """Make up plausible cases of police, CPS and advocates, join them, and show what was found.

    Nothing in them is real: people, cases and dates are invented.

    Example: throughline demo
    """
    if live:
        _live_demo(store_path, cases, seed)
        return
    with progress_bar() as report:
        counts = run_demo(store_path, cases=cases, seed=seed, report=report)
    print_findings(store_path, counts)


def _live_demo(store_path: Path, cases: int, seed: int) -> None:
    # kept out of the other commands' start
    from throughline.live.demo import run_live_demo

    with progress_bar() as report:
        made = run_live_demo(store_path, cases=cases, seed=seed, report=report)
    print_findings(store_path, made.counts)
    same = made.live_digest == made.replayed_digest
    click.echo(
        f"\nThree publishers, Kafka, a worker and a sink: {made.counts.read:,} records were joined "
        f"{made.seconds:.1f} s after the first was published.\n"
        f"{made.live_digest}  digest of the worker's stores\n"
        f"{made.replayed_digest}  digest of a replay of the same files, without a broker: "
        f"{'equal' if same else 'NOT EQUAL'}"
    )
    if not same:
        sys.exit(1)


@click.command(short_help="Read event files, or a mapped export, into a store.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@store_option
@domain_option
@mapping_option
@taken_at_option
@click.option(
    "--dry-run", is_flag=True, help="With --mapping: list what does not fit, line by line, and write nothing."
)
def replay(
    paths: tuple[Path, ...],
    store_path: Path,
    domain: Domain | None,
    mapping_name: str | None,
    taken_at: str | None,
    dry_run: bool,
) -> None:
    """Read event files (JSON, Avro, Parquet; - is standard input), or an export with a mapping, into a store.

    A record that cannot be accepted goes to quarantine and holds up no other. Replaying again changes nothing.
    Ends with 1 where a file gives no event, or where most of its records are refused.

    Example: throughline replay events/ --store cases.duckdb
    """
    # before a store is made: what cannot be read leaves none behind
    files = files_to_read(list(paths), is_mapped=mapping_name is not None)
    if dry_run:
        _dry_run(files, domain or load_domain(), mapping_name, taken_at)
        return
    if not store_path.exists():
        mapping_of(mapping_name, domain or load_domain(), taken_at)
    with open_store(store_path, write=True) as store:
        domain = domain_of(store, domain)
        mapping = mapping_of(mapping_name, domain, taken_at)
        with progress_bar() as report:
            poor: list[str] = []

            def look(file: Path, became: Counts) -> None:
                # one in conflict could be read
                refused = sum(count for reason, count in became.quarantined.items() if reason != "conflict")
                poor.extend(filter(None, [too_few(file, became.read - refused, refused)]))

            notes: list[str] = []
            counts = replay_files(store, domain, files, mapping=mapping, report=report, of_file=look, note=notes.append)
    for text in notes:
        click.echo(text, err=True)
    print_counts(counts, Console())
    if poor:
        raise DataError("\n".join(poor), hint="What was accepted is kept; `throughline quarantine list` has the rest.")


def _dry_run(files: list[Path], domain: Domain, mapping_name: str | None, taken_at: str | None) -> None:
    """Print what the mapping makes of each file; exit code 1 if it could not run over one of them, or makes next to
    nothing of it."""
    mapping = mapping_of(mapping_name, domain, taken_at)
    if mapping is None:
        raise UsageError("--dry-run needs a mapping.", hint="Give --mapping FILE too.")
    could_run = True
    for file in files:
        report = dry_run_mapping(mapping, file, domain)
        could_run = could_run and not report.problems
        for line in report.lines():
            click.echo(line)
        poor = None if report.problems else too_few(file, report.events, report.refused.total)
        if poor:
            could_run = False
            click.echo(poor)
    if not could_run:
        sys.exit(1)
