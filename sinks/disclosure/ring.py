"""Tables that hang together in a ring, of which sums say less than the cases behind them do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from throughline.sinks.disclosure.cell import Cell


def is_ring(cells: Iterable[Cell], as_of: datetime) -> bool:
    """Whether sums over the listed places say less than the cases behind them do, for the table of this date.

    They say all where the tables of a date hang together without a ring (by A and B, by B and C, by C and A, and not by
    all three): Dobra and Fienberg, PNAS 97 (2000), 11885. Of two dates, the later must not be cut finer than the
    earlier where the earlier has several tables: by A, by B, and later by both.
    """
    shapes: dict[datetime, set[frozenset[int]]] = {}
    for cell in cells:
        shape = frozenset(cut for cut, value in enumerate(cell.place) if value is not None)
        shapes.setdefault(cell.as_of, set()).add(shape)
    widest = {date: _widest(found) for date, found in shapes.items()}
    return not _is_reducible(widest[as_of]) or any(
        _joins(widest[earlier], widest[later])
        for earlier in widest
        for later in widest
        if earlier < later and as_of in (earlier, later)
    )


def _widest(shapes: set[frozenset[int]]) -> set[frozenset[int]]:
    return {shape for shape in shapes if not any(shape < other for other in shapes)}


def _joins(earlier: set[frozenset[int]], later: set[frozenset[int]]) -> bool:
    """Whether a table of the later date crosses what only several tables of the earlier have."""
    return any(len(_widest({shape & one for one in earlier})) > 1 for shape in later)


def _is_reducible(shapes: set[frozenset[int]]) -> bool:
    """Graham's reduction: without cuts of one shape alone, and shapes within others, nothing is left."""
    while len(shapes) > 1:
        alone = {cut for shape in shapes for cut in shape if sum(cut in other for other in shapes) == 1}
        reduced = _widest({shape - alone for shape in shapes})
        if reduced == shapes:
            return False
        shapes = reduced
    return True
