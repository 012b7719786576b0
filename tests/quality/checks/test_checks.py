"""Checks of quality: given these events, these results; and what a run leaves on the record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from england_wales import england_wales
from histories import RECEIVED

from throughline.errors import DataError
from throughline.quality.checks import check as checks
from throughline.quality.checks import data_docs
from throughline.quality.checks.check import CheckResult, as_of_checked, checks_of, run_checks
from throughline.quality.checks.data_docs import write_data_docs
from throughline.quality.checks.expectations import Expectation, judge
from throughline.quality.checks.suites import REQUIRED, VALUES, judge_suite, suites_of, view_suites
from throughline.quality.stewardship.desk import Desk
from throughline.quality.stewardship.run import publish_results, run_on_record
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.quality import AgencyExpectation, QualityRules, load_quality_rules
from throughline.sinks.digest import digest
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.rebuild import rebuild
from throughline.streams.join.replay import replay

RMS = "urn:throughline:police:20:rms"
AS_OF = datetime.fromisoformat("2026-06-01T00:00")


@pytest.fixture(scope="module")
def domain() -> Domain:
    return england_wales()


def crime(number: int, *, time: str | None = None, **said: Any) -> dict[str, Any]:
    """A crime recorded on one of the days of March, written down an hour later."""
    day = number % 28 + 1
    attributes = {name: said.pop(name) for name in ("source", "recordedtime", "sequence", "id") if name in said}
    return {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": RMS,
        "type": "uk.cjs.police.crime.recorded.v1",
        "time": time or f"2026-03-{day:02}T10:{number % 60:02}:07Z",
        "recordedtime": f"2026-03-{day:02}T11:{number % 60:02}:07Z",
        "sequence": f"{number:09d}",
        "partitionkey": "20",
        "data": {"unit": "20PP", "identifiers": {"crime_ref": f"20/{number:06}/26"}, "offence_group": "stalking"}
        | said,
    } | attributes


def without(event: dict[str, Any], *names: str) -> dict[str, Any]:
    """The event without these attributes or fields of its data."""
    data = {name: value for name, value in event["data"].items() if name not in names}
    return {name: value for name, value in event.items() if name not in names} | {"data": data}


@pytest.fixture
def store(tmp_path: Path, domain: Domain) -> Iterator[Store]:
    with open_memory_store() as made:
        yield made


def received(store: Store, domain: Domain, folder: Path, *events: dict[str, Any]) -> Store:
    file = folder / f"{len(list(folder.iterdir()))}.jsonl"
    file.write_bytes(b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in events))
    replay(store, domain, [file], received_at=RECEIVED)
    return store


def found(store: Store, domain: Domain, check: str, subject: str = RMS) -> CheckResult:
    (one,) = (
        one for one in run_checks(store.connection, domain, AS_OF) if (one.check, one.subject) == (check, subject)
    )
    return one


CLEAN = [crime(number) for number in range(1, 101)]


REOPENED = without(crime(1, about="call 0121 496 0000"), "unit", "offence_group") | {
    "type": "uk.cjs.police.investigation.reopened.v1"
}
FAULTY: list[tuple[str, list[dict[str, Any]], float]] = [
    ("unit_missing", [without(one, "unit") for one in CLEAN[:7]] + CLEAN[7:], 0.07),
    ("recorded_time_missing", [without(one, "recordedtime") for one in CLEAN[:9]] + CLEAN[9:], 0.09),
    # 96 of the numbers 1 to 100, and both ends are there
    ("numbers_missing", CLEAN[:50] + CLEAN[54:], 0.04),
    ("numbers_lost", [without(one, "sequence") for one in CLEAN[:10]] + CLEAN[10:], 0.1),
    ("numbers_repeated", [one | {"sequence": "000000001"} for one in CLEAN[:5]] + CLEAN[5:], 0.04),
    ("copies_under_new_ids", [*CLEAN, *(one | {"id": f"again-{one['id']}"} for one in CLEAN[:4])], 4 / 104),
    (
        "pseudonyms_malformed",
        [crime(1, victim="0121 496 0000"), *(crime(n, victim=f"v-{n:08x}") for n in range(2, 101))],
        0.01,
    ),
    ("units_spelt_otherwise", [crime(n, unit="20pp") for n in range(1, 6)] + CLEAN[5:], 0.05),
    ("recorded_together", [one | {"recordedtime": "2026-03-30T02:00:00Z"} for one in CLEAN[:30]] + CLEAN[30:], 0.3),
    ("hours_rounded", [one | {"time": one["time"][:14] + "00:00Z"} for one in CLEAN[:40]] + CLEAN[40:], 0.4),
    ("midnights", [one | {"time": one["time"][:11] + "00:00:00Z"} for one in CLEAN[:3]] + CLEAN[3:], 0.03),
    ("in_the_future", [*CLEAN[:99], crime(100, time="2027-03-01T10:00:00Z")], 0.01),
    ("written_before_it_happened", [crime(1, time="2026-03-09T10:00:00Z"), *CLEAN[1:]], 0.01),
    ("odd_characters", [crime(1, unit="20PÃª"), *CLEAN[1:]], 0.01),
    # of 99 units and what one event is about
    ("text_in_codes", [REOPENED, *CLEAN[1:]], 0.01),
]
FORCES = [f"{number:02}" for number in (1, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 16, 17, 20, 21)]


@pytest.fixture(scope="module")
def results(domain: Domain, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], CheckResult]:
    """What the checks say of a store to which each force sent the events of one fault."""
    events = [
        one | {"source": source_of(area), "partitionkey": area}
        for area, (_, sent, _) in zip(FORCES, FAULTY, strict=True)
        for one in sent
    ]
    with open_memory_store() as store:
        received(store, domain, tmp_path_factory.mktemp("faulty"), *events)
        return {(one.check, one.subject): one for one in run_checks(store.connection, domain, AS_OF)}


def source_of(area: str) -> str:
    return f"urn:throughline:police:{area}:rms"


@pytest.mark.parametrize(
    ("area", "check", "observed"),
    [(area, check, observed) for area, (check, _, observed) in zip(FORCES, FAULTY, strict=True)],
)
def test_a_measure_is_the_share_at_fault(
    results: dict[tuple[str, str], CheckResult], area: str, check: str, observed: float
) -> None:
    one = results[check, source_of(area)]

    assert one.observed == pytest.approx(observed)
    assert not one.success
    assert one.failed == one.periods == 1


def test_what_is_in_order_passes(store: Store, domain: Domain, tmp_path: Path) -> None:
    """A hundred crimes, one a day or more, all numbered: every result is as it should be."""
    results = run_checks(
        received(store, domain, tmp_path, *CLEAN).connection, domain, datetime.fromisoformat("2026-03-30")
    )

    failing = {(one.check, one.subject) for one in results if not one.success}
    # crimes alone meet nothing of other agencies
    assert failing == {("events_alone", RMS)}
    assert {"unit_missing", "numbers_missing", REQUIRED, VALUES, "case_ids_are_unique"} <= {
        one.check for one in results
    }


@pytest.fixture
def with_own_limit(store: Store, domain: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A fifth of the units of one feed are missing, and half may be; of others none may."""
    rules = load_quality_rules(domain)
    own = QualityRules(rules.orders, rules.begins, {"unit_missing": {RMS: 0.5}}, ())
    for module in (checks, data_docs):
        monkeypatch.setattr(module, "load_quality_rules", lambda domain: own)
    return received(store, domain, tmp_path, *(without(one, "unit") for one in CLEAN[:20]), *CLEAN[20:])


def test_a_limit_of_ones_own_counts_before_that_of_all(with_own_limit: Store, domain: Domain) -> None:
    """A feed that is rightly different has a limit of its own in the domain."""
    one = found(with_own_limit, domain, "unit_missing")
    assert (one.observed, one.at_most, one.success) == (0.2, 0.5, True)


def test_an_absurd_number_is_a_finding_and_no_fault(store: Store, domain: Domain, tmp_path: Path) -> None:
    """Numbers may lie further apart than one of them can say."""
    low, far = (
        {**CLEAN[0], "id": name, "sequence": str(number)} for name, number in (("a", -(2**63)), ("b", 2**63 - 1))
    )
    received(store, domain, tmp_path, *CLEAN, low, far)

    assert found(store, domain, "numbers_missing").observed == pytest.approx(1)


def test_a_store_without_events_is_named(store: Store, domain: Domain) -> None:
    rebuild(store, domain)

    with pytest.raises(DataError, match="no events"):
        run_checks(store.connection, domain, None)


def test_checks_write_nothing(store: Store, domain: Domain, tmp_path: Path) -> None:
    """They read: the digest and the tables of the store stay as they were."""
    received(store, domain, tmp_path, *CLEAN)
    tables = "select table_name, estimated_size from duckdb_tables() where not temporary order by all"
    before = digest(store.connection), store.connection.execute(tables).fetchall()

    run_checks(store.connection, domain, AS_OF)

    assert (digest(store.connection), store.connection.execute(tables).fetchall()) == before


def test_what_the_catalogue_no_longer_takes_is_found(store: Store, domain: Domain, tmp_path: Path) -> None:
    """The event was accepted; the list of values was narrowed since."""
    received(store, domain, tmp_path, *CLEAN)
    kind = domain.types["police.crime.recorded"]
    group = replace(kind.fields["offence_group"], values=("rape",))
    narrowed = replace(kind, fields={**kind.fields, "offence_group": group})
    later = replace(domain, types={**domain.types, kind.type: narrowed})

    one = found(store, later, VALUES, "police.crime.recorded offence_group")
    assert (one.observed, one.success, one.dimension) == (1.0, False, "validity")


def test_an_expectation_compares_days_with_days(store: Store, domain: Domain, tmp_path: Path) -> None:
    """00:30 on 2 July in London, 23:30 of the day before in UTC, is not before that day, and noon is not after it."""
    days = [
        ("2026-07-02", "2026-07-01T23:30:00Z"),
        ("2026-07", "2026-07-01T08:30:00Z"),
        ("2026-07-02", "2026-07-01T22:30:00Z"),
    ]
    days += [("2026-07-02", "2026-07-02T12:00:00Z"), ("2026-07-02", "2026-07-03T10:00:00Z")]
    events = [
        without(crime(n, recordedtime=written) | {"occurredon": on}, "time") for n, (on, written) in enumerate(days)
    ]
    events.append(crime(9, time="2026-07-02T10:15:00Z", recordedtime="2026-07-02T10:14:00Z"))
    received(store, domain, tmp_path, *events)
    kind = "expect_column_pair_values_a_to_be_greater_than_b"
    for first, second, at_fault in (("recorded_at", "occurred_at", 2), ("occurred_at", "recorded_at", 1)):
        columns = {"column_A": first, "column_B": second}
        own = AgencyExpectation("own", "police.crime.recorded", "accuracy", kind, columns, 0.0, "why", "do")
        rules = replace(load_quality_rules(domain), expectations=(own,))
        [suite] = (one for one in suites_of(domain, rules) if one.subject == own.type)
        [outcome] = (one for one in judge_suite(store.connection, suite) if one.name == "own")
        assert (outcome.rows, outcome.failed) == (6, at_fault)


def test_every_result_can_be_explained(store: Store, domain: Domain, tmp_path: Path) -> None:
    """Each has a check that says why it is made and what to do."""
    known = checks_of(load_quality_rules(domain))

    for one in run_checks(received(store, domain, tmp_path, *CLEAN).connection, domain, AS_OF):
        assert known[one.check].why
        assert known[one.check].do
        assert known[one.check].dimension == one.dimension


def desk(store: Store, domain: Domain, folder: Path) -> Desk:
    return Desk(store, domain, folder / "steward.jsonl", "20", RECEIVED, "o-5b20d4aa")


def test_a_run_is_on_the_record(store: Store, domain: Domain, tmp_path: Path) -> None:
    """Each result is an event; the view shows them, no case has them, and replaying the outbox changes nothing."""
    received(store, domain, tmp_path, *CLEAN)
    cases = store.connection.execute("select count(*) from cases").fetchone()
    results = run_checks(store.connection, domain, AS_OF)

    _, made = run_on_record(desk(store, domain, tmp_path), AS_OF)

    assert made == results
    shown = store.connection.execute(
        "select check_name, subject, passed, observed, at_most, events_seen, as_of from quality_results order by all"
    ).fetchall()
    assert shown == sorted(
        (one.check, one.subject, one.success, pytest.approx(one.observed, abs=1e-6), one.at_most, one.events, AS_OF)
        for one in results
    )
    assert store.connection.execute("select count(*) from cases").fetchone() == cases
    before = digest(store.connection)
    assert replay(store, domain, [tmp_path / "steward.jsonl"], received_at=RECEIVED).accepted == 0
    assert digest(store.connection) == before


def test_runs_stand_beside_one_another(store: Store, domain: Domain, tmp_path: Path) -> None:
    """What failed and was mended is passed in the later run, and stays failed in the earlier one."""
    received(store, domain, tmp_path, *CLEAN[:50], *CLEAN[60:])
    for run, events in (("run-1", []), ("run-2", CLEAN[50:60])):
        received(store, domain, tmp_path, *events)
        publish_results(desk(store, domain, tmp_path), run_checks(store.connection, domain, AS_OF), run, AS_OF)

    shown = store.connection.execute(
        "select run_id, passed, observed from quality_results where check_name = 'numbers_missing' order by run_id"
    ).fetchall()
    assert shown == [("run-1", False, 0.1), ("run-2", True, 0.0)]


def test_the_time_of_asking_is_not_that_of_a_stray_event(store: Store, domain: Domain, tmp_path: Path) -> None:
    """One event in the future does not make every feed silent."""
    events = [crime(number) for number in range(1, 3001)]
    received(
        store, domain, tmp_path, *events, crime(3001, time="2096-01-01T10:00:00Z", recordedtime="2096-01-01T10:00:00Z")
    )

    assert as_of_checked(store.connection).year == 2026


def test_data_docs_say_counts_and_no_values(store: Store, domain: Domain, tmp_path: Path) -> None:
    """A page for each suite; what stood in a record is on none of them."""
    received(store, domain, tmp_path, *CLEAN, crime(101, unit="20XSECRETX"))

    first = write_data_docs(store.connection, domain, AS_OF, tmp_path / "docs")

    pages = list((tmp_path / "docs").rglob("*.html"))
    assert first in pages
    judged = {page.stem.removeprefix("store-") for page in pages if "validations" in page.parts}
    assert {"unit_missing", "police.crime.recorded", "timeline", "cases"} <= judged
    assert not any("20XSECRETX" in page.read_text(encoding="utf-8") for page in pages)


def test_data_docs_judge_a_feed_by_its_own_limit(with_own_limit: Store, domain: Domain, tmp_path: Path) -> None:
    """As `quality` does: what it holds is not red in the pages."""
    write_data_docs(with_own_limit.connection, domain, AS_OF, tmp_path / "docs")

    (page,) = (tmp_path / "docs" / "validations" / "unit_missing at most 0,5").rglob("*.html")
    assert '<i class="fas fa-check-circle text-success" aria-hidden="true"></i> Succeeded' in page.read_text("utf-8")
    assert not (tmp_path / "docs" / "validations" / "unit_missing").exists()


def test_an_expectation_that_cannot_be_judged_is_named() -> None:
    import pandas as pd

    wrong = Expectation(
        "units_are_listed", "validity", "expect_column_values_to_be_in_set", {"column": "gone", "value_set": [1]}
    )

    with pytest.raises(DataError, match="units_are_listed"):
        judge(pd.DataFrame({"unit": [1]}), [wrong])


def test_views_are_expected_of_by_names_that_stand_once() -> None:
    names = [one.name for suite in view_suites() for one in suite.expectations]

    assert len(names) == len(set(names))
