"""Rows in groups: columns as numbers, and each combination of them with every total."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

NOT_STATED = "not stated"
"""What stands in the place of a null: a value like any other."""

Numbers = NDArray[np.int64]
# a number for each row, in as few bytes as it takes
Places = NDArray[np.integer[Any]]
_Seen = NDArray[np.bool_] | tuple[Numbers, Numbers]
# beyond it (bytes, one for each group and case) pairs of a group and a case are sorted instead
_MOST_PAIRS = 1 << 26
_PAIRS_A_ROW = 64


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


def case_codes(column: pa.ChunkedArray | pa.Array) -> tuple[Places, int]:
    """A number for each case, and how many there may be; in the order of their ids where `facts` read them."""
    numbered = _dictionary(column)
    # the texts of half a million cases are not asked for
    return _indices(numbered), len(numbered.dictionary)


def has_value(column: pa.ChunkedArray | pa.Array, value: str) -> NDArray[np.bool_]:
    """For each row whether the text of its value is this one."""
    indices, texts = _numbered(column)
    wanted = np.array([(NOT_STATED if text is None else text) == value for text in (*texts, None)])
    return wanted[indices]


def _numbered(column: pa.ChunkedArray | pa.Array) -> tuple[Places, list[str | None]]:
    """For each row the place of its text among those that follow, -1 for a null."""
    numbered = _dictionary(column)
    return _indices(numbered), numbered.dictionary.to_pylist()


def _dictionary(column: pa.ChunkedArray | pa.Array) -> pa.DictionaryArray:
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks == 1 else column.unify_dictionaries().combine_chunks()
    return column if pa.types.is_dictionary(column.type) else column.cast(pa.string()).dictionary_encode()


def _indices(column: pa.DictionaryArray) -> Places:
    indices = column.indices
    return np.asarray(pc.fill_null(indices, -1) if indices.null_count else indices)


class Parts:
    """Rows by all of the columns: `place` says in which of `count` parts a row is, `keys` has for each column the code
    of each part. What is counted of the parts once is added up for every total."""

    def __init__(self, columns: Sequence[Coded], rows: int) -> None:
        combined: Places = np.zeros(rows, dtype=np.uint8)
        span = 1
        for column in columns:
            span *= len(column.values)
            # few parts take few bytes a row
            fitting = np.min_scalar_type(span)
            combined = combined.astype(fitting) * fitting.type(len(column.values)) + column.codes.astype(fitting)
        self.rows = rows
        self.place: Places
        if not columns:
            found, self.place = np.zeros(1, dtype=np.int64), combined
        elif span <= max(4 * rows, 1 << 16):
            is_there = np.bincount(combined, minlength=span) > 0
            found = np.flatnonzero(is_there)
            self.place = (np.cumsum(is_there) - 1).astype(np.min_scalar_type(len(found)))[combined]
        else:
            found, self.place = np.unique(combined, return_inverse=True)
        self.count = len(found)
        keys: list[Numbers] = []
        rest = found.astype(np.int64)
        for column in reversed(columns):
            rest, code = np.divmod(rest, len(column.values))
            keys.append(code)
        self.keys = tuple(reversed(keys))
        self._seen: tuple[Places, _Seen] | None = None

    @cached_property
    def counted(self) -> Numbers:
        return np.bincount(self.place, minlength=self.count).astype(np.int64)

    def seen(self, codes: Places, cases: int) -> _Seen:
        """Which cases are in which part: a row for each part and a column for each case; or the pairs of the two, where
        that were too large. Of the `codes` that were given last it is at hand."""
        if self._seen is None or self._seen[0] is not codes:
            pairs = self.place.astype(np.int64) * cases + codes
            if self.count * cases <= min(_MOST_PAIRS, _PAIRS_A_ROW * self.rows):
                matrix = np.zeros(self.count * cases, dtype=np.bool_)
                matrix[pairs] = True
                self._seen = (codes, matrix.reshape(self.count, cases))
            else:
                part, case = np.divmod(_different(pairs), cases)
                self._seen = (codes, (part, case))
        return self._seen[1]


@dataclass(frozen=True)
class Groups:
    """Rows by some of the columns: `to` says in which of `count` groups a part is, `keys` has for each column the code
    of each group; -1 where they are not by it, but the total."""

    parts: Parts
    to: Numbers
    count: int
    keys: tuple[Numbers, ...]

    @cached_property
    def _are_parts(self) -> bool:
        return np.array_equal(self.to, np.arange(self.parts.count))

    @cached_property
    def place(self) -> Places:
        """In which group a row is."""
        if self._are_parts:
            return self.parts.place
        return self.to.astype(np.min_scalar_type(self.count))[self.parts.place]

    def counted(self, chosen: NDArray[np.bool_] | None = None) -> Numbers:
        """How many rows are in each; of the `chosen` alone."""
        parts = self.parts
        counted = parts.counted if chosen is None else np.bincount(parts.place[chosen], minlength=parts.count)
        return np.bincount(self.to, weights=counted, minlength=self.count).astype(np.int64)

    def summed(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum of the values of each; NaN for a group of no row."""
        found = np.bincount(self.place, weights=values, minlength=self.count).astype(np.float64)
        return np.where(self.counted() > 0, found, np.nan)

    def cases(self, codes: Places, cases: int) -> Numbers:
        """How many different cases are in each."""
        if self.parts.rows == 0:
            return np.zeros(self.count, dtype=np.int64)
        seen = self.parts.seen(codes, cases)
        if isinstance(seen, tuple):
            part, case = seen
            pairs = self.to[part] * cases + case
            group = (pairs if self._are_parts else _different(pairs)) // cases
            return np.bincount(group, minlength=self.count).astype(np.int64)
        if not self._are_parts:
            together = np.zeros((self.count, cases), dtype=np.bool_)
            for row, to in zip(seen, self.to, strict=True):
                together[to] |= row
            seen = together
        found: Numbers = seen.sum(axis=1, dtype=np.int64)
        return found

    def runs(self, chosen: NDArray[np.bool_] | None = None) -> tuple[Numbers | None, Numbers]:
        """The places of the rows (of the `chosen` among themselves), those of each group together and otherwise in
        their order, null where that is how they stand; and where each group begins and ends."""
        ends = np.concatenate([[0], np.cumsum(self.counted(chosen))])
        if self.count == 1:
            return None, ends
        return np.argsort(self.place if chosen is None else self.place[chosen], kind="stable"), ends


def _different(pairs: Numbers) -> Numbers:
    """Each of the numbers once, in order: NumPy's `unique` takes ten times as long for millions of them."""
    found = np.sort(pairs)
    is_first = np.ones(len(found), dtype=np.bool_)
    is_first[1:] = found[1:] != found[:-1]
    return found[is_first]


def every_total(columns: Sequence[Coded], rows: int) -> Iterator[Groups]:
    """The groups by every set of the columns: by none of them, which is one group though there be no row, to by all."""
    parts = Parts(columns, rows)
    for is_by in product((False, True), repeat=len(columns)):
        yield _groups(parts, columns, is_by)


def _groups(parts: Parts, columns: Sequence[Coded], is_by: Sequence[bool]) -> Groups:
    """The parts together by those columns that they are by."""
    if not any(is_by):
        return Groups(parts, np.zeros(parts.count, dtype=np.int64), 1, tuple(np.array([-1]) for _ in columns))
    combined = np.zeros(parts.count, dtype=np.int64)
    for column, codes, by in zip(columns, parts.keys, is_by, strict=True):
        if by:
            combined = combined * len(column.values) + codes
    found, first, to = np.unique(combined, return_index=True, return_inverse=True)
    keys = tuple(codes[first] if by else np.full(len(found), -1) for codes, by in zip(parts.keys, is_by, strict=True))
    return Groups(parts, to, len(found), keys)
