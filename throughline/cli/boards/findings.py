"""What `demo` prints at its end: one case, the longest handoffs, broken promises, and commands to look around with."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from throughline.sinks.feed import is_of_shared_topics
from throughline.sinks.questions.query import query
from throughline.sinks.store import open_store
from throughline.sql import sql
from throughline.streams.join.accept import Counts

HANDOFFS_SPARE = ("days held before", "kind")
"""Columns of the list of handoffs that a narrow terminal can do without, the first one first."""


def print_findings(store_path: Path, counts: Counts) -> None:
    """Print the findings of a demo store to standard output."""
    with open_store(store_path, write=False) as store:

        def show(title: str, name: str, rows: int = 200, spare: Sequence[str] = ()) -> None:
            click.secho(f"\n{title}\n", bold=True)
            statement = sql("throughline.sinks.questions", f"sql/{name}")
            query(store.connection, statement, out=sys.stdout, rows=rows, spare=spare)

        cursor = store.connection.execute(sql("throughline.sinks.questions", "sql/demo_summary"))
        names = [column[0] for column in cursor.description]
        found = dict(zip(names, cursor.fetchone() or (), strict=True))
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
        row = store.connection.execute(sql("throughline.sinks.questions", "sql/demo_case")).fetchone()
        case = None if row is None else str(row[0])
        if case is not None:
            store.connection.execute("set variable case_ids = ?::varchar[]", [[case]])
            show(f"One case: {case}", "timeline")
        show("The longest handoffs", "handoffs", rows=10, spare=HANDOFFS_SPARE)
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


def _command() -> str:
    """How this command can be called from here: its name where the shell finds it, else its path."""
    if shutil.which("throughline"):
        return "throughline"
    path = Path(sys.argv[0])
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path))
