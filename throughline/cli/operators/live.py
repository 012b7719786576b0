"""`live` and `up`: watch the join as it runs, or run all of it on this machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.live import Live

from throughline.cli.terminal.options import broker_options, topic_prefix_option, usual_domain_option
from throughline.live.probe import worker_state
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.sources.connection.security import OPEN, Security


@click.command(short_help="Watch the live join in a terminal.")
@broker_options
@topic_prefix_option
@usual_domain_option
@click.option(
    "--health-port", type=click.IntRange(1, 65535), default=6067, show_default=True, help="The worker's --health-port."
)
@click.option("--seconds", type=click.FloatRange(0), help="Stop after this long. Otherwise stop with Ctrl-C.")
def live(
    bootstrap: str,
    security: Security,
    topic_prefix: str,
    domain: Domain,
    health_port: int,
    seconds: float | None,
) -> None:
    """Show events arriving, cases changing, handoffs, and how far behind the worker is. Reads only.

    Example: throughline live --bootstrap localhost:9092
    """
    topics = load_topics(domain, prefix=topic_prefix)
    show(bootstrap, topics, health_port, seconds, security=security)


@click.command(short_help="See all of it run here: broker, worker, publishers.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("throughline-local"),
    show_default=True,
    help="Where everything is kept. The next run carries on from there.",
)
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the broker. Default: any that is free.")
@click.option("--cases", type=click.IntRange(1), default=300, show_default=True, help="How many cases to make up.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same cases.")
@click.option(
    "--rate", type=click.IntRange(1), default=50, show_default=True, help="Events a second from each publisher."
)
@click.option("--seconds", type=click.FloatRange(0), help="Stop after this long. Otherwise stop with Ctrl-C.")
def up(folder: Path, port: int | None, cases: int, seed: int, rate: int, seconds: float | None) -> None:
    """Start a broker, the topics, a worker, a sink and three publishers of made-up cases, and show what happens.

    Ctrl-C stops all of it. Nothing in the cases is real.

    Example: throughline up
    """
    # kept out of the other commands' start
    from throughline.live.stack import Stack

    click.echo("Starting broker, worker and sink …", err=True)
    with Stack(folder, port=port) as stack:
        stack.publish(cases=cases, seed=seed, rate=rate)
        click.echo(
            f"Broker {stack.broker.bootstrap}; worker http://127.0.0.1:{stack.health_port}/metrics; "
            f"stores in {stack.live}; the board's store, to read: {stack.board_read}; logs in {stack.folder}.",
            err=True,
        )
        topics = load_topics(load_domain(None))
        show(stack.broker.bootstrap, topics, stack.health_port, seconds, check=stack.check)


def show(
    bootstrap: str,
    topics: Topics,
    health_port: int,
    seconds: float | None,
    check: Any = lambda: None,
    security: Security = OPEN,
) -> None:
    """Draw the picture twice a second until Ctrl-C or the end of `seconds`; without a terminal, once at the end."""
    from throughline.live.picture import picture
    from throughline.live.watching import Watcher

    console = Console()
    watcher = Watcher(bootstrap, topics, security=security)
    until = None if seconds is None else time.monotonic() + seconds
    try:
        with Live(console=console, auto_refresh=False, transient=False) as shown:
            while until is None or time.monotonic() < until:
                check()
                passing = watcher.look(0.5)
                shown.update(picture(passing, topics, worker_state(health_port), time.monotonic()), refresh=True)
    except KeyboardInterrupt:
        pass
    finally:
        watcher.close()
