"""`source watch`: take what comes into a folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from throughline.cli.terminal.ending import stopping
from throughline.cli.terminal.options import (
    MappingFile,
    broker_options,
    mapping_of,
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
from throughline.cli.terminal.writing import say
from throughline.errors import UsageError
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import load_topics
from throughline.sources.connection.security import Security
from throughline.sources.files import Report as Progress
from throughline.sources.publish.dispatch import wait_for_broker
from throughline.sources.publish.outbox import Outbox
from throughline.sources.publish.publisher import Publisher
from throughline.sources.watch.finished import Finished
from throughline.sources.watch.report import Report
from throughline.sources.watch.routes import Route
from throughline.sources.watch.taking import Taking
from throughline.sources.watch.watching import watch

# while it waits for room nobody hears a signal
_ROOM_SECONDS = 5.0


@click.command("watch", short_help="Take the files that come into a folder, and publish them.")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@broker_options
@topic_prefix_option
@usual_domain_option
@click.option(
    "--mapping",
    "mappings",
    type=MappingFile(),
    multiple=True,
    metavar="PATTERN=FILE",
    help="Files whose name has the pattern (`crimes_*.csv`) are read by this mapping; without a pattern, all are. "
    "The first that fits counts.",
)
@outbox_option(". Copies of files that are being read stand beside it")
@click.option(
    "--settle",
    type=click.FloatRange(0),
    default=10.0,
    show_default=True,
    help="A file is finished when it has not changed for this many seconds.",
)
@click.option(
    "--every", type=click.FloatRange(0, min_open=True), default=5.0, show_default=True, help="Seconds between looks."
)
@click.option("--once", is_flag=True, help="End when every file that is there has been taken and sent.")
@backlog_option
@client_option
@structured_option
@heartbeat_option()
@click.option("--rate", type=click.IntRange(1), help="At most this many events a second.")
@wait_option("With --once: seconds to wait for the broker at the end.")
def watch_command(
    folder: Path,
    bootstrap: str,
    security: Security,
    topic_prefix: str,
    domain: Domain,
    mappings: tuple[str, ...],
    outbox_path: Path,
    settle: float,
    every: float,
    once: bool,
    is_backlog: bool,
    client: str,
    structured: bool,
    heartbeat: float | None,
    rate: int | None,
    wait: float,
) -> None:
    """Take every file of FOLDER as soon as it is finished, and publish what it says.

    A file that was taken moves to FOLDER/done, one that could not be to FOLDER/failed, each with a report beside it. A
    file that is still being written is left alone, and so are folders in FOLDER. SIGTERM ends it after the current
    step; a file that was being read is read again, and nothing is published twice.

    Example: throughline source watch drop --mapping 'crimes_*.csv=crimes.yaml' --bootstrap localhost:9092
    """
    topics = load_topics(domain, prefix=topic_prefix)
    routes = [_route(given, domain) for given in mappings]
    with (
        stopping() as stop,
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
            room_seconds=_ROOM_SECONDS,
        ) as publisher,
        progress_bar() as report,
    ):
        work = outbox_path.with_name(f"{outbox_path.name}.reading")
        taking = Taking(
            folder,
            routes,
            publisher,
            domain,
            work,
            rate=rate,
            is_backlog=is_backlog,
            stop=stop.is_set,
            progress=report,
        )
        watch(
            Finished(folder, settle),
            taking,
            publisher,
            every_seconds=min(every, settle or every) if once else every,
            once=once,
            stop=stop,
            taken=partial(_say, report),
            note=partial(click.echo, err=True),
        )
        if once and not stop.is_set():
            wait_for_broker(publisher, wait, report)


def _say(progress: Progress, report: Report) -> None:
    say(report.line)
    progress("waiting for files", 0, None)


def _route(given: str, domain: Domain) -> Route:
    pattern, equals, name = given.rpartition("=")
    mapping = mapping_of(name, domain)
    assert mapping is not None
    if equals and not pattern:
        raise UsageError(f"`--mapping {given}` has no pattern.", hint="Write --mapping 'crimes_*.csv=crimes.yaml'.")
    return Route(pattern if equals else "*", mapping)
