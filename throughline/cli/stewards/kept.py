"""`quarantine replay`, `discard`, `restore` and `assign`: what is done about records that could not be accepted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from throughline.cli.terminal.desk import desk_of, desk_options
from throughline.cli.terminal.options import (
    MappingFile,
    domain_of,
    domain_option,
    mapping_of,
    now,
    store_option,
    topic_prefix_option,
)
from throughline.cli.terminal.progress import progress_bar
from throughline.cli.terminal.writing import print_counts
from throughline.quality.stewardship.quarantine import assign as assign_records
from throughline.quality.stewardship.quarantine import discard as discard_records
from throughline.quality.stewardship.quarantine import restore as restore_records
from throughline.quality.stewardship.replay import replay_quarantine
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.store import open_store


@click.command(short_help="Judge records again, after a catalogue or mapping was mended.")
@store_option
@domain_option
@click.option("--reason", help="The records of one reason.")
@click.option("--source", help="The records of one source.")
@click.option("--id", "quarantine_id", type=int, help="One record, discarded or not.")
@click.option(
    "--mapping",
    "mapping_name",
    type=MappingFile(),
    metavar="FILE",
    help="Mapping for rows of an export, or the name of one that ships with the domain.",
)
@topic_prefix_option
def replay(
    store_path: Path,
    domain: Domain | None,
    reason: str | None,
    source: str | None,
    quarantine_id: int | None,
    mapping_name: str | None,
    topic_prefix: str,
) -> None:
    """Judge what is open in quarantine again, by the present catalogue, from the bytes that were kept.

    What is accepted now enters the store where and when it was first read, and leaves quarantine. Replaying again
    changes nothing. Conflicts are not replayed: a steward decides them.

    Example: throughline quarantine replay --reason unknown_type --store cases.duckdb
    """
    with open_store(store_path, write=True) as store:
        domain = domain_of(store, domain)
        mapping = mapping_of(mapping_name, domain)
        with progress_bar() as report:
            done = replay_quarantine(
                store,
                domain,
                reason=reason,
                source=source,
                quarantine_id=quarantine_id,
                mapping=mapping,
                topic_prefix=topic_prefix,
                report=report,
            )
    print_counts(done.counts, Console())
    if done.left_out:
        click.echo(f"{done.left_out:,} are left out by a filter of the mapping now, and stay: discard them.")
    for why, records in done.unread.most_common():
        click.echo(f"{records:,} could not be judged again: {why.what}. {why.hint}", err=True)


def _act(command: Callable[..., None]) -> Callable[..., None]:
    """The arguments that every act on records has."""
    return desk_options(click.argument("quarantine_ids", nargs=-1, required=True, type=int)(command))


def _run(act: Callable[..., None], given: dict[str, Any], said: dict[str, Any]) -> int:
    """Do the act on the records, at this moment; how many they are."""
    ids = given["quarantine_ids"]
    with open_store(given["store_path"], write=True) as store:
        domain = domain_of(store, given["domain"])
        act(store, domain, given["outbox"], ids, desk=desk_of(given), at=now(), **said)
    return len(set(ids))


@click.command(short_help="Discard records that will never be events.")
@_act
@click.option("--reason-code", required=True, metavar="CODE", help="Why, as in the catalogue: test_record, …")
def discard(reason_code: str, **given: Any) -> None:
    """Discard records by an event: they stay in quarantine, and are counted as open no more. `restore` takes it back.

    Example: throughline quarantine discard 17422457106160203652 --reason-code test_record --area 20
    --events steward.jsonl --store cases.duckdb
    """
    click.echo(f"{_run(discard_records, given, {'reason_code': reason_code}):,} discarded")


@click.command(short_help="Take it back that records were discarded.")
@_act
def restore(**given: Any) -> None:
    """Take it back, by an event, that records were discarded.

    Example: throughline quarantine restore 17422457106160203652 --area 20 --events steward.jsonl
    --store cases.duckdb
    """
    click.echo(f"{_run(restore_records, given, {}):,} restored")


@click.command(short_help="Say who is to see to records.")
@_act
@click.option("--role", required=True, metavar="ROLE", help="As in the catalogue: publisher, mapping, …")
@click.option("--assignee", metavar="PSEUDONYM", help="Keyed pseudonym, where one person is meant; no name.")
def assign(role: str, assignee: str | None, **given: Any) -> None:
    """Say, by an event, who is to see to records: a role and, where one person is meant, a keyed pseudonym.

    Example: throughline quarantine assign 17422457106160203652 --role publisher --area 20
    --events steward.jsonl --store cases.duckdb
    """
    click.echo(f"{_run(assign_records, given, {'role': role, 'assignee': assignee}):,} assigned")
