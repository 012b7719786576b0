"""Several stores that are shown as one: how they are named on the command line."""

from __future__ import annotations

from pathlib import Path

import click

from throughline.errors import StoreMissing, UsageError

stores_option = click.option(
    "--store",
    "store_paths",
    multiple=True,
    type=click.Path(path_type=Path),
    default=(Path("throughline.duckdb"),),
    show_default=True,
    envvar="THROUGHLINE_STORE",
    help="A store, or a folder of the stores of partitions. Give it again for more: they are shown as one.",
)


def stores_at(paths: tuple[Path, ...]) -> list[Path]:
    """The stores that are named, and those in the folders that are named.

    Raises StoreMissing for a folder without a store, UsageError for a store that is named twice.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob("*.duckdb"))
            if not inside:
                raise StoreMissing(
                    f"There is no store in the folder `{path}`.", hint="A store ends in `.duckdb` there."
                )
            found += inside
        else:
            found.append(path)
    resolved = [path.expanduser().resolve() for path in found]
    if twice := [path for path in resolved if resolved.count(path) > 1]:
        raise UsageError(f"`{twice[0]}` is named twice.", hint="Its cases would be counted twice: name it once.")
    return found
