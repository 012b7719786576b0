"""Somebody who has seen everything: what they can know of a count, by whole numbers of cases that nobody has listed.

Plain and slow, and written without a look at how numbers are hidden: each unknown is a number of cases of one
combination of all cuts, at one date, as it was known at one publication. What was published are sums of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

Place = tuple[str | None, ...]
Atom = tuple[tuple[int, int], tuple[str, ...]]


@dataclass(frozen=True)
class Published:
    """A table as it was shown: of a date, as known in a round; for each place the count, or the mark in its stead."""

    date: int
    round: int
    shown: Mapping[Place, int | str]


class Attacker:
    """What is known from publications. `values` are those of each cut. Dates and rounds only add cases, if `grows`.

    A mark says `small`: from 1 (beneath a total that is marked so, from 0) to below the threshold. Or it says
    `secondary`: the threshold or more, in a table that marks any as small.
    """

    def __init__(
        self, published: Sequence[Published], values: Sequence[Sequence[str]], threshold: int, *, grows: bool = True
    ) -> None:
        self._values = values
        states = sorted({(one.date, one.round) for one in published})
        self._atoms = {atom: at for at, atom in enumerate(product(states, product(*values)))}
        self._rows: list[np.ndarray] = []
        self._low: list[float] = []
        self._high: list[float] = []
        for one in published:
            for place, shown in one.shown.items():
                if shown == "small":
                    above = [(*place[:cut], None, *place[cut + 1 :]) for cut in range(len(place)) if place[cut]]
                    floor = 0 if any(one.shown.get(total) == "small" for total in above) else 1
                    self._know(self.count(one.date, one.round, place), floor, threshold - 1)
                elif shown == "secondary":
                    # where no number is marked small, the others may be
                    least = threshold if "small" in one.shown.values() else 0
                    self._know(self.count(one.date, one.round, place), least, np.inf)
                else:
                    self._know(self.count(one.date, one.round, place), float(shown), float(shown))
        for earlier, later in product(states, states) if grows else ():
            if earlier != later and earlier[0] <= later[0] and earlier[1] <= later[1]:
                for cuts in product(*values):
                    row = np.zeros(len(self._atoms))
                    row[self._atoms[later, cuts]], row[self._atoms[earlier, cuts]] = 1, -1
                    self._know(row, 0, np.inf)

    def count(self, date: int, round: int, place: Place) -> np.ndarray:
        """The count of a place as a sum of atoms."""
        row = np.zeros(len(self._atoms))
        for cuts in product(*self._values):
            if all(value in (None, cut) for value, cut in zip(place, cuts, strict=True)):
                row[self._atoms[(date, round), cuts]] = 1
        return row

    def range_of(self, wanted: np.ndarray) -> tuple[float, float]:
        """The least and the most that a sum can be; infinite where nothing limits it."""
        ends = []
        for sign in (1, -1):
            found = milp(
                sign * wanted,
                constraints=[LinearConstraint(np.array(self._rows), self._low, self._high)],
                bounds=Bounds(0, 10_000),
                integrality=np.ones(len(self._atoms)),
                # with it, HiGHS of scipy 1.17.1 once called 3 the most where 9 was possible
                options={"presolve": False},
            )
            assert found.success, found.message
            ends.append(sign * round(found.fun))
        return ends[0], ends[1]

    def _know(self, row: np.ndarray, low: float, high: float) -> None:
        self._rows.append(row)
        self._low.append(low)
        self._high.append(high)
