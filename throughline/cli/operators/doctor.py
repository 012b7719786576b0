"""`doctor`: whether everything that a deployment needs is there and well."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from throughline.cli.terminal.options import broker_options_without, topic_prefix_option, usual_domain_option
from throughline.doctor.deployment import look_at_broker, look_at_clock, look_at_outbox, look_at_store
from throughline.doctor.diagnosis import Diagnosis, exit_code_of, told
from throughline.doctor.machine import look_at_disks, look_at_java, look_at_python
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import load_topics
from throughline.sinks.store import LEAST_FREE_BYTES
from throughline.sources.connection.security import Security

_FILE = click.Path(path_type=Path)


@click.command(short_help="Check what a deployment needs, and say what to do.")
@broker_options_without(" Without one, no broker is asked.")
@topic_prefix_option
@usual_domain_option
@click.option("--replication-factor", type=click.IntRange(1), help="Copies of each topic; 1 for a single broker.")
@click.option("--store", "store_path", type=_FILE, envvar="THROUGHLINE_STORE", help="A store to look at.")
@click.option("--outbox", "outbox_path", type=_FILE, help="An outbox to look at.")
def doctor(
    bootstrap: str | None,
    security: Security,
    topic_prefix: str,
    domain: Domain,
    replication_factor: int | None,
    store_path: Path | None,
    outbox_path: Path | None,
) -> None:
    """Look at Python, Java and the disks, and at the broker, its clock, the store and the outbox that are named.

    One line each: `ok`, `look` (judge for yourself), `wrong`, or `not asked`; below it, what to do. Nothing is changed.
    The exit code is 70 where the machinery fails, and 1 where something that you gave is wrong. `verify` reads a store
    whole.

    Example: throughline doctor --bootstrap localhost:9092 --store cases.duckdb --outbox outbox.sqlite
    """
    folders = [path.absolute().parent for path in (store_path, outbox_path) if path is not None]
    found = [
        *told("python", look_at_python),
        *told("java", look_at_java),
        *told("disk", lambda: look_at_disks([*folders, Path.cwd()], LEAST_FREE_BYTES)),
    ]
    if bootstrap is None:
        found.append(Diagnosis("broker", "not asked", "Name one by --bootstrap."))
    else:
        topics = load_topics(domain, prefix=topic_prefix, replication=replication_factor)
        reached = told("broker", lambda: look_at_broker(bootstrap, topics, security))
        found.extend(reached)
        if reached[0].state == "ok":
            found.extend(told("clock", lambda: look_at_clock(bootstrap, security)))
    if store_path is None:
        found.append(Diagnosis("store", "not asked", "Name one by --store."))
    else:
        found.extend(told("store", lambda: look_at_store(store_path)))
    if outbox_path is None:
        found.append(Diagnosis("outbox", "not asked", "Name one by --outbox."))
    else:
        found.extend(told("outbox", lambda: look_at_outbox(outbox_path)))
    for one in found:
        click.echo(f"{one.state:<9}  {one.part:<6}  {' '.join(one.said.split())}")
        if one.hint:
            click.echo(f"{'':<19}{' '.join(one.hint.split())}")
    code = exit_code_of(found)
    if code:
        sys.exit(code)
