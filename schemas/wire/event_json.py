"""Single JSON events to EVENTS, by the catalogue's rules, and back: the acceptance of everything that is not
Avro.

Nothing in the data raises: a record ends as a row of `Batch.events` or as a row of `Batch.rejects`, whole and
with its reason. Reasons: not_utf8, not_json, not_an_object, too_large, missing_attribute, bad_attribute,
unknown_type, unknown_version, bad_time, time_out_of_range, precision_conflict, bad_field, missing_field,
missing_identifier, malformed_identifier, unknown_area, unknown_agency, wrong_agency, content_hash_mismatch,
field_too_long, nul_character.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from throughline.schemas.acceptance.judge import row_or_reject
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rfc3339 import write_instant, write_label
from throughline.schemas.acceptance.rows import Row
from throughline.schemas.acceptance.type_form import SHARED, wire_type
from throughline.schemas.definitions.rulebook import rules_of
from throughline.schemas.wire.json_lines import events_from_json_lines

if TYPE_CHECKING:
    from throughline.schemas.definitions.domain import Domain

__all__ = ["event_object", "events_from_json_lines", "parse_event"]


def parse_event(event: Any, domain: Domain) -> Row | Reject:
    """One CloudEvent (the dict of its JSON form) as a row of EVENTS, or why not.

    The row has the columns of EVENTS up to `data`, without `origin` and `position`; times are microseconds
    since 1970 UTC, identifiers a sorted list of (kind, value).
    """
    return row_or_reject(event, rules_of(domain))


def event_object(row: Any, type_prefix: str) -> dict[str, Any]:
    """The CloudEvent (dict of its JSON form) of a row of EVENTS given as a mapping with times in microseconds
    UTC."""
    data: dict[str, Any] = orjson.loads(row["data"] or b"{}")
    identifiers: dict[str, list[str]] = {}
    for kind, value in row["identifiers"] or ():
        identifiers.setdefault(kind, []).append(value)
    data["identifiers"] = {kind: values[0] if len(values) == 1 else values for kind, values in identifiers.items()}
    data["agency"] = row["agency"]
    if row["unit"] is not None:
        data["unit"] = row["unit"]
    for name, column in SHARED.items():
        value = row[column]
        if value is not None:
            if name == "reasons":
                value = value.split("; ")
            elif name in {"due_at", "effect_at"}:
                value = write_instant(value)
            data[name] = value
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": row["id"],
        "source": row["source"],
        "type": wire_type(type_prefix, row["type"], row["version"]),
        "partitionkey": row["area"],
    }
    if row["occurred_precision"] == "instant":
        event["time"] = write_instant(row["occurred_at"])
    else:
        event["occurredon"] = write_label(row["occurred_at"], row["occurred_precision"])
    if row["recorded_at"] is not None:
        event["recordedtime"] = write_instant(row["recorded_at"])
    for attribute, column in (
        ("sequence", "sequence"),
        ("correlationid", "correlation"),
        ("causationid", "causation"),
    ):
        if row[column] is not None:
            event[attribute] = row[column]
    event["data"] = data
    return event
