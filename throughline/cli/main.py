"""The `throughline` command: options in, one call, one answer out."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import click

from throughline import __version__
from throughline.cli.agencies.compatibility import compatibility
from throughline.cli.agencies.ingest import ingest
from throughline.cli.agencies.publish import publish_command
from throughline.cli.agencies.rules import catalogue, standards
from throughline.cli.agencies.topics import topics
from throughline.cli.boards.board import board
from throughline.cli.boards.figure import figure
from throughline.cli.boards.lineage import lineage_command
from throughline.cli.boards.measure import measure
from throughline.cli.boards.query import query
from throughline.cli.boards.restated import restated_command
from throughline.cli.boards.since import since
from throughline.cli.boards.timeline import delays, handoffs, timeline
from throughline.cli.operators.doctor import doctor
from throughline.cli.operators.events import demo, replay
from throughline.cli.operators.export import export
from throughline.cli.operators.live import live, up
from throughline.cli.operators.sink import sink
from throughline.cli.operators.store import compact, digest, rebuild, verify
from throughline.cli.operators.worker import worker
from throughline.cli.sources.changes import changes_command
from throughline.cli.sources.check import check
from throughline.cli.sources.conform import conform
from throughline.cli.sources.new import new
from throughline.cli.sources.poll import poll
from throughline.cli.sources.reconcile import reconcile_command
from throughline.cli.sources.show import show
from throughline.cli.sources.source import source
from throughline.cli.sources.watch import watch_command
from throughline.cli.stewards.conflicts import conflicts
from throughline.cli.stewards.links import links
from throughline.cli.stewards.quality import quality
from throughline.cli.stewards.quarantine import quarantine
from throughline.cli.stewards.reconcile import manifest_command
from throughline.cli.terminal.ending import Ending
from throughline.cli.terminal.writing import say
from throughline.errors import ThroughlineError


class Workflow(click.Group):
    """A group that lists its commands in the order in which they are used, under a heading for each kind of work."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.headings: dict[str, list[str]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # one column of descriptions over all headings
        width = max(map(len, self.commands))
        limit = formatter.width - width - 4
        for heading, names in self.headings.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [(name.ljust(width), self.commands[name].get_short_help_str(limit)) for name in names]
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


@click.group(cls=Workflow, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
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


_SOURCE: tuple[click.Command, ...] = (
    *(new, check, show),
    *(watch_command, poll, changes_command),
    *(reconcile_command, conform),
)
for _command in _SOURCE:
    source.add_command(_command)

_WORK = {
    "Start here": (demo, replay, catalogue, standards),
    "Ask (boards)": (board, measure, since, timeline, handoffs, delays, query, export, figure, restated_command),
    "Keep it sound (stewards)": (quality, quarantine, conflicts, links, lineage_command),
    "Publish (agencies)": (source, publish_command, ingest, manifest_command, compatibility),
    "Look after a store": (digest, verify, rebuild, compact),
    "Run it live": (up, topics, worker, sink, live, doctor),
    "In your shell": (completion,),
}
for _heading, _commands in _WORK.items():
    throughline.headings[_heading] = [str(_command.name) for _command in _commands]
    for _command in _commands:
        throughline.add_command(_command)


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
