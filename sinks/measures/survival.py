"""How long things take of which some have not ended: the estimate of Kaplan and Meier.

Those that have not ended count for as long as they have lasted ("censored"). Leaving them out would make slow agencies
look quick: their slowest cases are the ones that still wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

CONFIDENCE = 0.95
_REACH = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
# a share is a product of fractions: a hair above one half is one half
_HAIR = 1e-9
# more than rounding moves the edge of a band
_MARGIN = 1e-6
# rows that are looked at together where the edge may cross
_BLOCK = 2048

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Quantile:
    """Seconds after which a share has ended, with the interval of 95 % confidence; None where it is not reached."""

    seconds: float | None
    least: float | None
    most: float | None


class Survival:
    """The estimate for durations in seconds and whether each has `ended`; both of one length, not empty.

    What is in order need not be sorted. A duration that is not known (NaN) is left out.
    """

    def __init__(self, seconds: Floats, ended: NDArray[np.bool_]) -> None:
        self._begin(_in_order(seconds[ended]), _in_order(seconds[~ended]))

    @classmethod
    def of(cls, ended: Floats, waiting: Floats) -> Survival:
        """The same of the durations that ended and of those that did not, all known and each in order: so millions of
        them need not be looked at one by one."""
        made = cls.__new__(cls)
        made._begin(ended, waiting)
        return made

    def _begin(self, ended: Floats, waiting: Floats) -> None:
        self._over, self._open = ended, waiting
        count = self._count = len(self._over) + len(self._open)
        self._is_known = len(self._over) > 0
        # the rows of all, in order: what ends at a time at which others still wait comes first, they were at risk
        self._waiting = np.searchsorted(self._over, self._open, side="right") + np.arange(len(self._open))
        # between two that still wait, fractions that follow one another cancel out: (n-1)/n * (n-2)/(n-1) = (n-2)/n
        self._begins = np.concatenate([[0], self._waiting + 1])
        before, after = count - self._begins[:-1], count - self._waiting
        self._left = np.concatenate([[1.0], np.cumprod(after / before)])
        self._summed = np.concatenate([[0.0], np.cumsum(1 / after - 1 / before)])

    def reached(self, share: float) -> float | None:
        """The seconds of `quantile` alone, which take a fraction of its time."""
        if not self._is_known:
            return None
        place = self._reached(1 - share + _HAIR)
        return None if place is None else float(self._of_rows(np.array([place]))[0][0])

    def quantile(self, share: float) -> Quantile:
        """When `share` of them have ended: the first time at which so few have not. The interval is that of Brookmeyer
        and Crowley: where the band of the curve (log-log) crosses the same line."""
        line = 1 - share + _HAIR
        if not self._is_known:
            return Quantile(None, None, None)
        return Quantile(self.reached(share), self._crossed(line, 1), self._crossed(line, -1))

    def curve(self) -> pa.Table:
        """One row per time at which something ended or was last seen, from 0: `seconds`, `not_yet` (share of 1 that has
        not ended), `low` and `high` (its interval), `at_risk` (how many had lasted so long)."""
        if not self._is_known:
            times = np.array([0.0])
            not_yet = low = high = np.array([1.0])
        else:
            begins = self._steps
            times = np.concatenate([[0.0], self._seconds[begins]])
            found, variance = self._after(np.append(begins[1:], self._count))
            bands = (found, _edge(found, variance, 1), _edge(found, variance, -1))
            not_yet, low, high = (np.concatenate([[1.0], band]) for band in bands)
        at_risk = self._count - np.searchsorted(self._seconds, times, side="left")
        return pa.table({"seconds": times, "not_yet": not_yet, "low": low, "high": high, "at_risk": at_risk})

    def coarse_curve(self, least: int) -> pa.Table:
        """The curve for readers who may not learn of fewer than `least`: so many or more ended between two of its
        steps, and it stops while as many are still at risk."""
        if not self._is_known:
            return self.curve()
        of_step = np.add.reduceat(self._of_rows(np.arange(self._count))[1].astype(np.int64), self._steps)
        ended, at_risk = np.cumsum(of_step), self._count - self._steps
        kept = [0]
        since = 0
        for place in np.flatnonzero(of_step):
            if ended[place] - since >= least and at_risk[place] - of_step[place] >= least:
                kept.append(int(place) + 1)
                since = ended[place]
        return self.curve().take(pa.array(kept))

    @cached_property
    def _seconds(self) -> Floats:
        return self._of_rows(np.arange(self._count))[0]

    def _of_rows(self, rows: Rows) -> tuple[Floats, NDArray[np.bool_]]:
        """How long each of these lasted, and whether it ended."""
        before = np.searchsorted(self._waiting, rows)
        is_over = np.append(self._waiting, -1)[before] != rows
        seconds = np.empty(len(rows))
        seconds[is_over] = self._over[(rows - before)[is_over]]
        seconds[~is_over] = self._open[before[~is_over]]
        return seconds, is_over

    @cached_property
    def _steps(self) -> Rows:
        """The first row of each time."""
        return np.flatnonzero(np.concatenate([[True], self._seconds[1:] > self._seconds[:-1]]))

    def _after(self, rows: Rows) -> tuple[Floats, Floats]:
        """The share that has not ended, and Greenwood's sum, when so many rows are over."""
        part = np.searchsorted(self._waiting, rows)
        count = self._count
        before = count - self._begins[part]
        # where none is left, nothing can be said of how sure it is
        with np.errstate(divide="ignore", invalid="ignore"):
            left = np.where(before > 0, self._left[part] * (count - rows) / before, self._left[part])
            return left, np.where(before > 0, self._summed[part] + 1 / (count - rows) - 1 / before, self._summed[part])

    def _reached(self, line: float) -> int | None:
        """The first row after which so few have not ended; None where so many never do."""
        low, high = 0, self._count
        if self._after(np.array([high]))[0][0] > line:
            return None
        while high - low > 1:
            # a few steps, each of a thousand rows at once
            rows = np.unique(np.linspace(low, high, 1024).astype(np.int64))
            place = int(np.argmax(self._after(rows)[0] <= line))
            low, high = int(rows[max(place - 1, 0)]), int(rows[place])
        return high - 1

    def _crossed(self, line: float, side: int) -> float | None:
        """The first time at which an edge of the band (see `_edge`) has come down to the line.

        The edge need not fall all the way. But how low it can be within a block of rows is known from the ends of the
        block: only where that is low enough is every row looked at.
        """
        count = self._count
        ends = np.append(np.arange(0, count, _BLOCK), count)
        left, variance = self._after(ends)
        with np.errstate(divide="ignore", invalid="ignore"):
            fallen, fell = np.abs(np.log(left[1:])), np.abs(np.log(left[:-1]))
            reach = _REACH * (np.sqrt(variance[1:]) / fell if side == 1 else -np.sqrt(variance[:-1]) / fallen)
            lowest = np.exp(-fallen * np.exp(reach))
        may_cross = ~(lowest > line + _MARGIN) | (left[1:] <= line)
        for block in np.flatnonzero(may_cross):
            rows = np.arange(ends[block], ends[block + 1])
            seconds, is_over = self._of_rows(np.append(rows, min(ends[block + 1], count - 1)))
            # the last that ended at its time
            is_last = (rows == count - 1) | ~is_over[1:] | (seconds[1:] > seconds[:-1])
            ended = np.flatnonzero(is_over[:-1] & is_last)
            is_reached = _edge(*self._after(rows[ended] + 1), side) <= line
            if is_reached.any():
                return float(seconds[ended[np.argmax(is_reached)]])
        return None


def _in_order(seconds: Floats) -> Floats:
    """Those that are known, the shortest first."""
    if np.all(seconds[1:] >= seconds[:-1]) and not (len(seconds) and np.isnan(seconds[-1])):
        return seconds
    return np.sort(seconds[~np.isnan(seconds)])


def _edge(not_yet: Floats, variance: Floats, side: int) -> Floats:
    """One edge of the interval (1: the lower, -1: the upper): Greenwood's variance on the scale of log(-log S), as R's
    `survfit` has it."""
    # where all have ended, or none has, the variance is not defined: there the band is the curve itself
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(not_yet)
        reach = _REACH * np.sqrt(variance / log**2)
        edge = np.exp(-np.exp(np.log(-log) + side * reach))
    return np.where(np.isnan(edge), not_yet, edge)
