"""Seeded chance by arithmetic only: a seed gives the same bytes on every machine and version of Python."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

from throughline.demo.story.instants import DAY

T = TypeVar("T")


class Delay:
    """How long something takes: points (share of cases, days within which it is done), straight between."""

    __slots__ = ("_seconds", "_shares")

    def __init__(self, *points: tuple[float, float]) -> None:
        self._shares = [share for share, _ in points]
        self._seconds = [days * DAY for _, days in points]

    def at(self, share: float) -> int:
        """Seconds within which that share of cases (0 to 1) is done."""
        shares, seconds = self._shares, self._seconds
        place = min(max(bisect_right(shares, share), 1), len(shares) - 1)
        part = (share - shares[place - 1]) / (shares[place] - shares[place - 1])
        return int(seconds[place - 1] + part * (seconds[place] - seconds[place - 1]))


class Mix(Generic[T]):
    """Values and how often each comes, by weights in any unit."""

    __slots__ = ("_bounds", "_values")

    def __init__(self, weights: dict[T, float]) -> None:
        self._values = list(weights)
        self._bounds = list(accumulate(weights.values()))

    def at(self, share: float) -> T:
        """The value at that share (0 to 1) of all."""
        place = bisect_left(self._bounds, share * self._bounds[-1])
        return self._values[min(place, len(self._values) - 1)]


class Chance:
    """The chance of one case. `next` is the next number from 0 to 1."""

    __slots__ = ("next",)

    def __init__(self, seed: int) -> None:
        self.next = Random(seed).random

    def share(self, share: float) -> bool:
        """True in that share of all calls."""
        return self.next() < share

    def one(self, values: Sequence[T]) -> T:
        """One of the values, each as likely as the next."""
        return values[int(self.next() * len(values))]

    def some(self, values: Mix[T], count: int) -> list[T]:
        """Up to `count` different values."""
        return list(dict.fromkeys(values.at(self.next()) for _ in range(count)))

    def whole(self, least: int, most: int) -> int:
        """A whole number from `least` to `most`, both included."""
        return least + int(self.next() * (most - least + 1))
