"""A figure over time: what of its ups and downs is more than its usual variation.

XmR charts, as the NHS's "Making data count" and Wheeler's "Understanding Variation" have them: the limits lie 2.66 mean
moving ranges from the mean, and no month is coloured good or bad.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

# 3 / d2 for two values: from the mean moving range to three standard deviations
_SPREAD = 2.66
# fewer values give no limits worth drawing
LEAST = 6
# of the largest value: what the mean of equal values may differ from them
_HAIR = 1e-9
# so many on one side of the mean, one after the other, are a shift
_RUN = 8


@dataclass(frozen=True)
class Variation:
    """`mean`, `lower` and `upper` in the unit of the values; `signals` says of each value why it is more than usual
    variation: `beyond` a limit, part of a `shift`, or None."""

    mean: float
    lower: float
    upper: float
    signals: tuple[str | None, ...]


def variation(values: Sequence[float], *, least: float | None = None, most: float | None = None) -> Variation | None:
    """The limits of values in order of time, none of them missing, held between `least` and `most` (a share: 0 and 1).

    None where there are fewer than six: limits made of so few say nothing.
    """
    if len(values) < LEAST:
        return None
    mean = fmean(values)
    reach = _SPREAD * fmean(abs(after - before) for before, after in pairwise(values))
    lower = mean - reach if least is None else max(mean - reach, least)
    upper = mean + reach if most is None else min(mean + reach, most)
    hair = _HAIR * max(map(abs, values))
    shifted = _shifted([value - mean if abs(value - mean) > hair else 0.0 for value in values])
    signals = tuple(
        "beyond" if not lower - hair <= value <= upper + hair else "shift" if place in shifted else None
        for place, value in enumerate(values)
    )
    return Variation(mean, lower, upper, signals)


def _shifted(deviations: Sequence[float]) -> set[int]:
    """The places of every run of eight or more on one side."""
    found: set[int] = set()
    begin = 0
    for place in range(1, len(deviations) + 1):
        if place == len(deviations) or deviations[place] * deviations[begin] <= 0:
            if place - begin >= _RUN:
                found |= set(range(begin, place))
            begin = place
    return found
