"""`topics`: the topics of a domain on a broker."""

from __future__ import annotations

import sys

import click

from throughline.cli.agencies.acl import acl
from throughline.cli.terminal.options import broker_options, topic_prefix_option, usual_domain_option
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import load_topics
from throughline.sources.connection.security import Security
from throughline.streams.log.broker_topics import compare_topics, create_topics

_replication_option = click.option(
    "--replication-factor", type=click.IntRange(1), help="Copies of each topic; 1 for a single broker."
)


@click.group(short_help="Make the topics of a domain, check them, and their rights.")
def topics() -> None:
    """Create the topics of a domain on a broker, or check them, and who may read and write them."""


topics.add_command(acl)


@topics.command()
@broker_options
@topic_prefix_option
@usual_domain_option
@_replication_option
def create(
    bootstrap: str, security: Security, topic_prefix: str, domain: Domain, replication_factor: int | None
) -> None:
    """Create the topics that are missing. Existing topics are left as they are.

    Example: throughline topics create --bootstrap localhost:9092 --replication-factor 1
    """
    plan = load_topics(domain, prefix=topic_prefix, replication=replication_factor)
    made = create_topics(bootstrap, plan, security)
    for name in made:
        click.echo(f"created {name}")
    click.echo(f"{len(made)} created, {len(list(plan)) - len(made)} there already.")


@topics.command()
@broker_options
@topic_prefix_option
@usual_domain_option
@_replication_option
def check(
    bootstrap: str, security: Security, topic_prefix: str, domain: Domain, replication_factor: int | None
) -> None:
    """Compare partitions, copies and settings of every topic with the domain. The exit code is 1 if any differs.

    Example: throughline topics check --bootstrap localhost:9092
    """
    plan = load_topics(domain, prefix=topic_prefix, replication=replication_factor)
    found = compare_topics(bootstrap, plan, security)
    for mismatch in found:
        click.echo(str(mismatch))
    if found:
        sys.exit(1)
    click.echo(f"All {len(list(plan))} topics are as the domain says.")
