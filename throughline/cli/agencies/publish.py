"""`publish`: an agency's events to Kafka."""

from __future__ import annotations

from pathlib import Path

import click

from throughline.cli.terminal.options import (
    MappingFile,
    bootstrap_option,
    domain_option,
    mapping_of,
    topic_prefix_option,
)
from throughline.cli.terminal.progress import progress_bar
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.sources.publish.dispatch import Published, publish
from throughline.sources.publish.outbox import Outbox
from throughline.sources.publish.publisher import CLIENTS, Publisher


@click.command("publish", short_help="Publish event files, or a mapped export, to Kafka.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@bootstrap_option
@topic_prefix_option
@domain_option
@click.option(
    "--mapping",
    "mapping_name",
    metavar="FILE",
    type=MappingFile(),
    help="Mapping of an existing system's CSV, Parquet or XES, or the name of one that ships with the domain.",
)
@click.option(
    "--outbox",
    "outbox_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("outbox.sqlite"),
    show_default=True,
    help="Where events are kept until the broker has them.",
)
@click.option("--client", type=click.Choice(list(CLIENTS)), default="confluent", show_default=True, help="Of Kafka.")
@click.option("--structured", is_flag=True, help="Publish CloudEvents as JSON instead of Avro.")
@click.option("--heartbeat", type=click.FloatRange(0, min_open=True), help="Say every so many seconds: still here.")
@click.option("--rate", type=click.IntRange(1), help="At most so many events a second.")
@click.option(
    "--wait",
    type=click.FloatRange(0),
    default=120.0,
    show_default=True,
    help="Seconds to wait for the broker at the end.",
)
def publish_command(
    paths: tuple[Path, ...],
    bootstrap: str,
    topic_prefix: str,
    domain: Domain | None,
    mapping_name: str | None,
    outbox_path: Path,
    client: str,
    structured: bool,
    heartbeat: float | None,
    rate: int | None,
    wait: float,
) -> None:
    """Publish event files (JSON Lines, Avro, Parquet), or an export with a mapping, to the topic of their agency.

    Events go through an outbox on this machine: what it has taken arrives, also if the broker or this process is away
    for a while, and what it has sent before is not sent again. Records that the catalogue refuses are not published;
    they are counted and named.

    Example: throughline publish events.jsonl --bootstrap localhost:9092
    """
    domain = domain or load_domain()
    topics = load_topics(domain, prefix=topic_prefix)
    mapping = mapping_of(mapping_name, domain)
    made = Published()
    try:
        with (
            Outbox(outbox_path) as outbox,
            Publisher(
                bootstrap, topics, domain, outbox, client=client, structured=structured, heartbeat_seconds=heartbeat
            ) as publisher,
            progress_bar() as report,
        ):
            publish(
                publisher,
                domain,
                list(paths),
                mapping=mapping,
                rate=rate,
                wait_seconds=wait,
                report=report,
                counts=made,
            )
    finally:
        if made.read:
            _print(made)


def _print(made: Published) -> None:
    click.echo(f"{made.read:,} read, {made.new:,} published, {made.known:,} published before.")
    if made.refused:
        click.echo(
            f"{sum(found.count for found in made.refused.values()):,} not published, for the catalogue refuses them:"
        )
    for reason, found in sorted(made.refused.items(), key=lambda item: -item[1].count):
        name = f"`{found.field}`: " if found.field else ""
        click.echo(f"  {found.count:,} {reason}; the first at {found.where}: {name}{found.detail}")
