"""The options of commands that send by an outbox: where it is, which client, what form, and how long they wait."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from throughline.sources.publish.publisher import CLIENTS

Option = Callable[[Callable[..., Any]], Callable[..., Any]]


def outbox_option(more: str = "") -> Option:
    """`--outbox`, with what else stands in it or beside it."""
    return click.option(
        "--outbox",
        "outbox_path",
        type=click.Path(path_type=Path, dir_okay=False),
        default=Path("outbox.sqlite"),
        show_default=True,
        help=f"Where events are kept until the broker has them{more}.",
    )


client_option = click.option(
    "--client", type=click.Choice(list(CLIENTS)), default="confluent", show_default=True, help="The Kafka client."
)
backlog_option = click.option(
    "--backlog",
    "is_backlog",
    is_flag=True,
    help="This is history that is loaded for the first time: it is marked as such, and raises no alert.",
)
structured_option = click.option("--structured", is_flag=True, help="Publish CloudEvents as JSON instead of Avro.")


def heartbeat_option(
    default: float | None = None, says: str = "Tell the broker that this system is alive, every this many seconds."
) -> Option:
    """`--heartbeat`; without a default there is none unless it is asked for."""
    return click.option(
        "--heartbeat",
        type=click.FloatRange(0, min_open=True),
        default=default,
        show_default=default is not None,
        help=says,
    )


def wait_option(says: str = "Seconds to wait for the broker at the end.") -> Option:
    """`--wait`."""
    return click.option("--wait", type=click.FloatRange(0), default=120.0, show_default=True, help=says)
