"""`export`: the public views as files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from throughline.cli.terminal.options import as_of_option, on_store
from throughline.sinks.export import FORMATS, export_ducklake, export_parquet
from throughline.sinks.store import Store


@click.command(short_help="Write every public view to Parquet or DuckLake.")
@on_store(with_domain=False)
@click.option(
    "--to", "folder", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder to write to."
)
@click.option("--format", "format_", type=click.Choice(FORMATS), default="parquet", show_default=True)
@as_of_option
def export(store: Store, folder: Path, format_: str, as_of: datetime | None) -> None:
    """Write every public view to a folder: Parquet files with a manifest, or a DuckLake catalogue.

    A second export replaces the first; a DuckLake catalogue keeps the first as an earlier snapshot. Counted to an
    earlier day, it leaves out the views that show only what is known today, and names them.

    Example: throughline export --store board.duckdb --to export/
    """
    made = (export_parquet if format_ == "parquet" else export_ducklake)(store, folder, as_of=as_of)
    rows = sum(file.rows for file in made.files)
    click.echo(f"{len(made.files)} views, {rows:,} rows, as of {made.as_of or 'no event'}.")
    if made.left_out:
        click.echo(f"Left out, because they show only what is known today: {', '.join(made.left_out)}.", err=True)
