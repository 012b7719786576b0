"""The known faults of the open data of a police force, reported by the checks with exact counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughline.quality.checks.check import CheckResult, judged_measures
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.quality import load_quality_rules
from throughline.sinks.store import open_memory_store
from throughline.sources.mapping.mapping import load_mapping
from throughline.streams.join.replay import replay

FORCE = "urn:throughline:police:48:police_uk_street"
TYPE = "police.crime.status_published"


Results = dict[tuple[str, str], CheckResult]


@pytest.fixture(scope="module")
def results(shared_data: Path) -> tuple[Results, Results]:
    """What the measures say of the second download alone, and of both, by check and subject."""
    domain = load_domain()
    mapping = load_mapping(domain.path / "mappings" / "police_uk_street.yaml")
    found: list[Results] = []
    with open_memory_store() as store:
        for name in ("S2_2021-12", "S1_2021-04"):
            replay(store, domain, [shared_data / "police_uk" / name], mapping=mapping)
            judged = judged_measures(store.connection, domain, load_quality_rules(domain), None)
            found.append({(one.check, one.subject): one for one in judged})
    return found[0], found[1]


@pytest.fixture(scope="module")
def of_second(results: tuple[Results, Results]) -> Results:
    return results[0]


@pytest.mark.parametrize(
    ("check", "subject", "at_fault", "of"),
    [
        ("records_without_identifier", FORCE, 4_155, 28_761),
        ("records_repeated", FORCE, 1_545, 28_761),
        # rows beyond the first of their crime, among the rows that have one
        ("happened_once", f"{FORCE} {TYPE}", 296, 28_761 - 4_155),
    ],
)
def test_a_known_fault_is_counted(of_second: Results, check: str, subject: str, at_fault: int, of: int) -> None:
    found = of_second[check, subject]

    assert (found.at_fault, found.events, found.success) == (at_fault, of, False)


def test_changed_outcomes_are_counted(results: tuple[Results, Results]) -> None:
    """Of 5,066 crimes in both downloads 696 have another outcome in the second."""
    found = results[1]["said_otherwise_later", f"{FORCE} {TYPE}"]

    assert (found.at_fault, found.events, found.success) == (696, 5_066, False)


def test_times_that_are_months_are_no_fault(of_second: Results) -> None:
    """Nothing that looks at instants looks at a month: no midnight, no hour is made of it."""
    instants = {"midnights", "hours_rounded", "at_night", "full_hours", "out_of_hours", "written_before_it_happened"}

    assert not instants & {check for check, subject in of_second if subject.startswith(FORCE)}
