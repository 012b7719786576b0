"""What somebody knows who has seen everything that was ever shown, and who knows the rules by which numbers are hidden.

What they do not know are whole numbers; what they do know are sums and limits of these (`Knowledge`). They are taken to
know more than anybody is likely to: which counts contain which others, also where a count fell from one publication to
the next, and which count has not changed in between. Too much knowledge makes us hide more, never less.

What must not become known are the numbers behind the marks, and small numbers that nobody shows but anybody could work
out: what was added between two dates, what a list leaves out, what is counted twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from itertools import combinations, pairwise

from throughline.sinks.disclosure.cell import Cell, Measure, Place, ShownCell, sums, without
from throughline.sinks.disclosure.marker import Marks

Sum = tuple[tuple[int, int], ...]
"""Numbers by their index, each with how often it is counted."""

_REST = "\0the rest"


class State(Enum):
    """What becomes of a number: it is known, it is hidden, or it is still to be decided which."""

    KNOWN = "known"
    HIDDEN = "hidden"
    OPEN = "open"


@dataclass(frozen=True)
class Target:
    """A small number: a sum of others. Whole numbers from `least` to `most` (both included) are all to be possible.

    `is_old`: all of it was shown or hidden before the new table.
    """

    sum: Sum
    truth: int
    least: int
    most: int
    is_old: bool


@dataclass
class Knowledge:
    """Numbers by their index: what they are, and within what limits anybody knows them to be where they are hidden.

    Each sum of `equal` is 0, each of `at_most` 0 or less. `places` are the cells of the new table.
    """

    truth: list[int] = field(default_factory=list)
    least: list[int] = field(default_factory=list)
    most: list[int | None] = field(default_factory=list)
    state: list[State] = field(default_factory=list)
    equal: dict[Sum, None] = field(default_factory=dict)
    at_most: dict[Sum, None] = field(default_factory=dict)
    targets: dict[Sum, Target] = field(default_factory=dict)
    places: dict[Place, int] = field(default_factory=dict)


def knowledge(
    measure: Measure, threshold: int, new: Sequence[Cell], earlier: Sequence[ShownCell], marks: Marks
) -> Knowledge:
    """What is known once `new`, a table of one date, is shown with `marks` beside what was shown `earlier`."""
    known = _Builder(measure, threshold)
    for shown in earlier:
        known.add_shown(shown)
    for cell in new:
        known.made.places[cell.place] = known.add_new(cell, marks)
    known.relate(new, earlier)
    known.aim()
    return known.made


class _Builder:
    """Numbers are one where date, place and count are: whoever shows a count again adds nothing to it."""

    def __init__(self, measure: Measure, threshold: int) -> None:
        self.made = Knowledge()
        self._measure = measure
        self._threshold = threshold
        self._index: dict[tuple[datetime, Place, int], int] = {}
        # by place, in the order of dates and, for one date, of publications; of one date alone where it is named
        self._chains: dict[tuple[Place, datetime | None], list[int]] = {}
        self._derived: set[int] = set()
        # the numbers of the new table, and what follows from them
        self._new: set[int] = set()
        self._is_new = False

    def add_shown(self, cell: ShownCell) -> None:
        state = State.KNOWN if cell.suppressed is None else State.HIDDEN
        self._limit(self._number(cell), state, cell.least, cell.most)

    def add_new(self, cell: Cell, marks: Marks) -> int:
        index = self._number(cell)
        self._new.add(index)
        if cell.place in marks.small:
            self._limit(index, State.HIDDEN, *marks.limits(cell, "small"))
        elif cell.cases == 0:
            self._limit(index, State.KNOWN, 0, 0)
        else:
            self._limit(index, State.OPEN, *marks.limits(cell, "secondary"))
        return index

    def relate(self, new: Sequence[Cell], earlier: Sequence[ShownCell]) -> None:
        """Sums of every date as it stood after each publication, and what contains what from one date to the next."""
        dates: dict[datetime, dict[int, list[Cell]]] = {}
        for shown in earlier:
            dates.setdefault(shown.as_of, {}).setdefault(shown.publication, []).append(shown)
        last = 1 + max((shown.publication for shown in earlier), default=0)
        for cell in new:
            dates.setdefault(cell.as_of, {}).setdefault(last, []).append(cell)
        for as_of in sorted(dates):
            standing: dict[Place, int] = {}
            for publication, cells in sorted(dates[as_of].items()):
                self._is_new = publication == last
                # a number that was derived from an earlier state need not be true of this one
                standing = {place: index for place, index in standing.items() if index not in self._derived}
                standing |= {cell.place: self._number(cell) for cell in cells}
                self._complete(as_of, standing)
                self._relate_one(as_of, standing)
                for place, index in standing.items():
                    one_date = None if self._measure.is_counted_on(place) else as_of
                    chain = self._chains.setdefault((place, one_date), [])
                    if index not in chain:
                        chain.append(index)
        for chain in self._chains.values():
            for one, other in pairwise(chain):
                # a count that fell was not counted on: what is left is within what was
                less, more = (one, other) if self.made.truth[one] <= self.made.truth[other] else (other, one)
                self.made.at_most[_sum({less: 1, more: -1})] = None

    def aim(self) -> None:
        """The small numbers: those that are hidden, those nobody lists, and the differences of two of one place."""
        made = self.made
        for index, state in enumerate(made.state):
            if state is State.HIDDEN:
                # by an earlier mark, more or fewer may be small than are now
                said = made.most[index]
                is_derived = index in self._derived or not self._measure.hides_none
                self._target({index: 1}, 1 if is_derived else 0, self._threshold - 1 if said is None else said)
        for chain in self._chains.values():
            for one, other in combinations(chain, 2):
                sign = 1 if made.truth[other] > made.truth[one] else -1
                self._target({other: sign, one: -sign}, 1, self._threshold - 1)

    def _number(self, cell: Cell) -> int:
        key = (cell.as_of, cell.place, cell.cases)
        if key not in self._index:
            self._index[key] = len(self.made.truth)
            self.made.truth.append(cell.cases)
            self.made.least.append(0)
            self.made.most.append(None)
            self.made.state.append(State.OPEN)
        return self._index[key]

    def _limit(self, index: int, state: State, least: int, most: int | None) -> None:
        """Take what is said now to what was said before: what is known stays known, and limits come closer only."""
        made = self.made
        if made.state[index] is State.KNOWN or state is State.KNOWN:
            made.state[index] = State.KNOWN
            made.least[index] = made.most[index] = made.truth[index]
            return
        # what is hidden for itself stays so; what was hidden for another's sake may be shown now
        made.state[index] = state
        made.least[index] = max(made.least[index], least)
        limits = [limit for limit in (made.most[index], most) if limit is not None]
        made.most[index] = min(limits, default=None)

    def _complete(self, as_of: datetime, standing: dict[Place, int]) -> None:
        """Put in the totals that no table lists, where they are sums of parts that are listed."""
        cuts = range(len(self._measure.cuts))
        for depth in range(max(map(_depth, standing), default=0), 0, -1):
            missing: dict[Place, dict[int, int]] = {}
            for place, index in standing.items():
                for cut in cuts:
                    total = without(place, cut)
                    is_part = _depth(place) == depth and place[cut] is not None and self._measure.is_whole(cut)
                    if is_part and total not in standing:
                        missing.setdefault(total, {}).setdefault(cut, 0)
                        missing[total][cut] += self.made.truth[index]
            for total, by_cut in missing.items():
                # a hierarchy gives a smaller sum by its finer cut, where not every part of the coarser has finer ones
                standing[total] = self._derive(as_of, total, max(by_cut.values()))

    def _derive(self, as_of: datetime, place: Place, truth: int) -> int:
        is_listed = (as_of, place, truth) in self._index
        index = self._number(Cell(as_of, place, truth))
        if not is_listed:
            self.made.state[index] = State.HIDDEN
            self._derived.add(index)
            if self._is_new:
                self._new.add(index)
        return index

    def _relate_one(self, as_of: datetime, standing: dict[Place, int]) -> None:
        made, measure = self.made, self._measure
        for total, cut, places in sums(list(standing), len(measure.cuts)):
            name, whole = measure.cuts[cut], standing[total]
            parts = [standing[place] for place in places]
            rest = made.truth[whole] - sum(made.truth[part] for part in parts)
            together = dict.fromkeys(parts, 1) | {whole: -1}
            if name in measure.overlapping:
                for part in parts:
                    self._within(part, whole)
                if name not in measure.partial and rest <= 0:
                    made.at_most[_sum({index: -times for index, times in together.items()})] = None
                    # what is counted twice
                    self._target(together, 1, self._threshold - 1)
            elif name in measure.partial and rest >= 0:
                place = (*total[:cut], _REST, *total[cut + 1 :])
                made.equal[_sum(together | {self._derive(as_of, place, rest): 1})] = None
            elif rest == 0:
                # tables of two publications, between which the numbers moved, do not add up, and nobody can add them
                made.equal[_sum(together)] = None

    def _within(self, part: int, whole: int) -> None:
        if self.made.truth[part] <= self.made.truth[whole]:
            self.made.at_most[_sum({part: 1, whole: -1})] = None
            self._target({whole: 1, part: -1}, 1, self._threshold - 1)

    def _target(self, indexes: dict[int, int], least: int, most: int) -> None:
        """Aim at a sum, unless it is not small, or is known already."""
        made = self.made
        truth = sum(times * made.truth[index] for index, times in indexes.items())
        is_known = all(made.state[index] is State.KNOWN for index in indexes)
        if least <= truth <= most and not is_known and most > least:
            key = _sum(indexes)
            made.targets.setdefault(key, Target(key, truth, least, most, not self._new & indexes.keys()))


def _depth(place: Place) -> int:
    return sum(value is not None for value in place)


def _sum(indexes: dict[int, int]) -> Sum:
    return tuple(sorted(indexes.items()))
