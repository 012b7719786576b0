"""`board pack`: the paper for a board's meeting, as PDF and as Excel workbook."""

from __future__ import annotations

from pathlib import Path

import click

from throughline.cli.boards.together import stores_at, stores_option
from throughline.cli.terminal.options import domain_of, domain_option
from throughline.cli.terminal.writing import write_file
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.store import Store


@click.command("pack", short_help="Write the paper for a board's meeting: PDF and Excel.")
@stores_option
@domain_option
@click.option("--as-of", "as_of", metavar="DAY", help="Count to the end of this day. Default: the latest event.")
@click.option("--beside", metavar="DAY", help="The day of the meeting before: say what changed since.")
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder to write to. Default: this one.",
)
@click.option(
    "--for-case-workers",
    is_flag=True,
    help="Show small numbers too, and say so on every page: only those who work on the cases read it.",
)
def pack(
    store_paths: tuple[Path, ...],
    domain: Domain | None,
    as_of: str | None,
    beside: str | None,
    folder: Path,
    for_case_workers: bool,
) -> None:
    """Write the paper for a board's meeting, as board-paper-DAY.pdf and .xlsx: the figures of the board in sentences,
    charts and tables, what changed since the meeting before, and whether the data can be trusted.

    A day is counted to its end, as on the board, whose numbers these are. What is hidden there is hidden here. The
    same stores and the same days give the same files.

    Example: throughline board pack --as-of 2026-06-30 --beside 2026-03-31 --store cases.duckdb --out papers/
    """
    # kept out of the other commands' start
    from throughline.sinks.board.frame.settings import Settings
    from throughline.sinks.board.pack.book import paper_xlsx
    from throughline.sinks.board.pack.composition import asked_for, paper
    from throughline.sinks.board.pack.pdf import paper_pdf
    from throughline.sinks.board.reading.present import Present
    from throughline.sinks.disclosure.register import Register, register_of
    from throughline.sinks.questions.limits import Limits, limited

    limits = Limits(seconds=1_800.0)
    present = Present(stores_at(store_paths), limits)
    try:
        state = present.state()
        with state.cursor() as cursor, limited(cursor, limits):
            chosen = domain_of(Store(cursor, present.paths[0], is_writable=False), domain)
            register = None if for_case_workers else Register(register_of(present.paths[0]))
            said = paper(asked_for(cursor, state.facts, Settings(chosen, register), as_of=as_of, beside=beside))
    finally:
        present.close()
    for kind, content in (("pdf", paper_pdf(said)), ("xlsx", paper_xlsx(said))):
        path = folder / f"board-paper-{said.last_day}.{kind}"
        write_file(path, content)
        click.echo(str(path))
