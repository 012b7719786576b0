"""The command as somebody types it, run in this process: what it prints and what it ends with."""

from __future__ import annotations

import os
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from unittest import mock

import click

from throughline.cli.main import main


@dataclass
class Done:
    """What the command wrote."""

    stdout: str
    stderr: str
    raw: bytes


def under(command: click.Command) -> dict[str, click.Command]:
    """The commands of a group by their names."""
    assert isinstance(command, click.Group)
    context = click.Context(command)
    found = ((name, command.get_command(context, name)) for name in command.list_commands(context))
    return {name: one for name, one in found if one is not None}


def run(*arguments: object, code: int = 0, **environment: str) -> Done:
    """The command in this process, with streams that are no terminal; it must end with `code`."""
    out, err = BytesIO(), BytesIO()
    ended: object = 0
    with (
        mock.patch.dict(os.environ, environment),
        mock.patch("sys.argv", ["throughline", *map(str, arguments)]),
        mock.patch("sys.stdout", TextIOWrapper(out, encoding="utf-8", write_through=True)) as stdout,
        mock.patch("sys.stderr", TextIOWrapper(err, encoding="utf-8", write_through=True)) as stderr,
    ):
        try:
            main()
        except SystemExit as error:
            ended = error.code or 0
        for stream in (stdout, stderr):
            stream.flush()
    done = Done(out.getvalue().decode(errors="replace"), err.getvalue().decode(), out.getvalue())
    assert ended == code, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done
