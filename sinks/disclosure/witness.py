"""Witnesses: whole numbers that agree with everything that is known, and in which a small number is another.

Two witnesses for each target, one at its least and one at its most, prove that nobody can tell which of them is true.
A witness is found by a solver, and checked in whole numbers without it: a fault of the solver hides too much, and never
shows too much.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_diag, csr_matrix, hstack, vstack

from throughline.sinks.disclosure.attacker import Knowledge, State, Sum, Target

Numbers = NDArray[np.int64]

# How far a number may be taken from the truth by us: somebody who is told a limit knows more, so that a limit is safe.
_REACH = 10
# How large a table may be to be solved exactly: numbers, times ends of targets. And how long that may take.
_EXACT_SIZE = 1_000
_EXACT_SECONDS = 0.5
# What it is worth to serve other targets by the way: less than anything that is shown.
_GIFT = 0.01
_CLOSE = 1e-6
# one at a time: each turns standard output away, and back
_SOLVING = threading.Lock()


class Puzzle:
    """What is unknown and hangs together with the new table, in the columns of a system of sums.

    `open` are the columns that may be hidden, `targets` the small numbers. `seconds` is the time for all of it. Where
    there is no new table, it is all that is unknown.
    """

    def __init__(self, known: Knowledge, threshold: int, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        kept = _kept(known)
        column = {index: at for at, index in enumerate(kept)}
        self.truth: Numbers = np.array([known.truth[index] for index in kept], dtype=np.int64)
        reach = _REACH * threshold
        self._least = np.array([known.least[index] for index in kept], dtype=np.int64)
        most = [known.truth[index] + reach if known.most[index] is None else known.most[index] for index in kept]
        self._most = np.array(most, dtype=np.int64)
        self._least = np.maximum(self._least, self.truth - reach)
        self.open = frozenset(column[index] for index in kept if known.state[index] is State.OPEN)
        self.index = dict(enumerate(kept))
        equal, self._equal_to = _rows(known.equal, column, known)
        less, self._at_most = _rows(known.at_most, column, known)
        self._equal, self._less = equal, less
        self._rows = vstack([equal, less], format="csr")
        slack = (self._at_most - less @ self.truth).astype(float)
        low = np.concatenate([np.zeros(len(self._equal_to)), np.full(len(slack), -np.inf)])
        high = np.concatenate([np.zeros(len(self._equal_to)), slack])
        both = hstack([self._rows, -self._rows], format="csc")
        self._moved = [LinearConstraint(both, low, high)] if len(high) else []
        self.targets: list[Target] = []
        sums = []
        for target in known.targets.values():
            if any(index in column for index, _ in target.sum):
                self.targets.append(target)
                sums.append(target.sum)
        self._sums, fixed = _rows(sums, column, known)
        # a sum is what its columns give, less what `_rows` has put on the other side
        self._shift = -fixed

    def time_left(self) -> float:
        return self._deadline - time.monotonic()

    def values(self, numbers: Numbers) -> Numbers:
        """What the targets are in these numbers."""
        return np.asarray(self._sums @ numbers + self._shift, dtype=np.int64)

    def agrees(self, numbers: Numbers, hidden: Iterable[int]) -> bool:
        """Whether these numbers may be the truth for all that is known, if these open columns are hidden."""
        fixed = sorted(self.open.difference(hidden))
        free = np.ones(len(self.truth), dtype=bool)
        free[fixed] = False
        return bool(
            (numbers[fixed] == self.truth[fixed]).all()
            and (numbers >= self._least)[free].all()
            and (numbers <= self._most)[free].all()
            and (self._equal @ numbers == self._equal_to).all()
            and (self._less @ numbers <= self._at_most).all()
        )

    def must_hide(self) -> frozenset[int]:
        """The open columns that are all that is unknown of a target."""
        alone = np.diff(self._sums.indptr) == 1
        return self.open & {int(column) for column in self._sums.indices[self._sums.indptr[:-1][alone]]}

    def cheapest(
        self, target: int, bound: int, *, upward: bool, hidden: frozenset[int], wanted: Iterable[int] = ()
    ) -> Numbers | None:
        """Numbers in which a target is at the bound or beyond, moved as little as can be from what is not hidden.

        Weighted by cases. Targets that are `wanted` are taken the same way, as far as it costs nothing. None where
        there are no such numbers, or where the time is over.
        """
        n = len(self.truth)
        shown = sorted(self.open - hidden)
        cost = np.zeros(n)
        cost[shown] = self.truth[shown] + 1.0
        gift = np.zeros(len(self.targets))
        gift[list(wanted)] = _GIFT / max(1, len(self.targets))
        pull = np.asarray(self._sums.T @ gift).ravel() * (1 if upward else -1)
        # what a number is above the truth, and what it is below, so that either has its cost
        row = self._sums[target]
        limit = bound - int(self.values(self.truth)[target])
        constraints = [
            *self._moved,
            LinearConstraint(hstack([row, -row], format="csc"), *((limit, np.inf) if upward else (-np.inf, limit))),
        ]
        room = np.concatenate([self._most - self.truth, self.truth - self._least])
        moved = self._solved(np.concatenate([cost - pull, cost + pull]), constraints, Bounds(0, room), np.ones(2 * n))
        return None if moved is None else self.truth + moved[:n] - moved[n:]

    def extreme(self, target: int, *, upward: bool) -> Numbers | None:
        """Numbers in which a target is as far as it can be, if everything that is open is hidden."""
        n = len(self.truth)
        pull = np.asarray(self._sums[target].todense()).ravel() * (1.0 if upward else -1.0)
        room = np.concatenate([self._most - self.truth, self.truth - self._least])
        moved = self._solved(np.concatenate([-pull, pull]), self._moved, Bounds(0, room), np.ones(2 * n))
        return None if moved is None else self.truth + moved[:n] - moved[n:]

    def best(self, windows: list[tuple[int, int]]) -> tuple[frozenset[int], list[Numbers]] | None:
        """The open columns of least weight that are enough for all targets, with the witnesses.

        One program that holds a copy of all numbers for each end of each target. None where it is too large or was not
        solved in time.
        """
        opened = sorted(self.open)
        n, m = len(self.truth), len(opened)
        ends = []
        for target, (least, most) in enumerate(windows):
            value = int(self.values(self.truth)[target])
            ends += [(target, least, False)] if value > least else []
            ends += [(target, most, True)] if value < most else []
        if not ends or not m or len(ends) * n > _EXACT_SIZE:
            return None
        copies = len(ends)
        pick = csr_matrix((np.ones(m), (range(m), opened)), shape=(m, n))
        picks = block_diag([pick] * copies)
        at = self.truth[opened]
        up = vstack([csr_matrix(np.diag((self._most[opened] - at).astype(float)))] * copies)
        down = vstack([csr_matrix(np.diag((at - self._least[opened]).astype(float)))] * copies)
        none = csr_matrix((copies * self._rows.shape[0], m))
        rest = np.tile(np.concatenate([self._equal_to, self._at_most]).astype(float), copies)
        low = np.tile(np.concatenate([self._equal_to, np.full(len(self._at_most), -np.inf)]), copies)
        aims = block_diag([self._sums[target] for target, _, _ in ends])
        limits = np.array([bound - self._shift[target] for target, bound, _ in ends], dtype=float)
        is_up = np.array([upward for _, _, upward in ends])
        constraints = [
            LinearConstraint(hstack([block_diag([self._rows] * copies), none]), low, rest),
            LinearConstraint(
                hstack([aims, csr_matrix((copies, m))]),
                np.where(is_up, limits, -np.inf),
                np.where(is_up, np.inf, limits),
            ),
            LinearConstraint(hstack([picks, -up]), -np.inf, np.tile(at, copies)),
            LinearConstraint(hstack([picks, down]), np.tile(at, copies), np.inf),
        ]
        cost = np.concatenate([np.zeros(copies * n), at + 1.0])
        bounds = Bounds(
            np.concatenate([np.tile(self._least, copies), np.zeros(m)]),
            np.concatenate([np.tile(self._most, copies), np.ones(m)]),
        )
        seconds = min(self.time_left() / 2, _EXACT_SECONDS)
        found = self._solved(cost, constraints, bounds, np.ones(copies * n + m), seconds)
        if found is None:
            return None
        witnesses = found[: copies * n].reshape(copies, n)
        hidden = frozenset(one for one in opened if (witnesses[:, one] != self.truth[one]).any())
        return hidden, list(witnesses)

    def _solved(
        self,
        cost: NDArray[np.float64],
        constraints: list[LinearConstraint],
        bounds: Bounds,
        whole: NDArray[np.float64],
        seconds: float | None = None,
    ) -> Numbers | None:
        seconds = self.time_left() if seconds is None else seconds
        if seconds <= 0:
            return None
        # the corners of most tables are whole numbers, and without asking for them a solution takes a tenth of the time
        for kind in (None, whole):
            with _unheard():
                found = milp(
                    cost,
                    constraints=constraints,
                    bounds=bounds,
                    integrality=kind,
                    # where numbers are to be whole, presolving (scipy 1.17.1) now and then loses the best of them
                    options={"time_limit": max(seconds, 0.01), "presolve": kind is None},
                )
            if found.x is None:
                return None
            numbers = np.rint(found.x)
            if kind is not None or np.abs(found.x - numbers).max() < _CLOSE:
                return np.asarray(numbers, dtype=np.int64)
        return None


def _kept(known: Knowledge) -> list[int]:
    """The unknown numbers that hang together with one of the new table, by sums of which all else is known."""
    unknown = [state is not State.KNOWN for state in known.state]
    above = list(range(len(unknown)))

    def root(index: int) -> int:
        while above[index] != index:
            above[index] = above[above[index]]
            index = above[index]
        return index

    for row in (*known.equal, *known.at_most, *known.targets):
        here = [index for index, _ in row if unknown[index]]
        for other in here[1:]:
            above[root(other)] = root(here[0])
    new = {root(index) for index in known.places.values() if unknown[index]}
    return [index for index in range(len(unknown)) if unknown[index] and (not known.places or root(index) in new)]


def _rows(sums: Iterable[Sum], column: dict[int, int], known: Knowledge) -> tuple[csr_matrix, Numbers]:
    """The sums as rows over the columns, and what stands on the other side: what is known, with its sign turned.

    A sum that has none of the columns is left out.
    """
    entries: list[int] = []
    columns: list[int] = []
    starts = [0]
    other_side = []
    for row in sums:
        here = [(column[index], times) for index, times in row if index in column]
        if here:
            columns += [at for at, _ in here]
            entries += [times for _, times in here]
            starts.append(len(entries))
            other_side.append(-sum(times * known.truth[index] for index, times in row if index not in column))
    made = csr_matrix((entries, columns, starts), shape=(len(starts) - 1, len(column)), dtype=np.int64)
    return made, np.array(other_side, dtype=np.int64)


@contextmanager
def _unheard() -> Iterator[None]:
    """Without what the solver writes to standard output whatever is asked of it: a table may be going there."""
    with _SOLVING, Path(os.devnull).open("wb") as nowhere:
        sys.stdout.flush()
        kept = os.dup(1)
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)
