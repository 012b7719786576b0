"""How long things take of which some have not ended: the estimate of Kaplan and Meier, by SciPy.

Those that have not ended count for as long as they have lasted ("censored"). Leaving them out would make slow agencies
look quick: their slowest cases are the ones that still wait.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

CONFIDENCE = 0.95
# a share is a product of fractions: a hair above one half is one half
_HAIR = 1e-9


@dataclass(frozen=True)
class Quantile:
    """Seconds after which a share has ended, with the interval of 95 % confidence; None where it is not reached."""

    seconds: float | None
    least: float | None
    most: float | None


class Survival:
    """The estimate for durations in seconds and whether each has `ended`; both of one length, not empty."""

    def __init__(self, seconds: NDArray[np.float64], ended: NDArray[np.bool_]) -> None:
        self._seconds = np.sort(seconds)
        self._is_known = bool(ended.any())
        if self._is_known:
            # kept out of the start of every command: it takes a second
            from scipy.stats import CensoredData, ecdf

            self._estimate = ecdf(CensoredData(uncensored=seconds[ended], right=seconds[~ended])).sf

    def quantile(self, share: float) -> Quantile:
        """When `share` of them have ended: the first time at which so few have not. The interval is that of Brookmeyer
        and Crowley: where the band of the curve (log-log) crosses the same line."""
        if not self._is_known:
            return Quantile(None, None, None)
        low, high = self._band()
        line = 1 - share + _HAIR
        return Quantile(
            self._first(self._estimate.probabilities, line), self._first(low, line), self._first(high, line)
        )

    def curve(self) -> pa.Table:
        """One row per time at which something ended, from 0: `seconds`, `not_yet` (share of 1 that has not ended),
        `low` and `high` (its interval), `at_risk` (how many had lasted so long)."""
        if not self._is_known:
            times = np.array([0.0])
            not_yet = low = high = np.array([1.0])
        else:
            times = np.concatenate([[0.0], self._estimate.quantiles])
            bands = (self._estimate.probabilities, *self._band())
            not_yet, low, high = (np.concatenate([[1.0], band]) for band in bands)
        at_risk = len(self._seconds) - np.searchsorted(self._seconds, times, side="left")
        return pa.table({"seconds": times, "not_yet": not_yet, "low": low, "high": high, "at_risk": at_risk})

    def _band(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        with warnings.catch_warnings():
            # where all have ended, or none has, the variance is not defined: there the band is the curve itself
            warnings.simplefilter("ignore", RuntimeWarning)
            interval = self._estimate.confidence_interval(CONFIDENCE, method="log-log")
        curve = self._estimate.probabilities
        low, high = interval.low.probabilities, interval.high.probabilities
        return np.where(np.isnan(low), curve, low), np.where(np.isnan(high), curve, high)

    def _first(self, band: NDArray[np.float64], line: float) -> float | None:
        reached = np.flatnonzero(band <= line)
        return float(self._estimate.quantiles[reached[0]]) if len(reached) else None
