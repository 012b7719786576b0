"""A domain's rules as Arrow tables: what the SQL of the timeline joins events with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.quality import load_figure_rules
from throughline.schemas.definitions.standard import Period, Standard

_TEXT, _FLAG, _NUMBER, _INT = pa.string(), pa.bool_(), pa.float64(), pa.int32()


def _table(columns: dict[str, pa.DataType], nullable: str = "") -> pa.Schema:
    may_be_null = nullable.split()
    return pa.schema([pa.field(name, kind, name in may_be_null) for name, kind in columns.items()])


RULES: dict[str, pa.Schema] = {
    # a type of the catalogue; agency null: each event states its own
    "event_types": _table(
        {"type": _TEXT, "version": pa.int16(), "agency": _TEXT, "brief": _TEXT, "summary": _TEXT}
        | {"contact": _TEXT, "is_decision": _FLAG},
        "agency contact",
    ),
    # an effect of a type on who holds the case, and one decision for which it applies (null: every one)
    "effects": _table(
        {"type": _TEXT, "ordinal": _INT, "when_decision": _TEXT, "effect": _TEXT, "target": _TEXT, "kind": _TEXT},
        "when_decision target",
    ),
    # a version of a standard
    "standards": _table(
        {"standard": _TEXT, "version": _TEXT, "title": _TEXT, "owner": _TEXT, "match": _TEXT, "once": _FLAG}
        | {"amount": _NUMBER, "unit": _TEXT, "enhanced_amount": _NUMBER, "enhanced_unit": _TEXT}
        | {"due_field": _FLAG, "effective_from": pa.date32(), "effective_to": pa.date32()}
        | {"confirmed": _FLAG, "enabled": _FLAG, "local": _FLAG, "source": _TEXT},
        "amount unit enhanced_amount enhanced_unit effective_from effective_to",
    ),
    # a type that acts on the clock of a standard, and one decision with which it does (null: every one)
    "standard_events": _table(
        {"standard": _TEXT, "version": _TEXT, "role": _TEXT, "type": _TEXT, "when_decision": _TEXT}, "when_decision"
    ),
    # a kind of identifier; ordinal from 0, in the order of priority
    "identifier_kinds": _table(
        {"kind": _TEXT, "ordinal": _INT, "links": _FLAG, "links_as": _TEXT, "hub_limit": _INT, "hub_events": _INT}
        | {"once": _FLAG, "bears_out": _FLAG}
    ),
    # a form of values that link under no kind
    "joins_nothing": _table({"form": _TEXT}),
    # an agency of the domain; none where any will do
    "agencies": _table({"agency": _TEXT, "name": _TEXT, "role": _TEXT}),
    # a kind of alert that the domain raises
    "alert_rules": _table({"kind": _TEXT, "severity": _TEXT, "days": _NUMBER}, "days"),
    # a facet of cases; ordinal from 0
    "facets": _table({"facet": _TEXT, "ordinal": _INT, "title": _TEXT, "doc": _TEXT}),
    # a value that a facet may have, in the order in which they are shown
    "facet_values": _table({"facet": _TEXT, "ordinal": _INT, "value": _TEXT, "label": _TEXT}),
    # a type that states a facet by a field or by a value, and one decision with which it does (null: every one)
    "facet_statements": _table(
        {"facet": _TEXT, "type": _TEXT, "when_decision": _TEXT, "field": _TEXT, "value": _TEXT},
        "when_decision field value",
    ),
    # the fields of a type that others may see
    "shareable_fields": _table({"type": _TEXT, "fields": pa.list_(_TEXT)}),
    # a figure that is withheld where too little of what it rests on is there
    "figure_rules": _table({"figure": _TEXT, "at_least": _NUMBER, "precision": _TEXT}),
}
"""The columns of each table, in order."""


def rule_tables(domain: Domain) -> dict[str, pa.Table]:
    """The tables of RULES, by name. Standards that are switched off are among them, with `enabled` false."""
    rows: dict[str, list[tuple[Any, ...]]] = {
        "event_types": [
            (t.type, t.version, None if t.agency_any else t.agency, t.brief, t.summary, t.contact, t.is_decision)
            for t in domain.types.values()
        ],
        "effects": list(_effects(domain)),
        "standards": [_standard(standard) for standard in domain.standards],
        "standard_events": [
            (standard.id, standard.version, role, trigger.type, decision)
            for standard in domain.standards
            for role, trigger in standard.triggers()
            for decision in trigger.when or (None,)
        ],
        "identifier_kinds": [
            (k.kind, n, k.links, k.links_as, k.hub_limit, k.hub_events, k.once, k.bears_out)
            for n, k in enumerate(domain.identifiers)
        ],
        "joins_nothing": [(form,) for form in domain.joins_nothing],
        "agencies": [(a.id, a.name, a.role) for a in (domain.agencies or {}).values()],
        "alert_rules": [(rule.kind, rule.severity, rule.days) for rule in domain.alerts],
        "facets": [(facet.name, n, facet.title, facet.doc) for n, facet in enumerate(domain.facets)],
        "facet_values": [
            (facet.name, n, value, label)
            for facet in domain.facets
            for n, (value, label) in enumerate(facet.labels.items())
        ],
        "facet_statements": [
            (facet.name, one.type, decision, one.field, one.value)
            for facet in domain.facets
            for one in facet.of
            for decision in one.when or (None,)
        ],
        "shareable_fields": [(t.type, list(t.shareable)) for t in domain.types.values()],
        "figure_rules": [(one.figure, one.at_least, one.precision) for one in load_figure_rules(domain)],
    }
    return {name: _from_rows(rows[name], schema) for name, schema in RULES.items()}


def _effects(domain: Domain) -> Iterator[tuple[Any, ...]]:
    """The first row that fits an event's decision counts, so `ordinal` runs over all rows of a type."""
    for event_type in domain.types.values():
        pairs = [(effect, decision) for effect in event_type.effects for decision in effect.when or (None,)]
        for ordinal, (effect, decision) in enumerate(pairs):
            yield event_type.type, ordinal, decision, effect.effect, effect.target, effect.kind


def _standard(standard: Standard) -> tuple[Any, ...]:
    return (
        *(standard.id, standard.version, standard.title, standard.owner, standard.match, standard.once),
        *_period(standard.within),
        *_period(standard.enhanced),
        *(standard.due_field, standard.effective_from, standard.effective_to),
        *(standard.confirmed, standard.enabled, standard.local, standard.source),
    )


def _period(period: Period | None) -> tuple[float | None, str | None]:
    return (None, None) if period is None else (period.amount, period.unit)


def _from_rows(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [pa.array(list(column), kind) for column, kind in zip(columns, schema.types, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
