"""The limits of England and Wales are those of their sources, each in its unit, and there are no others."""

from __future__ import annotations

import pytest
from written_standards import catalogue, key, one, standards, uses

# id, version: amount, and under enhanced rights, as read from the sources
LIMITS = {
    "working_days": {
        **{
            (f"VC-R6-{event}", code): (5, 1)
            for event in ("ARREST", "INTERVIEW", "RELEASE", "BAIL", "CHARGE")
            for code in ("2015", "2021")
        },
        ("VC-R6-NOINV", "2021"): (5, 1),
        ("VC-R6-NFA-POL", "2021"): (5, None),
        ("VC-R6-NFA-POL", "2021-enhanced"): (5, 1),
        ("VC-R6-NFA-CPS", "2015"): (5, 1),
        ("VC-2015-FIRST", "2015"): (5, 1),
        ("VC-R4-REFERRAL", "2021"): (2, 2),
        ("VC-R8-COURT-WCU", "2021"): (5, 5),
        ("VC-R8-WCU-VICTIM", "2021"): (5, 1),
        ("VC-R8-HEARING", "2021"): (1, 1),
        ("VC-R8-ATTEND", "2021"): (1, 1),
        ("VC-R9-COURT-WCU", "2021"): (5, 5),
        ("VC-R9-WCU-VICTIM", "2021"): (1, 1),
        ("VC-R11-VCS", "2021"): (10, None),
        ("VC-R11-VLO", "2021"): (20, None),
        ("VRR-POL-ACK", "1"): (10, None),
        ("VRR-POL-DECIDE", "1"): (30, None),
        ("VRR-CPS-WINDOW", "1-ideal"): (5, None),
        ("VRR-CPS-LOCAL", "1"): (10, None),
        ("VRR-CPS-TOTAL", "1"): (30, None),
        ("IDVA-CONTACT", "1"): (2, None),
    },
    "calendar_days": {
        ("ULS", "1"): (28, None),
        ("DG-GREEN5", "DG6"): (5, None),
        ("DG-GREEN28", "DG6"): (28, None),
        ("DG-EA-RASSO", "2023"): (21, None),
        ("BAIL-OLD-28D", "2017"): (28, None),
        ("RUI-REVIEW", "1"): (30, None),
        ("DVPO", "1"): (28, None),
        ("DVDS", "1"): (35, None),
        ("DVDS", "2"): (28, None),
        ("NMO-BREACH", "1"): (0, None),
        ("CTL-56", "1"): (56, None),
        ("CTL-70", "1"): (70, None),
        ("CTL-112", "1"): (112, None),
        ("CTL-182", "1"): (182, None),
        ("UPDATE-FIRST", "herts"): (5, 24),
        ("UPDATE-SECOND", "herts"): (28, 10),
        ("UPDATE-EVERY", "herts"): (28, None),
    },
    "hours": {
        ("DG-RED", "DG6"): (3, None),
        ("DG-CHARGEFILE", "DG6"): (48, None),
        ("BAIL-BREACH", "2022"): (3, None),
        ("PACE-DET-24", "1"): (24, None),
        ("PACE-DET-36", "1"): (36, None),
        ("PACE-DET-96", "1"): (96, None),
        ("DVPN", "1"): (48, None),
        ("DVPO-BREACH", "1"): (24, None),
        ("HOCR-24", "1"): (24, None),
    },
    "months": {
        ("VRR-POL-WINDOW", "1"): (3, None),
        ("VRR-CPS-WINDOW", "1"): (3, None),
        ("DG-CHASE-1M", "DG6"): (1, None),
        ("DG-CHASE-2M", "DG6"): (2, None),
        ("DG-ADMIN", "DG6"): (3, None),
        ("BAIL-ABP1", "2022"): (3, None),
        ("BAIL-ABP2", "2022"): (6, None),
        ("BAIL-ABP3", "2022"): (9, None),
        ("BAIL-COMPLEX", "2022"): (12, None),
        ("BAIL-PAUSE", "2022"): (3, None),
        ("BAIL-OLD-3M", "2017"): (3, None),
        ("STL", "1"): (6, None),
        ("MARAC-REPEAT", "1"): (12, None),
        ("MARAC-REPEAT", "2"): (12, None),
        ("UPDATE-EVERY", "cumbria"): (1, None),
    },
}
DATED_BY_THE_EVENT = {
    *("VC-R6-FREQ", "DG-REJECT", "DG-AP", "DG-DGA-POLICE", "DG-ESC", "PCD-REQBY", "BAIL-RETURN", "BAIL-COURT"),
    *("CONTACT-PROMISED", "CONTACT-REQUESTED", "UPDATE-REQUESTED", "QUERY-ANSWERED"),
}
MEASURED = {
    *("VC-R2-RECORD", "VC-R3-CONFIRM", "VC-R4-NEEDS", "VC-R4-NEEDS-WCU", "VC-R7-VPS", "VC-R8-SM", "DG-SEND"),
    *("DG-TRIAGE", "DG-EA", "DG-DGA-CPS", "BAIL-VICTIM", "RUI", "MARAC-HIGH", "ADV-FIRST-CONTACT"),
}


def test_every_limit_is_the_one_of_its_source() -> None:
    """Given the limits as read from the sources, then the data have these, in these units, and no others."""
    found: dict[str, dict[tuple[str, str], tuple[int, int | None]]] = {}
    for standard in standards():
        if standard["within"]:
            limits = found.setdefault(standard["within"]["unit"], {})
            limits[key(standard)] = (standard["within"]["amount"], (standard.get("enhanced") or {}).get("amount"))
    assert found == LIMITS


def test_only_one_standard_has_another_unit_under_enhanced_rights() -> None:
    """Given Hertfordshire's first update, then 24 hours replace 5 days; every other keeps its unit."""
    changed = [
        (key(standard), standard["enhanced"]["unit"])
        for standard in standards()
        if standard.get("enhanced") and standard["enhanced"]["unit"] != standard["within"]["unit"]
    ]
    assert changed == [(("UPDATE-FIRST", "herts"), "hours")]


def test_a_standard_without_a_limit_takes_the_day_of_the_event_or_measures() -> None:
    """Given the standards for which no source gives a period, then these run to `due_at`, and these have no end."""
    free = [standard for standard in standards() if not standard["within"]]
    assert {standard["id"] for standard in free if standard.get("due")} == DATED_BY_THE_EVENT
    assert {standard["id"] for standard in free if not standard.get("due")} == MEASURED


def test_an_event_that_dates_a_clock_has_a_day() -> None:
    """Given a clock that runs to `due_at` of its start, then every type that starts it has the field."""
    starts = [(key(s), e["type"]) for s, role, e in uses() if role == "starts" and s.get("due")]
    assert len(starts) > 10
    assert [start for start in starts if "due_at" not in catalogue()[start[1]]["fields"]] == []


def test_only_the_bail_that_is_with_the_prosecutor_stands_still() -> None:
    """Given all clocks, then one is paused: while the file is with the CPS, and by nothing else."""
    paused = [standard for standard in standards() if standard.get("pauses")]
    assert [standard["id"] for standard in paused] == ["BAIL-PAUSE"]
    assert all(entry["type"].startswith("police.") for entry in paused[0]["pauses"])
    assert all(entry["type"].startswith("cps.") for entry in paused[0]["resumes"])


@pytest.mark.parametrize("name", ["DG-GREEN5", "DG-GREEN28", "DG-RED"])
def test_a_rejected_request_is_not_reviewed_any_more(name: str) -> None:
    """Given a rejection at triage, then the clock of the review ends: police hold the case."""
    standard = one(name, "DG6")
    ends = [*standard["stops"], *standard.get("cancels", [])]
    assert {"type": "cps.pcd.triaged", "when": ["reject"]} in ends
