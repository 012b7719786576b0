"""A progress bar on a terminal, and nothing where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from throughline.sources.files import Report


@contextmanager
def progress_bar() -> Iterator[Report]:
    """A function to report to: the stage, how much of it is done, and how much there is."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        # what is no terminal would get an empty line
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("starting", total=None)

        def report(stage: str, done: float, total: float | None) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        yield report
