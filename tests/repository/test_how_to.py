"""The examples and queries of docs/how-to do what the pages say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from england_wales import england_wales

from throughline.schemas.definitions.domain import Domain
from throughline.sinks.questions.question import ask
from throughline.sinks.store import Store, open_memory_store
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.workbench.dry_run import dry_run
from throughline.streams.join.replay import replay

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"
EXAMPLES = HOW_TO / "examples"
SHOWN = re.compile(r"<!-- from (\S+): generated")
RECEIVED = datetime.fromisoformat("2026-05-01T00:00")
CASE, QUIET = "c1fcde1f47b20e64c", "c77b796c02d3655ff"

# What each question that a page shows says of events.jsonl: the columns that matter of the first rows.
SAYS: dict[str, list[dict[str, Any]]] = {
    "who_holds_what": [
        {"state": "limbo", "agency": "cps", "cases": 1},
        {"state": "limbo", "agency": "police", "cases": 1},
    ],
    "longest_limbo": [
        {"case_id": QUIET, "from_agency": "police", "to_agency": "cps", "kind": "submission"},
        {"case_id": CASE, "from_agency": "cps", "to_agency": "police", "kind": "decision"},
    ],
    "slowest_handoffs": [
        {"from_agency": "cps", "to_agency": "police", "handoffs": 2, "censored": 1, "median_days": 8.7},
        {"from_agency": "police", "to_agency": "cps", "handoffs": 3, "censored": 1, "median_days": 4.9},
    ],
    "figures_not_to_be_trusted": [],
    "ping_pong_files": [{"case_id": CASE, "one_agency": "cps", "other_agency": "police", "handoffs": 4, "returns": 1}],
    "promises_broken": [
        {"case_id": CASE, "kind": "promised", "agency": "police", "state": "broken", "reference": "P-1"},
        {"case_id": CASE, "kind": "requested", "agency": "advocate", "state": "broken", "reference": "Q-1"},
    ],
    "decisions_never_told": [{"case_id": CASE, "agency": "cps", "decision": "nfa_evidential"}],
    "told_after_effect": [{"agency": "cps", "decisions": 1, "told_before": 0, "told_after": 0, "not_told": 1}],
    "contradictory_claims": [{"case_id": CASE, "kind": "each_points_at_other", "to_at": None}],
    "overdue_clocks": [{"case_id": CASE, "standard": "CONTACT-PROMISED", "overdue": 2335.0}],
    "standards_kept": [{"standard": "VC-R4-REFERRAL", "still_overdue": 2}],
    "silent_sources": [{"source": "urn:throughline:police:20:rms", "events": 8, "silent_days": 54.6}],
    "case_of_identifier": [{"case_id": CASE, "state": "limbo", "awaiting_agency": "police"}],
    "quarantine_by_reason": [],
    "copies_in_conflict": [],
}


@pytest.fixture(scope="module")
def domain() -> Domain:
    return england_wales()


@pytest.fixture
def store(domain: Domain) -> Iterator[Store]:
    """A store of the events that the page for agencies shows."""
    with open_memory_store() as made:
        replay(made, domain, [EXAMPLES / "events.jsonl"], received_at=RECEIVED)
        yield made


def rows(store: Store, name: str) -> list[dict[str, Any]]:
    """What the question `name` gives, with what it is told by default."""
    answer = ask(store.connection, name)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def shown() -> set[str]:
    """The files that the pages include, relative to their folder."""
    return {name for page in HOW_TO.glob("*.md") for name in SHOWN.findall(page.read_text(encoding="utf-8"))}


def test_every_query_shown_has_an_expectation() -> None:
    """No query is on a page without being tested; the examples of extend.md are tried by a test of their own."""
    queries = {name for name in shown() if name.endswith(".sql") and not name.startswith("examples/")}

    assert {Path(name).stem for name in queries} == SAYS.keys()


def test_every_example_is_on_a_page() -> None:
    """No file lies beside the pages that none of them shows."""
    assert {f"examples/{path.name}" for path in EXAMPLES.iterdir()} - shown() == set()


def test_queries_say_what_the_examples_hold(store: Store) -> None:
    """Each question finds what happened in the two example cases."""
    found = {}
    for name, says in SAYS.items():
        given = rows(store, name)
        # where nothing is expected, every row is one too many
        first = zip(given, says, strict=False)
        found[name] = [{key: row[key] for key in wanted} for row, wanted in first] if says else given

    assert found == SAYS


def test_the_example_events_are_all_accepted(domain: Domain) -> None:
    """Nobody copies an example that would be refused, and replaying it again changes nothing."""
    with open_memory_store() as made:
        first = replay(made, domain, [EXAMPLES / "events.jsonl"], received_at=RECEIVED)
        second = replay(made, domain, [EXAMPLES / "events.jsonl"], received_at=RECEIVED)

    assert (first.read, first.accepted, first.quarantined) == (16, 16, {})
    assert (second.accepted, second.duplicate) == (0, 16)


def test_the_faulty_lines_are_quarantined_and_the_conflict_resolved(store: Store, domain: Domain) -> None:
    """One fault is of the record, one a conflict; the steward's example decides the conflict."""
    replay(store, domain, [EXAMPLES / "faults.jsonl"], received_at=RECEIVED)

    assert {row["reason"]: row["records"] for row in rows(store, "quarantine_by_reason")} == {
        "bad_time": 1,
        "conflict": 2,
    }
    assert {row["event_id"] for row in rows(store, "copies_in_conflict")} == {"police-0001"}
    assert _events(store, CASE) == 12

    replay(store, domain, [EXAMPLES / "steward_conflict.jsonl"], received_at=RECEIVED)

    assert [row["origin"] for row in rows(store, "copies_in_conflict")] == [str(EXAMPLES / "faults.jsonl")]
    assert _events(store, CASE) == 13


def test_two_stewards_link_and_one_takes_it_back(store: Store, domain: Domain, tmp_path: Path) -> None:
    """The first line of the example waits, the second makes one case of two, the third two again."""
    lines = (EXAMPLES / "steward_links.jsonl").read_text(encoding="utf-8").splitlines()

    for number, cases in enumerate(([CASE, QUIET], [CASE], [CASE, QUIET])):
        (tmp_path / "decisions.jsonl").write_text(lines[number] + "\n", encoding="utf-8")
        replay(store, domain, [tmp_path / "decisions.jsonl"], received_at=RECEIVED)

        assert _cases(store) == cases


def test_the_dry_run_says_what_the_page_shows(monkeypatch: pytest.MonkeyPatch, domain: Domain) -> None:
    """The report of the example mapping, line by line."""
    monkeypatch.chdir(EXAMPLES)

    report = dry_run(load_mapping(Path("crimes.yaml")), Path("crimes.csv"), domain)

    assert list(report.lines()) == Path("crimes.dry-run.txt").read_text(encoding="utf-8").splitlines()


def _events(store: Store, case_id: str) -> int:
    row = store.connection.execute("select events from cases where case_id = ?", [case_id]).fetchone()
    assert row is not None
    return int(row[0])


def _cases(store: Store) -> list[str]:
    return [row[0] for row in store.connection.execute("select case_id from cases order by 1").fetchall()]
