"""Options that several commands share, and what completes them in a shell."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from throughline.errors import UsageError
from throughline.schemas.definitions.domain import DEFAULT_DOMAIN, Domain, load_domain
from throughline.sinks.questions.query import FORMATS, Format
from throughline.sinks.store import Store, open_store
from throughline.sources.connection.settings_file import UNSAID, BrokerSettings, read_broker_settings
from throughline.sources.formats.registry import endings, row_formats
from throughline.sources.mapping.mapping import dated, load_mapping
from throughline.sources.mapping.parts import Mapping

Command = Callable[..., None]
DOMAINS = DEFAULT_DOMAIN.parent


def store_at(usual: str, help: str, **settings: Any) -> Callable[[Command], Command]:
    """The option of a store that is at `usual` unless another place is given."""
    kind, place = click.Path(path_type=Path), Path(usual)
    return click.option("--store", "store_path", type=kind, default=place, show_default=True, help=help, **settings)


store_option = store_at("throughline.duckdb", "The store: a DuckDB file.", envvar="THROUGHLINE_STORE")


def completions(names: Iterable[str], begun: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in sorted(names) if name.startswith(begun)]


def shipped_domains() -> list[str]:
    return sorted(file.parent.name for file in DOMAINS.glob("*/domain.yaml"))


def shipped_mappings(domain: str) -> list[str]:
    return sorted(file.stem for file in (DOMAINS / domain / "mappings").glob("*.yaml"))


class DomainFolder(click.ParamType):
    """A domain folder, or the name of one that is built in."""

    name = "dir"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Domain:
        if isinstance(value, Domain):
            return value
        return load_domain(DOMAINS / value if value in shipped_domains() else Path(value))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return completions(shipped_domains(), incomplete) or [CompletionItem(incomplete, type="dir")]


class MappingFile(click.ParamType):
    """A mapping file, or the name of one that is built into the domain."""

    name = "file"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        names = {name for domain in shipped_domains() for name in shipped_mappings(domain)}
        return completions(names, incomplete) or [CompletionItem(incomplete, type="file")]


def mapping_of(name: str | None, domain: Domain, taken_at: str | None = None) -> Mapping | None:
    """The mapping in a file, or the built-in one of this name; `taken_at` is when its snapshots were taken, if they do
    not say so. Raises UsageError if there is neither."""
    if name is None:
        if taken_at is not None:
            raise UsageError("--as-of is for snapshots, which need a mapping.", hint="Give --mapping FILE too.")
        return None
    path = Path(name)
    shipped = shipped_mappings(domain.name)
    if not path.exists() and name in shipped:
        path = DOMAINS / domain.name / "mappings" / f"{name}.yaml"
    if path.exists():
        return load_mapping(path) if taken_at is None else dated(load_mapping(path), taken_at)
    raise UsageError(
        f"There is no mapping `{name}`.",
        hint=f"Check the path, or name one that the domain {domain.name} has: {', '.join(shipped) or 'none'}.",
    )


def _domain_option(usual: str, **settings: Any) -> Callable[[Command], Command]:
    built_in = ", ".join(shipped_domains())
    help = f"A domain folder, or the name of one that is built in ({built_in}). Default: {usual}."
    kind, variable = DomainFolder(), "THROUGHLINE_DOMAIN"
    return click.option("--domain", type=kind, metavar="DIR", envvar=variable, help=help, **settings)


domain_option = _domain_option(f"the store's, or {DEFAULT_DOMAIN.name}")
usual_domain_option = _domain_option(DEFAULT_DOMAIN.name, default=DEFAULT_DOMAIN.name)
"""For a command that has no store to ask: its `domain` is always there."""

mapping_option = click.option(
    "--mapping",
    "mapping_name",
    type=MappingFile(),
    metavar="FILE",
    help=f"How rows of an export become events: a mapping file, or the name of one that is built in. Exports end in "
    f"{endings(row_formats())}.",
)
taken_at_option = click.option(
    "--as-of",
    "taken_at",
    metavar="TIME",
    help="With a mapping of snapshots that do not say so: the day, month or instant at which the files were taken.",
)


def domain_of(store: Store, given: Domain | None) -> Domain:
    """The domain that was given, or the store's; england_wales for a store that has none yet.

    Raises UsageError for another domain than the store's, which would judge and derive all of it by other rules.
    """
    row = store.connection.execute("select name from domain").fetchone()
    if row is None:
        return given or load_domain()
    name = str(row[0])
    if given is None:
        if name not in shipped_domains():
            raise UsageError(f"`{store.path}` has the domain {name}, which is not built in.", hint="Give --domain DIR.")
        return load_domain(DOMAINS / name)
    if given.name != name:
        raise UsageError(
            f"`{store.path}` has the domain {name}, not {given.name}.",
            hint=f"Give --domain {name}, or another --store. `throughline rebuild --domain` changes a store's domain.",
        )
    return given


def on_store(*, write: bool = False, with_domain: bool = True) -> Callable[[Command], Command]:
    """Give a command the `store` of --store, open while it runs, and the `domain` of --domain, or else the store's."""

    def given_them(command: Command) -> Command:
        @wraps(command)
        def run(store_path: Path, **given: Any) -> None:
            with open_store(store_path, write=write) as store:
                if with_domain:
                    given["domain"] = domain_of(store, given["domain"])
                command(store=store, **given)

        return store_option(domain_option(run) if with_domain else run)

    return given_them


format_option = click.option(
    "--format", "format_", type=click.Choice(FORMATS), default=None, help="Default: table on a terminal, csv in a pipe."
)


def now() -> datetime:
    """This moment, in UTC and naive, as the store keeps times."""
    return datetime.now(UTC).replace(tzinfo=None)


class Moment(click.ParamType):
    """A time as ISO 8601, or `now`; without an offset it is UTC. Converted to naive UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        if value == "now":
            return now()
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"`{value}` is not a time. Write 2026-03-02, 2026-03-02T14:30 or now.", param, ctx)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


as_of_option = click.option(
    "--as-of",
    type=Moment(),
    help="Count up to this time, and nothing that was sent or began later. Default: the time of the latest event.",
)
# where silence is judged: a feed that ended is silent, whatever it said last
as_of_now_option = click.option(
    "--as-of", type=Moment(), default="now", show_default=True, help="Ask as of this time: a feed is silent up to it."
)
recorded_by_option = click.option(
    "--recorded-by", type=Moment(), help="Show only what agencies had written down by this time."
)
known_at_option = click.option("--known-at", type=Moment(), help="Show only what had been received by this time.")


def chosen_format(format_: Format | None) -> Format:
    """The format asked for, or what suits where the output goes. Parquet on a terminal raises UsageError."""
    if format_ == "parquet" and sys.stdout.isatty():
        raise UsageError(
            "Parquet cannot be shown on a terminal.", hint="Send it to a file: … --format parquet > FILE.parquet"
        )
    return format_ or ("table" if sys.stdout.isatty() else "csv")


class BrokerSettingsFile(click.ParamType):
    """A file that says how to reach the broker."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> BrokerSettings:
        return value if isinstance(value, BrokerSettings) else read_broker_settings(Path(value))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="file")]


def broker_options(command: Command) -> Command:
    """Give a command the `bootstrap` and `security` of a broker: by --broker-settings, --bootstrap, or both."""

    @wraps(command)
    def run(bootstrap: str | None, **given: Any) -> None:
        if not bootstrap:
            here = click.get_current_context()
            raise click.MissingParameter(
                ctx=here, param=next(one for one in here.command.params if one.name == "bootstrap")
            )
        command(bootstrap=bootstrap, **given)

    return broker_options_without("")(run)


def broker_options_without(meaning: str) -> Callable[[Command], Command]:
    """As `broker_options`, for a command that can do without: its `bootstrap` is then None, which has this meaning."""

    def decorate(command: Command) -> Command:
        @wraps(command)
        def run(bootstrap: str | None, broker_settings: BrokerSettings, **given: Any) -> None:
            address = bootstrap or broker_settings.bootstrap or None
            command(bootstrap=address, security=broker_settings.security, **given)

        return _address_option(meaning)(_settings_option(run))

    return decorate


def _address_option(meaning: str) -> Callable[[Command], Command]:
    return click.option(
        "--bootstrap",
        metavar="HOST:PORT",
        envvar="KAFKA_BOOTSTRAP",
        help=f"Address of a Kafka broker, or of several with commas between them.{meaning}",
    )


_settings_option = click.option(
    "--broker-settings",
    type=BrokerSettingsFile(),
    default=UNSAID,
    metavar="FILE",
    envvar="THROUGHLINE_BROKER_SETTINGS",
    help="How to reach the broker: TLS, user, where the password is (docs/how-to/secure-broker.md).",
)


topic_prefix_option = click.option(
    "--topic-prefix",
    default="",
    metavar="PREFIX",
    envvar="THROUGHLINE_TOPIC_PREFIX",
    help="Prefix of every topic name, where several deployments share a broker.",
)
