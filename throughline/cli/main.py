"""The `throughline` command: options in, one call, one answer out."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import click

from throughline import __version__
from throughline.cli.terminal.deferred import Deferred
from throughline.cli.terminal.ending import Ending
from throughline.cli.terminal.writing import say
from throughline.errors import ThroughlineError

_WORK = {
    "Start here": ("demo", "replay", "catalogue", "standards"),
    "Ask (boards)": (
        "board",
        "measure",
        "since",
        "timeline",
        "handoffs",
        "delays",
        "query",
        "export",
        "figure",
        "restated",
    ),
    "Keep it sound (stewards)": ("quality", "quarantine", "conflicts", "links", "lineage"),
    "Publish (agencies)": ("source", "publish", "ingest", "manifest", "compatibility"),
    "Look after a store": ("digest", "verify", "rebuild", "compact"),
    "Run it live": ("up", "topics", "worker", "sink", "live", "doctor"),
    "In your shell": ("completion",),
}


class Workflow(Deferred):
    """A group that lists its commands in the order in which they are used, under a heading for each kind of work."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.names)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # one column of descriptions over all headings
        width = max(map(len, self.names))
        limit = formatter.width - width - 4
        for heading, names in _WORK.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [
                        (name.ljust(width), command.get_short_help_str(limit))
                        for name in names
                        if (command := self.get_command(ctx, name))
                    ]
                )

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; if the reader of the output has gone, as after `| head`, end as if all had been written."""
        try:
            value = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # Python flushes once more at its end, and would complain
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None
        except KeyboardInterrupt as error:
            # click would write an empty line first
            raise click.Abort from error
        return value


def _command(name: str) -> click.Command:
    """The command of this name, loaded now: to load all of them takes seconds."""
    command: click.Command
    match name:
        case "demo":
            from throughline.cli.operators.events import demo as command
        case "replay":
            from throughline.cli.operators.events import replay as command
        case "catalogue":
            from throughline.cli.agencies.rules import catalogue as command
        case "standards":
            from throughline.cli.agencies.rules import standards as command
        case "board":
            from throughline.cli.boards.board import board as command
        case "measure":
            from throughline.cli.boards.measure import measure as command
        case "since":
            from throughline.cli.boards.since import since as command
        case "timeline":
            from throughline.cli.boards.timeline import timeline as command
        case "handoffs":
            from throughline.cli.boards.timeline import handoffs as command
        case "delays":
            from throughline.cli.boards.timeline import delays as command
        case "query":
            from throughline.cli.boards.query import query as command
        case "export":
            from throughline.cli.operators.export import export as command
        case "figure":
            from throughline.cli.boards.figure import figure as command
        case "restated":
            from throughline.cli.boards.restated import restated_command as command
        case "quality":
            from throughline.cli.stewards.quality import quality as command
        case "quarantine":
            from throughline.cli.stewards.quarantine import quarantine as command
        case "conflicts":
            from throughline.cli.stewards.conflicts import conflicts as command
        case "links":
            from throughline.cli.stewards.links import links as command
        case "lineage":
            from throughline.cli.boards.lineage import lineage_command as command
        case "source":
            from throughline.cli.sources.source import source as command
        case "publish":
            from throughline.cli.agencies.publish import publish_command as command
        case "ingest":
            from throughline.cli.agencies.ingest import ingest as command
        case "manifest":
            from throughline.cli.stewards.reconcile import manifest_command as command
        case "compatibility":
            from throughline.cli.agencies.compatibility import compatibility as command
        case "digest":
            from throughline.cli.operators.store import digest as command
        case "verify":
            from throughline.cli.operators.store import verify as command
        case "rebuild":
            from throughline.cli.operators.store import rebuild as command
        case "compact":
            from throughline.cli.operators.store import compact as command
        case "up":
            from throughline.cli.operators.live import up as command
        case "topics":
            from throughline.cli.agencies.topics import topics as command
        case "worker":
            from throughline.cli.operators.worker import worker as command
        case "sink":
            from throughline.cli.operators.sink import sink as command
        case "live":
            from throughline.cli.operators.live import live as command
        case "doctor":
            from throughline.cli.operators.doctor import doctor as command
        case _:
            command = completion
    return command


@click.group(
    cls=Workflow,
    names=[name for names in _WORK.values() for name in names],
    load=_command,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="throughline")
def throughline() -> None:
    """One timeline of each case, joined from what several agencies record: who holds the case, since when, and what
    was lost in between.

    Exit codes: 0 done; 1 something you gave is wrong, or a check failed; 2 the command was called wrongly; 70 a disk,
    lock, broker or damaged store failed. More: docs/how-to/operators.md.
    """


@click.command(short_help="Print the script that completes commands in your shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes commands, types and options in SHELL.

    Example: source <(throughline completion bash)
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(throughline, {}, "throughline", "_THROUGHLINE_COMPLETE").source())


def main() -> None:
    """Run the command; an error that Throughline knows, and the word to stop, become a message and an exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # every attempt of the client; what matters is an error
    # what a command makes is for who ran it, whatever the shell says
    mask = os.umask(0o077)
    ending = Ending()
    try:
        # named, since the variable that asks for completions is
        throughline.main(prog_name="throughline", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BaseException as error:
        meant = error if isinstance(error, ThroughlineError) else ending.meant(error)
        if meant is None:
            raise
        say(f"throughline: {meant}", is_error=True)
        sys.exit(meant.exit_code)
    finally:
        ending.close()
        os.umask(mask)
