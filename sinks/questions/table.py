"""Rows as a table for people: as wide as the terminal, wrapped between words and never within one.

Where the columns do not fit side by side, what is said once is enough: how all URNs begin, then what every row says.
Where that does not do, columns that can be spared are left out, and named. Where the others still do not fit, each row
becomes a block with a line for each column.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import product
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


def width_of(out: TextIO) -> int:
    """Columns of the terminal that `out` goes to; of a pipe or file what COLUMNS says, or 140."""
    fallback = (80 if out.isatty() else PIPE_WIDTH, 24)
    return shutil.get_terminal_size(fallback).columns


def table_lines(
    names: Sequence[str], rows: Sequence[Sequence[str | None]], width: int, spare: Sequence[str] = ()
) -> list[str]:
    """The lines of a table of at most `width` characters. `spare` names columns that may go, the first one first.

    A word longer than a line is all that is ever broken.
    """
    if not names:
        return []
    shown = list(range(len(names)))
    left_out: list[str] = []
    texts = [[printable(name) for name in names]] + [[NULL if v is None else printable(v) for v in row] for row in rows]
    gaps = (3,) if width >= _ROOMY else (2, 1)
    notes: list[str] = []
    if not _fits(texts, shown, width, gaps[-1]):
        texts, notes = _without_shared_beginning(texts)
    alike = [i for i in shown if len(rows) > 1 and len({row[i] for row in texts[1:]}) == 1]
    if alike and not _fits(texts, shown, width, gaps[-1]):
        unlike = [i for i in shown if i not in alike]
        if unlike and _fits(texts, unlike, width, gaps[-1]):
            shown, spare = unlike, ()
            notes = [
                *notes,
                "In every row: " + ", ".join(f"{texts[0][i]} {texts[1][i] or 'nothing'}" for i in alike) + ".",
            ]
    for name, gap in product(("", *spare), gaps):
        if name in names and name not in left_out:
            shown.remove(names.index(name))
            left_out.append(name)
        widths = _widths([[row[i] for i in shown] for row in texts], width - gap * (len(shown) - 1))
        if widths is not None:
            break
    else:
        return [*_blocks(texts, width), *_written(notes, width)]
    heading, *others = ["\n".join(_beside([row[i] for i in shown], widths, gap)) for row in texts]
    lines = [heading, (" " * gap).join("─" * width for width in widths), *others]
    if left_out:
        notes.append(f"Left out, to fit {width} columns: {', '.join(reversed(left_out))}. --format csv has them.")
    lines += _written(notes, width)
    return "\n".join(lines).split("\n")


def _written(notes: Sequence[str], width: int) -> list[str]:
    return ["", *(line for note in notes for line in _wrapped(note, width))] if notes else []


def _fits(texts: Sequence[Sequence[str]], shown: Sequence[int], width: int, gap: int) -> bool:
    """Whether these columns have room beside one another without a word being broken."""
    return sum(_least([[row[i] for row in texts] for i in shown])) + gap * (len(shown) - 1) <= width


def _without_shared_beginning(texts: list[list[str]]) -> tuple[list[list[str]], list[str]]:
    """`police:20:rms` for `urn:throughline:police:20:rms` where all URNs begin alike; and the sentence that says so."""
    found = {one for row in texts for text in row for one in _URN.findall(text)}
    if len(found) != 1:
        return texts, []
    return [[_URN.sub("", text) for text in row] for row in texts], [f"`{found.pop()}` is left out."]


def printable(text: str) -> str:
    """Text that cannot steer a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _widths(texts: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """A width for each column, so that all take at most `room` and no word is broken; None where there is none."""
    columns = list(zip(*texts, strict=True))
    widths = [min(max(map(len, column)), room) for column in columns]
    least = _least(columns)
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


def _least(columns: Sequence[Sequence[str]]) -> list[int]:
    """The least width of each column, heading first, in which no word is broken."""
    least = [max(map(len, _pieces(column)), default=1) for column in columns]
    if all(len(text) <= _ONE_PIECE for text in columns[0][1:]):
        # so that an id can be copied
        least[0] = max([*map(len, columns[0][1:]), least[0]])
    return least


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


def _blocks(texts: Sequence[Sequence[str]], width: int) -> list[str]:
    """Each row as a block, with a line for each column."""
    names, *rows = texts
    label = min(max(map(len, names)), width // 2)
    lines: list[str] = []
    for number, row in enumerate(rows, 1):
        lines.append(f"── {number} ".ljust(width, "─"))
        for name, value in zip(names, row, strict=True):
            lines += _beside([name, value], [label, max(1, width - label - 2)], 2)
    return lines
