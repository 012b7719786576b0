"""A column of a sample: its name and values, and what can be said of them without repeating any."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

MOST_WORDS = 60
_LONGEST_WORD = 60


@dataclass(frozen=True)
class Column:
    """`values` are those of the rows in their order, None where a cell is empty; `is_list`: a cell may have several,
    as JSON."""

    name: str
    values: tuple[str | None, ...]
    is_list: bool = False

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each value stands there."""
        return Counter(value for value in self.values if value is not None)

    @property
    def filled(self) -> int:
        return self.counts.total()

    @property
    def is_empty(self) -> bool:
        return not self.counts

    @property
    def is_constant(self) -> bool:
        """Whether it says one thing in every row of several."""
        return len(self.counts) == 1 and self.filled == len(self.values) > 1

    @property
    def is_key(self) -> bool:
        """Whether every row has a value of its own."""
        return self.filled == len(self.values) == len(self.counts) > 0

    @property
    def is_words(self) -> bool:
        """Whether it has a few short words, as a coded column has."""
        longest = max(map(len, self.counts), default=0)
        return 0 < len(self.counts) <= MOST_WORDS and longest <= _LONGEST_WORD

    def rows_of(self, value: str, most: int = 3) -> list[int]:
        """The places of the first rows with a value, from 0."""
        return [place for place, one in enumerate(self.values) if one == value][:most]
