"""The options of every command by which a steward acts: from which desk, and where the event goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from throughline.cli.terminal.options import domain_option, store_option
from throughline.quality.stewardship.desk import Desk


def desk_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `officer`, `publisher`, `area`, `outbox`, `domain` and `store_path`."""
    for option in (
        click.option("--officer", metavar="PSEUDONYM", help="Keyed pseudonym of the steward who acts; no name."),
        click.option("--publisher", metavar="URN", help="Its source. Default: urn:throughline:steward:AREA:desk."),
        click.option("--area", required=True, envvar="THROUGHLINE_AREA", help="Area that the steward acts for."),
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
        command = option(command)
    return command


def desk_of(given: dict[str, Any]) -> Desk:
    """The desk that the options name."""
    area = given["area"]
    return Desk(given["publisher"] or f"urn:throughline:steward:{area}:desk", area, given["officer"])
