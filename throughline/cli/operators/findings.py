"""What `demo` prints at its end: one case, the longest handoffs, broken promises, and commands to look around with."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from throughline.cli.terminal.writing import write_answer
from throughline.sinks.feed import is_of_shared_topics
from throughline.sinks.questions.question import ask
from throughline.sinks.store import open_store
from throughline.streams.join.accept import Counts


def print_findings(store_path: Path, counts: Counts) -> None:
    """Print the findings of a demo store to standard output."""
    with open_store(store_path, write=False) as store:

        def show(title: str, name: str, most: int = 200, /, **given: Any) -> None:
            click.secho(f"\n{title}\n", bold=True)
            write_answer(store.connection, name, "table", most, **given)

        summary = ask(store.connection, "demo_summary")
        found = dict(zip(summary.columns, summary.rows[0], strict=True))
        quarantined = sum(counts.quarantined.values())
        click.echo(
            f"{found['cases']:,} made-up cases of police, CPS, courts and advocates. Nothing in them is real.\n"
            f"{counts.read:,} records read, {counts.accepted:,} accepted, {counts.duplicate:,} duplicate, "
            f"{quarantined:,} quarantined.\n"
            f"{found['handoffs']:,} handoffs; {found['returned']:,} files returned; "
            f"{found['never_received']:,} sent and never acknowledged; "
            f"{found['in_limbo']:,} cases are between two agencies now.\n"
            f"{found['each_points_at_other']:,} times, two agencies each said that the other had the case.\n"
            f"Of {found['decisions']:,} decisions, {found['not_told']:,} were never passed on to the victim."
        )
        shown = ask(store.connection, "demo_case").rows
        case = str(shown[0][0]) if shown else None
        if case is not None:
            show(f"One case: {case}", "timeline", case_ids=[case])
        show("The longest handoffs", "handoffs", 10)
        show("Who waits for whom", "delays")
        show("Contacts promised to victims", "promises")
        show("Standards met least often", "clocks")
        can_verify = not is_of_shared_topics(store.connection)

    click.secho("\nLook around:", bold=True)
    lines = [
        f"timeline {case or 'CASE'}",
        "handoffs",
        "query \"from contacts where state = 'broken' order by due_at\"",
        "quarantine list",
        *(["verify"] if can_verify else []),
    ]
    for line in lines:
        click.echo(f"  {_command()} {line} --store {shlex.quote(str(store_path))}")
    click.secho("\nOr open the board, web pages over the same cases:", bold=True)
    click.echo(f"  {_command()} board --store {shlex.quote(str(store_path))}")


def _command() -> str:
    """How this command can be called from here: its name where the shell finds it, else its path."""
    if shutil.which("throughline"):
        return "throughline"
    path = Path(sys.argv[0])
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path))
