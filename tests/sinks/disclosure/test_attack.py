"""Nobody who has seen everything can work out a small number, nor narrow it down below what its mark says.

The attacker of `tests/oracle/reference_attacker.py` knows every table that was shown, of every date, and the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from counted import counts, day, shapes, shown, table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference_attacker import Attacker, Place, Published

from throughline.sinks.disclosure.cell import Measure, ShownCell, cells_of
from throughline.sinks.disclosure.marker import as_shown
from throughline.sinks.disclosure.protection import protect

SLOW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass
class Shelf:
    """Publications one after the other, each safe together with those before; and the truth behind them."""

    measure: Measure
    threshold: int
    values: Sequence[Sequence[str]]
    earlier: list[ShownCell] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)
    truths: dict[tuple[int, int], Mapping[tuple[str, ...], int]] = field(default_factory=dict)

    def publish(
        self, cases: Mapping[tuple[str, ...], int], by: Sequence[tuple[int, ...]], date: int = 0, round: int = 0
    ) -> dict[Place, int | str]:
        given = table(counts(cases, self.values, by), self.measure.cuts)
        protected = protect(
            given, self.measure, as_of=day(date), threshold=self.threshold, earlier=self.earlier, seconds=20
        )
        marks = protected["suppressed"].to_pylist()
        stands = shown(protected, self.measure.cuts)
        if "table" not in marks:
            cells = cells_of(given, self.measure, day(date))
            self.earlier += as_shown(cells, marks, self.measure, self.threshold, len(self.published))
            self.published.append(Published(date, round, stands))
            self.truths[date, round] = cases
        return stands


def attack(shelf: Shelf) -> list[str]:
    """What the attacker gets out: each small number that is known more closely than as many numbers as its mark has."""
    attacker = Attacker(shelf.published, shelf.values, shelf.threshold)
    listed = {(one.date, one.round, place) for one in shelf.published for place in one.shown}
    truth = {
        (date, round, place): counts(shelf.truths[date, round], shelf.values)[place] for date, round, place in listed
    }
    broken = []
    for date, round, place in sorted(listed, key=str):
        one = attacker.count(date, round, place)
        wanted = [(truth[date, round, place], one, "")]
        for later_date, later_round, other in listed:
            if other == place and (later_date, later_round) > (date, round):
                more = truth[later_date, later_round, place] - truth[date, round, place]
                sign = 1 if more > 0 else -1
                difference = sign * (attacker.count(later_date, later_round, place) - one)
                wanted.append((abs(more), difference, f" to {later_date, later_round}"))
        for number, row, until in wanted:
            if 0 < number < shelf.threshold:
                low, high = attacker.range_of(row)
                assert low <= number <= high, "what the attacker is taken to know is not so"
                if high - low < shelf.threshold - 2:
                    broken.append(f"{place} of {date, round}{until} is {number}: {low} to {high}")
    return broken


def of_two_cuts(*numbers: int) -> tuple[dict[tuple[str, ...], int], tuple[tuple[str, ...], ...]]:
    values = (("cps", "police"), ("01", "02", "03"))
    return {(a, m): numbers[3 * i + j] for i, a in enumerate(values[0]) for j, m in enumerate(values[1])}, values


def test_the_attacker_breaks_a_table_in_which_small_numbers_alone_are_hidden() -> None:
    """30 + x + 40 = 73: so the attack can succeed, and the tests below can fail."""
    values = (("cps",), ("01", "02", "03"))
    cases = {("cps", "01"): 30, ("cps", "02"): 3, ("cps", "03"): 40}
    plain: dict[Place, int | str] = {
        place: "small" if 0 < number < 10 else number for place, number in counts(cases, values).items()
    }
    shelf = Shelf(Measure("m", ("agency", "month")), 10, values, [], [Published(0, 0, plain)], {(0, 0): cases})

    assert "('cps', '02') of (0, 0) is 3: 3 to 3" in attack(shelf)


def test_the_attacker_breaks_two_dates_that_are_safe_alone() -> None:
    """53 cases a month after 50: three were added."""
    values = (("cps",),)
    published = [Published(0, 0, {("cps",): 50}), Published(1, 0, {("cps",): 53})]
    truths = {(0, 0): {("cps",): 50}, (1, 0): {("cps",): 53}}

    broken = attack(Shelf(Measure("m", ("agency",), is_cumulative=True), 10, values, [], published, truths))

    assert broken == ["('cps',) of (0, 0) to (1, 0) is 3: 3 to 3"]


def numbers(least: int, most: int, size: int) -> st.SearchStrategy[list[int]]:
    """Counts with many small ones and many zeros among them."""
    one = st.one_of(st.just(0), st.integers(least, 4), st.integers(least, most))
    return st.lists(one, min_size=size, max_size=size)


@SLOW
@given(agencies=st.integers(1, 4), months=st.integers(1, 4), threshold=st.integers(3, 10), data=st.data())
def test_a_table_of_two_cuts_and_its_totals(agencies: int, months: int, threshold: int, data: st.DataObject) -> None:
    values = tuple(tuple(f"{kind}{n}" for n in range(size)) for kind, size in (("a", agencies), ("m", months)))
    drawn = data.draw(numbers(0, 30, agencies * months))
    cases = {(a, m): drawn[i * months + j] for i, a in enumerate(values[0]) for j, m in enumerate(values[1])}
    shelf = Shelf(Measure("m", ("agency", "month")), threshold, values)

    shelf.publish(cases, shapes(2))

    assert len(shelf.published) == 1
    assert attack(shelf) == []


@SLOW
@given(data=st.data(), threshold=st.integers(3, 10))
def test_tables_by_different_cuts_of_one_date(data: st.DataObject, threshold: int) -> None:
    """By agency, by month, by both, in any order: what one shows must not undo what another hides."""
    cases, values = of_two_cuts(*data.draw(numbers(0, 25, 6)))
    shelf = Shelf(Measure("m", ("agency", "month")), threshold, values)

    for by in data.draw(st.permutations([[(), (0,)], [(), (1,)], [(0, 1)]])):
        shelf.publish(cases, by)

    assert shelf.published
    assert attack(shelf) == []


@SLOW
@given(data=st.data(), threshold=st.integers(3, 10))
def test_two_dates_and_late_records(data: st.DataObject, threshold: int) -> None:
    """A later date counts more cases; a later round counts, for either date, cases that were entered late."""
    first, values = of_two_cuts(*data.draw(numbers(0, 25, 6)))
    shelf = Shelf(Measure("m", ("agency", "month"), is_cumulative=True), threshold, values)
    added = {state: data.draw(numbers(0, 12, 6)) for state in ((1, 0), (0, 1), (1, 1))}

    for date, round in [(0, 0), *data.draw(st.permutations([(1, 0), (0, 1), (1, 1)]))[: data.draw(st.integers(1, 2))]]:
        if any(one.round > round for one in shelf.published):
            continue
        cases = dict(first)
        for (d, r), more in added.items():
            if d <= date and r <= round:
                cases = {cuts: number + extra for (cuts, number), extra in zip(cases.items(), more, strict=True)}
        shelf.publish(cases, shapes(2), date, round)

    assert attack(shelf) == []


@SLOW
@given(data=st.data(), threshold=st.integers(3, 8))
def test_a_hierarchy(data: st.DataObject, threshold: int) -> None:
    """Units of agencies by month: totals of units, of agencies and of everything, by month and over all months."""
    units, months = {"a": ("a1", "a2", "a3"), "b": ("b1", "b2")}, ("01", "02")
    values = (tuple(units), tuple(unit for listed in units.values() for unit in listed), months)
    drawn = iter(data.draw(numbers(0, 20, 10)))
    cases = {(agency, unit, month): next(drawn) for agency in units for unit in units[agency] for month in months}
    measure = Measure("m", ("agency", "unit", "month"))
    # a unit stands beneath its agency only
    listed = {
        place: number
        for place, number in counts(cases, values).items()
        if place[1] is None or (place[0] is not None and place[1] in units[place[0]])
    }
    given = table(listed, measure.cuts)
    protected = protect(given, measure, as_of=day(0), threshold=threshold, seconds=20)
    full = {cuts: cases.get(cuts, 0) for cuts in ((a, u, m) for a in values[0] for u in values[1] for m in values[2])}
    marks = shown(protected, measure.cuts)
    absent: dict[Place, int | str] = {(*cuts[:2], None): 0 for cuts in full if cuts[1] not in units[str(cuts[0])]}
    shelf = Shelf(measure, threshold, values, [], [Published(0, 0, marks | absent)], {(0, 0): full})

    assert "table" not in marks.values()
    assert attack(shelf) == []


@pytest.mark.parametrize("order", [0, 1])
def test_a_table_that_comes_later_hides_what_would_undo_an_earlier_one(order: int) -> None:
    """By month, cps has 3 in one of two months beside 15: hidden. Then the numbers of the second month stay hidden."""
    values = (("cps", "police"), ("01", "02"))
    cases = {("cps", "01"): 3, ("cps", "02"): 15, ("police", "01"): 40, ("police", "02"): 50}
    shelf = Shelf(Measure("m", ("agency", "month")), 10, values)
    tables = [[(), (0,), (1,)], [(0, 1)]]

    for by in tables if order == 0 else reversed(tables):
        shelf.publish(cases, by)

    assert attack(shelf) == []


def test_a_mark_of_a_later_table_must_not_narrow_down_what_an_earlier_one_hid() -> None:
    """Two agencies of 10 or more have 20 together: 10 each. So 3 + 3 + 4 of one could be 8 at most, and not 9."""
    cases, values = of_two_cuts(3, 3, 4, 4, 3, 3)
    shelf = Shelf(Measure("m", ("agency", "month")), 10, values)

    for by in ([(0, 1)], [(), (1,)], [(), (0,)]):
        shelf.publish(cases, by)

    assert attack(shelf) == []
