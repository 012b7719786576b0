"""What rests on too little of an agency's data is not shown, and says so. Hand-worked: of the CPS 66 % is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pytest
from measured import DAY, MEASURES, counted, figure

from throughline.sinks.measures.answer import answer
from throughline.sinks.measures.comparison import compared
from throughline.sinks.measures.coverage import among, not_covered, withhold
from throughline.sinks.store import Store, open_memory_store

CPS = "Of what cps should have published, 66% is there; 90% is needed."
WITHHELD = {"cps": CPS}
PROMISES, BETWEEN, HELD = MEASURES["promises"], MEASURES["between_agencies"], MEASURES["held"]
ROWS = counted(
    {"outcome": "kept", "agency": "cps"}, {"outcome": "late", "agency": "cps"}, {"outcome": "kept"}, unit="A"
)  # fmt: skip


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """Two of three events of the CPS are there, nine of ten are needed; all of the police's. Of `clocks` none is."""
    with open_memory_store() as made:
        made.connection.execute(
            """
            create or replace view coverage as
            select
              agency, figure, date '2026-03-01' as period, events, missing, 0 as refused, 0 as in_conflict,
              events as rests_on, 0 as undated, at_least as threshold, false as trusted
            from (values
              ('cps', 'contacts', 2, 1, 0.9), ('police', 'contacts', 3, 0, 0.9), ('cps', 'delays', 1, 9, null),
              ('cps', 'clocks', 9, 1, 0.9)
            ) v(agency, figure, events, missing, at_least)
            """
        )
        yield made


def test_an_agency_is_not_covered_where_less_is_there_than_the_domain_asks(store: Store) -> None:
    """For the figure that the measure rests on: exactly as much is enough, and without a threshold anything is."""
    found = {name: not_covered(store.connection, one) for name, one in MEASURES.items()}

    assert {name: why for name, why in found.items() if why} == {"promises": WITHHELD}


def test_shares_of_the_agency_are_not_shown_and_counts_are() -> None:
    made = withhold(PROMISES, answer(PROMISES, ROWS, ["agency"]), ["agency"], {}, WITHHELD)

    assert figure(made, "agency", "outcome", "cases", "counted", "share", "withheld") == [
        (None, None, 3, 3, None, None),
        (None, "kept", 2, 2, pytest.approx(2 / 3, abs=1e-6), None),
        (None, "late", 1, 1, pytest.approx(1 / 3, abs=1e-6), None),
        ("cps", None, 2, 2, None, CPS),
        ("cps", "kept", 1, 1, None, CPS),
        ("cps", "late", 1, 1, None, CPS),
        ("police", None, 1, 1, None, None),
        ("police", "kept", 1, 1, 1.0, None),
    ]


def test_what_was_chosen_of_the_agency_is_withheld_too() -> None:
    """By another cut, all rows are its own."""
    made = withhold(
        PROMISES, answer(PROMISES, ROWS, ["unit"], {"agency": "cps"}), ["unit"], {"agency": "cps"}, WITHHELD
    )

    assert set(figure(made, "share", "withheld")) == {(None, CPS)}


def test_a_unit_that_is_called_as_an_agency_is_none() -> None:
    rows = counted({"outcome": "kept", "unit": "cps"})

    made = withhold(PROMISES, answer(PROMISES, rows, ["unit"]), ["unit"], {}, WITHHELD)

    assert made["withheld"].to_pylist() == [None] * made.num_rows


def test_medians_are_withheld_from_either_side_of_a_handoff() -> None:
    rows = counted(
        {"seconds": DAY, "ended": True, "from_agency": "police", "to_agency": "cps"},
        {"seconds": DAY, "ended": True, "from_agency": "police", "to_agency": "advocate"},
        handoff="sent",
    )

    made = withhold(BETWEEN, answer(BETWEEN, rows, ["to_agency"]), ["to_agency"], {}, WITHHELD)

    names = ("median_seconds", "median_least", "median_most", "p90_seconds")
    assert figure(made, "to_agency", "counted", "still_open", *names, "withheld") == [
        (None, 2, 0, DAY, DAY, DAY, DAY, None),
        ("advocate", 1, 0, DAY, DAY, DAY, DAY, None),
        ("cps", 1, 0, None, None, None, None, CPS),
    ]


def test_a_pair_is_withheld_for_each_of_the_two() -> None:
    contradictions = MEASURES["contradictions"]
    police = "Of what police should have published, 50% is there; 90% is needed."
    rows = counted({"seconds": DAY, "ended": True, "pair": "cps and police", "disagreement": "differ"})

    made = withhold(contradictions, answer(contradictions, rows, ["pair"]), ["pair"], {}, WITHHELD | {"police": police})

    assert figure(made, "pair", "median_seconds", "withheld")[1] == ("cps and police", None, f"{CPS} {police}")


def test_the_earlier_figure_is_withheld_with_the_later() -> None:
    figures = [answer(PROMISES, ROWS, ["agency"])] * 2

    made = withhold(PROMISES, compared(PROMISES, *figures, ["agency"]), ["agency"], {}, WITHHELD)

    assert {row[1:] for row in figure(made, "agency", "share_before", "share") if row[0] == "cps"} == {(None, None)}
    assert {row[1:] for row in figure(made, "agency", "counted_before", "counted") if row[0] == "cps"} == {
        (1, 1),
        (2, 2),
    }


def test_totals_rest_on_the_agencies_that_are_in_them() -> None:
    of_police = counted({"outcome": "kept"})

    assert among(PROMISES, ROWS, WITHHELD) == WITHHELD
    assert among(PROMISES, of_police, WITHHELD) == {}
    assert among(PROMISES, ROWS.slice(0, 0), WITHHELD) == {}


def test_an_empty_figure_has_the_column() -> None:
    made = withhold(
        HELD, answer(HELD, counted(seconds=None, ended=None).slice(0, 0), ["agency"]), ["agency"], {}, WITHHELD
    )

    assert made.schema.field("withheld").type == pa.string()


def test_a_measure_that_rests_on_no_figure_is_never_withheld(store: Store) -> None:
    assert not_covered(store.connection, replace(PROMISES, figure="")) == {}
