"""`publish`: an agency's events to Kafka."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from throughline.cli.terminal.options import (
    Moment,
    broker_options,
    mapping_of,
    mapping_option,
    taken_at_option,
    topic_prefix_option,
    usual_domain_option,
)
from throughline.cli.terminal.progress import progress_bar
from throughline.errors import UsageError
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.broker_address import broker_unavailable, silence
from throughline.sources.connection.security import Security
from throughline.sources.publish.dispatch import Published, publish, publish_again
from throughline.sources.publish.outbox import Outbox
from throughline.sources.publish.publisher import CLIENTS, Publisher

_ANSWER_SECONDS = 3.0


@click.command("publish", short_help="Publish event files, or a mapped export, to Kafka.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@broker_options
@topic_prefix_option
@usual_domain_option
@mapping_option
@taken_at_option
@click.option(
    "--outbox",
    "outbox_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("outbox.sqlite"),
    show_default=True,
    help="Where events are kept until the broker has them.",
)
@click.option(
    "--client", type=click.Choice(list(CLIENTS)), default="confluent", show_default=True, help="The Kafka client."
)
@click.option("--structured", is_flag=True, help="Publish CloudEvents as JSON instead of Avro.")
@click.option(
    "--heartbeat",
    type=click.FloatRange(0, min_open=True),
    help="Tell the broker that this system is alive, every this many seconds.",
)
@click.option("--again", is_flag=True, help="Publish what was published before too: the broker has lost it.")
@click.option(
    "--since", type=Moment(), help="With --again and no files: what the broker has acknowledged since this time (UTC)."
)
@click.option("--rate", type=click.IntRange(1), help="At most this many events a second.")
@click.option(
    "--wait",
    type=click.FloatRange(0),
    default=120.0,
    show_default=True,
    help="Seconds to wait for the broker at the end.",
)
@click.pass_context
def publish_command(
    context: click.Context,
    paths: tuple[Path, ...],
    bootstrap: str,
    security: Security,
    topic_prefix: str,
    domain: Domain,
    mapping_name: str | None,
    taken_at: str | None,
    outbox_path: Path,
    client: str,
    structured: bool,
    heartbeat: float | None,
    again: bool,
    since: datetime | None,
    rate: int | None,
    wait: float,
) -> None:
    """Publish event files (JSON, Avro, Parquet; - is standard input), or an export with a mapping, to their topic.

    Events go through an outbox on this machine. What the outbox has taken will arrive, even if the broker or this
    process is down for a while; what was sent before is not sent again. Records that the catalogue refuses are not
    published: they are counted and named.

    A broker that was set up anew, or from an old copy, has lost what it had acknowledged. --again sends it once more:
    without files all that the outbox still has (those of the last seven days), with files all that stands in them.
    What did arrive counts once.

    Example: throughline publish events.jsonl --bootstrap localhost:9092
    """
    if not paths and not again:
        raise click.MissingParameter(ctx=context, param=context.command.params[0])
    if since is not None and (paths or not again):
        raise UsageError(
            "--since is for --again without files: it says when the broker acknowledged.", hint="Leave it out."
        )
    topics = load_topics(domain, prefix=topic_prefix)
    mapping = mapping_of(mapping_name, domain, taken_at)
    made, files, is_pruned = Published(), list(paths), False
    try:
        with (
            Outbox(outbox_path) as outbox,
            Publisher(
                bootstrap,
                topics,
                domain,
                outbox,
                client=client,
                security=security,
                structured=structured,
                heartbeat_seconds=heartbeat,
            ) as publisher,
            progress_bar() as report,
        ):
            watch = (publisher, outbox_path, wait)
            threading.Thread(target=_say_if_silent, args=watch, daemon=True).start()
            if not files:
                begin = 0.0 if since is None else since.replace(tzinfo=UTC).timestamp()
                publish_again(publisher, begin, wait_seconds=wait, report=report, counts=made)
                is_pruned = outbox.is_pruned
            else:
                publish(
                    publisher,
                    domain,
                    files,
                    mapping=mapping,
                    rate=rate,
                    again=again,
                    wait_seconds=wait,
                    report=report,
                    counts=made,
                    note=partial(click.echo, err=True),
                )
    except BaseException:
        _print(made, is_sent=False, is_again=again)
        raise
    _print(made, is_sent=True, is_again=again)
    if is_pruned:
        click.echo(
            "What was published more than seven days ago has left the outbox: name its files to publish it again.",
            err=True,
        )


def _say_if_silent(publisher: Publisher, outbox_path: Path, wait: float) -> None:
    """Say on standard error that no broker answers, where none does within three seconds; publishing goes on."""
    addresses = publisher.bootstrap.split(",")
    with ThreadPoolExecutor(len(addresses)) as threads:
        reasons = list(threads.map(partial(silence, seconds=_ANSWER_SECONDS), addresses))
    if not all(reasons) or publisher.sent:
        return
    reason = "; ".join(dict.fromkeys(reasons))
    error = broker_unavailable(publisher.bootstrap, reason)
    click.echo(
        f"throughline: {error.what} The events are kept in `{outbox_path}`; waiting for the broker, "
        f"{wait:g} s at most.\n\n{error.hint} Ctrl-C stops the wait and loses nothing: "
        "run the same command again when the broker is back.",
        err=True,
    )


def _print(made: Published, *, is_sent: bool, is_again: bool) -> None:
    if made.read:
        new, known = ("published", "published before") if is_sent else ("taken into the outbox", "there before")
        click.echo(f"{made.read:,} read, {made.new:,} {new}, {made.known:,} {known}.")
    if is_again:
        click.echo(f"{made.again:,} {'published again' if is_sent else 'in the outbox to be published again'}.")
    if made.refused:
        click.echo(
            f"{sum(found.count for found in made.refused.values()):,} not published: the catalogue refuses them."
        )
    for reason, found in sorted(made.refused.items(), key=lambda item: -item[1].count):
        name = f"`{found.field}`: " if found.field else ""
        click.echo(f"  {found.count:,} {reason}; the first at {found.where}: {name}{found.detail}")
