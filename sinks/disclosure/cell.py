"""A cell: one count of cases, and what kind of count it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow as pa

from throughline.errors import DataError, UsageError

Place = tuple[str | None, ...]
"""Where a cell stands: a value for each cut of its measure, in their order; None: the total over the cut."""

Suppressed = Literal["small", "secondary", "table"]
"""Why a count is hidden: it is small; another could be worked out from it; the table could not be made safe."""


@dataclass(frozen=True)
class Measure:
    """What is counted, and what everybody knows of it without having seen a number.

    `cuts` are the columns by which its tables are cut. A hierarchy is two cuts of which the finer stands only where the
    coarser does: agency and unit, year and month.

    Unless it is `overlapping`, a case is in one part of a cut. Unless it is `partial`, each case is in a part that a
    table lists. `is_cumulative`: what was counted at a date is counted at every later one, though by a cut that is
    `changing` it may be in another part then (a promise is open, and later kept). `hides_none`: that there is
    no case is as small a number as one, so that neither 0 nor (by it) 0 % or 100 % is shown.
    """

    name: str
    cuts: tuple[str, ...]
    overlapping: frozenset[str] = frozenset()
    partial: frozenset[str] = frozenset()
    is_cumulative: bool = False
    changing: frozenset[str] = frozenset()
    hides_none: bool = False

    def __post_init__(self) -> None:
        unknown = (self.overlapping | self.partial | self.changing) - set(self.cuts)
        if unknown:
            raise UsageError(f"The measure `{self.name}` has no cut `{min(unknown)}`.", hint=f"Cuts: {self.cuts}.")

    def is_whole(self, cut: int) -> bool:
        """Whether a total is the sum of its parts by this cut."""
        return self.cuts[cut] not in self.overlapping | self.partial

    def is_counted_on(self, place: Place) -> bool:
        """Whether what stands at this place at one date stands there at every later one."""
        given = {cut for cut, value in zip(self.cuts, place, strict=True) if value is not None}
        return self.is_cumulative and not given & self.changing


@dataclass(frozen=True)
class Cell:
    """One count of distinct cases, counted to `as_of` (UTC, naive)."""

    as_of: datetime
    place: Place
    cases: int


@dataclass(frozen=True)
class ShownCell(Cell):
    """A cell as a publication showed it. Where it was hidden, its mark said `least` to `most` (None: no limit)."""

    publication: int
    suppressed: Suppressed | None = None
    least: int = 0
    most: int | None = None


def cells_of(table: pa.Table, measure: Measure, as_of: datetime) -> list[Cell]:
    """The cells of a table, row by row. A cut that the table has no column for is a total.

    Raises DataError for a count that is missing, negative or no whole number, for a place that stands twice, and for a
    total that is not what the measure says of it.
    """
    if "cases" not in table.column_names:
        raise DataError("The table has no column `cases`.", field="cases")
    columns = [table[cut].to_pylist() if cut in table.column_names else [None] * table.num_rows for cut in measure.cuts]
    cells = []
    seen: set[Place] = set()
    for row, cases in enumerate(table["cases"].to_pylist(), start=1):
        place = tuple(None if column[row - 1] is None else str(column[row - 1]) for column in columns)
        if type(cases) is not int or cases < 0:
            raise DataError(f"{cases!r} is no count of cases.", line=row, field="cases")
        if place in seen:
            raise DataError(f"{named(measure, place)} stands twice in the table of `{measure.name}`.", line=row)
        seen.add(place)
        cells.append(Cell(as_of, place, cases))
    counts = {cell.place: cell.cases for cell in cells}
    for total, cut, parts in sums(counts, len(measure.cuts)):
        _check_sum(measure, cut, total, counts[total], [counts[part] for part in parts])
    return cells


def sums(places: Iterable[Place], cuts: int) -> Iterator[tuple[Place, int, list[Place]]]:
    """Each total among the places, with a cut over which it is one, and the parts of that cut that stand there too."""
    parts: dict[tuple[Place, int], list[Place]] = {}
    listed = list(places)
    for place in listed:
        for cut in range(cuts):
            if place[cut] is not None:
                parts.setdefault((without(place, cut), cut), []).append(place)
    for place in listed:
        for cut in range(cuts):
            if place[cut] is None and (place, cut) in parts:
                yield place, cut, parts[place, cut]


def without(place: Place, cut: int) -> Place:
    """The total over a cut."""
    return (*place[:cut], None, *place[cut + 1 :])


def named(measure: Measure, place: Place) -> str:
    """A place for people: `agency=police, month=2026-03`."""
    given = [f"{cut}={value}" for cut, value in zip(measure.cuts, place, strict=True) if value is not None]
    return "`" + (", ".join(given) or "the total") + "`"


def _check_sum(measure: Measure, cut: int, place: Place, total: int, parts: list[int]) -> None:
    """What is said of a measure is what everybody is taken to know: were it wrong, the proof would prove nothing."""
    name = measure.cuts[cut]
    wrong = ""
    if max(parts) > total:
        wrong = "has a part that is more than it"
    elif name not in measure.overlapping and sum(parts) > total:
        wrong = f"is less than its parts by `{name}` together: a case is in several, so the cut is `overlapping`"
    elif name not in measure.partial and sum(parts) < total:
        wrong = f"is more than its parts by `{name}` together: some are not listed, so the cut is `partial`"
    if wrong:
        raise DataError(f"In the table of `{measure.name}`, {named(measure, place)} {wrong}.", field="cases")
