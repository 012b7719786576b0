"""`lineage`: where figures come from, as events of OpenLineage."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from throughline.cli.terminal.options import store_option
from throughline.errors import InfrastructureError
from throughline.sinks.store import open_store

if TYPE_CHECKING:
    from throughline.quality.figures.lineage import Event


@click.command("lineage", short_help="Show where figures come from, as OpenLineage events.")
@store_option
@click.option(
    "--out", "path", type=click.Path(path_type=Path, dir_okay=False), help="File to write, one JSON line an event."
)
@click.option(
    "--url",
    metavar="URL",
    envvar="OPENLINEAGE_URL",
    help="Server to send to, if --out is not given. Its key: OPENLINEAGE_API_KEY.",
)
@click.option(
    "--export",
    "exports",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="A folder that the store was exported to, as Parquet.",
)
@click.option(
    "--namespace",
    default="throughline",
    show_default=True,
    envvar="OPENLINEAGE_NAMESPACE",
    help="Namespace of the store's jobs, tables and views: one for each deployment.",
)
def lineage_command(
    store_path: Path, path: Path | None, url: str | None, exports: tuple[Path, ...], namespace: str
) -> None:
    """Print where the figures of a store come from: one JSON line for each OpenLineage event.

    It leads from a view back to its tables, the runs that filled them, the files and topics they read, and who
    published those. It gives names and counts, and never what an event says.

    Example: throughline lineage --store cases.duckdb --export export/ --out lineage.jsonl
    """
    # the client of OpenLineage takes a quarter of a second to import, which no other command should wait for
    from throughline.quality.figures.lineage import lineage

    with open_store(store_path, write=False) as store:
        events = list(lineage(store, namespace, exports))
    if path is None and url is not None:
        _send(events, url)
    else:
        with _written(path) as out:
            _print(events, out)
    if path is not None or url is not None:
        click.echo(f"{len(events):,} events to {path or url}", err=True)


def _print(events: Iterable[Event], out: TextIO) -> None:
    from openlineage.client.serde import Serde

    out.writelines(f"{Serde.to_json(event)}\n" for event in events)


def _send(events: Iterable[Event], url: str) -> None:
    import os

    from openlineage.client.transport.http import HttpConfig, HttpTransport
    from requests import RequestException

    key = os.environ.get("OPENLINEAGE_API_KEY")
    auth = {"auth": {"type": "api_key", "apiKey": key}} if key else {}
    transport = HttpTransport(HttpConfig.from_dict({"url": url, **auth}))
    try:
        for event in events:
            transport.emit(event)
    except RequestException as error:
        raise InfrastructureError(
            f"`{url}` did not take the lineage: {error}.",
            hint="Check that the server is running. Sending it all again is safe.",
        ) from error
    finally:
        transport.close()


@contextmanager
def _written(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    try:
        with path.open("w", encoding="utf-8") as out:
            yield out
    except OSError as error:
        raise InfrastructureError(
            f"`{path}` cannot be written: {error.strerror}.", hint="Name another file with --out."
        ) from error
