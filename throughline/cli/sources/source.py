"""`source`: bring in what an existing system holds, without changing it."""

from __future__ import annotations

import click

from throughline.cli.terminal.deferred import Deferred


def _command(name: str) -> click.Command:
    command: click.Command
    match name:
        case "new":
            from throughline.cli.sources.new import new as command
        case "check":
            from throughline.cli.sources.check import check as command
        case "show":
            from throughline.cli.sources.show import show as command
        case "watch":
            from throughline.cli.sources.watch import watch_command as command
        case "poll":
            from throughline.cli.sources.poll import poll as command
        case "changes":
            from throughline.cli.sources.changes import changes_command as command
        case "reconcile":
            from throughline.cli.sources.reconcile import reconcile_command as command
        case _:
            from throughline.cli.sources.conform import conform as command
    return command


@click.group(
    cls=Deferred,
    names=["new", "check", "show", "watch", "poll", "changes", "reconcile", "conform"],
    load=_command,
    short_help="Bring in what an existing system holds.",
)
def source() -> None:
    """Bring in what an existing system holds, without changing it: look at it, draft a mapping, check it, take what
    comes, and compare what was sent with what arrived.
    """
