"""`board`: web pages over one or several stores."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from throughline.cli.boards.looks import looks
from throughline.cli.boards.pack import pack
from throughline.cli.boards.query import Size
from throughline.cli.boards.together import stores_at, stores_option
from throughline.cli.terminal.listening import address_of, listening_at
from throughline.cli.terminal.options import Moment, domain_of, domain_option
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.questions.limits import size_in_bytes
from throughline.sinks.store import Store

if TYPE_CHECKING:
    from throughline.sinks.board.frame.settings import CountTo


@click.group(invoke_without_command=True, short_help="Open the board: web pages of cases, feeds and figures.")
@stores_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; others need --access.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port; 0 for a free one.")
@domain_option
@click.option("--as-of", type=Moment(), help="Count up to this time unless a page is asked for another.")
@click.option(
    "--access",
    "access_path",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="THROUGHLINE_ACCESS",
    help="Who may see what: a YAML file. Without one, the user of this machine sees everything.",
)
@click.option(
    "--looks",
    "looks_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Record of who looked at a case. Default: beside the first store, as <store>.looks.",
)
@click.option(
    "--small-numbers",
    type=click.Choice(["hide", "show"]),
    help="Counts of few cases in figures. Default: show on this machine alone, hide from the people of --access.",
)
@click.option(
    "--count-to",
    type=click.Choice(["latest", "day", "month"]),
    help="To what figures count unless a page is asked for another time: the latest event, or the end of the last day "
    "or month before it. Default: the latest event; where counts of few cases are hidden, the day.",
)
@click.option(
    "--memory",
    type=Size(),
    default="6GB",
    show_default=True,
    help="What figures that are kept, and questions of the stores, may take together.",
)
@click.pass_context
def board(
    context: click.Context,
    store_paths: tuple[Path, ...],
    host: str,
    port: int,
    domain: Domain | None,
    as_of: datetime | None,
    access_path: Path | None,
    looks_file: Path | None,
    small_numbers: str | None,
    count_to: CountTo | None,
    memory: str,
) -> None:
    """Open the board: web pages of cases, feeds and figures, over one store or several.

    It reads copies, keeps no writer out, and shows what was committed last. It needs no network.
    Every look at a case is put on the record before it is shown. Figures hide counts that are small (docs/how-to/
    small-numbers.md).

    Example: throughline board --store cases.duckdb
    """
    if context.invoked_subcommand is not None:
        return
    # kept out of the other commands' start
    import uvicorn

    from throughline.sinks.board.access.looks import Looks, looks_path
    from throughline.sinks.board.access.opening import SERVER, check_host, guarded
    from throughline.sinks.board.access.settings import read_access
    from throughline.sinks.board.app import create_app
    from throughline.sinks.board.frame.settings import Settings, shared_out
    from throughline.sinks.board.reading.find import cases_called
    from throughline.sinks.board.reading.present import Present
    from throughline.sinks.disclosure.register import Register, register_of

    if access_path is None:
        # before a store is copied
        check_host(host, None)
    # a quarter of a second: a small store is copied by then, and for a large one nobody waits
    limits, kept_bytes = shared_out(size_in_bytes(memory))
    present = Present(stores_at(store_paths), limits, patience=0.25)
    try:
        with present.state().cursor() as cursor:
            chosen = domain_of(Store(cursor, present.paths[0], is_writable=False), domain)
        shows_all = small_numbers == "show" or (small_numbers is None and access_path is None)
        register = None if shows_all else Register(register_of(present.paths[0]))
        access = None if access_path is None else read_access(access_path, frozenset(chosen.agencies or ()) or None)
        count_to = count_to or ("latest" if shows_all else "day")
        app = guarded(
            create_app(present, Settings(chosen, register, as_of, count_to, limits=limits, kept_bytes=kept_bytes)),
            host=host,
            settings=access,
            looks=Looks(looks_file or looks_path(present.paths[0])),
            store=lambda: present.state().cursor(),
            find=lambda connection, name: cases_called(connection, chosen, name),
        )
        config = uvicorn.Config(
            app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=2, lifespan="on", **SERVER
        )
        listening = listening_at(host, port, what="The board")
        click.echo(f"The board is at http://{address_of(listening)}/  (Ctrl+C ends it)")
        if access is not None:
            click.echo(f"People reach it at {access.address}/")
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        present.close()


board.add_command(looks)
board.add_command(pack)
