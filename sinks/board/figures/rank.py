"""The order of the rows behind a figure, and a page of it from a key on: found without putting all rows in order.

Rows come by the most of one column, those without it last, then by case; rows of one case that are alike in that stand
as they were read. A key says where a row stands by what the row says, not by how many are before it: rows that come or
go elsewhere move no page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from throughline.errors import UsageError

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Key:
    """Where a row stands: its value (negated, infinite for none), its case, and which of those alike it is, from 0."""

    value: float
    case_id: str
    nth: int

    def __str__(self) -> str:
        return f"{self.value!r}~{self.case_id}~{self.nth}"


def read_key(text: str) -> Key:
    """A key as an address has it. Raises UsageError for anything else."""
    value, _, rest = text.partition("~")
    case_id, _, nth = rest.partition("~")
    try:
        key = Key(float(value), case_id, int(nth))
    except ValueError:
        key = None
    if key is None or math.isnan(key.value) or not case_id:
        raise UsageError(f"`{text}` is no place in this list.", hint="Go back to the first page.")
    return key


class Rank:
    """The order of `rows` by the column `by`; places are those of `rows`."""

    def __init__(self, rows: pa.Table, by: str) -> None:
        values = rows[by].cast(pa.int64() if by == "counted_at" else pa.float64()).to_numpy().astype(np.float64)
        self._values = np.where(np.isnan(values), np.inf, -values)
        self._cases = rows["case_id"]

    def first(self, count: int, after: Key | None = None) -> Places:
        """The first `count` places; of those after the key, if one is given."""
        found = np.arange(len(self._values)) if after is None else self._beside(after, is_after=True)
        return self._in_order(self._nearest(found, count, is_last=False))[:count]

    def last(self, count: int, before: Key) -> Places:
        """The last `count` places of those before the key, in order."""
        found = self._nearest(self._beside(before, is_after=False), count, is_last=True)
        return self._in_order(found)[-count:]

    def before(self, key: Key) -> int:
        """How many rows stand before the key."""
        return len(self._beside(key, is_after=False))

    def key(self, place: int) -> Key:
        case_id = str(self._cases[place].as_py())
        return Key(float(self._values[place]), case_id, int(np.searchsorted(self._alike(place), place)))

    def _alike(self, place: int) -> Places:
        same = np.flatnonzero(self._values == self._values[place])
        return same[self._of(same, pc.equal, str(self._cases[place].as_py()))]

    def _beside(self, key: Key, *, is_after: bool) -> Places:
        """The places on one side of the key."""
        chosen = self._values > key.value if is_after else self._values < key.value
        same = np.flatnonzero(self._values == key.value)
        chosen[same[self._of(same, pc.greater if is_after else pc.less, key.case_id)]] = True
        alike = same[self._of(same, pc.equal, key.case_id)]
        chosen[alike[key.nth + 1 :] if is_after else alike[: key.nth]] = True
        return np.flatnonzero(chosen)

    def _nearest(self, places: Places, count: int, *, is_last: bool) -> Places:
        """Those of the places that may be among the first `count`, or the last: few more than so many."""
        if len(places) <= count:
            return places
        values = self._values[places]
        nth = len(places) - count if is_last else count - 1
        bound = np.partition(values, nth)[nth]
        sure = places[values > bound if is_last else values < bound]
        same = places[values == bound]
        wanted = count - len(sure)
        if len(same) > wanted:
            cases = self._texts(same)
            nth = len(same) - wanted if is_last else wanted - 1
            case = cases[pc.partition_nth_indices(cases, pivot=nth)[nth].as_py()]
            same = same[np.asarray((pc.greater_equal if is_last else pc.less_equal)(cases, case))]
        return np.sort(np.concatenate([sure, same]))

    def _in_order(self, places: Places) -> Places:
        cases = np.array(self._texts(places).to_pylist(), dtype=object)
        order = sorted(range(len(places)), key=lambda n: (self._values[places[n]], cases[n], places[n]))
        return places[np.array(order, dtype=np.int64)]

    def _of(self, places: Places, compare: object, case_id: str) -> NDArray[np.bool_]:
        return np.asarray(compare(self._texts(places), case_id)).astype(np.bool_)  # type: ignore[operator]

    def _texts(self, places: Places) -> pa.Array:
        taken = self._cases.take(pa.array(places)).cast(pa.string())
        return taken.combine_chunks() if isinstance(taken, pa.ChunkedArray) else taken
