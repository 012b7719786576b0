"""`board looks`: who looked at which case, and whether the record of it is whole."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from throughline.cli.terminal.options import Moment, format_option, store_option
from throughline.cli.terminal.writing import write_rows
from throughline.errors import StoreMissing
from throughline.sinks.board.access.looks import Look, Looks, check, looks_path
from throughline.sinks.questions.case import case_of
from throughline.sinks.questions.query import Format
from throughline.sinks.store import open_store

_COLUMNS = ["when (UTC)", "person", "roles", "case", "page", "outcome", "why", "session"]
_HASH = re.compile(r"[0-9a-f]{64}").fullmatch


@click.command("looks", short_help="Show who looked at which case, and why.")
@store_option
@click.option("--looks", "path", type=click.Path(path_type=Path, dir_okay=False), help="The record, if not beside it.")
@click.option(
    "--case", "case", metavar="CASE", help="Looks at one case, by any of its names, also before it was joined."
)
@click.option("--person", metavar="ID", help="Looks of one person, such as provider:4711.")
@click.option("--since", type=Moment(), help="Looks from this time on.")
@click.option("--kept", metavar="HASH", help="A hash that was kept elsewhere: the record must still have its line.")
@format_option
def looks(
    store_path: Path,
    path: Path | None,
    case: str | None,
    person: str | None,
    since: datetime | None,
    kept: str | None,
    format_: Format | None,
) -> None:
    """Show who looked at which case, when, on which page and why, and check that the record is whole.

    Ends with 1 where lines were taken out or changed. The last hash is printed: keep it where the board cannot write,
    and give it back with --kept.

    Example: throughline board looks --case urn:20PP0012326 --store cases.duckdb
    """
    if kept is not None and not _HASH(kept):
        raise click.BadParameter("a hash is 64 digits from 0 to f", param_hint="--kept")
    record = path or looks_path(store_path)
    if path is not None and not path.exists():
        raise StoreMissing(f"There is no record of looks at `{path}`.", hint="Name the one that the board writes.")
    names = _names(store_path, case) if case else None
    shown = [look for look in _looks(record, person, since) if names is None or look.case in names]
    write_rows(_COLUMNS, [_row(look) for look in shown], format_)
    found = check(record, kept)
    cut_off = f", {found.cut_off} cut off while it was written and never answered to" if found.cut_off else ""
    click.echo(f"{found.lines:,} looks on the record{cut_off}; last hash {found.hash}", err=True)
    for fault in found.faults:
        click.echo(fault, err=True)
    if found.faults:
        click.echo("The record is not whole. Keep a copy of it as it is, and find out who could write it.", err=True)
        sys.exit(1)


def _row(look: Look) -> tuple[str, ...]:
    at, roles = f"{look.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}", ", ".join(look.roles)
    return at, look.person, roles, look.case, look.page, look.outcome, look.why or "", look.session


def _looks(record: Path, person: str | None, since: datetime | None) -> Iterator[Look]:
    for look in Looks(record).read():
        is_since = since is None or look.at >= since.replace(tzinfo=UTC)
        if is_since and (person is None or look.person == person):
            yield look


def _names(store_path: Path, case: str) -> frozenset[str]:
    """Every id that a case has or had: that of the case, and those of its identifiers."""
    with open_store(store_path, write=False) as store:
        found = store.connection.execute(
            """
            select 'c' || lpad(lower(to_hex(key)), 16, '0')
            from (select $key::ubigint as key union select identifier_key from identifiers where case_key = $key)
            """,
            {"key": case_of(store.connection, case)},
        ).fetchall()
    return frozenset(name for (name,) in found)
