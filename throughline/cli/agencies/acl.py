"""`topics acl`: who may read and write which topic."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from functools import wraps
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from throughline.cli.terminal.options import Command, broker_options, topic_prefix_option, usual_domain_option
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import load_topics
from throughline.sources.connection.security import Security
from throughline.streams.log.broker_rights import Compared, compare_rights, give_rights
from throughline.streams.log.rights import Right, least_rights, read_principals, usual_principals


@click.group()
def acl() -> None:
    """Print the rights that agencies, workers and boards need on a broker, give them, or check them."""


def _rights_options(command: Command) -> Command:
    """Give a command the `rights` that are needed."""

    @wraps(command)
    def run(topic_prefix: str, domain: Domain, principals_path: Path | None, group: str, **given: Any) -> None:
        topics = load_topics(domain, prefix=topic_prefix)
        principals = (
            usual_principals(domain, topics)
            if principals_path is None
            else read_principals(principals_path, domain, topics)
        )
        command(rights=least_rights(topics, principals, topic_prefix + group), **given)

    principals = click.option(
        "--principals",
        "principals_path",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="By whom the broker knows each agency: a YAML file. Default: User: and the agency.",
    )
    group = click.option("--group", default="throughline", show_default=True, help="The workers' consumer group.")
    return topic_prefix_option(usual_domain_option(principals(group(run))))


@acl.command("print")
@_rights_options
@click.option(
    "--format",
    "as_commands",
    type=click.Choice(["table", "commands"]),
    default="table",
    show_default=True,
    callback=lambda context, option, value: value == "commands",
    help="A table, or commands of Kafka's own kafka-acls.",
)
def print_(rights: Sequence[Right], as_commands: bool) -> None:
    """Print every right that is needed, and nobody asks a broker.

    Example: throughline topics acl print --format commands
    """
    for line in commands(rights) if as_commands else table(rights):
        click.echo(line)


@acl.command()
@broker_options
@_rights_options
@click.option("--dry-run", is_flag=True, help="Only say what would be given.")
def apply(bootstrap: str, security: Security, rights: Sequence[Right], dry_run: bool) -> None:
    """Give the rights that are missing, and say which. Nothing is taken away: what is given besides is named.

    Example: throughline topics acl apply --bootstrap localhost:9093 --broker-settings admin.properties --dry-run
    """
    found = (compare_rights if dry_run else give_rights)(bootstrap, rights, security)
    for right in found.missing:
        click.echo(f"{'would give' if dry_run else 'given'}: {right}")
    _name_extra(found)
    there = len(rights) - len(found.missing)
    click.echo(f"{len(found.missing)} {'to give' if dry_run else 'given'}, {there} there already.")


@acl.command()
@broker_options
@_rights_options
def check(bootstrap: str, security: Security, rights: Sequence[Right]) -> None:
    """Compare the broker's rights with those that are needed. The exit code is 1 if any is missing, or too many.

    Example: throughline topics acl check --bootstrap localhost:9093 --broker-settings admin.properties
    """
    found = compare_rights(bootstrap, rights, security)
    for right in found.missing:
        click.echo(f"missing: {right}")
    _name_extra(found)
    if found.missing or found.extra:
        if found.extra:
            click.echo("Take away what is too much with `kafka-acls --remove`, or say whose it is with --principals.")
        sys.exit(1)
    click.echo(f"All {len(rights)} rights are there, and no other.")


def _name_extra(found: Compared) -> None:
    for sentence in found.extra:
        click.echo(f"too much: {sentence}")


def table(rights: Sequence[Right]) -> Iterator[str]:
    """A line for each principal and topic or group, under a heading."""
    rows = [("principal", "resource", "name", "operations")]
    rows += [(*key, ", ".join(operations)) for key, operations in _grouped(rights)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def commands(rights: Sequence[Right]) -> Iterator[str]:
    """A command of kafka-acls for each principal and topic or group; `$BOOTSTRAP` and `admin.properties` are yours."""
    for (principal, resource, name), operations in _grouped(rights):
        may = " ".join(f"--operation {one}" for one in operations)
        yield (
            'kafka-acls --bootstrap-server "$BOOTSTRAP" --command-config admin.properties --add '
            f"--allow-principal {shlex.quote(principal)} {may} --{resource} {shlex.quote(name)}"
        )


def _grouped(rights: Sequence[Right]) -> Iterator[tuple[tuple[str, str, str], list[str]]]:
    for key, found in groupby(rights, key=lambda right: (right.principal, right.resource, right.name)):
        yield key, [right.operation for right in found]
