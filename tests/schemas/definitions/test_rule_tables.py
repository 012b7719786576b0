"""The tables that the SQL joins with say what the domain's files say, row by row."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tiny_domain import write

from throughline.schemas.definitions.domain import DEFAULT_DOMAIN, load_domain
from throughline.schemas.definitions.rule_tables import RULES, rule_tables

SMALL = Path(__file__).resolve().parents[2] / "given" / "domains" / "small"


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    return rule_tables(load_domain(SMALL))


def rows(table: pa.Table, **wanted: Any) -> list[dict[str, Any]]:
    return [row for row in table.to_pylist() if wanted.items() <= row.items()]


@pytest.mark.parametrize("domain", sorted(DEFAULT_DOMAIN.parent.iterdir()), ids=lambda path: path.name)
def test_every_domain_that_is_shipped_gives_tables_without_forbidden_nulls(domain: Path) -> None:
    """The columns are those of RULES, and none that must be there is null."""
    made = rule_tables(load_domain(domain))
    assert {name: table.schema for name, table in made.items()} == RULES
    for table in made.values():
        table.validate(full=True)
        assert not any(table[f.name].null_count for f in table.schema if not f.nullable)


def test_an_event_type_is_one_row(tables: dict[str, pa.Table]) -> None:
    """What the rules and the timeline need to know of a type."""
    assert rows(tables["event_types"], type="cps.charge.decided") == [
        {
            "type": "cps.charge.decided",
            "version": 1,
            "agency": "cps",
            "brief": "The prosecutor decided.",
            "summary": "Prosecutor decided: {decision}",
            "contact": None,
            "is_decision": True,
        }
    ]


def test_others_may_see_the_fields_of_a_type_that_are_not_restricted(tmp_path: Path) -> None:
    """And none of a type that is restricted itself."""
    summary = 'summary: "Decided: {decision} {reason}"\n  sensitivity: '
    domain = write(
        tmp_path,
        fields=("unit: items, sensitivity: shared", "unit: items, sensitivity: restricted"),
        events=(f"{summary}shared", f"{summary}restricted"),
    )

    assert rule_tables(load_domain(domain))["shareable_fields"].to_pylist() == [
        {"type": "police.file.sent", "fields": ["reference", "colour", "seen_on", "joint", "due_at"]},
        {"type": "cps.file.decided", "fields": []},
    ]


def test_an_effect_is_one_row_for_each_decision_in_the_order_of_the_catalogue(
    tables: dict[str, pa.Table],
) -> None:
    """The first row that fits counts; a null decision fits every event."""
    effects = rows(tables["effects"], type="cps.charge.decided")
    assert [(e["ordinal"], e["when_decision"], e["effect"]) for e in effects] == [
        (0, "no_charge", "closes"),
        (1, None, "holds"),
    ]


def test_only_a_sending_effect_has_a_target(tables: dict[str, pa.Table]) -> None:
    """`sends` names the agency that it sends to, and its kind of handoff."""
    (returned,) = rows(tables["effects"], type="cps.file.returned")
    assert (returned["target"], returned["kind"]) == ("police", "return")
    assert all((e["target"] is None) == (e["effect"] != "sends") for e in tables["effects"].to_pylist())


def test_a_standard_is_one_row_for_each_version(tables: dict[str, pa.Table]) -> None:
    """Periods stand as amount and unit; the dates are days."""
    (standard,) = rows(tables["standards"], standard="TOLD-WORKING", version="2025")
    assert (standard["amount"], standard["unit"]) == (5.0, "working_days")
    assert (standard["enhanced_amount"], standard["enhanced_unit"]) == (1.0, "working_days")
    assert (standard["effective_from"], standard["effective_to"]) == (None, date(2026, 3, 31))
    assert not standard["due_field"]


def test_a_standard_without_a_period_of_its_own_has_none(tables: dict[str, pa.Table]) -> None:
    """One that takes the event's own date says so."""
    (standard,) = rows(tables["standards"], standard="PROMISE-DUE")
    assert (standard["amount"], standard["unit"], standard["due_field"]) == (None, None, True)


def test_what_acts_on_a_clock_is_one_row_for_each_decision(tables: dict[str, pa.Table]) -> None:
    """Every role and every value of `when` stands by itself."""
    acts = rows(tables["standard_events"], standard="FILE-DAYS")
    assert [(a["role"], a["type"], a["when_decision"]) for a in acts] == [
        ("start", "police.file.sent", None),
        ("start", "police.suspect.decided", "refer"),
        ("stop", "cps.file.received", None),
        ("stop", "cps.file.returned", None),
        ("stop", "cps.charge.decided", "charge"),
        ("stop", "cps.charge.decided", "no_charge"),
        ("cancel", "police.suspect.decided", "nfa"),
        ("pause", "police.inquiry.paused", None),
        ("resume", "police.inquiry.resumed", None),
    ]


def test_kinds_of_identifiers_keep_their_priority(tables: dict[str, pa.Table]) -> None:
    """The ordinal is the place in the domain's list."""
    kinds = tables["identifier_kinds"].to_pylist()
    assert [(k["kind"], k["ordinal"], k["links"]) for k in kinds] == [
        ("urn", 0, True),
        ("crime_ref", 1, True),
        ("referral", 2, True),
        ("phone", 3, False),
    ]


def test_a_domain_of_any_agency_lists_none() -> None:
    """A type whose agency is anybody's has none in the table."""
    made = rule_tables(load_domain(DEFAULT_DOMAIN.parent / "process_log"))
    assert made["agencies"].num_rows == 0
    assert set(made["event_types"]["agency"].to_pylist()) == {None}
