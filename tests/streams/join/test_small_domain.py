"""The small domain of the tests says the same to the product and to the reference."""

from __future__ import annotations

import pytest
from small import SMALL, rules_from_tables, small_rules

from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.rule_tables import rule_tables


@pytest.mark.parametrize(
    "table",
    ["event_types", "effects", "standards", "standard_events", "identifier_kinds", "agencies", "facet_statements"],
)
def test_both_read_the_same_rules(table: str) -> None:
    """Column for column, of those that the reference reads."""
    by_hand = small_rules()
    domain = load_domain(SMALL)
    loaded = rules_from_tables(rule_tables(domain), by_hand.placeholders, domain.time_zone)
    expected = getattr(by_hand, table)
    found = [{name: row[name] for name in expected[0]} for row in getattr(loaded, table)]

    assert [row for row in found if row not in expected] == []
    assert [row for row in expected if row not in found] == []
