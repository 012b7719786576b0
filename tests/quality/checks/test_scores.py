"""Scores count the checks that held; service levels say what was observed of each feed, month by month."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson
import pytest
from england_wales import england_wales
from on_record import RMS, put_on_record, result

from throughline.quality.checks.check import all_checks
from throughline.quality.checks.scores import month_before, scores, service_levels
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.quality import DIMENSIONS, QualityRules, ServiceLevel
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.replay import replay

FILES = "urn:throughline:police:20:files"
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
AS_OF = datetime.fromisoformat("2026-04-20T00:00")
RULES = QualityRules((), (), {})
EXAMPLES = Path(__file__).parents[3] / "docs" / "how-to" / "examples"


@pytest.fixture(scope="module")
def domain() -> Domain:
    return england_wales()


@pytest.fixture
def store(domain: Domain) -> Iterator[Store]:
    """A store of the two example cases of docs/how-to."""
    with open_memory_store() as made:
        replay(made, domain, [EXAMPLES / "events.jsonl"], received_at=AS_OF)
        yield made


def score(store: Store, month: date, name: str) -> dict[str, str | None]:
    """`held of made: score` by dimension, of what was measured."""
    return {
        row["dimension"]: f"{row['held']} of {row['made']}: {row['score']}"
        for row in scores(store.connection, RULES).to_pylist()
        if row["month"] == month and row["name"] == name and row["score"] is not None
    }


def levels(store: Store, level: str, limit: float, **given: Any) -> dict[tuple[str, str], tuple[float, bool]]:
    """What was observed and whether it was met, by source and month."""
    is_least = level == "recorded_in_time"
    agreed = ServiceLevel(level, is_least, {"": limit} | given.pop("feeds", {}), 7 if is_least else None)
    found = service_levels(store.connection, QualityRules((), (), {}, service_levels=(agreed,)), AS_OF).to_pylist()
    return {(row["source"], f"{row['month']:%Y-%m}"): (row["observed"], row["met"]) for row in found}


def feed(store: Store, folder: Path, events: list[dict[str, str]]) -> None:
    """Events of another source, of which only what is given matters."""
    head = {"specversion": "1.0", "source": FILES, "type": "police.crime.recorded", "partitionkey": "20"}
    data = {"unit": "20PP", "identifiers": {"crime_ref": "20/000777/26"}, "offence_group": "stalking"}
    lines = [orjson.dumps(head | {"id": str(i), "data": data} | event) for i, event in enumerate(events)]
    (folder / "feed.jsonl").write_bytes(b"\n".join(lines))
    replay(store, england_wales(), [folder / "feed.jsonl"], received_at=AS_OF)


def test_a_score_is_how_many_checks_held(store: Store, tmp_path: Path) -> None:
    """Two of three checks of completeness held; of the others none was made, so nothing is known."""
    made = [result("unit_missing", RMS), result("numbers_lost", RMS), result("numbers_missing", RMS, passed=False)]
    put_on_record(store, tmp_path, "2026-03-31T12:00", made)

    assert score(store, MARCH, RMS) == {"completeness": "2 of 3: 67"}


def test_a_month_shows_all_six_dimensions(store: Store, tmp_path: Path) -> None:
    """What was not measured stands there, and is null."""
    put_on_record(store, tmp_path, "2026-03-31T12:00", [result("unit_missing", RMS)])

    found = [row for row in scores(store.connection, RULES).to_pylist() if row["name"] == RMS]

    assert [(row["dimension"], row["score"]) for row in found] == [
        (name, 100 if name == "completeness" else None) for name in DIMENSIONS
    ]


def test_a_check_holds_if_it_does_for_every_field_of_the_feed(store: Store, tmp_path: Path) -> None:
    """Ten fields are one check: a form with many fields weighs no more than one with few."""
    fields = [result("field_filled", f"{RMS} police.crime.recorded field{i}", passed=i > 0) for i in range(10)]
    put_on_record(store, tmp_path, "2026-03-31T12:00", [*fields, result("unit_missing", RMS)])

    assert score(store, MARCH, RMS) == {"completeness": "1 of 2: 50"}


def test_the_last_run_of_the_month_counts(store: Store, tmp_path: Path) -> None:
    """What was mended within the month is mended; what the month before said stays."""
    put_on_record(store, tmp_path, "2026-03-10T12:00", [result("unit_missing", RMS, passed=False)])
    put_on_record(store, tmp_path, "2026-04-01T12:00", [result("unit_missing", RMS, passed=False)])
    put_on_record(store, tmp_path, "2026-04-19T12:00", [result("unit_missing", RMS)])

    assert score(store, MARCH, RMS) == {"completeness": "0 of 1: 0"}
    assert score(store, APRIL, RMS) == {"completeness": "1 of 1: 100"}


def test_desks_add_up(store: Store, tmp_path: Path) -> None:
    """Each desk checks a store of its own: the last run of each counts, not the last of all."""
    put_on_record(store, tmp_path, "2026-03-10T12:00", [result("unit_missing", RMS)])
    put_on_record(store, tmp_path, "2026-03-11T12:00", [result("numbers_lost", RMS, passed=False)], area="21")

    assert score(store, MARCH, RMS) == {"completeness": "1 of 2: 50"}


@pytest.mark.parametrize(
    ("check", "subject", "agencies"),
    [
        ("unit_missing", RMS, {"police"}),
        ("told_before_decided", "cps", {"cps"}),
        ("clocks_apart", "police to cps", {"police", "cps"}),
        ("agencies_disagree", "cps and police", {"police", "cps"}),
        ("steps_out_of_order", "police.pcd.requested before cps.pcd.received", {"police", "cps"}),
        ("identifiers_shared", "20 urn", set()),
        ("records_refused", "unknown source", set()),
    ],
)
def test_a_result_counts_for_whom_it_is_of(
    store: Store, tmp_path: Path, check: str, subject: str, agencies: set[str]
) -> None:
    """A pair's result is of both; what is of nobody known counts over all feeds alone."""
    put_on_record(store, tmp_path, "2026-03-31T12:00", [result(check, subject)])

    measured = [row for row in scores(store.connection, RULES).to_pylist() if row["made"]]

    assert {row["name"] for row in measured if row["scope"] == "agency"} == agencies
    assert [row["made"] for row in measured if row["scope"] == "all"] == [1]


def test_every_check_says_whose_its_results_are() -> None:
    """As the first line of its measure says what a row is of."""
    words = {"source": "source", "agency": "(receiving )?agency", "agencies": "pair of agencies"}
    words |= {"types": "pair of types", "area": "area"}
    wrong = [
        check.name
        for check in all_checks()
        if not re.match(
            rf"-- One row per {words[check.of]}\b",
            (files("throughline.quality.checks") / "measures" / f"{check.name}.sql").read_text(encoding="utf-8"),
        )
    ]

    assert wrong == []


def test_recorded_in_time_is_the_share_of_the_month_in_which_it_was_written(store: Store, tmp_path: Path) -> None:
    """Seven days to the second are in time; an event without the time of entry says nothing."""
    written = [
        ("2026-02-20T12:00:00Z", "2026-02-20T13:00:00Z"),
        ("2026-02-25T12:00:00Z", "2026-03-04T12:00:00Z"),
        ("2026-02-25T12:00:00Z", "2026-03-04T12:00:01Z"),
        ("2026-03-02T12:00:00Z", None),
    ]
    feed(store, tmp_path, [{"time": time} | ({"recordedtime": entry} if entry else {}) for time, entry in written])

    assert levels(store, "recorded_in_time", 0.5) == {(FILES, "2026-02"): (1.0, True), (FILES, "2026-03"): (0.5, True)}


def test_a_number_is_missed_in_the_month_of_the_next(store: Store, tmp_path: Path) -> None:
    """Two and three never came; of what was before the first and after the last nothing is known."""
    numbered = [("2026-02-27", "1"), ("2026-03-02", "4"), ("2026-03-03", "5")]
    feed(store, tmp_path, [{"time": f"{day}T12:00:00Z", "sequence": number} for day, number in numbered])

    found = levels(store, "numbers_missing", 0)

    assert {key: value for key, value in found.items() if key[0] == FILES} == {
        (FILES, "2026-02"): (0.0, True),
        (FILES, "2026-03"): (2.0, False),
    }


def test_numbers_may_lie_further_apart_than_one_of_them_can_say(store: Store, tmp_path: Path) -> None:
    numbered = [("2026-02-27", str(-(2**63))), ("2026-03-02", str(2**63 - 1))]
    feed(store, tmp_path, [{"time": f"{day}T12:00:00Z", "sequence": number} for day, number in numbered])

    assert levels(store, "numbers_missing", 0)[FILES, "2026-03"] == (2.0**64, False)


def test_silence_goes_on_through_a_month_without_events(store: Store, tmp_path: Path) -> None:
    """From the last event before, to the end of the month, or to now in the month that is not over."""
    feed(store, tmp_path, [{"time": "2026-02-01T00:00:00Z"}, {"time": "2026-04-11T00:00:00Z"}])

    found = {
        key: round(value, 3)
        for (source, key), (value, _) in levels(store, "silence_days", 7).items()
        if source == FILES
    }

    assert found == {"2026-02": 28.0, "2026-03": 59.0, "2026-04": 69.0}


def test_refused_counts_by_when_records_were_received(store: Store, tmp_path: Path) -> None:
    """One of four."""
    feed(store, tmp_path, [{"time": f"2026-02-0{day}T00:00:00Z"} for day in (1, 2, 3)] + [{"time": "noon"}])

    assert levels(store, "refused", 0.2)[(FILES, "2026-04")] == (0.25, False)


def test_what_is_agreed_with_one_feed_goes_before_what_is_agreed_with_all(store: Store, tmp_path: Path) -> None:
    """Half refused is too much, unless it is agreed."""
    feed(store, tmp_path, [{"time": "2026-02-01T00:00:00Z"}, {"time": "noon"}])

    assert levels(store, "refused", 0.2, feeds={FILES: 0.5})[(FILES, "2026-04")] == (0.5, True)


def test_what_is_not_agreed_is_not_judged(store: Store) -> None:
    """A domain without service levels has none met and none missed."""
    assert service_levels(store.connection, QualityRules((), (), {}), AS_OF).num_rows == 0


def test_the_month_before_january_is_of_the_year_before() -> None:
    """And that of any other is of the same."""
    assert month_before(date(2026, 1, 1)) == date(2025, 12, 1)
    assert month_before(date(2026, 12, 1)) == date(2026, 11, 1)
