"""`source check`: what a mapping makes of files, before anything is published."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from throughline.cli.terminal.options import MappingFile, mapping_of, taken_at_option, usual_domain_option
from throughline.cli.terminal.writing import say
from throughline.schemas.definitions.domain import Domain
from throughline.sources.files import files_to_read
from throughline.sources.workbench.dry_run import dry_run


@click.command("check", short_help="Say what a mapping makes of files; publish nothing.")
@click.argument("mapping_name", metavar="MAPPING", type=MappingFile())
@click.argument("paths", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@usual_domain_option
@taken_at_option
def check(mapping_name: str, paths: tuple[Path, ...], domain: Domain, taken_at: str | None) -> None:
    """Read each FILE with MAPPING and list every column at fault, once for each fault, with how many rows, the first
    of them, and the words that would do. Nothing is published and no store is made.

    Ends with 1 where a row is refused, or the mapping does not fit.

    Example: throughline source check crimes.yaml crimes.csv
    """
    mapping = mapping_of(mapping_name, domain, taken_at)
    assert mapping is not None
    is_clean = True
    for file in files_to_read(list(paths), is_mapped=True):
        report = dry_run(mapping, file, domain)
        for line in report.lines():
            say(line)
        is_clean = is_clean and not report.problems and not report.refused
    if not is_clean:
        sys.exit(1)
