"""Tables of counts made from cases that a test lists, for tests of what is hidden in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import combinations, product

import pyarrow as pa

Place = tuple[str | None, ...]
CUTS = ("agency", "month")


def day(date: int) -> datetime:
    return datetime.fromisoformat("2026-01-01") + timedelta(days=date)


def shapes(cuts: int) -> list[tuple[int, ...]]:
    """Every choice of cuts, from none to all."""
    return [shape for size in range(cuts + 1) for shape in combinations(range(cuts), size)]


def counts(
    cases: Mapping[tuple[str, ...], int], values: Sequence[Sequence[str]], by: Iterable[tuple[int, ...]] | None = None
) -> dict[Place, int]:
    """The count of every place of these shapes (all of them, if none are given), of cases by all cuts; none is 0."""
    made: dict[Place, int] = {}
    for shape in shapes(len(values)) if by is None else by:
        for place in product(*(of_one if cut in shape else [None] for cut, of_one in enumerate(values))):
            made[place] = sum(
                number
                for cuts, number in cases.items()
                if all(value in (None, cut) for value, cut in zip(place, cuts, strict=True))
            )
    return made


def table(counted: Mapping[Place, int], cuts: Sequence[str] = CUTS, **further: list[object]) -> pa.Table:
    columns = {cut: pa.array([place[at] for place in counted], pa.string()) for at, cut in enumerate(cuts)}
    return pa.table(columns | {"cases": pa.array(counted.values(), pa.int64())} | further)


def shown(protected: pa.Table, cuts: Sequence[str] = CUTS) -> dict[Place, int | str]:
    """What stands at each place: the count, or the mark."""
    return {
        tuple(row[cut] for cut in cuts): row["cases"] if row["suppressed"] is None else row["suppressed"]
        for row in protected.to_pylist()
    }
