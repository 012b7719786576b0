"""A table for people: as wide as the terminal, and no word of it broken.

Where columns have no room, what can be left out is: first the beginning that all URNs share, then columns that say the
same in every row, which are said once below. What still has no room is written row by row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

# into a file or pipe there is no width to ask for
PIPE_WIDTH = 140
# from this width on, columns stand further apart
_ROOMY = 120
_URN = re.compile(r"\burn:[^:\s]+:(?=\S)")
Row = Sequence[str | None]


def write_table(out: TextIO, names: Sequence[str], rows: Sequence[Row], *, width: int | None = None) -> list[str]:
    """Draw rows of texts (None is null), `width` wide; sentences on what was left out, to be written below it."""
    console = Console(file=out, width=width or (None if out.isatty() else PIPE_WIDTH), highlight=False)
    gap = 2 if console.width >= _ROOMY else 1
    notes: list[str] = []
    shown, kept = _without_shared_beginning(rows), list(range(len(names)))
    if shown != rows and _widths(names, rows, kept, console.width, gap) is None:
        (beginning,) = {found for row in rows for text in row for found in _URN.findall(text or "")}
        rows, notes = shown, [f"`{beginning}` is left out."]
    widths = _widths(names, rows, kept, console.width, gap)
    if widths is None and len(rows) > 1:
        alike = [i for i in kept if len({row[i] for row in rows}) == 1]
        kept = [i for i in kept if i not in alike]
        widths = _widths(names, rows, kept, console.width, gap)
        if widths is not None:
            notes.append("In every row: " + ", ".join(f"{names[i]} {rows[0][i] or '–'}" for i in alike) + ".")
    if widths is None:
        _write_rows(console, names, rows)
        return notes
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, gap - 1))
    for i, room in zip(kept, widths, strict=True):
        table.add_column(Text(names[i]), width=room, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row[i]) for i in kept))
    console.print(table)
    return notes


def _cell(text: str | None) -> Text:
    """Text, since a value may look like markup of the console; null is not an empty text."""
    return Text("–", style="dim") if text is None else Text(text)


def _widths(names: Sequence[str], rows: Sequence[Row], kept: Sequence[int], width: int, gap: int) -> list[int] | None:
    """How wide each column is to be so that no word is broken; None where that has no room."""
    texts = [[names[i], *(row[i] or "–" for row in rows)] for i in kept]
    widths = [max(cell_len(word) for text in column for word in text.split() or [""]) for column in texts]
    most = [max(map(cell_len, column)) for column in texts]
    # what the box draws at its edges and between columns
    room = width - sum(widths) - (2 * gap - 1) * (len(kept) - 1) - 2
    if room < 0:
        return None
    # what lacks least first, so that the longest texts alone take several lines
    for i in sorted(range(len(kept)), key=lambda i: most[i] - widths[i]):
        more = min(room, most[i] - widths[i])
        widths[i] += more
        room -= more
    return widths


def _without_shared_beginning(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows with `police:20:rms` for `urn:throughline:police:20:rms`, where all their URNs begin alike."""
    found = {one for row in rows for text in row for one in _URN.findall(text or "")}
    if len(found) != 1:
        return rows
    return [[text and _URN.sub("", text) for text in row] for row in rows]


def _write_rows(console: Console, names: Sequence[str], rows: Sequence[Row]) -> None:
    """Each row by itself, a line or more for each column."""
    for row in rows:
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, text in zip(names, row, strict=True):
            table.add_row(Text(name), _cell(text))
        console.print(table)
        console.print()
