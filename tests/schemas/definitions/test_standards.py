"""The standards of England and Wales: every clock has a source, and none from memory is stated as fact."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from written_standards import FOLDER, catalogue, files, key, one, standards, uses

from throughline.schemas.definitions.domain import load_domain

NUMBERS = {
    "agreed_contact": 4,
    "bail_and_custody": 13,
    "directors_guidance": 17,
    "local": 10,
    "protective_orders": 5,
    "time_limits": 9,
    "victims_code": 16,
    "victims_code_2015": 6,
    "victims_code_court": 10,
    "victims_right_to_review": 7,
}
UNCONFIRMED_ON = {
    # the Code before it had the same clock, and that is confirmed
    ("VC-R6-CHARGE", "2021"),
    # without a period of its own: it measures, or takes the date that the event states
    ("DG-ESC", "DG6"),
}
UNCONFIRMED_OFF = {
    ("BAIL-PAUSE", "2022"),
    ("DG-ADMIN", "DG6"),
    ("DG-EA-RASSO", "2023"),
    ("DVPO-BREACH", "1"),
    ("NMO-BREACH", "1"),
    ("PACE-DET-24", "1"),
    ("PACE-DET-36", "1"),
    ("PACE-DET-96", "1"),
    ("RUI-REVIEW", "1"),
    ("STL", "1"),
    ("VC-R6-NFA-POL", "2021-enhanced"),
    ("VRR-CPS-LOCAL", "1"),
}
NUMBER_ON = 57
MARK = re.compile(r"\[([A-Z]\d+)\] (https?://\S+|Lords Hansard)")


def test_the_number_of_standards_is_known() -> None:
    """Given the folder, then each file has as many clocks as when its sources were last read."""
    assert {name: len(written) for name, written in files().items()} == NUMBERS


def test_the_domain_loads_with_every_standard() -> None:
    """Given the domain as it is loaded, then all standards are in it, on or off as they are written."""
    loaded = load_domain(FOLDER).standards
    assert {(s.id, s.version): s.enabled for s in loaded} == {key(s): s["enabled"] for s in standards()}
    assert sum(s.enabled for s in loaded) == NUMBER_ON


def test_a_standard_stands_once_in_each_version() -> None:
    """Given all files, then no pair of id and version is used twice."""
    keys = [key(standard) for standard in standards()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("standard", standards(), ids=lambda s: "/".join(key(s)))
def test_a_standard_says_where_it_comes_from(standard: dict[str, Any]) -> None:
    """Given a standard, then its source has an address, or is said to be from memory, local or agreed."""
    source = standard["source"]
    said = source.startswith(("From memory", "Local:", "Review finding"))
    assert MARK.search(source) or said
    if "From memory" in source:
        assert not standard["confirmed"]
        assert not standard["enabled"]


def test_what_is_unconfirmed_is_listed() -> None:
    """Given the standards that no source confirms, then those that are on are named here with a reason."""
    unconfirmed = [standard for standard in standards() if not standard["confirmed"]]
    assert {key(standard) for standard in unconfirmed if standard["enabled"]} == UNCONFIRMED_ON
    assert {key(standard) for standard in unconfirmed if not standard["enabled"]} == UNCONFIRMED_OFF


def test_local_service_levels_are_off() -> None:
    """Given a level that no law sets, then it is marked as local and runs only where a force turns it on."""
    local = [standard for standard in standards() if standard.get("local")]
    assert local
    assert not any(standard["enabled"] for standard in local)
    assert all(standard.get("local") for standard in files()["local"])


def test_a_confirmed_standard_that_is_off_says_why() -> None:
    """Given a clock that is switched off although a source confirms it, then its note gives the reason."""
    silent = [
        key(standard)
        for standard in standards()
        if standard["confirmed"]
        and not standard["enabled"]
        and not standard.get("local")
        and not standard.get("note", "").strip()
    ]
    assert silent == []


def test_every_event_that_a_standard_names_is_in_the_catalogue() -> None:
    """Given each start, stop, cancel, pause and resume, then its type exists and takes the decisions."""
    wrong = []
    for standard, role, entry in uses():
        event_type = catalogue().get(entry["type"])
        if event_type is None:
            wrong.append((key(standard), role, entry["type"]))
            continue
        values = (event_type["fields"].get("decision") or {}).get("values", [])
        wrong += [(key(standard), role, value) for value in entry.get("when", []) if value not in values]
    assert wrong == []


def test_an_event_carries_what_it_is_matched_by() -> None:
    """Given `match: about` or `reference`, then the stop has the field, and so has the start."""
    wrong = []
    for standard, role, entry in uses():
        fields = catalogue()[entry["type"]]["fields"]
        wanted = {"about": {"about"}, "reference": {"answers", "reference"}}.get(standard["match"], set())
        if role == "stops" and wanted and not wanted & set(fields):
            wrong.append((key(standard), role, entry["type"]))
        if role == "starts" and standard["match"] == "reference" and "reference" not in fields:
            wrong.append((key(standard), role, entry["type"]))
    assert wrong == []


def test_a_telling_is_about_the_event_that_is_told() -> None:
    """Given a right to be told within a number of days, then a telling of something else does not keep it."""
    owed = [
        standard
        for standard in standards()
        if standard["title"].startswith("Told") and standard["owner"] in {"police", "cps"}
    ]
    assert len(owed) >= 13
    assert {standard["match"] for standard in owed} == {"about"}


def test_the_code_of_2015_ends_where_that_of_2021_begins() -> None:
    """Given the two Codes, then a right that both give runs on without gap or overlap."""
    older = {standard["id"]: standard for standard in files()["victims_code_2015"]}
    newer = {s["id"]: s for s in files()["victims_code"] if s["version"] == "2021"}
    both = sorted(set(older) & set(newer))
    assert both == ["VC-R6-ARREST", "VC-R6-BAIL", "VC-R6-CHARGE", "VC-R6-INTERVIEW", "VC-R6-RELEASE"]
    for name in both:
        assert older[name]["effective_from"] == date(2015, 11, 16)
        assert older[name]["effective_to"] + timedelta(days=1) == newer[name]["effective_from"] == date(2021, 4, 1)
        assert older[name]["within"] == newer[name]["within"] == {"amount": 5, "unit": "working_days"}
        assert older[name]["enhanced"] == newer[name]["enhanced"] == {"amount": 1, "unit": "working_days"}


def test_bail_changes_regime_on_28_october_2022() -> None:
    """Given the last day of the old regime, then 28 days; given the first of the new, three months."""
    assert one("BAIL-OLD-28D", "2017")["effective_to"] + timedelta(days=1) == date(2022, 10, 28)
    assert one("BAIL-ABP1", "2022")["effective_from"] == date(2022, 10, 28)
    assert one("BAIL-OLD-28D", "2017")["within"] == {"amount": 28, "unit": "calendar_days"}
    assert one("BAIL-ABP1", "2022")["within"] == {"amount": 3, "unit": "months"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("VC-R8-COURT-WCU", "VC-R8-WCU-VICTIM"),
        ("VC-R9-COURT-WCU", "VC-R9-WCU-VICTIM"),
        ("VC-R11-VCS", "VC-R11-VLO"),
    ],
)
def test_a_chain_of_two_duties_has_two_owners(first: str, second: str) -> None:
    """Given a right that two agencies serve in turn, then each owes a clock, one after the other."""
    giver, taker = one(first, "2021"), one(second, "2021")
    assert giver["owner"] != taker["owner"]
    stops = {entry["type"] for entry in giver["stops"]}
    assert {entry["type"] for entry in taker["starts"]} <= stops


def test_each_item_of_an_action_plan_has_its_own_day() -> None:
    """Given an action plan, then an item's clock runs to the item's own date and stops for that item only."""
    item = one("DG-AP", "DG6")
    assert item["match"] == "reference"
    assert item["due"] == "due_at"
    assert item["within"] is None
    assert "cancels" not in item
