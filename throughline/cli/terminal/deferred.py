"""A group whose commands are each loaded when they are asked for: to load all of them takes seconds."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class Deferred(click.Group):
    """`places` says by name where each command stands: `operators.events:replay` in `throughline.cli`."""

    def __init__(self, *args: Any, places: Mapping[str, str], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, loaded once; none where there is no such."""
        if cmd_name in self.places and cmd_name not in self.commands:
            module, _, attribute = self.places[cmd_name].partition(":")
            self.add_command(getattr(import_module(f"throughline.cli.{module}"), attribute), cmd_name)
        return super().get_command(ctx, cmd_name)
