"""What stands in the place of a number that is hidden, and what it says of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from throughline.sinks.disclosure.cell import Cell, Measure, Place, ShownCell, Suppressed, without

SYMBOL = "[c]"
"""In a spreadsheet: confidential (https://analysisfunction.civilservice.gov.uk/policy-store/symbols-in-tables-definitions
-and-help/). `[low]` would say that a number is 0 when rounded, `[z]` that there can be none."""

FOR_CASE_WORKERS = "For those who work on these cases: small numbers are shown. Do not pass this on."


def wording(suppressed: Suppressed, threshold: int) -> str:
    """What a page prints for a hidden number, or under the heading of a hidden table."""
    return {
        "small": f"fewer than {threshold}",
        "secondary": "hidden, so that a small number cannot be worked out",
        "table": f"This table is hidden: small numbers (fewer than {threshold}) could be worked out from it.",
    }[suppressed]


@dataclass(frozen=True)
class Marks:
    """How the hidden numbers of a table are marked.

    `small` are the places that are hidden for themselves. Where it would say too much which they are (`tells_small` is
    false), all that is hidden is marked `secondary`.
    """

    measure: Measure
    threshold: int
    small: frozenset[Place]
    tells_small: bool = True

    def mark(self, place: Place, is_hidden: bool) -> Suppressed | None:
        if place in self.small and self.tells_small:
            return "small"
        return "secondary" if is_hidden or place in self.small else None

    def limits(self, cell: Cell, suppressed: Suppressed) -> tuple[int, int | None]:
        """The least and the most (None: no limit) that a hidden number can be, for who knows the rules."""
        if not self.tells_small:
            return min(cell.cases, 1), None
        if suppressed == "secondary":
            return self.threshold, None
        none_too = self.measure.hides_none or any(total in self.small for total in _totals(cell.place))
        return 0 if none_too else 1, self.threshold - 1


def marks_of(cells: Iterable[Cell], measure: Measure, threshold: int, *, tells_small: bool = True) -> Marks:
    """The cells that are hidden for themselves: of fewer cases than the threshold, and of some.

    None are as few as some where the measure says so, and beneath a total that is itself small: there, each number that
    is shown makes the others smaller still.
    """
    counts = {cell.place: cell.cases for cell in cells}
    small = {place for place, cases in counts.items() if cases < threshold and (cases or measure.hides_none)}
    # a total stands before its parts, so that one pass reaches every depth
    none = [place for place, cases in counts.items() if cases == 0 and place not in small]
    for place in sorted(none, key=lambda place: sum(value is not None for value in place)):
        if any(total in small for total in _totals(place)):
            small.add(place)
    return Marks(measure, threshold, frozenset(small), tells_small)


def as_shown(
    cells: Sequence[Cell], suppressed: Sequence[Suppressed | None], measure: Measure, threshold: int, publication: int
) -> list[ShownCell]:
    """The cells of a table as they stand in a publication, with what their marks say."""
    marks = marks_of(cells, measure, threshold)
    if marks.small and "small" not in suppressed:
        marks = Marks(measure, threshold, marks.small, tells_small=False)
    made = []
    for cell, mark in zip(cells, suppressed, strict=True):
        least, most = (cell.cases, cell.cases) if mark is None else marks.limits(cell, mark)
        made.append(ShownCell(cell.as_of, cell.place, cell.cases, publication, mark, least, most))
    return made


def _totals(place: Place) -> list[Place]:
    return [without(place, cut) for cut, value in enumerate(place) if value is not None]
