"""Figures of rows given: shares, medians and times with every total, worked out by hand."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest
from measured import DAY, MEASURES, counted, figure
from proofs import give

from throughline.errors import UsageError
from throughline.sinks.measures import grouping as grouping_module
from throughline.sinks.measures.answer import BANDS, answer, cuts_of, totals
from throughline.sinks.measures.comparison import compared
from throughline.sinks.measures.facts import counted_to, facts
from throughline.sinks.measures.headline import headline, series
from throughline.sinks.measures.measure import Measure
from throughline.sinks.store import Store, open_memory_store

PROMISES, WAITING, HELD = MEASURES["promises"], MEASURES["waiting"], MEASURES["held"]
BETWEEN, WHOSE = MEASURES["between_agencies"], MEASURES["whose_time"]


def kept(outcome: str | None, **more: str | None) -> dict[str, str | None]:
    return {"outcome": outcome, **more}


# Four whose outcome is known: two kept, one late, one broken. One is open.
FIVE = counted(
    kept("kept", case_id="a"), kept("kept", case_id="a", agency="cps"), kept("late", case_id="b"),
    kept("broken", case_id="c", agency="cps"), kept("open", case_id="c", agency="cps"),
)  # fmt: skip


def test_shares_are_of_what_is_known() -> None:
    """Five promises in three cases: the open one is counted and has no share. No ages, so no medians."""
    made = answer(PROMISES, FIVE)

    assert made.column_names == ["outcome", "cases", "counted", "share"]
    assert figure(made, *made.column_names) == [
        (None, 3, 5, None),
        ("broken", 1, 1, 0.25),
        ("kept", 1, 2, 0.5),
        ("late", 1, 1, 0.25),
        ("open", 1, 1, None),
    ]


def test_a_figure_by_fewer_cuts_stands_in_the_one_by_more() -> None:
    by_both = answer(PROMISES, FIVE, ["agency", "month"])

    assert totals(by_both, ["agency", "month"], ["agency"]).equals(answer(PROMISES, FIVE, ["agency"]))
    assert totals(by_both, ["agency", "month"], []).equals(answer(PROMISES, FIVE))


def test_each_part_of_a_cut_has_its_shares_and_the_total_stands_first() -> None:
    """Of the police one is kept, one late; of the CPS one kept, one broken. Case a is in both, and once in all."""
    assert figure(answer(PROMISES, FIVE, ["agency"]), "agency", "outcome", "cases", "counted", "share") == [
        (None, None, 3, 5, None),
        (None, "broken", 1, 1, 0.25),
        (None, "kept", 1, 2, 0.5),
        (None, "late", 1, 1, 0.25),
        (None, "open", 1, 1, None),
        ("cps", None, 2, 3, None),
        ("cps", "broken", 1, 1, 0.5),
        ("cps", "kept", 1, 1, 0.5),
        ("cps", "open", 1, 1, None),
        ("police", None, 2, 2, None),
        ("police", "kept", 1, 1, 0.5),
        ("police", "late", 1, 1, 0.5),
    ]


def test_two_cuts_have_a_total_over_each_and_over_both() -> None:
    rows = counted(
        kept("kept", month="2026-01"), kept("late", month="2026-02"), kept("kept", month="2026-02", agency="cps")
    )

    made = answer(PROMISES, rows, ["agency", "month"])

    totals = [row[:3] for row in figure(made, "agency", "month", "counted", "outcome") if row[3] is None]
    assert totals == [
        (None, None, 3),
        (None, "2026-01", 1),
        (None, "2026-02", 2),
        ("cps", None, 1),
        ("cps", "2026-02", 1),
        ("police", None, 2),
        ("police", "2026-01", 1),
        ("police", "2026-02", 1),
    ]
    shares = {row[:3]: row[3] for row in figure(made, "agency", "month", "outcome", "share")}
    assert shares["police", None, "kept"] == 0.5
    assert shares[None, "2026-02", "kept"] == 0.5
    assert shares["cps", "2026-02", "kept"] == 1
    assert shares[None, None, "kept"] == pytest.approx(2 / 3, abs=1e-6)


def test_what_is_not_stated_is_a_value_like_any_other() -> None:
    """As a cut, as what is asked for, and as an outcome, which is then not known."""
    rows = counted(kept("kept"), kept("kept", unit="A"), kept(None, unit="A"))

    assert figure(answer(PROMISES, rows, ["unit"]), "unit", "outcome", "counted", "share") == [
        (None, None, 3, None),
        (None, "kept", 2, 1.0),
        (None, "not stated", 1, None),
        ("A", None, 2, None),
        ("A", "kept", 1, 1.0),
        ("A", "not stated", 1, None),
        ("not stated", None, 1, None),
        ("not stated", "kept", 1, 1.0),
    ]
    assert figure(answer(PROMISES, rows, where={"unit": "not stated"}), "outcome", "counted")[0] == (None, 1)


def test_what_is_chosen_is_all_that_is_counted() -> None:
    """By a cut, by two at once, and by an outcome; what nothing has gives nothing."""
    assert figure(answer(PROMISES, FIVE, where={"agency": "cps"}), "outcome", "counted", "share") == [
        (None, 3, None), ("broken", 1, 0.5), ("kept", 1, 0.5), ("open", 1, None)
    ]  # fmt: skip
    both = answer(PROMISES, FIVE, ["month"], {"agency": "police", "outcome": "late"})
    assert figure(both, "month", "outcome", "counted", "share") == [
        (None, None, 1, None), (None, "late", 1, 1.0), ("2026-03", None, 1, None), ("2026-03", "late", 1, 1.0)
    ]  # fmt: skip
    assert figure(answer(PROMISES, FIVE, where={"agency": "nobody"}), "outcome", "counted") == [(None, 0)]


def test_what_has_an_age_has_its_median_and_the_longest() -> None:
    """One, three and eight days: the median is three, of two of them the middle between them."""
    rows = counted(
        {"outcome": "held", "seconds": DAY}, {"outcome": "held", "seconds": 3 * DAY},
        {"outcome": "limbo", "seconds": 8 * DAY},
    )  # fmt: skip

    made = answer(WAITING, rows)

    assert figure(made, "outcome", "counted", "share", "median_seconds", "longest_seconds") == [
        (None, 3, None, 3 * DAY, 8 * DAY),
        ("held", 2, pytest.approx(2 / 3, abs=1e-6), 2 * DAY, 3 * DAY),
        ("limbo", 1, pytest.approx(1 / 3, abs=1e-6), 8 * DAY, 8 * DAY),
    ]


def test_a_band_begins_where_the_one_before_it_ends() -> None:
    """Seven days are no longer under a week. What has no age is in no band."""
    week = 7 * DAY
    ages = [0.0, week - 1, week, 4 * week - 1, 4 * week, 12 * week, 26 * week - 1, 26 * week, None]
    rows = counted(*({"outcome": "held", "seconds": age} for age in ages))

    made = answer(WAITING, rows, ["band"])

    found = {row[0]: row[1] for row in figure(made, "band", "counted", "outcome") if row[2] is None}
    assert found == {None: 9, **dict(zip(BANDS, (2, 2, 1, 2, 1), strict=True)), "not stated": 1}
    assert figure(answer(WAITING, rows, where={"band": "1 to 4 weeks"}), "outcome", "counted")[0] == (None, 2)


def test_a_duration_that_has_not_ended_is_counted_and_censored() -> None:
    """Of the police: 10 ended, 15 not, 20 and 30 ended, as in the proof of `delays`. Of the CPS none has ended."""
    rows = counted(
        *({"seconds": seconds, "ended": ended} for seconds, ended in ((10, True), (15, False), (20, True), (30, True))),
        {"seconds": 5, "ended": False, "agency": "cps", "case_id": "c1"},
    )  # fmt: skip

    made = answer(HELD, rows, ["agency"])

    assert made.column_names == [
        *("agency", "cases", "counted", "still_open"),
        *("median_seconds", "median_least", "median_most", "p90_seconds"),
    ]
    assert figure(made, "agency", "cases", "counted", "still_open", "median_seconds", "p90_seconds") == [
        (None, 4, 5, 2, 20.0, 30.0),
        ("cps", 1, 1, 1, None, None),
        ("police", 4, 4, 1, 20.0, 30.0),
    ]
    assert figure(answer(HELD, rows, where={"agency": "police"}), "counted", "median_seconds") == [(4, 20.0)]


def test_times_are_shares_of_the_whole_time() -> None:
    """Ten days of one case and ten of another: six certainly of the police, who may have had two more."""
    rows = counted(
        {"case_id": "a", "outcome": "police", "least": 6 * DAY, "most": 8 * DAY},
        {"case_id": "a", "outcome": "cps", "least": 2 * DAY, "most": 4 * DAY},
        {"case_id": "a", "outcome": "limbo", "least": 2 * DAY, "most": 2 * DAY},
        {"case_id": "b", "outcome": "nobody", "least": 10 * DAY, "most": 10 * DAY, "area": "30"},
    )

    made = answer(WHOSE, rows, ["area"])

    assert figure(made, *made.column_names) == [
        (None, None, 2, 20 * DAY, 20 * DAY, 1.0, 1.0),
        (None, "cps", 1, 2 * DAY, 4 * DAY, 0.1, 0.2),
        (None, "limbo", 1, 2 * DAY, 2 * DAY, 0.1, 0.1),
        (None, "nobody", 1, 10 * DAY, 10 * DAY, 0.5, 0.5),
        (None, "police", 1, 6 * DAY, 8 * DAY, 0.3, 0.4),
        ("20", None, 1, 10 * DAY, 10 * DAY, 1.0, 1.0),
        ("20", "cps", 1, 2 * DAY, 4 * DAY, 0.2, 0.4),
        ("20", "limbo", 1, 2 * DAY, 2 * DAY, 0.2, 0.2),
        ("20", "police", 1, 6 * DAY, 8 * DAY, 0.6, 0.8),
        ("30", None, 1, 10 * DAY, 10 * DAY, 1.0, 1.0),
        ("30", "nobody", 1, 10 * DAY, 10 * DAY, 1.0, 1.0),
    ]
    number = headline(WHOSE, answer(WHOSE, rows))
    assert (number.value, number.cases) == (pytest.approx(0.6), 2)


def test_times_of_no_length_have_no_share() -> None:
    rows = counted({"outcome": "cps", "least": 0.0, "most": 0.0})

    assert figure(answer(WHOSE, rows), "outcome", "least_share", "most_share") == [
        (None, None, None),
        ("cps", None, None),
    ]


def test_a_cut_that_is_not_text_is_cut_and_chosen_by_its_text() -> None:
    rows = counted(kept("kept"), kept("late")).append_column("repeat", pa.array([True, None]))

    assert {row[0] for row in figure(answer(PROMISES, rows, ["repeat"]), "repeat")} == {None, "true", "not stated"}
    assert figure(answer(PROMISES, rows, where={"repeat": "true"}), "outcome", "counted")[0] == (None, 1)


@pytest.mark.parametrize(
    ("measure", "cuts", "where", "said"),
    [
        (PROMISES, ["agencies"], {}, "`promises` cannot be cut by `agencies`.\nDid you mean `agency`?"),
        (PROMISES, [], {"agencies": "cps"}, "`promises` cannot be cut by `agencies`.\nDid you mean `agency`?"),
        (PROMISES, ["outcome"], {}, "`promises` cannot be cut by `outcome`."),
        (PROMISES, ["band"], {}, "`promises` cannot be cut by `band`."),
        (PROMISES, ["case_id"], {}, "`promises` cannot be cut by `case_id`."),
        (HELD, ["seconds"], {}, "`held` cannot be cut by `seconds`."),
        (HELD, [], {"outcome": "kept"}, "`held` cannot be cut by `outcome`."),
        (WHOSE, ["least"], {}, "`whose_time` cannot be cut by `least`."),
        (PROMISES, ["agency", "agency"], {}, "A figure is cut once by each thing, and there are agency, agency."),
        (PROMISES, ["agency", "unit", "area", "month"], {}, "At most 3 cuts at once, and there are 4."),
    ],
)
def test_what_cannot_be_cut_by_is_refused(measure: Measure, cuts: list[str], where: dict[str, str], said: str) -> None:
    rows = {
        "outcomes": FIVE,
        "durations": counted({"seconds": 1.0, "ended": True}),
        "times": counted({"outcome": "cps", "least": 1.0, "most": 1.0}),
    }[measure.kind]

    with pytest.raises(UsageError) as error:
        answer(measure, rows, cuts, where)

    assert "\n".join(filter(None, (error.value.what, error.value.hint))).startswith(said)


def test_the_cuts_of_a_measure_are_everyones_its_own_and_the_domains() -> None:
    """A band where there is an age or a duration."""
    rows = counted({"seconds": 1.0, "ended": True})

    assert list(cuts_of(BETWEEN, rows, {"offence": "Offence"})) == [
        *("month", "agency", "unit", "area", "from_agency", "to_agency", "handoff", "offence", "band")
    ]
    assert list(cuts_of(PROMISES, FIVE, {})) == ["month", "agency", "unit", "area"]


@pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda one: one.name)
def test_an_empty_store_gives_an_empty_answer(empty_store: Store, measure: Measure) -> None:
    """With and without cuts, its number and its months too."""
    rows = facts(empty_store.connection, measure, ())
    # what its entry says is what its SQL gives
    assert measure.has_age == ("seconds" in rows.column_names)
    assert rows.num_rows == 0
    assert counted_to(empty_store.connection, None) is None

    cuts = [cut for cut in cuts_of(measure, rows, {}) if cut != "unit"][:3]
    for made in (answer(measure, rows), answer(measure, rows, cuts), answer(measure, rows, where={"agency": "cps"})):
        assert made.num_rows <= 1
        assert {row["cases"] for row in made.to_pylist()} <= {0}
    assert headline(measure, answer(measure, rows)).value is None
    assert series(measure, rows, None).months == ()
    assert compared(measure, answer(measure, rows, cuts), answer(measure, rows, cuts), cuts).num_rows <= 1


def test_rows_have_their_area_facets_and_the_month_of_the_domains_time_zone() -> None:
    """Half past eleven at night on 31 March in UTC is April in London. A facet is a column of `cases`."""
    with open_memory_store() as store:
        give(
            store.connection,
            {
                "domain": [{}],
                "agencies": [{"agency": "police", "role": "police"}],
                "case_facts": [{"state": "limbo", "area": "30"}],
                "contact_facts": [
                    {"case_key": 1, "position": 1, "occurred_at": "2026-03-31T22:59"},
                    {"case_key": 1, "position": 2, "occurred_at": "2026-03-31T23:30"},
                ],
            },
        )

        rows = facts(store.connection, PROMISES, ("state",), datetime.fromisoformat("2026-06-01"))

    assert sorted(figure(rows, "month", "area", "state", "outcome")) == [
        ("2026-03", "30", "limbo", "open"),
        ("2026-04", "30", "limbo", "open"),
    ]


@pytest.mark.parametrize("most_pairs", [1 << 26, 0])
def test_cases_are_counted_once_in_each_group_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch, most_pairs: int
) -> None:
    """Forty promises of seven cases by three cuts: in every group and total, those that differ."""
    monkeypatch.setattr(grouping_module, "_MOST_PAIRS", most_pairs)
    rows = [
        (f"c{n % 7}", f"agency{n % 3}", f"unit{n * n % 5}", "kept" if n % 4 else "broken", f"state{n % 2}")
        for n in range(40)
    ]
    names = ("case_id", "agency", "unit", "outcome", "area")
    table = pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})

    found = answer(PROMISES, table, ("agency", "unit", "area")).to_pylist()

    said = [[row[name] for name in ("agency", "unit", "outcome", "area")] for row in found]
    held = [
        [row for row in rows if all(one in (None, is_) for one, is_ in zip(key, row[1:], strict=True))] for key in said
    ]
    assert [row["cases"] for row in found] == [len({row[0] for row in one}) for one in held]
    assert [row["counted"] for row in found] == [len(one) for one in held]
