"""What is hidden of a table of counts, so that no small number in it or behind it becomes known.

1. A count of fewer cases than the threshold is hidden (`small`); a count of none is shown, unless it stands beneath a
   total that is small itself, or the measure hides it.
2. Further counts are hidden (`secondary`) until, for whoever has seen everything, each small number may still be any
   from 1 to one below the threshold. Where what its own mark and earlier publications say keeps it from that, as many
   whole numbers in a row as that must be possible.
3. What is chosen is proved: `witness.py`. What cannot be proved in the time is hidden as a whole (`table`).

The range is the widest that can be asked for: the mark itself says so much. The Handbook on Statistical Disclosure
Control (https://sdctools.github.io/HandbookSDC, 4.2 and 4.4) asks for an interval about each small cell, and leaves its
width to the owner of the table.

Small tables are solved exactly (the least number of cases hidden); others one small number after the other, each by the
cheapest further numbers, as in the heuristic of Kelly, Golden and Assad (Networks 22 (1992), 397).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa

from throughline.sinks.disclosure.attacker import Knowledge, is_ring, knowledge
from throughline.sinks.disclosure.cell import Measure, ShownCell, Suppressed, cells_of
from throughline.sinks.disclosure.witness import Numbers, Puzzle

SECONDS = 5.0


def protect(
    table: pa.Table,
    measure: Measure,
    *,
    as_of: datetime,
    threshold: int,
    earlier: Sequence[ShownCell] = (),
    seconds: float = SECONDS,
) -> pa.Table:
    """The table with a column `suppressed` (null, `small`, `secondary`, `table`), null in every other of a hidden row.

    A row is a count of `cases` at `as_of` (UTC, naive), with the cuts of its measure (null or no column: the total) and
    any further numbers of these cases. `earlier` is what was ever shown of the measure. Ends within about `seconds`.
    A row that is hidden keeps its cuts alone. Where the whole table is hidden, do not list its rows either.

    Raises what `cells_of` raises.
    """
    new = cells_of(table, measure, as_of)
    earlier = [cell for cell in earlier if measure.is_cumulative or cell.as_of == as_of]
    at_once = [cell.place for cell in (*earlier, *new) if cell.as_of == as_of]
    known = knowledge(measure, threshold, new, earlier)
    hidden = None if is_ring(at_once) else secondary(known, threshold, seconds)
    marks: list[Suppressed | None] = []
    for cell in new:
        if hidden is None:
            marks.append("table" if new else None)
        elif cell.place in known.small:
            marks.append("small")
        else:
            marks.append("secondary" if known.places[cell.place] in hidden else None)
    return marked(table, measure, marks)


def marked(table: pa.Table, measure: Measure, marks: Sequence[Suppressed | None]) -> pa.Table:
    """The table with these marks, and with nothing but the cuts in a row that has one."""
    is_shown = pa.array([mark is None for mark in marks], pa.bool_())
    for at, name in enumerate(table.column_names):
        if name not in measure.cuts:
            column = table[name]
            kept = pa.compute.if_else(is_shown, column, pa.scalar(None, column.type))
            table = table.set_column(at, name, kept)
    return table.append_column("suppressed", pa.array(marks, pa.string()))


def secondary(known: Knowledge, threshold: int, seconds: float) -> frozenset[int] | None:
    """The numbers that are hidden for the sake of others, by their index. None: nothing that could be hidden is enough."""
    puzzle = Puzzle(known, threshold, seconds)
    pool = _Pool(puzzle, threshold)
    if not pool.hide_what_is_needed():
        return None
    best = puzzle.best(pool.windows)
    if best is not None and _weight(puzzle, best[0]) < _weight(puzzle, pool.hidden):
        pool.take(*best)
    if not pool.is_proved():
        return None
    return frozenset(puzzle.index[column] for column in pool.hidden)


class _Pool:
    """The witnesses found so far, the columns hidden for them, and the window of each target."""

    def __init__(self, puzzle: Puzzle, threshold: int) -> None:
        self._puzzle = puzzle
        self._width = threshold - 2
        self.hidden: frozenset[int] = frozenset()
        self.windows = [(target.least, target.most) for target in puzzle.targets]
        self._found: list[Numbers] = []
        self._least = self._most = puzzle.values(puzzle.truth)

    def hide_what_is_needed(self) -> bool:
        """Whether each target has its two witnesses."""
        puzzle = self._puzzle
        # the widest apart first: what is hidden for them serves the others too
        for target in range(len(puzzle.targets)):
            if not (self._push(target, upward=True) and self._push(target, upward=False)):
                if not (self._slide(target) and self._push(target, upward=True) and self._push(target, upward=False)):
                    return False
        return True

    def take(self, hidden: frozenset[int], found: list[Numbers]) -> None:
        self.hidden, self._found = hidden, found

    def is_proved(self) -> bool:
        """Judge the witnesses again, in whole numbers, by what is hidden in the end."""
        puzzle = self._puzzle
        found = [numbers for numbers in (puzzle.truth, *self._found) if puzzle.agrees(numbers, self.hidden)]
        values = [puzzle.values(numbers) for numbers in found]
        return bool(values) and all(
            min(value[target] for value in values) <= least and max(value[target] for value in values) >= most
            for target, (least, most) in enumerate(self.windows)
        )

    def _push(self, target: int, *, upward: bool) -> bool:
        """Find a witness for an end of the window, and hide what it takes."""
        least, most = self.windows[target]
        if self._most[target] >= most if upward else self._least[target] <= least:
            return True
        puzzle = self._puzzle
        found = puzzle.cheapest(target, most if upward else least, upward=upward, hidden=self.hidden)
        if found is None:
            return False
        moved = frozenset(column for column in puzzle.open if found[column] != puzzle.truth[column])
        if not puzzle.agrees(found, self.hidden | moved):
            return False
        self.hidden |= moved
        self._add(found)
        return True

    def _add(self, found: Numbers) -> None:
        self._found.append(found)
        values = self._puzzle.values(found)
        self._least = [min(pair) for pair in zip(self._least, values, strict=True)]
        self._most = [max(pair) for pair in zip(self._most, values, strict=True)]

    def _slide(self, target: int) -> bool:
        """Put the window where it can be, if everything is hidden. Whether there is one that is wide enough."""
        puzzle = self._puzzle
        ends = [puzzle.extreme(target, upward=upward) for upward in (False, True)]
        if ends[0] is None or ends[1] is None:
            return False
        low, high = (int(puzzle.values(end)[target]) for end in ends if end is not None)
        wanted, is_old = puzzle.targets[target].least, puzzle.targets[target].is_old
        start = max(low, min(wanted, high - self._width))
        end = min(high, start + self._width)
        self.windows[target] = (start, end)
        return is_old or end - start >= self._width


def _weight(puzzle: Puzzle, hidden: frozenset[int]) -> int:
    return sum(int(puzzle.truth[column]) + 1 for column in hidden)
