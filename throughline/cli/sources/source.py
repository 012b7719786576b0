"""`source`: bring in what an existing system holds, without changing it."""

from __future__ import annotations

import click

from throughline.cli.terminal.deferred import Deferred


@click.group(
    cls=Deferred,
    places={
        "new": "sources.new:new",
        "check": "sources.check:check",
        "show": "sources.show:show",
        "watch": "sources.watch:watch_command",
        "poll": "sources.poll:poll",
        "changes": "sources.changes:changes_command",
        "reconcile": "sources.reconcile:reconcile_command",
        "conform": "sources.conform:conform",
    },
    short_help="Bring in what an existing system holds.",
)
def source() -> None:
    """Bring in what an existing system holds, without changing it: look at it, draft a mapping, check it, take what
    comes, and compare what was sent with what arrived.
    """
