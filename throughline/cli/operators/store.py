"""`digest`, `verify`, `rebuild` and `compact`: whether the store is what its events say, and how it lies in a file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from throughline.cli.terminal.options import domain_of, domain_option, on_store, store_option
from throughline.cli.terminal.progress import progress_bar
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.compaction import compact as compact_store
from throughline.sinks.damage import read_all
from throughline.sinks.digest import digest as digest_of
from throughline.sinks.digest import digest_by_table
from throughline.sinks.feed import is_of_shared_topics
from throughline.sinks.store import Store, open_store
from throughline.streams.join.batch import settle
from throughline.streams.join.rebuild import open_domain, past
from throughline.streams.join.rebuild import rebuild as rebuild_store


@click.command(short_help="Print one line that is the same for the same events.")
@on_store(with_domain=False)
@click.option("--by-table", is_flag=True, help="Print a line for each table, to see where two stores differ.")
def digest(store: Store, by_table: bool) -> None:
    """Print one line over every derived table: two stores of the same events print the same line.

    Example: throughline digest --store cases.duckdb
    """
    if by_table:
        for table, value in digest_by_table(store.connection).items():
            click.echo(f"{table} {value}")
    else:
        click.echo(digest_of(store.connection))


@click.command(short_help="Read the whole store, rebuild everything beside it, and compare.")
@on_store()
def verify(store: Store, domain: Domain) -> None:
    """Read every value in the store, then rebuild everything from the events, beside it, and compare the two.

    Prints the digest. If they differ, names the tables; the exit code is 1. Where the file is damaged, it is 70: this
    is the command that looks for damage.

    Example: throughline verify --store cases.duckdb
    """
    with progress_bar() as report:
        report("reading", 0.0, None)
        read_all(store.connection, store.path)
        kept = digest_by_table(store.connection)
        line = digest_of(store.connection)
        report("rebuilding beside it", 0.0, None)
        with past(store, domain, as_of=None, known_at=None) as second:
            made = digest_by_table(second.connection)
    different = [table for table, value in kept.items() if made[table] != value]
    if different:
        click.echo(
            f"throughline: what the store holds is not what its events say, in: {', '.join(different)}.\n\n"
            f"Run `throughline rebuild --store {store.path}`. If it happens again, keep the file and report it.",
            err=True,
        )
        sys.exit(1)
    click.echo(line)


@click.command(short_help="Rebuild everything in the store from its events.")
@store_option
@domain_option
def rebuild(store_path: Path, domain: Domain | None) -> None:
    """Drop everything that is derived and rebuild it from the events in the store.

    With --domain, the store takes on that domain.

    Example: throughline rebuild --store cases.duckdb
    """
    with open_store(store_path, write=True) as store, progress_bar() as report:
        cases = rebuild_store(store, domain or domain_of(store, None), lambda stage, part: report(stage, part, 1.0))
        line = digest_of(store.connection)
    click.echo(f"{cases:,} cases rebuilt. {line}")


@click.command(short_help="Sort a large store by case, so that small batches and single cases cost less.")
@store_option
@domain_option
def compact(store_path: Path, domain: Domain | None) -> None:
    """Sort the store by case. What it says stays the same; what an older release wrote is brought up to date first.

    A worker does so by itself, a little at a time, in stores of more than a million events. After a replay of many, or
    with the first release that sorts, this does all of it at once; nobody else can write the store meanwhile. Stopped
    half way it leaves a whole store, and may be begun again.

    Example: throughline compact --store cases.duckdb
    """
    with open_store(store_path, write=True) as store, progress_bar() as report:
        # what a new release or new rules make anew would not be sorted
        if not is_of_shared_topics(store.connection):
            open_domain(store, domain_of(store, domain))
            settle(store, lambda stage, part: report(stage, part, 1.0))
        compact_store(store, lambda part: report("sorting", part, 1.0))
    click.echo(f"{store_path} is sorted by case.")
