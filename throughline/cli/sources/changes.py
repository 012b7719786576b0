"""`source changes`: the records that Kafka Connect writes, into an outbox and on to the shared topics."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from throughline.cli.terminal.ending import stopping
from throughline.cli.terminal.options import (
    BrokerSettingsFile,
    broker_options,
    mapping_of,
    mapping_option,
    topic_prefix_option,
    usual_domain_option,
)
from throughline.cli.terminal.sending import client_option, heartbeat_option, outbox_option, wait_option
from throughline.errors import UsageError
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import load_topics
from throughline.sources.changes.following import Followed, follow
from throughline.sources.changes.reading import ConnectTopics
from throughline.sources.connection.security import Security
from throughline.sources.connection.settings_file import BrokerSettings
from throughline.sources.mapping.fit import check_rules
from throughline.sources.publish.dispatch import wait_for_broker
from throughline.sources.publish.ledger import positions_of
from throughline.sources.publish.outbox import Outbox
from throughline.sources.publish.publisher import Publisher


@click.command("changes", short_help="Publish what Kafka Connect (Debezium) writes of a database.")
@click.argument("topics", nargs=-1, required=True)
@broker_options
@click.option(
    "--from",
    "from_bootstrap",
    metavar="HOST:PORT",
    help="The broker that Kafka Connect writes to, if it is another one.",
)
@click.option(
    "--from-settings",
    type=BrokerSettingsFile(),
    metavar="FILE",
    help="How to reach that broker, if it is another one (docs/how-to/secure-broker.md).",
)
@topic_prefix_option
@usual_domain_option
@mapping_option
@outbox_option(", and how far the topics were read")
@client_option
@click.option(
    "--group",
    default="throughline-changes",
    show_default=True,
    help="The consumer group under which the broker shows how far this is.",
)
@click.option("--from-beginning", is_flag=True, help="Read all that the topics have. What was sent is not sent again.")
@click.option("--once", is_flag=True, help="End when all is read that is there now. Otherwise it goes on until Ctrl-C.")
@heartbeat_option(60.0)
@wait_option()
def changes_command(
    topics: tuple[str, ...],
    bootstrap: str,
    security: Security,
    from_bootstrap: str | None,
    from_settings: BrokerSettings | None,
    topic_prefix: str,
    domain: Domain,
    mapping_name: str | None,
    outbox_path: Path,
    client: str,
    group: str,
    from_beginning: bool,
    once: bool,
    heartbeat: float,
    wait: float,
) -> None:
    """Publish the change records of TOPICS, or what an outbox table says, as events: by a mapping with `topic`.

    Each record is taken once: events and position are kept in the outbox together. A record that gives no event, or
    that the mapping does not fit, is counted and named, and stays where it is: --from-beginning reads it again.

    Example: throughline source changes rms.public.crime --mapping crimes.yaml --bootstrap localhost:9092
    """
    mapping = mapping_of(mapping_name, domain)
    if mapping is None or mapping.topic is None:
        raise UsageError(
            "The records of a topic need a mapping that says what they are.",
            hint="Give --mapping FILE with `topic: {records: changes, …}`: docs/how-to/change-records.md.",
        )
    check_rules(mapping, domain)
    from_address, from_security = from_bootstrap, security
    if from_settings is not None:
        from_address, from_security = from_bootstrap or from_settings.bootstrap, from_settings.security
    elif from_bootstrap is not None:
        # what opens the one broker is not shown to another
        from_security = Security()
    made = Followed()
    try:
        with (
            stopping() as stop,
            Outbox(outbox_path) as outbox,
            ConnectTopics(
                from_address or bootstrap,
                topics,
                {} if from_beginning else outbox.look(positions_of),
                group=group,
                security=from_security,
            ) as reading,
            Publisher(
                bootstrap,
                load_topics(domain, prefix=topic_prefix),
                domain,
                outbox,
                client=client,
                security=security,
                heartbeat_seconds=heartbeat,
            ) as publisher,
        ):
            follow(
                reading,
                publisher.take,
                mapping,
                domain,
                is_over=lambda: stop.is_set() or (once and reading.is_at_end),
                counts=made,
                note=partial(click.echo, err=True),
            )
            wait_for_broker(publisher, wait)
    finally:
        _print(made)


def _print(made: Followed) -> None:
    click.echo(
        f"{made.read:,} records read ({made.backlog:,} of a snapshot), {made.new:,} events new, {made.known:,} known, "
        f"{made.left_out:,} records left out."
    )
    for line in made.refused.lines():
        click.echo(line)
