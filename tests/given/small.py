"""The rules of `tests/given/domains/small` for the reference, read from its YAML without any code of the product.

That `rule_tables(load_domain(SMALL))` says the same is a test of its own (`rules_from_tables` converts it).
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import holidays
import yaml
from reference_record import Rules

SMALL = Path(__file__).parent / "domains" / "small"
ROLES = {"starts": "start", "stops": "stop", "cancels": "cancel", "pauses": "pause", "resumes": "resume"}
Row = dict[str, Any]


def _entries(folder: str) -> list[Row]:
    return [entry for path in sorted((SMALL / folder).glob("*.yaml")) for entry in yaml.safe_load(path.read_text())]


def _effects(entry: Row) -> list[Row]:
    """Rows of `effects` for a type of the catalogue: one per decision value, or one with null."""
    stated = entry.get("effect", [])
    rows: list[Row] = []
    for effect in stated if isinstance(stated, list) else [stated]:
        (name,) = {"holds", "receives", "sends", "closes"} & effect.keys()
        for value in effect.get("when", [None]):
            row = {"type": entry["type"], "ordinal": len(rows), "when_decision": value, "effect": name}
            row |= {"target": effect[name] if name == "sends" else None, "kind": effect.get("kind", "sent")}
            rows.append(row)
    return rows


def _standard(entry: Row) -> Row:
    within, enhanced = entry["within"] or {}, entry["enhanced"] or {}
    return {
        "standard": entry["id"],
        "version": entry["version"],
        "title": entry["title"],
        "owner": entry["owner"],
        "confirmed": entry["confirmed"],
        "match": entry["match"],
        "once": entry["once"],
        "amount": within.get("amount"),
        "unit": within.get("unit"),
        "enhanced_amount": enhanced.get("amount"),
        "enhanced_unit": enhanced.get("unit"),
        "due_field": entry["due"] is not None,
        "effective_from": entry["effective_from"],
        "effective_to": entry["effective_to"],
        "enabled": entry["enabled"],
    }


def _standard_events(entry: Row) -> list[Row]:
    return [
        {
            "standard": entry["id"],
            "version": entry["version"],
            "role": role,
            "type": one["type"],
            "when_decision": value,
        }
        for plural, role in ROLES.items()
        for one in entry[plural]
        for value in one.get("when", [None])
    ]


def _facet_statements(facet: Row) -> list[Row]:
    return [
        {"facet": facet["name"], "type": one["type"], "when_decision": decision}
        | {"field": one.get("field"), "value": one.get("value")}
        for one in facet["of"]
        for decision in one.get("when", [None])
    ]


def bank_holidays() -> frozenset[date]:
    """Bank holidays of England, 1990 to 2060."""
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=range(1990, 2061)))


@cache
def small_rules() -> Rules:
    """The small domain as the reference reads it."""
    domain = yaml.safe_load((SMALL / "domain.yaml").read_text())
    types, standards = _entries("events"), _entries("standards")
    return Rules(
        event_types=[
            {"type": t["type"], "contact": t.get("contact"), "is_decision": t.get("decision", False)} for t in types
        ],
        effects=[row for entry in types for row in _effects(entry)],
        standards=[_standard(entry) for entry in standards],
        standard_events=[row for entry in standards for row in _standard_events(entry)],
        identifier_kinds=[
            {
                "kind": k["kind"],
                "ordinal": n,
                "links": k["links"],
                "links_as": k.get("links_as", ""),
                "hub_limit": k["hub_limit"],
                "hub_events": k.get("hub_events", 1000),
                "once": k.get("once", False),
                "bears_out": k.get("bears_out", False),
            }
            for n, k in enumerate(domain["identifiers"])
        ],
        agencies=[{"agency": a["id"], "name": a["name"], "role": a["role"]} for a in domain["agencies"]],
        facet_statements=[row for facet in domain["facets"] for row in _facet_statements(facet)],
        placeholders=frozenset(domain["placeholders"]),
        joins_nothing=[{"form": form} for form in domain["joins_nothing"]],
        time_zone=domain["time_zone"],
        bank_holidays=bank_holidays(),
        second_person=domain.get("stewards", {}).get("second_person", False),
        ahead_days=domain["limits"]["ahead_days"],
        joins_alone=domain["limits"]["joins_alone"],
    )


def rules_from_tables(
    tables: dict[str, Any], placeholders: frozenset[str], time_zone: str, second_person: bool = False
) -> Rules:
    """The same from `rule_tables(domain)` (Arrow tables), with the bank holidays of England."""
    rows = {name: table.to_pylist() for name, table in tables.items()}
    return Rules(
        event_types=rows["event_types"],
        effects=rows["effects"],
        standards=rows["standards"],
        standard_events=rows["standard_events"],
        identifier_kinds=rows["identifier_kinds"],
        agencies=rows["agencies"],
        facet_statements=rows["facet_statements"],
        placeholders=placeholders,
        joins_nothing=rows["joins_nothing"],
        time_zone=time_zone,
        bank_holidays=bank_holidays(),
        second_person=second_person,
        ahead_days=small_rules().ahead_days,
        joins_alone=small_rules().joins_alone,
    )
