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
    "Start here": {
        "demo": "operators.events:demo",
        "replay": "operators.events:replay",
        "catalogue": "agencies.rules:catalogue",
        "standards": "agencies.rules:standards",
    },
    "Ask (boards)": {
        "board": "boards.board:board",
        "measure": "boards.measure:measure",
        "since": "boards.since:since",
        "timeline": "boards.timeline:timeline",
        "handoffs": "boards.timeline:handoffs",
        "delays": "boards.timeline:delays",
        "query": "boards.query:query",
        "export": "operators.export:export",
        "figure": "boards.figure:figure",
        "restated": "boards.restated:restated_command",
    },
    "Keep it sound (stewards)": {
        "quality": "stewards.quality:quality",
        "quarantine": "stewards.quarantine:quarantine",
        "conflicts": "stewards.conflicts:conflicts",
        "links": "stewards.links:links",
        "lineage": "boards.lineage:lineage_command",
    },
    "Publish (agencies)": {
        "source": "sources.source:source",
        "publish": "agencies.publish:publish_command",
        "ingest": "agencies.ingest:ingest",
        "manifest": "stewards.reconcile:manifest_command",
        "compatibility": "agencies.compatibility:compatibility",
    },
    "Look after a store": {
        "digest": "operators.store:digest",
        "verify": "operators.store:verify",
        "rebuild": "operators.store:rebuild",
    },
    "Run it live": {
        "up": "operators.live:up",
        "topics": "agencies.topics:topics",
        "worker": "operators.worker:worker",
        "sink": "operators.sink:sink",
        "live": "operators.live:live",
        "doctor": "operators.doctor:doctor",
    },
    "In your shell": {"completion": "main:completion"},
}


class Workflow(Deferred):
    """A group that lists its commands in the order in which they are used, under a heading for each kind of work."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.places)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # one column of descriptions over all headings
        width = max(map(len, self.places))
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


@click.group(
    cls=Workflow,
    places={name: place for names in _WORK.values() for name, place in names.items()},
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
