"""Options that several commands share, and what completes them in a shell."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from throughline.errors import UsageError
from throughline.schemas.definitions.domain import DEFAULT_DOMAIN, Domain, load_domain
from throughline.sinks.questions.query import FORMATS, Format
from throughline.sinks.store import Store
from throughline.sources.mapping.mapping import Mapping, load_mapping

DOMAINS = DEFAULT_DOMAIN.parent

store_option = click.option(
    "--store",
    "store_path",
    type=click.Path(path_type=Path),
    default=Path("throughline.duckdb"),
    show_default=True,
    envvar="THROUGHLINE_STORE",
    help="The store: a DuckDB file.",
)


def shipped_domains() -> list[str]:
    """The names of the domains that ship."""
    return sorted(file.parent.name for file in DOMAINS.glob("*/domain.yaml"))


def shipped_mappings(domain: str) -> list[str]:
    """The names of the mappings that ship with a domain."""
    return sorted(file.stem for file in (DOMAINS / domain / "mappings").glob("*.yaml"))


class DomainFolder(click.ParamType):
    """A domain directory, or the name of one that ships."""

    name = "dir"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Domain:
        if isinstance(value, Domain):
            return value
        return load_domain(DOMAINS / value if value in shipped_domains() else Path(value))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        names = [CompletionItem(name) for name in shipped_domains() if name.startswith(incomplete)]
        return names or [CompletionItem(incomplete, type="dir")]


class MappingFile(click.ParamType):
    """A mapping file, or the name of one that ships with the domain."""

    name = "file"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        names = {name for domain in shipped_domains() for name in shipped_mappings(domain)}
        found = [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]
        return found or [CompletionItem(incomplete, type="file")]


def mapping_of(name: str | None, domain: Domain) -> Mapping | None:
    """The mapping that a file is, or that ships with the domain under this name; UsageError where neither is there."""
    if name is None:
        return None
    path = Path(name)
    if path.exists():
        return load_mapping(path)
    shipped = shipped_mappings(domain.name)
    if name in shipped:
        return load_mapping(DOMAINS / domain.name / "mappings" / f"{name}.yaml")
    raise UsageError(
        f"The mapping `{name}` is not there.",
        hint=f"Check the path, or name one that ships with the domain {domain.name}: {', '.join(shipped) or 'none'}.",
    )


domain_option = click.option(
    "--domain",
    "domain",
    type=DomainFolder(),
    metavar="DIR",
    envvar="THROUGHLINE_DOMAIN",
    help="Domain directory, or the name of one that ships (england_wales, road_fines, process_log). "
    "Default: that of the store, or england_wales.",
)


def domain_of(store: Store, given: Domain | None) -> Domain:
    """The domain that was given, or that of the store; england_wales for a store that has none yet.

    One that is called otherwise than the store's would judge and derive all of it by other rules: UsageError.
    """
    row = store.connection.execute("select name from domain").fetchone()
    if row is None:
        return given or load_domain()
    name = str(row[0])
    if given is None:
        if name not in shipped_domains():
            raise UsageError(f"`{store.path}` is of the domain {name}, which does not ship.", hint="Give --domain DIR.")
        return load_domain(DOMAINS / name)
    if given.name != name:
        raise UsageError(
            f"`{store.path}` is of the domain {name}, not of {given.name}.",
            hint=f"Give --domain {name}, or another --store. `throughline rebuild --domain` changes that of a store.",
        )
    return given


format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default=None,
    help="Default: table on a terminal, csv into a pipe.",
)


def now() -> datetime:
    """This moment, in UTC and naive, as the store keeps times."""
    return datetime.now(UTC).replace(tzinfo=None)


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


def chosen_format(format_: Format | None) -> Format:
    """The format asked for, or what suits where the output goes. Parquet on a terminal raises UsageError."""
    if format_ == "parquet" and sys.stdout.isatty():
        raise UsageError(
            "Parquet is not for a terminal.", hint="Send it into a file: … --format parquet > FILE.parquet"
        )
    return format_ or ("table" if sys.stdout.isatty() else "csv")


bootstrap_option = click.option(
    "--bootstrap",
    metavar="HOST:PORT",
    required=True,
    envvar="KAFKA_BOOTSTRAP",
    help="A broker of Kafka, or several with commas between.",
)

topic_prefix_option = click.option(
    "--topic-prefix",
    default="",
    metavar="PREFIX",
    envvar="THROUGHLINE_TOPIC_PREFIX",
    help="What the names of all topics begin with, where several deployments share a broker.",
)
