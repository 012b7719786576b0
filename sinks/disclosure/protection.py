"""What is hidden of a table of counts, so that no small number in it or behind it becomes known.

1. A count of fewer cases than the threshold is hidden (`small`); a count of none is shown, unless it stands beneath a
   total that is small itself, or the measure hides it.
2. Further counts are hidden (`secondary`) until, for whoever has seen everything, each small number may still be any
   from 1 to one below the threshold. Where what its own mark and earlier publications say keeps it from that, as many
   whole numbers in a row as that must be possible.
3. Where the marks alone say too much, because hardly a number is not small, all that is hidden is marked `secondary`.
4. What is chosen is proved: `witness.py`. What cannot be proved in the time is hidden as a whole (`table`).

The range is the widest that can be asked for: the mark itself says so much. The Handbook on Statistical Disclosure
Control (https://sdctools.github.io/HandbookSDC, 4.2 and 4.4) asks for an interval about each small cell, and leaves its
width to the owner of the table.

Small tables are solved exactly (the least number of cases hidden); others one small number after the other, each by the
cheapest further numbers, as in the heuristic of Kelly, Golden and Assad (Networks 22 (1992), 397).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from throughline.sinks.disclosure.attacker import Knowledge, knowledge
from throughline.sinks.disclosure.cell import Measure, ShownCell, Suppressed, cells_of
from throughline.sinks.disclosure.marker import marks_of
from throughline.sinks.disclosure.ring import is_ring

if TYPE_CHECKING:
    from throughline.sinks.disclosure.witness import Numbers, Puzzle

SECONDS = 10.0


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
    deadline = time.monotonic() + seconds
    suppressed: list[Suppressed | None] = ["table"] * len(new)
    # which numbers are small says too much where hardly any is not: then the marks do not say it
    for tells_small in (True, False) if new and not is_ring([*earlier, *new], as_of) else ():
        marks = marks_of(new, measure, threshold, tells_small=tells_small)
        known = knowledge(measure, threshold, new, earlier, marks)
        before = knowledge(measure, threshold, [], earlier, marks)
        hidden = secondary(known, before, threshold, deadline - time.monotonic())
        if hidden is not None:
            suppressed = [marks.mark(cell.place, known.places[cell.place] in hidden) for cell in new]
            break
    return marked(table, measure, suppressed)


def marked(table: pa.Table, measure: Measure, suppressed: Sequence[Suppressed | None]) -> pa.Table:
    """The table with these marks, and with nothing but the cuts in a row that has one."""
    is_shown = pa.array([mark is None for mark in suppressed], pa.bool_())
    for at, name in enumerate(table.column_names):
        if name not in measure.cuts:
            column = table[name]
            kept = pc.if_else(is_shown, column, pa.scalar(None, column.type))
            table = table.set_column(at, name, kept)
    return table.append_column("suppressed", pa.array(suppressed, pa.string()))


def secondary(known: Knowledge, before: Knowledge, threshold: int, seconds: float) -> frozenset[int] | None:
    """The numbers that are hidden for the sake of others, by their index. None: no choice of them is enough.

    `before` is what was known without the new table.
    """
    # kept out of the start of every command: its solver takes half a second
    from throughline.sinks.disclosure.witness import Puzzle

    puzzle = Puzzle(known, threshold, seconds)
    pool = _Pool(puzzle, before, threshold)
    if not pool.hide_what_is_needed():
        return None
    patterns = [(pool.hidden, pool.found)]
    if pool.hidden and (best := puzzle.best(pool.windows)) is not None:
        patterns.append(best)
    for hidden, found in sorted(patterns, key=lambda pattern: _weight(puzzle, pattern[0])):
        if _is_proved(puzzle, pool.windows, hidden, found):
            return frozenset(puzzle.index[column] for column in hidden)
    return None


class _Pool:
    """The witnesses found so far, the columns hidden for them, and the window of each target."""

    def __init__(self, puzzle: Puzzle, before: Knowledge, threshold: int) -> None:
        self._puzzle = puzzle
        self._before = before
        self._threshold = threshold
        self._width = threshold - 2
        self.hidden = puzzle.must_hide()
        self.windows = [(target.least, target.most) for target in puzzle.targets]
        self.found: list[Numbers] = []
        self._least = self._most = puzzle.values(puzzle.truth)

    def hide_what_is_needed(self) -> bool:
        """Whether each target has its two witnesses."""
        return all(
            self._push_both(target) or (self._slide(target) and self._push_both(target))
            for target in range(len(self.windows))
        )

    def _push_both(self, target: int) -> bool:
        return self._push(target, upward=True) and self._push(target, upward=False)

    def _push(self, target: int, *, upward: bool) -> bool:
        """Find a witness for an end of the window, and hide what it takes."""
        least, most = self.windows[target]
        if self._most[target] >= most if upward else self._least[target] <= least:
            return True
        puzzle = self._puzzle
        missing = [
            other
            for other, (low, high) in enumerate(self.windows)
            if (self._most[other] < high if upward else self._least[other] > low)
        ]
        found = puzzle.cheapest(target, most if upward else least, upward=upward, hidden=self.hidden, wanted=missing)
        if found is None:
            return False
        moved = frozenset(column for column in puzzle.open if found[column] != puzzle.truth[column])
        if not puzzle.agrees(found, self.hidden | moved):
            return False
        self.hidden |= moved
        self._add(found)
        return True

    def _add(self, found: Numbers) -> None:
        self.found.append(found)
        values = self._puzzle.values(found)
        self._least, self._most = np.minimum(self._least, values), np.maximum(self._most, values)

    def _slide(self, target: int) -> bool:
        """Put the window where it can be, if everything is hidden. Whether there is one that is wide enough."""
        least, most = self.windows[target]
        found = _range(self._puzzle, target)
        if found is None:
            return False
        start = max(found[0], min(least, found[1] - self._width))
        end = min(found[1], start + self._width)
        self.windows[target] = (start, end)
        if end - start >= self._width:
            return True
        # what was too narrow before cannot be mended, and need not get narrower
        sought = self._puzzle.targets[target]
        if not sought.is_old or sought.sum not in self._before.targets:
            return False
        alone = type(self._puzzle)(self._before, self._threshold, self._puzzle.time_left())
        was = _range(alone, [one.sum for one in alone.targets].index(sought.sum))
        return was is not None and start <= max(was[0], least) and end >= min(was[1], most)


def _range(puzzle: Puzzle, target: int) -> tuple[int, int] | None:
    """The least and the most that a target can be, if everything that is open is hidden. None where time is over."""
    low, high = (puzzle.extreme(target, upward=upward) for upward in (False, True))
    if low is None or high is None:
        return None
    return int(puzzle.values(low)[target]), int(puzzle.values(high)[target])


def _is_proved(
    puzzle: Puzzle, windows: Sequence[tuple[int, int]], hidden: frozenset[int], found: Sequence[Numbers]
) -> bool:
    """Whether the witnesses, judged again in whole numbers, are enough for every target if this is hidden."""
    agreed = [numbers for numbers in (puzzle.truth, *found) if puzzle.agrees(numbers, hidden)]
    values = np.array([puzzle.values(numbers) for numbers in agreed])
    ends = np.array(windows, dtype=np.int64).reshape(-1, 2)
    return bool(agreed) and bool((values.min(axis=0) <= ends[:, 0]).all() and (values.max(axis=0) >= ends[:, 1]).all())


def _weight(puzzle: Puzzle, hidden: frozenset[int]) -> int:
    return sum(int(puzzle.truth[column]) + 1 for column in hidden)
