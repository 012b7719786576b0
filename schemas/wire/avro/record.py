"""One event as an Avro record: from a row of EVENTS, and back to a CloudEvent for the careful way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson
import pyarrow as pa

from throughline.schemas.acceptance.rfc3339 import read_instant, write_label
from throughline.schemas.wire.avro.json_text import timestamp_text
from throughline.schemas.wire.avro.schema import UNKNOWN, AvroType

ENVELOPE_TEXT = ("id", "source", "sequence", "area", "agency", "unit", "correlation", "causation", "revision")
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def cloudevent_of(record: dict[str, Any], avro: AvroType) -> dict[str, Any]:
    """The CloudEvent of one decoded record, given with times as RFC 3339 text (see `plain_columns`)."""
    data: dict[str, Any] = {"agency": record["agency"], "unit": record["unit"]}
    identifiers: dict[str, list[str]] = {}
    for item in record["identifiers"]:
        identifiers.setdefault(item["kind"], []).append(item["value"])
    data["identifiers"] = identifiers
    for field in avro.fields:
        value = record[field.name]
        data[field.form.name] = field.symbols.get(value, value) if field.form.kind == "enum" else value
    return {
        "specversion": "1.0",
        "id": record["id"],
        "source": record["source"],
        "type": avro.form.wire_type,
        "time": record["occurred_at"],
        "occurredon": record["occurred_on"],
        "recordedtime": record["recorded_at"],
        "sequence": record["sequence"],
        "partitionkey": record["area"],
        "correlationid": record["correlation"],
        "causationid": record["causation"],
        # a schema of before there were revisions has neither
        "revision": record.get("revision"),
        "retracts": record.get("retracts"),
        "data": data,
    }


def avro_record(row: Mapping[str, Any], avro: AvroType) -> dict[str, Any]:
    """The record to encode of a row of EVENTS (a mapping by column, times in microseconds UTC)."""
    is_instant = row["occurred_precision"] == "instant"
    record: dict[str, Any] = {name: row[name] for name in ENVELOPE_TEXT}
    record["occurred_at"] = row["occurred_at"] if is_instant else None
    record["occurred_on"] = None if is_instant else write_label(row["occurred_at"], row["occurred_precision"])
    record["recorded_at"] = row["recorded_at"]
    record["retracts"] = row["retracts"]
    record["identifiers"] = [{"kind": kind, "value": value} for kind, value in row["identifiers"]]
    rest = orjson.loads(row["data"])
    for field in avro.fields:
        form = field.form
        value = rest.get(form.name) if form.column is None else row[form.column]
        if value is not None:
            if form.kind == "enum":
                value = next((symbol for symbol, meant in field.symbols.items() if meant == value), UNKNOWN)
            elif form.column == "reason":
                value = value.split("; ")
            elif form.kind == "date":
                value = date.fromisoformat(value).toordinal() - _EPOCH_DAY
            elif form.kind == "timestamp" and form.column is None:
                value = read_instant(value)
        record[field.name] = value
    return record


def plain_columns(decoded: pa.RecordBatch) -> pa.Table:
    """The decoded records with times and dates as the text that JSON events have."""
    columns = []
    for column in decoded.columns:
        if pa.types.is_timestamp(column.type):
            try:
                column = timestamp_text(column)
            except pa.ArrowInvalid:  # beyond what a calendar has: a number is no time, and is refused as such
                column = column.cast(pa.int64()).cast(pa.string())
        elif pa.types.is_date(column.type):
            column = column.cast(pa.string())
        columns.append(column)
    return pa.Table.from_arrays(columns, names=decoded.schema.names)
