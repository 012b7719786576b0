"""`since`: what changed between two meetings, as counts or case by case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import duckdb
import pyarrow as pa

from throughline.cli.terminal.options import domain_of, domain_option, format_option, store_option
from throughline.cli.terminal.writing import write_query, write_rows
from throughline.errors import UsageError
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.board.meeting.sections import SECTIONS
from throughline.sinks.board.reading.hindsight import Hindsight, hindsight
from throughline.sinks.board.words.dates import end_of_day
from throughline.sinks.disclosure.marker import wording
from throughline.sinks.disclosure.register import Register, register_of
from throughline.sinks.measures.facts import counted_to
from throughline.sinks.measures.measure import load_measures
from throughline.sinks.measures.meeting import changes, counts
from throughline.sinks.measures.shown import Audience
from throughline.sinks.questions.query import Format
from throughline.sinks.store import open_store


class Day(click.ParamType):
    """A day, as 2026-03-02."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"`{value}` is not a day. Write it as 2026-03-02.", param, ctx)


@click.command(short_help="Show what changed between two meetings.")
@click.argument("day", type=Day())
@store_option
@domain_option
@click.option("--until", type=Day(), help="The day of the later meeting. Default: up to the latest event.")
@click.option("--cases", "section", type=click.Choice([*SECTIONS]), help="List the cases of one of these instead.")
@click.option("--restated", is_flag=True, help="Show which numbers of DAY are others now. This makes cases again.")
@click.option("--shared", is_flag=True, help="Hide small numbers, so that the counts may be passed on.")
@click.option("--causes", is_flag=True, help="With --restated: list what came in since, case by case.")
@format_option
@click.option("--rows", type=click.IntRange(1), default=60, show_default=True, help="How many rows a table shows.")
def since(
    day: date,
    store_path: Path,
    domain: Domain | None,
    until: date | None,
    section: str | None,
    restated: bool,
    shared: bool,
    causes: bool,
    format_: Format | None,
    rows: int,
) -> None:
    """Show what changed since the end of DAY: cases that began, ended, grew older or moved, what became overdue, which
    decisions were told. Days are those of the domain's time zone.

    Without --shared, small numbers are shown too: do not pass them on.

    Example: throughline since 2026-03-31 --until 2026-04-30 --store cases.duckdb

    Example: throughline since 2026-03-31 --cases older --store cases.duckdb
    """
    if (section and restated) or (causes and not restated):
        raise UsageError("--cases and --restated exclude one another, and --causes needs --restated.")
    if shared and (section or restated):
        raise UsageError("--shared is for counts: cases, and numbers of what was known then, are not to be passed on.")
    with open_store(store_path, write=False) as store:
        chosen = domain_of(store, domain)
        first = _end_of(day, chosen)
        second = counted_to(store.connection, None) if until is None else _end_of(until, chosen)
        if second is None:
            raise UsageError("The store has no events.", hint="`throughline replay PATH --store FILE` brings some in.")
        if restated:
            found = hindsight(store, chosen, load_measures(chosen).values(), first)
            _write(found.causes if causes else _numbers(found), format_, rows)
            click.echo(f"{found.cases_touched:,} cases were touched since; others are as they were known.", err=True)
            return
        made = changes(store.connection, first, second, [facet.name for facet in chosen.facets])
    if section is not None:
        _write(_for_people(made[section]), format_, rows)
        return
    audience = Audience(chosen, Register(register_of(store_path)) if shared else None)
    lines = []
    for name, one in SECTIONS.items():
        figure = audience.may_see_changes(
            name, counts(made[name], "outcome"), first, second, overlapping=one.overlapping
        )
        total, *parts = figure.to_pylist()
        lines.append((name, one.title, _cases(total, chosen)))
        by_outcome = {row["outcome"]: row for row in parts}
        lines += [
            (name, one.outcomes[key], _cases(by_outcome[key], chosen)) for key in one.outcomes if key in by_outcome
        ]
    write_rows(["section", "what", "cases"], lines, format_)
    click.echo(f"Counted from {first:%Y-%m-%d %H:%M} to {second:%Y-%m-%d %H:%M} (UTC).", err=True)


def _cases(row: Mapping[str, Any], domain: Domain) -> str:
    """How many cases; or why that is hidden."""
    return wording(row["suppressed"], domain.disclosure.threshold) if row["suppressed"] else str(row["cases"])


def _end_of(day: date, domain: Domain) -> datetime:
    try:
        return end_of_day(day, ZoneInfo(domain.time_zone))
    except OverflowError:
        raise UsageError(f"{day} is too late.", hint="Give an earlier day.") from None


def _for_people(table: pa.Table) -> pa.Table:
    """Ages in days."""
    for name in [one for one in table.column_names if one.startswith("seconds")]:
        days = [None if value is None else round(value / 86_400, 1) for value in table[name].to_pylist()]
        place = table.column_names.index(name)
        table = table.set_column(place, name.replace("seconds", "days"), pa.array(days, pa.float64()))
    return table


def _numbers(found: Hindsight) -> pa.Table:
    """A row per number that differs; durations in seconds, shares of 1."""
    return pa.table(
        {
            "measure": [one.measure.name for one in found.restated],
            "known_then": pa.array([one.then.value for one in found.restated], pa.float64()),
            "known_now": pa.array([one.now.value for one in found.restated], pa.float64()),
            "cases_then": pa.array([one.then.cases for one in found.restated], pa.int64()),
            "cases_now": pa.array([one.now.cases for one in found.restated], pa.int64()),
            "cases_counted_otherwise": pa.array([len(one.case_ids) for one in found.restated], pa.int64()),
        }
    )


def _write(table: pa.Table, format_: Format | None, rows: int) -> None:
    with duckdb.connect() as connection:
        connection.register("changed", table)
        write_query(connection, "from changed", format_, rows)
