"""Section 4 (what a case is about) for the reference."""

from __future__ import annotations

import json
from datetime import datetime

from reference_record import Rules
from reference_time import Event, Row

COLUMNS = ("decision", "holder", "channel", "enhanced")
"""Fields that stand in columns of their own; every other one is in the event's data."""


def stated_value(event: Event, statement: Row) -> str | None:
    """The value of a facet that the event states by this row of `facet_statements`, as text; null for none."""
    if event["type"] != statement["type"]:
        return None
    if statement["when_decision"] is not None and event["decision"] != statement["when_decision"]:
        return None
    if statement["value"] is not None:
        return str(statement["value"])
    name = statement["field"]
    value = event[name] if name in COLUMNS else json.loads(event["data"]).get(name)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def facets_of(history: list[Event], rules: Rules) -> list[Row]:
    """What one case is about: a row (facet, value, stated_at) for each event that states another value than before it.

    In the order of events; of one event in that of the facets' names.
    """
    last: dict[str, str] = {}
    rows: list[Row] = []
    for event in history:
        stated = {row["facet"]: stated_value(event, row) for row in rules.facet_statements if stated_value(event, row)}
        for facet, value in sorted(stated.items()):
            if value is not None and last.get(facet) != value:
                rows.append({"facet": facet, "value": value, "stated_at": event["occurred_at"]})
                last[facet] = value
    return rows


def about(history: list[Event], rules: Rules, as_of: datetime) -> Row:
    """The value of every facet that was stated last by `as_of`; null where none was."""
    values: Row = {row["facet"]: None for row in rules.facet_statements}
    for row in facets_of(history, rules):
        if row["stated_at"] <= as_of:
            values[row["facet"]] = row["value"]
    return values
