"""A table for people: as wide as the terminal, wrapped between words and never within one.

Where the columns do not fit side by side, what can be spared is left out, and said below: first the beginning that all
URNs share, then columns that say the same in every row, then columns that the question can do without. Where the
others still do not fit, each row becomes a block with a line for each column.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import TextIO

PIPE_WIDTH = 140
NULL = "–"
# a case id has 17 characters, the longest id of a standard 20
_ONE_PIECE = 20
# from this width on, columns stand further apart
_ROOMY = 120
# rows by which the widths are chosen
_TRIED = 30
_URN = re.compile(r"\burn:[^:\s]+:(?=\S)")
_CODE = re.compile(r"[a-z0-9_]+[,;:.]?")

Row = Sequence[str | None]


def width_of(out: TextIO) -> int:
    """Columns of the terminal that `out` goes to; of a pipe or file what COLUMNS says, or 140."""
    fallback = (80 if out.isatty() else PIPE_WIDTH, 24)
    return shutil.get_terminal_size(fallback).columns


def write_table(
    out: TextIO, names: Sequence[str], rows: Sequence[Row], width: int, spare: Sequence[str] = ()
) -> list[str]:
    """Write rows of texts (None is null), at most `width` wide; sentences on what was left out, to go below them.

    `spare` names columns that a narrow table can do without, the first one first. Only a word longer than a line is
    ever broken.
    """
    gaps = (3,) if width >= _ROOMY else (2, 1)
    for shown, kept, notes in _ways(names, rows, spare):
        texts = [[NULL if (text := row[i]) is None else text for i in kept] for row in (names, *shown)]
        for gap in gaps:
            widths = _widths(texts, width - gap * (len(kept) - 1))
            if widths is not None:
                heading, *lines = [_beside(row, widths, gap) for row in texts]
                rule = (" " * gap).join("─" * width for width in widths)
                out.write("\n".join([*heading, rule, *chain(*lines), "", ""]))
                return notes
    out.write("\n".join([*_blocks(names, rows, width), "", ""]))
    return []


def _ways(
    names: Sequence[str], rows: Sequence[Row], spare: Sequence[str]
) -> Iterator[tuple[Sequence[Row], list[int], list[str]]]:
    """What may be shown, the whole first: rows, the columns of them that are kept, and what to say of the others."""
    kept = list(range(len(names)))
    yield rows, kept, []
    notes: list[str] = []
    beginnings = {found for row in rows for text in row for found in _URN.findall(text or "")}
    if len(beginnings) == 1:
        rows, notes = (
            [[text and _URN.sub("", text) for text in row] for row in rows],
            [f"`{beginnings.pop()}` is left out."],
        )
        yield rows, kept, notes
    alike = [i for i in kept if len({row[i] for row in rows}) == 1] if len(rows) > 1 else []
    if alike and len(alike) < len(names):
        kept = [i for i in kept if i not in alike]
        notes = [*notes, "In every row shown: " + ", ".join(f"{names[i]} {rows[0][i] or NULL}" for i in alike) + "."]
        yield rows, kept, notes
    for most in range(1, len(spare) + 1):
        gone = [i for i in kept if names[i] in spare[:most]]
        if gone and len(gone) < len(kept):
            left_out = ", ".join(names[i] for i in gone)
            said = f"Left out for want of room: {left_out}. --format csv has them."
            yield rows, [i for i in kept if i not in gone], [*notes, said]


def printable(text: str) -> str:
    """Text that cannot steer a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _widths(texts: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """A width for each column, so that all take at most `room` and no word is broken; None where there is none."""
    columns = list(zip(*texts, strict=True))
    widths = [min(max(map(len, column)), room) for column in columns]
    least = [max(map(len, _pieces(column)), default=1) for column in columns]
    if all(len(text) <= _ONE_PIECE for text in columns[0][1:]):
        # so that an id can be copied
        least[0] = max([*map(len, columns[0][1:]), least[0]])
    if sum(least) > room:
        return None
    widths = [max(pair) for pair in zip(widths, least, strict=True)]
    tried = [column[:_TRIED] for column in columns]
    heights = [[_height(text, width) for text in column] for column, width in zip(tried, widths, strict=True)]
    while sum(widths) > room:
        # the column that makes the table the least longer, and of those the widest
        found = []
        for i, width in enumerate(widths):
            if width > least[i]:
                narrower = [_height(text, width - 1) for text in tried[i]]
                lines = sum(map(max, zip(*heights[:i], narrower, *heights[i + 1 :], strict=True)))
                found.append((lines, -width, i, narrower))
        _, _, i, heights[i] = min(found)
        widths[i] -= 1
    return widths


@cache
def _height(text: str, width: int) -> int:
    return len(_wrapped(text, width))


def _pieces(texts: Iterable[str]) -> Iterator[str]:
    """What is not to be broken."""
    return (piece for text in texts for word in text.split() for piece in _parts(word))


def _parts(word: str) -> list[str]:
    """Where a word may be parted that is longer than a line: a code after its underscores, and nothing else."""
    return re.split(r"(?<=_)(?=[a-z0-9])", word) if _CODE.fullmatch(word) else [word]


def _wrapped(text: str, width: int) -> list[str]:
    """The lines of a text, none longer than `width`."""
    lines = [""]
    for word in re.findall(r"\S+|\s+", text):
        for part in [word] if len(word) <= width else _parts(word):
            if len(lines[-1] + part.rstrip()) > width and lines[-1].strip():
                lines.append("")
            lines[-1] += part if lines[-1] or len(lines) == 1 else part.lstrip()
            while len(lines[-1].rstrip()) > width:
                lines[-1:] = [lines[-1][:width], lines[-1][width:]]
    return [line.rstrip() for line in lines]


def _beside(texts: Sequence[str], widths: Sequence[int], gap: int) -> list[str]:
    """The lines of one row of a table."""
    cells = [_wrapped(text, width) for text, width in zip(texts, widths, strict=True)]
    return [
        (" " * gap)
        .join((cell[i] if i < len(cell) else "").ljust(width) for cell, width in zip(cells, widths, strict=True))
        .rstrip()
        for i in range(max(map(len, cells)))
    ]


def _blocks(names: Sequence[str], rows: Sequence[Row], width: int) -> list[str]:
    """Each row as a block, with a line for each column."""
    label = min(max(map(len, names)), width // 2)
    lines: list[str] = []
    for number, row in enumerate(rows, 1):
        lines.append(f"── {number} ".ljust(width, "─"))
        for name, value in zip(names, row, strict=True):
            lines += _beside([name, NULL if value is None else value], [label, max(1, width - label - 2)], 2)
    return lines
