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
from throughline.cli.terminal.sending import (
    backlog_option,
    client_option,
    heartbeat_option,
    outbox_option,
    structured_option,
    wait_option,
)
from throughline.errors import UsageError
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.broker_address import broker_unavailable, silence
from throughline.sources.connection.security import Security
from throughline.sources.publish.dispatch import Published, publish
from throughline.sources.publish.outbox import Outbox
from throughline.sources.publish.publisher import Publisher

_ANSWER_SECONDS = 3.0


@click.command("publish", short_help="Publish event files, or a mapped export, to Kafka.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@broker_options
@topic_prefix_option
@usual_domain_option
@mapping_option
@taken_at_option
@outbox_option()
@client_option
@structured_option
@heartbeat_option()
@backlog_option
@click.option(
    "--again",
    is_flag=True,
    help="Send once more what the broker has lost: what PATHS hold or, without them, what the outbox still has.",
)
@click.option("--since", type=Moment(), help="With --again: what the broker has acknowledged since this time (UTC).")
@click.option("--rate", type=click.IntRange(1), help="At most this many events a second.")
@wait_option()
def publish_command(
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
    is_backlog: bool,
    again: bool,
    since: datetime | None,
    rate: int | None,
    wait: float,
) -> None:
    """Publish event files (JSON, Avro, Parquet; - is standard input), or an export with a mapping, to their topic.

    Events go through an outbox on this machine. What the outbox has taken will arrive, even if the broker or this
    process is down for a while; what was sent before is not sent again. Records that the catalogue refuses are not
    published: they are counted and named. Without PATHS, what waits in the outbox is sent.

    A broker that was set up anew, or from an old copy, has lost what it had acknowledged. --again sends once more what
    the outbox still has: the last seven days. With PATHS it sends what these files hold, however long ago that was,
    with the ids and numbers that it had. What did arrive counts once.

    Example: throughline publish events.jsonl --bootstrap localhost:9092
    """
    if since is not None and (paths or not again):
        raise UsageError(
            "--since says from when on --again sends what is in the outbox.",
            hint="Give --since with --again, and without files.",
        )
    if not paths and not outbox_path.exists():
        raise UsageError(
            f"There is nothing to publish: no PATH was given, and there is no outbox `{outbox_path}`.",
            hint="Name event files, or an outbox in which events wait.",
        )
    topics = load_topics(domain, prefix=topic_prefix)
    mapping = mapping_of(mapping_name, domain, taken_at)
    made, files = Published(), list(paths)
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
            if again and not files:
                begin = 0.0 if since is None else since.replace(tzinfo=UTC).timestamp()
                click.echo(f"{publisher.again(begin):,} are sent once more.")
            publish(
                publisher,
                domain,
                files,
                mapping=mapping,
                rate=rate,
                is_backlog=is_backlog,
                again=again,
                wait_seconds=wait,
                report=report,
                counts=made,
                note=partial(click.echo, err=True),
            )
    except BaseException:
        _print(made, is_sent=False, again=again)
        raise
    _print(made, is_sent=True, again=again)
    if not files:
        click.echo(f"{publisher.sent:,} that waited were sent.")


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


def _print(made: Published, *, is_sent: bool, again: bool) -> None:
    if made.read:
        new, known = ("published", "published before") if is_sent else ("taken into the outbox", "there before")
        known = f"{known} and sent once more" if again and is_sent else known
        click.echo(f"{made.read:,} read, {made.new:,} {new}, {made.known:,} {known}.")
    for line in made.refused.lines():
        click.echo(line)
