"""`source`: bring in what an existing system holds, without changing it."""

from __future__ import annotations

import click


@click.group(short_help="Bring in what an existing system holds.")
def source() -> None:
    """Bring in what an existing system holds, without changing it: look at it, draft a mapping, check it, take what
    comes, and compare what was sent with what arrived.
    """
