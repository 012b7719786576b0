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

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Quantile:
    """Seconds after which a share has ended, with the interval of 95 % confidence; None where it is not reached."""

    seconds: float | None
    least: float | None
    most: float | None


class Survival:
    """The estimate for durations in seconds and whether each has `ended`; both of one length, not empty.

    Durations in order take a fraction of the time that others do. One that is not known (NaN) is left out.
    """

    def __init__(self, seconds: Floats, ended: NDArray[np.bool_]) -> None:
        if np.isnan(seconds).any():
            seconds, ended = seconds[~np.isnan(seconds)], ended[~np.isnan(seconds)]
        if not np.all(seconds[1:] >= seconds[:-1]):
            order = np.argsort(seconds, kind="stable")
            seconds, ended = seconds[order], ended[order]
        self._seconds = seconds
        self._is_known = bool(ended.any())
        # the first row of each time, and how many had lasted so long
        begins = np.flatnonzero(np.concatenate([[True], seconds[1:] > seconds[:-1]])) if len(seconds) else np.array([0])
        self._times = seconds[begins] if len(seconds) else seconds
        self._at_risk = len(seconds) - begins
        self._ended = np.add.reduceat(ended.astype(np.int64), begins) if len(seconds) else np.zeros(1, dtype=np.int64)
        self._not_yet = np.cumprod((self._at_risk - self._ended) / np.maximum(self._at_risk, 1))

    def reached(self, share: float) -> float | None:
        """The seconds of `quantile` alone, which take a fraction of its time."""
        return self._first(self._not_yet, 1 - share + _HAIR) if self._is_known else None

    def quantile(self, share: float) -> Quantile:
        """When `share` of them have ended: the first time at which so few have not. The interval is that of Brookmeyer
        and Crowley: where the band of the curve (log-log) crosses the same line."""
        if not self._is_known:
            return Quantile(None, None, None)
        line = 1 - share + _HAIR
        # the band lies around the curve, which falls: it need not be known where it cannot cross the line
        above, below = np.searchsorted(-self._not_yet, [-(line + _MARGIN), -(line - _MARGIN)])
        low, high = self._edge(slice(0, below + 1), 1), self._edge(slice(above, None), -1)
        return Quantile(self._first(self._not_yet, line), self._first(low, line), self._first(high, line, above))

    def curve(self) -> pa.Table:
        """One row per time at which something ended or was last seen, from 0: `seconds`, `not_yet` (share of 1 that has
        not ended), `low` and `high` (its interval), `at_risk` (how many had lasted so long)."""
        if not self._is_known:
            times = np.array([0.0])
            not_yet = low = high = np.array([1.0])
        else:
            times = np.concatenate([[0.0], self._times])
            bands = (self._not_yet, self._edge(slice(None), 1), self._edge(slice(None), -1))
            not_yet, low, high = (np.concatenate([[1.0], band]) for band in bands)
        at_risk = len(self._seconds) - np.searchsorted(self._seconds, times, side="left")
        return pa.table({"seconds": times, "not_yet": not_yet, "low": low, "high": high, "at_risk": at_risk})

    def coarse_curve(self, least: int) -> pa.Table:
        """The curve for readers who may not learn of fewer than `least`: so many or more ended between two of its
        steps, and it stops while as many are still at risk."""
        ended = np.cumsum(self._ended)
        kept = [0]
        since = 0
        for place in np.flatnonzero(self._ended):
            if ended[place] - since >= least and self._at_risk[place] - self._ended[place] >= least:
                kept.append(int(place) + 1)
                since = ended[place]
        return self.curve().take(pa.array(kept)) if self._is_known else self.curve()

    @cached_property
    def _variance(self) -> Floats:
        """Greenwood's sum at each time."""
        # not defined where all have ended
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.cumsum(self._ended / (self._at_risk * (self._at_risk - self._ended)))

    def _edge(self, part: slice, side: int) -> Floats:
        """One edge of the interval (1: the lower, -1: the upper) at a part of the times: Greenwood's variance on the
        scale of log(-log S), as R's `survfit` has it."""
        not_yet = self._not_yet[part]
        # where all have ended, or none has, the variance is not defined: there the band is the curve itself
        with np.errstate(divide="ignore", invalid="ignore"):
            log = np.log(not_yet)
            reach = _REACH * np.sqrt(self._variance[part] / log**2)
            edge = np.exp(-np.exp(np.log(-log) + side * reach))
        return np.where(np.isnan(edge), not_yet, edge)

    def _first(self, band: Floats, line: float, begin: int = 0) -> float | None:
        """The first of the times from place `begin` on at which `band` has come down to the line."""
        is_reached = band <= line
        place = int(np.argmax(is_reached)) if len(is_reached) else 0
        return float(self._times[begin + place]) if len(is_reached) and is_reached[place] else None
