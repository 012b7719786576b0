"""Rows in groups: columns as numbers, and each combination of them with every total."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

NOT_STATED = "not stated"
"""What stands in the place of a null: a value like any other."""

Numbers = NDArray[np.int64]
# beyond it (bytes, one for each group and case) pairs of a group and a case are sorted instead
_MOST_PAIRS = 1 << 26


@dataclass(frozen=True)
class Coded:
    """A column of texts: `values` in order, without any twice, and for each row the place of its own."""

    values: tuple[str, ...]
    codes: Numbers


def coded(column: pa.ChunkedArray | pa.Array) -> Coded:
    """A column, each of its values by its text; a null is `NOT_STATED`."""
    indices, texts = _numbered(column)
    said = [NOT_STATED if text is None else text for text in (*texts, None)]
    values = sorted({*said})
    places = {value: place for place, value in enumerate(values)}
    # the last is that of a null, which is numbered -1
    lookup = np.array([places[text] for text in said], dtype=np.int64)
    return Coded(tuple(values), lookup[indices])


def case_codes(column: pa.ChunkedArray | pa.Array) -> tuple[Numbers, int]:
    """A number for each case, and how many there may be; in the order of their ids where `facts` read them."""
    indices, texts = _numbered(column)
    return indices, len(texts)


def has_value(column: pa.ChunkedArray | pa.Array, value: str) -> NDArray[np.bool_]:
    """For each row whether the text of its value is this one."""
    indices, texts = _numbered(column)
    wanted = np.array([(NOT_STATED if text is None else text) == value for text in (*texts, None)])
    return wanted[indices]


def _numbered(column: pa.ChunkedArray | pa.Array) -> tuple[Numbers, list[str | None]]:
    """For each row the place of its text among those that follow, -1 for a null."""
    if isinstance(column, pa.ChunkedArray):
        column = column.unify_dictionaries().combine_chunks()
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    indices = column.indices.cast(pa.int64())
    return np.asarray(pc.fill_null(indices, -1)), column.dictionary.to_pylist()


@dataclass(frozen=True)
class Groups:
    """Rows by some of the columns: `place` says in which of `count` groups a row is, `keys` has for each column the
    code of each group; -1 where they are not by it, but the total."""

    place: Numbers
    count: int
    keys: tuple[Numbers, ...]

    def counted(self, chosen: NDArray[np.bool_] | None = None) -> Numbers:
        """How many rows are in each; of the `chosen` alone."""
        place = self.place if chosen is None else self.place[chosen]
        return np.bincount(place, minlength=self.count).astype(np.int64)

    def summed(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum of the values of each; NaN for a group of no row."""
        found = np.bincount(self.place, weights=values, minlength=self.count).astype(np.float64)
        return np.where(self.counted() > 0, found, np.nan)

    def cases(self, codes: Numbers, cases: int) -> Numbers:
        """How many different cases are in each."""
        pairs = self.place * max(cases, 1) + codes
        if self.count * cases <= _MOST_PAIRS:
            seen = np.zeros(self.count * max(cases, 1), dtype=np.bool_)
            seen[pairs] = True
            found: Numbers = seen.reshape(self.count, max(cases, 1)).sum(axis=1, dtype=np.int64)
            return found
        return np.bincount(np.unique(pairs) // cases, minlength=self.count).astype(np.int64)

    def runs(self) -> tuple[Numbers, Numbers]:
        """The rows, those of each group together and otherwise in their order; and where each group begins and ends."""
        few = self.count <= np.iinfo(np.uint16).max
        order = np.argsort(self.place.astype(np.uint16) if few else self.place, kind="stable")
        return order, np.concatenate([[0], np.cumsum(self.counted())])


def every_total(columns: Sequence[Coded], rows: int) -> Iterator[Groups]:
    """The groups by every set of the columns: by none of them, which is one group though there be no row, to by all."""
    for is_by in product((False, True), repeat=len(columns)):
        yield _groups([column if by else None for column, by in zip(columns, is_by, strict=True)], rows)


def _groups(columns: Sequence[Coded | None], rows: int) -> Groups:
    combined = np.zeros(rows, dtype=np.int64)
    span = 1
    for column in columns:
        if column is not None:
            combined = combined * len(column.values) + column.codes
            span *= len(column.values)
    if span == 1 and not any(columns):
        return Groups(combined, 1, tuple(np.array([-1]) for _ in columns))
    if span <= max(4 * rows, 1 << 16):
        is_there = np.bincount(combined, minlength=span) > 0
        found = np.flatnonzero(is_there)
        place = (np.cumsum(is_there) - 1)[combined]
    else:
        found, place = np.unique(combined, return_inverse=True)
    keys: list[Numbers] = []
    rest = found
    for column in reversed(columns):
        if column is None:
            keys.append(np.full(len(found), -1))
        else:
            rest, code = np.divmod(rest, len(column.values))
            keys.append(code)
    return Groups(place, len(found), tuple(reversed(keys)))
