"""`source show`: rows of a file beside the events that they become."""

from __future__ import annotations

from pathlib import Path

import click

from throughline.cli.terminal.options import MappingFile, mapping_of, taken_at_option, usual_domain_option
from throughline.cli.terminal.writing import say
from throughline.schemas.definitions.domain import Domain
from throughline.sources.workbench.pairs import rows_beside_events


@click.command("show", short_help="Print rows beside the events that they become.")
@click.argument("mapping_name", metavar="MAPPING", type=MappingFile())
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@usual_domain_option
@taken_at_option
@click.option("--rows", type=click.IntRange(1), default=5, show_default=True, help="How many rows.")
def show(mapping_name: str, path: Path, domain: Domain, taken_at: str | None, rows: int) -> None:
    """Print the first rows of FILE beside their events: each part of an event with the column that it is from, what
    stood there, and what it becomes. What the domain restricts, and what may be about a person, is masked.

    Example: throughline source show crimes.yaml crimes.csv --rows 3
    """
    mapping = mapping_of(mapping_name, domain, taken_at)
    assert mapping is not None
    for one in rows_beside_events(mapping, path, domain, rows):
        say(f"row {one.position}" + (f": no event, {one.refused}" if one.refused else ""))
        names, origins, given = (
            max((len(getattr(part, name)) for part in one.parts), default=0) for name in ("name", "origin", "given")
        )
        for part in one.parts:
            line = f"  {part.name:<{names}}  {part.origin:<{origins}}  {part.given:<{given}}  → {part.becomes}"
            say(line.rstrip())
