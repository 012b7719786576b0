"""`source poll`: take what is new in an agency's database, which stays as it is."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import pyarrow as pa
from click.core import ParameterSource

from throughline.cli.terminal.ending import stopping
from throughline.cli.terminal.options import (
    MappingFile,
    broker_options_without,
    mapping_of,
    topic_prefix_option,
    usual_domain_option,
)
from throughline.cli.terminal.sending import client_option, heartbeat_option, outbox_option, wait_option
from throughline.errors import DatabaseUnavailable, OutboxFull, UsageError
from throughline.schemas.acceptance.statement import event_object, with_placeholders
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.secrets.secret import why_not_private
from throughline.schemas.wire.cloudevents import to_structured
from throughline.schemas.wire.kafka_record import plain_rows
from throughline.sources.connection.security import Security
from throughline.sources.databases.address import TIMEOUT_SECONDS, Database, has_secret
from throughline.sources.databases.poll import Poll, Polled, named_row, relation_of
from throughline.sources.mapping.parts import Mapping
from throughline.sources.mapping.relation import Relation
from throughline.sources.publish.dispatch import wait_for_broker
from throughline.sources.publish.ledger import Delivery
from throughline.sources.publish.outbox import Added, Noting, Outbox
from throughline.sources.publish.publisher import Publisher

DATABASE_VARIABLE = "THROUGHLINE_DATABASE"
_LISTED = 20
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


class Interval(click.ParamType):
    """So many seconds: `30s`, `5m`, `1h`, or a plain number."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", str(value).strip())
        if found is None or not float(found[1]):
            self.fail(f"`{value}` is no interval. Write 30s, 5m or 1h.", param, ctx)
        return float(found[1]) * _SECONDS[found[2]]


database_option = click.option(
    "--database",
    "address",
    metavar="URL",
    envvar=DATABASE_VARIABLE,
    help=f"Where the database is: sqlite:///FILE or postgresql://USER@HOST/NAME. One with a password is not taken from "
    f"the command line: put it into {DATABASE_VARIABLE}, or into a file.",
)
database_file_option = click.option(
    "--database-file",
    "address_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file with nothing but that address, which only this user can read.",
)


@click.command("poll", short_help="Take what is new in a database into an outbox, and publish it.")
@click.argument("mapping_name", metavar="MAPPING", type=MappingFile())
@database_option
@database_file_option
@broker_options_without(" Needed but for --dry-run.")
@topic_prefix_option
@usual_domain_option
@outbox_option(", and how far the table was read")
@click.option("--once", is_flag=True, help="Look once, wait until the broker has all of it, and end. This is usual.")
@click.option("--every", type=Interval(), help="Look so often, as 30s or 5m, until stopped (SIGTERM, Ctrl-C).")
@click.option(
    "--dry-run", is_flag=True, help="Print the events, one to a line. Nothing is published, and no place is kept."
)
@click.option(
    "--again", is_flag=True, help="Read the table from its first row. What was sent before is not sent again."
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=TIMEOUT_SECONDS,
    show_default=True,
    help="Seconds that one statement may take the database.",
)
@client_option
@heartbeat_option()
@wait_option()
@click.pass_context
def poll(
    ctx: click.Context,
    mapping_name: str,
    address: str | None,
    address_file: Path | None,
    bootstrap: str | None,
    security: Security,
    topic_prefix: str,
    domain: Domain,
    outbox_path: Path,
    once: bool,
    every: float | None,
    dry_run: bool,
    again: bool,
    timeout: float,
    client: str,
    heartbeat: float | None,
    wait: float,
) -> None:
    """Read the rows of a database that MAPPING names, and publish what is new in them. Nothing is written there.

    The outbox keeps how far the table was read, together with the events: what ends this command loses nothing. A row
    that gives no event is named, does not hold up the others, and is asked for again at the next start.

    Example: throughline source poll crimes.yaml --database sqlite:///crimes.sqlite --bootstrap localhost:9092
    """
    if once and every is not None:
        raise UsageError("--once and --every cannot both be.", hint="Leave one of them out.")
    is_typed = ctx.get_parameter_source("address") is ParameterSource.COMMANDLINE
    url = address_of(address, address_file, is_typed=is_typed)
    mapping = mapping_of(mapping_name, domain)
    assert mapping is not None
    relation = relation_of(mapping)
    if dry_run:
        with Database(url, timeout_seconds=timeout) as database:
            _print_events(database, mapping, domain)
        return
    if bootstrap is None:
        raise UsageError("Which broker?", hint="Give --bootstrap HOST:PORT, or --dry-run to print the events.")
    with (
        Database(url, timeout_seconds=timeout) as database,
        Outbox(outbox_path) as outbox,
        stopping() as stop,
        Publisher(
            bootstrap,
            load_topics(domain, prefix=topic_prefix),
            domain,
            outbox,
            client=client,
            security=security,
            heartbeat_seconds=heartbeat,
        ) as publisher,
    ):
        looking = Poll(database, mapping, domain, publisher, outbox, is_stopping=stop.is_set)
        if again:
            looking.begin_again()
        if every is None:
            _tell(relation, looking.look(), is_quiet=False)
            wait_for_broker(publisher, wait)
            return
        while not stop.is_set():
            _look(looking, relation)
            stop.wait(every)
        click.echo("Stopped; what was read is kept.", err=True)


class _Printer:
    """Prints events as JSON Lines, and keeps nothing that lasts."""

    def __init__(self, outbox: Outbox, domain: Domain) -> None:
        self._outbox, self._domain = outbox, domain

    def publish(
        self,
        events: pa.Table,
        also: Noting | None = None,
        delivery: Delivery | None = None,
        *,
        is_backlog: bool = False,
    ) -> Added:
        for row in plain_rows(events):
            event = event_object(with_placeholders(row), self._domain.type_prefix)
            click.echo(to_structured(event).decode())
        self._outbox.add((), also=also)
        return Added(new=events.num_rows)


def _print_events(database: Database, mapping: Mapping, domain: Domain) -> None:
    with TemporaryDirectory(prefix="throughline-dry-run-") as folder, Outbox(Path(folder) / "outbox.sqlite") as outbox:
        made = Poll(database, mapping, domain, _Printer(outbox, domain), outbox).look()
    _tell(relation_of(mapping), made, is_quiet=True)


def _look(looking: Poll, relation: Relation) -> None:
    """Look, and go on where the database or the broker is away for a while."""
    try:
        made = looking.look()
    except (DatabaseUnavailable, OutboxFull) as error:
        click.echo(f"throughline: {error.what} Looking again later.", err=True)
    else:
        _tell(relation, made, is_quiet=True)


def address_of(given: str | None, file: Path | None, *, is_typed: bool) -> str:
    """The address of the database: never with a password from the command line. Raises UsageError."""
    if file is not None:
        if given is not None and is_typed:
            raise UsageError("--database and --database-file cannot both be.", hint="Leave one of them out.")
        found = file.read_text(encoding="utf-8").strip()
        if has_secret(found) and (why := why_not_private(file)):
            raise UsageError(
                f"`{file}` has a password in it, and is not private: {why}.", hint=f"Run `chmod 600 {file}`."
            )
        return found
    if given is None:
        raise UsageError(
            "Which database?",
            hint=f"Give --database URL, --database-file FILE, or set {DATABASE_VARIABLE} to its address.",
        )
    if is_typed and has_secret(given):
        raise UsageError(
            "An address with a password does not belong on a command line, where others can read it.",
            hint=f"Set {DATABASE_VARIABLE} to it, or write it into a file for --database-file.",
        )
    return given


def _tell(relation: Relation, made: Polled, *, is_quiet: bool) -> None:
    say = partial(click.echo, err=is_quiet)
    if not is_quiet or made.new or made.refused or made.given_up:
        first = " (the first time: what stood there before counts as backlog)" if made.is_first else ""
        left = f", {made.left_out:,} left out by filters" if made.left_out else ""
        say(f"{relation.name}: {made.read:,} rows read{first}, {made.new:,} events new, {made.known:,} known{left}.")
    for line in made.refused.lines():
        say(line)
    if made.refused.total > 1:
        listed = ", ".join(named_row(relation, one.key) for one in made.rows[:_LISTED])
        say(f"  They are {listed}{', …' if made.refused.total > _LISTED else '.'}")
    if made.missing:
        say(f"{made.missing:,} numbers of `{relation.by}` are not there yet, and are asked for again.")
    if made.given_up:
        say(f"{made.given_up:,} numbers of `{relation.by}` never came, and are not asked for any more.")
