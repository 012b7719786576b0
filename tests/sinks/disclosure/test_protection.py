"""What is hidden of a table of counts: small numbers, and what would give them away. The threshold is ten."""

from __future__ import annotations

import pyarrow as pa
import pytest
from counted import counts, day, shapes, shown, table
from reference_attacker import Attacker, Place, Published

from throughline.errors import DataError, UsageError
from throughline.sinks.disclosure.cell import Measure, ShownCell, cells_of
from throughline.sinks.disclosure.marker import as_shown
from throughline.sinks.disclosure.protection import protect

AGENCY = Measure("cases", ("agency",))


def by_agency(total: int, **parts: int) -> dict[Place, int]:
    return {(None,): total} | {(agency,): number for agency, number in parts.items()}


def protected(
    counted: dict[Place, int], measure: Measure = AGENCY, date: int = 0, earlier: list[ShownCell] | None = None
) -> dict[Place, int | str]:
    given = table(counted, measure.cuts)
    return shown(protect(given, measure, as_of=day(date), threshold=10, earlier=earlier or []), measure.cuts)


def published(
    counted: dict[Place, int], measure: Measure = AGENCY, date: int = 0, publication: int = 1, **marks: str
) -> list[ShownCell]:
    """As it stood in a publication, with these marks."""
    cells = cells_of(table(counted, measure.cuts), measure, day(date))
    return as_shown(cells, [marks.get(str(cell.place[0])) for cell in cells], measure, 10, publication)  # type: ignore[misc]


def test_a_small_number_is_hidden_and_with_it_the_smallest_other_that_is_enough() -> None:
    """73 - 40 - 30 would be 3. Without the 30, it may be any from 1 to 9."""
    assert protected(by_agency(73, police=40, cps=30, idva=3)) == {
        (None,): 73,
        ("police",): 40,
        ("cps",): "secondary",
        ("idva",): "small",
    }


def test_what_is_hidden_beside_it_must_leave_room() -> None:
    """73 - 60 = 13 = 3 + 10: as a 10 is marked as 10 or more, the 3 would be 3 at most. So the 60 is hidden."""
    assert protected(by_agency(73, police=60, cps=10, idva=3)) == {
        (None,): 73,
        ("police",): "secondary",
        ("cps",): 10,
        ("idva",): "small",
    }


def test_two_small_numbers_do_not_protect_one_another() -> None:
    """3 + 8 = 11: the one is 9 at most, so the other would be 2 at least."""
    hidden = protected(by_agency(71, police=40, cps=20, idva=3, isva=8))

    assert hidden[("cps",)] == "secondary"


def test_a_total_is_hidden_where_it_has_no_other_part() -> None:
    assert protected(by_agency(3, police=3)) == {(None,): "small", ("police",): "small"}


def test_none_is_shown_and_hidden_only_beneath_a_small_total() -> None:
    assert protected(by_agency(40, police=40, cps=0)) == {(None,): 40, ("police",): 40, ("cps",): 0}
    assert protected(by_agency(4, police=4, cps=0)) == {(None,): "small", ("police",): "small", ("cps",): "small"}


def test_none_and_all_are_hidden_where_they_would_say_something_of_each_case() -> None:
    """That nobody of twenty was told says of each that they were not."""
    measure = Measure("told", ("told",), hides_none=True)

    hidden = protected({(None,): 20, ("yes",): 0, ("no",): 20}, measure)

    assert hidden[("yes",)] == "small"
    assert "secondary" in (hidden[(None,)], hidden[("no",)])


def test_further_numbers_go_with_their_count() -> None:
    given = table(by_agency(73, police=40, cps=30, idva=3), ("agency",), median=[1.5, 2.5, 3.5, 4.5])

    made = protect(given, AGENCY, as_of=day(0), threshold=10)

    assert made["median"].to_pylist() == [1.5, 2.5, None, None]
    assert made.schema.field("median").type == pa.float64()
    assert made["agency"].to_pylist() == [None, "police", "cps", "idva"]


def test_a_table_of_large_numbers_is_left_alone() -> None:
    assert protected(by_agency(90, police=50, cps=40)) == {(None,): 90, ("police",): 50, ("cps",): 40}


def test_a_threshold_of_one_hides_nothing() -> None:
    given = table(by_agency(3, police=1, cps=2), ("agency",))

    assert protect(given, AGENCY, as_of=day(0), threshold=1)["suppressed"].null_count == 3


def test_cases_without_an_agency_are_a_small_number_too() -> None:
    """103 cases, of 100 the police hold something: it does not hold three. Two of the three numbers are not enough."""
    measure = Measure("held", ("agency",), overlapping=frozenset({"agency"}), partial=frozenset({"agency"}))

    hidden = protected(by_agency(103, police=100), measure)

    assert hidden == {(None,): 103, ("police",): "secondary"}


def test_cases_that_are_counted_twice_are_a_small_number_too() -> None:
    """60 + 45 = 105 of 100: five are of both."""
    measure = Measure("held", ("agency",), overlapping=frozenset({"agency"}))

    assert protected(by_agency(100, police=60, cps=45), measure)[("cps",)] == "secondary"


def test_what_a_list_leaves_out_is_a_small_number_too() -> None:
    """53 - 30 - 20: three of agencies that are not listed."""
    measure = Measure("cases", ("agency",), partial=frozenset({"agency"}))

    assert protected(by_agency(53, police=30, cps=20), measure)[("cps",)] == "secondary"


CUMULATIVE = Measure("opened", ("agency",), is_cumulative=True)


def test_three_more_than_at_an_earlier_date_are_a_small_number() -> None:
    earlier = published({(None,): 50}, CUMULATIVE)

    assert protected({(None,): 53}, CUMULATIVE, 1, earlier) == {(None,): "secondary"}


def test_ten_more_are_not() -> None:
    """Also where a date between the two was hidden."""
    earlier = published({(None,): 50}, CUMULATIVE) + published({(None,): 53}, CUMULATIVE, 1, 2, **{"None": "secondary"})

    assert protected({(None,): 60}, CUMULATIVE, 2, earlier) == {(None,): 60}


def test_a_number_that_is_no_longer_small_is_shown_once_ten_were_added() -> None:
    """From 1 to 9 before: with 12 now, 3 were added at least, and that is more than anybody may know of 8."""
    earlier = published({(None,): 4}, CUMULATIVE, **{"None": "small"})

    assert protected({(None,): 12}, CUMULATIVE, 1, earlier) == {(None,): "secondary"}
    assert protected({(None,): 14}, CUMULATIVE, 1, earlier) == {(None,): 14}


def test_numbers_of_two_dates_that_go_up_and_down_are_not_compared() -> None:
    """Open cases: of 50 and 53, nobody knows how many are the same."""
    assert protected({(None,): 53}, AGENCY, 1, published({(None,): 50})) == {(None,): 53}


def test_what_may_be_in_another_part_later_is_compared_as_a_whole_alone() -> None:
    """Promises by March and by April. Three more were made, which is small. One more was broken: who knows of which."""
    may_change = frozenset({"outcome"})
    promises = Measure("promises", ("outcome",), overlapping=may_change, is_cumulative=True, changing=may_change)
    march = published({(None,): 50, ("broken",): 30, ("kept",): 35}, promises)

    assert protected({(None,): 53, ("broken",): 31, ("kept",): 37}, promises, 1, march)[(None,)] == "secondary"
    april = {(None,): 60, ("broken",): 31, ("kept",): 44}
    assert protected(april, promises, 1, march) == april


@pytest.mark.parametrize("now", [47, 53])
def test_a_count_that_is_stated_again_differs_by_a_small_number(now: int) -> None:
    """The same date, after records came late or were taken back."""
    assert protected({(None,): now}, AGENCY, 0, published({(None,): 50})) == {(None,): "secondary"}


def test_an_earlier_table_by_another_cut_counts() -> None:
    """By agency, idva has 3, and cps is hidden for it. By month, the parts of cps must not give it away."""
    measure = Measure("cases", ("agency", "month"))
    values = (("cps", "idva", "police"), ("01", "02"))
    cases = {("cps", "01"): 15, ("cps", "02"): 15, ("idva", "01"): 0, ("idva", "02"): 3}
    cases |= {("police", "01"): 20, ("police", "02"): 20}
    first = counts(cases, values, [(), (0,)])
    marks = shown(protect(table(first), measure, as_of=day(0), threshold=10))
    earlier = as_shown(
        cells_of(table(first), measure, day(0)),
        [mark if isinstance(mark, str) else None for mark in marks.values()],  # type: ignore[misc]
        measure,
        10,
        1,
    )

    second = shown(
        protect(table(counts(cases, values, [(0, 1)])), measure, as_of=day(0), threshold=10, earlier=earlier)
    )

    assert marks[("cps", None)] == "secondary"
    assert "secondary" in (second[("cps", "01")], second[("cps", "02")])


def test_tables_in_a_ring_are_not_shown() -> None:
    """By A and B, B and C, C and A: sums over these say less than the cases do, so the third stays hidden."""
    measure = Measure("cases", ("a", "b", "c"))
    values = (("x", "y"),) * 3
    cases = dict.fromkeys([(a, b, c) for a in "xy" for b in "xy" for c in "xy"], 50)
    earlier: list[ShownCell] = []
    marks = {}
    for publication, by in enumerate([(0, 1), (1, 2), (0, 2)]):
        given = table(counts(cases, values, [by]), measure.cuts)
        made = protect(given, measure, as_of=day(0), threshold=10, earlier=earlier)["suppressed"].to_pylist()
        marks[by] = set(made)
        earlier += as_shown(cells_of(given, measure, day(0)), made, measure, 10, publication)

    assert marks == {(0, 1): {None}, (1, 2): {None}, (0, 2): {"table"}}


def test_a_table_that_is_not_proved_in_the_time_is_hidden() -> None:
    given = table(by_agency(73, police=40, cps=30, idva=3), ("agency",))

    made = protect(given, AGENCY, as_of=day(0), threshold=10, seconds=0)

    assert made["suppressed"].to_pylist() == ["table"] * 4
    assert made["cases"].null_count == 4


def test_nothing_is_hidden_that_need_not_be() -> None:
    """Of a small table: if any number that is hidden for another's sake were shown, the attacker would get through."""
    values = (("cps", "idva", "police"), ("01", "02", "03"))
    drawn = [3, 15, 20, 12, 0, 31, 40, 17, 2]
    cases = dict(zip([(a, m) for a in values[0] for m in values[1]], drawn, strict=True))
    counted = counts(cases, values, shapes(2))
    hidden = shown(protect(table(counted), Measure("m", ("agency", "month")), as_of=day(0), threshold=10))
    secondary = [place for place, mark in hidden.items() if mark == "secondary"]

    assert secondary
    for place in secondary:
        attacker = Attacker([Published(0, 0, hidden | {place: counted[place]})], values, 10)
        ranges = [attacker.range_of(attacker.count(0, 0, one)) for one, mark in hidden.items() if mark == "small"]
        assert any(low > 1 or high < 9 for low, high in ranges)


@pytest.mark.parametrize(
    ("rows", "measure", "says"),
    [
        ({"agency": ["police"], "cases": [None]}, AGENCY, "None is no count of cases"),
        ({"agency": ["police"], "cases": [-1]}, AGENCY, "-1 is no count"),
        ({"agency": ["police", "police"], "cases": [1, 2]}, AGENCY, "`agency=police` stands twice"),
        ({"agency": [None, "police"], "cases": [5, 6]}, AGENCY, "has a part that is more than it"),
        ({"agency": [None, "a", "b"], "cases": [5, 4, 4]}, AGENCY, "the cut is `overlapping`"),
        ({"agency": [None, "a", "b"], "cases": [9, 4, 4]}, AGENCY, "the cut is `partial`"),
        ({"agency": [None], "number": [9]}, AGENCY, "no column `cases`"),
    ],
)
def test_a_table_that_is_not_what_its_measure_says_is_refused(
    rows: dict[str, list[object]], measure: Measure, says: str
) -> None:
    """Or the proof would rest on what is not so."""
    with pytest.raises(DataError, match=says):
        protect(pa.table(rows), measure, as_of=day(0), threshold=10)


def test_a_measure_without_such_a_cut_is_refused() -> None:
    with pytest.raises(UsageError, match="no cut `month`"):
        Measure("cases", ("agency",), partial=frozenset({"month"}))
