"""What every command by which a steward decides is given, and the desk that it makes of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from throughline.cli.terminal.options import Command, now, on_store
from throughline.quality.stewardship.desk import Desk
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.store import Store


def reason_option(example: str) -> Callable[[Command], Command]:
    """The option `reason_code`, with one of those that the catalogue lists."""
    help = f"Why, as in the catalogue: {example}, …"
    return click.option("--reason-code", required=True, metavar="CODE", help=help)


def at_desk(command: Command) -> Command:
    """Give a command a `desk` made of these options, its store open for writing, and its own options."""

    @wraps(command)
    def run(
        store: Store, domain: Domain, outbox: Path, area: str, publisher: str | None, officer: str | None, **given: Any
    ) -> None:
        command(Desk(store, domain, outbox, area, now(), officer, publisher), **given)

    made: Command = run
    for option in (
        click.option("--officer", metavar="PSEUDONYM", help="Keyed pseudonym of the steward; no name."),
        click.option("--publisher", metavar="URN", help="Its source. Default: urn:throughline:steward:AREA:desk."),
        click.option("--area", required=True, envvar="THROUGHLINE_AREA", help="Area that the steward decides for."),
        click.option(
            "--events",
            "outbox",
            type=click.Path(path_type=Path, dir_okay=False),
            required=True,
            envvar="THROUGHLINE_STEWARD_EVENTS",
            help="File that the event is appended to, to be published to the steward's topic.",
        ),
        on_store(write=True),
    ):
        made = option(made)
    return made
