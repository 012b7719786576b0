"""What every command by which a steward decides is given, and the desk that it makes of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from throughline.cli.terminal.options import domain_of, domain_option, now, store_option
from throughline.quality.stewardship.desk import Desk
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.store import open_store


def reason_option(example: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The option `reason_code`, with one of those that the catalogue lists."""
    help = f"Why, as in the catalogue: {example}, …"
    return click.option("--reason-code", required=True, metavar="CODE", help=help)


def at_desk(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a `desk` made of these options, its store open for writing, and its own options."""

    @wraps(command)
    def run(
        store_path: Path,
        domain: Domain | None,
        outbox: Path,
        area: str,
        publisher: str | None,
        officer: str | None,
        **given: Any,
    ) -> None:
        with open_store(store_path, write=True) as store:
            command(Desk(store, domain_of(store, domain), outbox, area, now(), officer, publisher), **given)

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
        domain_option,
        store_option,
    ):
        run = option(run)
    return run
