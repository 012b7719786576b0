"""A row of EVENTS as its publisher would state it: the CloudEvent in its JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from throughline.schemas.acceptance.normal_form import A_PLACEHOLDER, PLACEHOLDERS
from throughline.schemas.acceptance.reject import Reject, read_json
from throughline.schemas.acceptance.rfc3339 import is_label, is_precision, write_instant, write_label
from throughline.schemas.acceptance.rules import Rules
from throughline.schemas.acceptance.type_form import SHARED, wire_type

_NAMES = {column: name for name, column in SHARED.items()}
_YEAR_1, _YEAR_10000 = np.datetime64("0001-01-01", "us"), np.datetime64("10000-01-01", "us")


def event_object(row: Mapping[str, Any], type_prefix: str, names: Mapping[str, str] = _NAMES) -> dict[str, Any]:
    """The CloudEvent (dict of its JSON form) of a row of EVENTS given as a mapping with times in microseconds
    UTC and identifiers as (kind, value). `names` has the names of the fields of `data` by their columns, where the
    row's version of the type has others."""
    row = with_placeholders(row)
    data: dict[str, Any] = orjson.loads(row["data"] or b"{}")
    identifiers: dict[str, list[str]] = {}
    for kind, value in row["identifiers"] or ():
        identifiers.setdefault(kind, []).append(value)
    data["identifiers"] = {kind: values[0] if len(values) == 1 else values for kind, values in identifiers.items()}
    data["agency"] = row["agency"]
    if row["unit"] is not None:
        data["unit"] = row["unit"]
    for column, name in _NAMES.items():
        value = row[column]
        if value is not None:
            if column == "reason":
                value = value.split("; ")
            elif column in {"due_at", "effect_at"}:
                value = write_instant(value)
            data[names.get(column, name)] = value
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
        ("revision", "revision"),
        ("retracts", "retracts"),
    ):
        if row[column] is not None:
            event[attribute] = row[column]
    event["data"] = data
    return event


def with_placeholders(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row with the identifiers that were taken off because they are placeholders, so that they are seen again."""
    if PLACEHOLDERS not in (row["data"] or ""):
        return row
    data = orjson.loads(row["data"])
    kinds = data.pop(PLACEHOLDERS, None)
    pairs = [(one["kind"], one["value"]) if isinstance(one, dict) else tuple(one) for one in row["identifiers"]]
    pairs += [(str(kind), A_PLACEHOLDER) for kind in (kinds if isinstance(kinds, list) else ())]
    return {**row, "identifiers": pairs, "data": orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode()}


def state(row: Mapping[str, Any], rules: Rules) -> tuple[dict[str, Any], Reject | None]:
    """The CloudEvent of any row of EVENTS, however wrong; or as much as it says of itself, and why it says no more."""
    said: dict[str, Any] = {key: row[key] for key in ("source", "id", "type")}
    missing = next((name for name in ("source", "id", "type", "version", "area") if row[name] in (None, "")), None)
    if missing is not None:
        return said, Reject("missing_attribute", missing, f"an event needs `{missing}`")
    precision = row["occurred_precision"]
    if precision != "instant" and not is_precision(precision):
        told = "the precision is instant, day, month, or so many days or months"
        return said, Reject("bad_attribute", "occurred_precision", told)
    if row["occurred_at"] is None:
        return said, Reject("missing_attribute", "time", "an event needs its time")
    label = np.datetime64(row["occurred_at"], "us")
    # numpy may refuse to reckon with a time beyond the calendar, depending on its version
    if not _YEAR_1 <= label < _YEAR_10000:
        return said, Reject("time_out_of_range", "time", "a time lies outside the years 1 to 9999")
    if precision != "instant" and not is_label(int(label.astype(np.int64)), precision):
        return said, Reject("bad_time", "occurred_at", "a day or month is given by its first moment")
    data = read_json((row["data"] or "{}").encode())
    if isinstance(data, Reject):
        return said, Reject("bad_field", "data", f"`data` cannot be read: {data.detail}")
    if not isinstance(data, dict):
        return said, Reject("bad_field", "data", "`data` must be a JSON object")
    rule = rules.by_version.get((row["type"], row["version"]))
    names = {} if rule is None else {column: form.name for column, form in rule.by_column.items()}
    try:
        orjson.dumps(data)  # it reads deeper than it writes
    except orjson.JSONEncodeError:
        return said, Reject("bad_field", "data", "`data` nests too deep")
    try:
        return event_object(row, rules.type_prefix, names), None
    except (OverflowError, ValueError, TypeError):
        return said, Reject("time_out_of_range", "time", "a time lies outside the years 1 to 9999")
