"""Options that several commands share."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from throughline.schemas.domain import Domain, load_domain
from throughline.sinks.query import FORMATS

DOMAINS = Path(str(load_domain.__globals__["__file__"])).parent / "domains"

store_option = click.option(
    "--store",
    "store_path",
    type=click.Path(path_type=Path),
    default=Path("throughline.duckdb"),
    show_default=True,
    envvar="THROUGHLINE_STORE",
    help="The store: a DuckDB file.",
)


def _domain(_: click.Context, __: click.Parameter, value: str | None) -> Domain:
    if value is None:
        return load_domain(None)
    shipped = DOMAINS / value
    return load_domain(shipped if "/" not in value and shipped.is_dir() else Path(value))


domain_option = click.option(
    "--domain",
    "domain",
    callback=_domain,
    metavar="DIR",
    envvar="THROUGHLINE_DOMAIN",
    help="Domain directory, or the name of one that ships (england_wales, road_fines, process_log). "
    "Default: england_wales.",
)

format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default=None,
    help="Default: table on a terminal, csv into a pipe.",
)


class Moment(click.ParamType):
    """A time as ISO 8601; without an offset it is UTC. Converted to naive UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"`{value}` is no time; write 2026-03-02 or 2026-03-02T14:30.", param, ctx)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


as_of_option = click.option(
    "--as-of", type=Moment(), help="Count what is open to this time. Default: the time of the latest event."
)
known_at_option = click.option("--known-at", type=Moment(), help="As far as was known then.")


def chosen_format(format_: str | None) -> Any:
    """The format asked for, or what suits where the output goes."""
    return format_ or ("table" if sys.stdout.isatty() else "csv")
