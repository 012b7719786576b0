"""A group whose commands are each loaded when they are asked for: to load all of them takes seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click


class Deferred(click.Group):
    """`names` are those of its commands, and `load` gives the command of a name."""

    def __init__(self, *args: Any, names: Sequence[str], load: Callable[[str], click.Command], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.names, self._load = names, load

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, loaded once; none where there is no such."""
        if cmd_name in self.names and cmd_name not in self.commands:
            self.add_command(self._load(cmd_name), cmd_name)
        return super().get_command(ctx, cmd_name)
