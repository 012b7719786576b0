"""`measure`: the figures of a board, by any cut, counted to any day."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import duckdb
import pyarrow as pa
from click.shell_completion import CompletionItem

from throughline.cli.terminal.options import (
    Moment,
    as_of_option,
    chosen_format,
    completions,
    domain_of,
    domain_option,
    format_option,
    store_option,
)
from throughline.cli.terminal.writing import write_query, write_rows
from throughline.errors import UsageError
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.sinks.board.reading.hindsight import known_then
from throughline.sinks.disclosure.register import Register, register_of
from throughline.sinks.measures.answer import answer, chosen, cuts_of, is_duration
from throughline.sinks.measures.comparison import compared
from throughline.sinks.measures.coverage import among, not_covered, withhold
from throughline.sinks.measures.facts import counted_to, facts
from throughline.sinks.measures.measure import Measure, load_measures, measure_of
from throughline.sinks.measures.shown import Audience
from throughline.sinks.questions.query import Format
from throughline.sinks.store import open_store


class MeasureName(click.ParamType):
    """The name of a measure that comes with Throughline."""

    name = "name"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return completions(load_measures(load_domain()), incomplete)


class Cuts(click.ParamType):
    """Names with commas between them."""

    name = "cut"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        return value if isinstance(value, tuple) else tuple(name for name in str(value).split(",") if name)


class Chosen(click.ParamType):
    """CUT=VALUE."""

    name = "cut=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        cut, found, chosen = str(value).partition("=")
        if not (cut and found):
            self.fail(f"`{value}` is not of the form CUT=VALUE.", param, ctx)
        return cut, chosen


@click.command(short_help="Show a figure of the board, by any cut.")
@click.argument("name", type=MeasureName(), required=False)
@store_option
@domain_option
@click.option("--by", "cuts", type=Cuts(), default=(), metavar="CUT[,CUT]", help="Cut the figure, three times at most.")
@click.option("--where", "wanted", type=Chosen(), multiple=True, metavar="CUT=VALUE", help="Only what has this value.")
@as_of_option
@click.option("--known-at", type=Moment(), help="Leave out what was received later. Counts to this time too.")
@click.option("--beside", type=Moment(), help="Put the figure of this earlier time beside it.")
@click.option("--cases", "is_of_cases", is_flag=True, help="List what is counted, a row for each.")
@click.option("--about", "is_about", is_flag=True, help="Say what the figure means, and print its SQL.")
@click.option("--shared", is_flag=True, help="Hide small numbers, so that the figure may be passed on.")
@format_option
@click.option("--rows", type=click.IntRange(1), default=60, show_default=True, help="How many rows a table shows.")
def measure(
    name: str | None,
    store_path: Path,
    domain: Domain | None,
    cuts: tuple[str, ...],
    wanted: tuple[tuple[str, str], ...],
    as_of: datetime | None,
    known_at: datetime | None,
    beside: datetime | None,
    is_of_cases: bool,
    is_about: bool,
    shared: bool,
    format_: Format | None,
    rows: int,
) -> None:
    """Show the figure NAME; without a name, list the figures that there are. Durations are in days.

    In a row of a total, the cut that it is the total of is empty. Where too little of what an agency should have
    published is there, its shares and durations are withheld. Without --shared, small numbers are shown too: do not
    pass such a figure on.

    Example: throughline measure between_agencies --by from_agency,to_agency --store cases.duckdb

    Example: throughline measure decisions_told --by month --where agency=cps --as-of 2026-03-31 --store cases.duckdb
    """
    if name is None:
        known = load_measures(domain or load_domain())
        write_rows(["measure", "asks"], [(one.name, one.asks) for one in known.values()], format_)
        return
    if is_about:
        _explain(measure_of(domain or load_domain(), name))
        return
    if is_of_cases and (cuts or beside is not None):
        raise UsageError("--cases lists what is counted, of one time and without a cut.", hint="Choose by --where.")
    where = dict(wanted)
    if len(where) < len(wanted):
        twice = next(cut for cut, _ in wanted if sum(cut == other for other, _ in wanted) > 1)
        raise UsageError(f"`{twice}` is chosen twice.", hint="A figure is of one value of each cut.")
    with open_store(store_path, write=False) as store:
        chosen_domain = domain_of(store, domain)
        asked = measure_of(chosen_domain, name)
        facets = {facet.name: facet.title for facet in chosen_domain.facets}
        if known_at is not None:
            as_of = as_of or _earlier(known_at, counted_to(store.connection, None))

        def rows_at(to: datetime | None) -> pa.Table:
            if known_at is None or to is None:
                return facts(store.connection, asked, [*facets], to)
            return known_then(store, chosen_domain, [asked], to, known_at).then[asked.name]

        found = rows_at(as_of)
        if is_of_cases:
            _write(chosen(asked, found, where), format_, rows)
            return
        withheld = not_covered(store.connection, asked)
        audience = Audience(chosen_domain, Register(register_of(store_path)) if shared else None)

        def counted(rows: pa.Table, to: datetime | None) -> pa.Table:
            figure = answer(asked, rows, cuts, where)
            return audience.may_see(asked, figure, cuts, where, counted_to(store.connection, to))

        figure = counted(found, as_of)
        if beside is not None:
            earlier = counted(rows_at(beside), beside)
            figure = compared(asked, earlier, figure, cuts)
    if not shared:
        figure = figure.drop_columns([name for name in figure.column_names if name.startswith("suppressed")])
    if asked.figure:
        figure = withhold(asked, figure, cuts, where, withheld)
    is_table = chosen_format(format_) == "table"
    _write(_for_people(asked, figure) if is_table else figure, format_, rows)
    _explain_gaps(among(asked, chosen(asked, found, where), withheld))
    if is_table:
        offered = cuts_of(asked, found, facets)
        click.echo(f"{asked.asks} Cut it by {', '.join(offered)}.", err=True)


def _earlier(known_at: datetime, latest: datetime | None) -> datetime:
    """A figure as it was known at a time is counted to that time, or to the latest event that there is."""
    return known_at if latest is None else min(known_at, latest)


def _explain_gaps(withheld: Mapping[str, str]) -> None:
    """Say of which agencies too little is there; on the side, so that what is written can be read by a program."""
    for why in withheld.values():
        click.echo(f"{why} Totals rest on it all the same.", err=True)


def _for_people(measure: Measure, figure: pa.Table) -> pa.Table:
    """Seconds as days, shares in per cent, outcomes in words; `withheld` only where something is."""
    made: dict[str, list[Any]] = {}
    for name in figure.column_names:
        values = figure[name].to_pylist()
        if name == "withheld" and not any(values):
            continue
        if name == "outcome":
            made[name] = ["" if value is None else measure.outcome_title(value) for value in values]
        elif is_duration(name):
            title = name.replace("_seconds", "").replace("_", " ")
            made[f"{title} days"] = [None if value is None else round(value / 86_400, 1) for value in values]
        elif "share" in name:
            made[name.replace("_", " ")] = [None if value is None else f"{100 * value:.1f}%" for value in values]
        else:
            made[name.replace("_", " ")] = values
    return pa.table(made)


def _write(table: pa.Table, format_: Format | None, rows: int) -> None:
    with duckdb.connect() as connection:
        connection.register("figure", table)
        write_query(connection, "from figure", format_, rows)


def _explain(measure: Measure) -> None:
    parts = {
        measure.title: measure.asks,
        "Why": measure.review,
        "How it is counted": measure.method,
        "What is not known": measure.unknown,
        "Not for": measure.not_for,
    }
    for title, text in parts.items():
        click.echo(f"{title}\n  {text}\n")
    sys.stdout.write(measure.sql)
