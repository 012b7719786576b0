"""A table as the Avro decoder gives it, to EVENTS, a column at a time.

Whatever cannot be seen to be good by columns is `suspect`: those rows are few, and the caller judges each by the same
code as JSON events (`judge`), so there is one set of rules and one wording of reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance import ITEMS_LIMIT, Rules, TypeRule
from throughline.schemas.avro_schema import UNKNOWN, AvroField, AvroType
from throughline.schemas.event_rows import ROW_COLUMNS
from throughline.schemas.events import EVENTS, IDENTIFIERS
from throughline.schemas.json_columns import json_objects, timestamp_text
from throughline.schemas.list_columns import flat_items, lists_from, sorted_once
from throughline.schemas.rfc3339 import read_instant, write_label

_ENVELOPE_TEXT = ("id", "source", "sequence", "area", "agency", "unit", "correlation", "causation")
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MICROS = pa.timestamp("us")


def events_of(decoded: pa.RecordBatch, avro: AvroType, rules: Rules) -> tuple[dict[str, pa.Array], np.ndarray]:
    """The columns of EVENTS up to `data`, and which rows are suspect (their columns mean nothing)."""
    rows = decoded.num_rows
    rule = rules.by_version[avro.form.type, avro.form.version]
    suspects = _Suspects(rows, rules)
    envelope = {name: decoded.column(name) for name in _ENVELOPE_TEXT}
    for name, column in envelope.items():
        suspects.text(column)
        if name in {"id", "source", "area", "agency", "unit"}:
            suspects.mark(pc.equal(column, ""))
    if rules.areas is not None:
        suspects.mark(pc.invert(pc.is_in(envelope["area"], pa.array(sorted(rules.areas)))))
    if avro.form.agency is not None:
        suspects.mark(pc.not_equal(envelope["agency"], avro.form.agency))
    elif rules.agencies is not None:
        suspects.mark(pc.invert(pc.is_in(envelope["agency"], pa.array(sorted(rules.agencies)))))

    columns: dict[str, pa.Array] = dict(envelope)
    columns["type"] = pa.repeat(avro.form.type, rows)
    columns["version"] = pa.repeat(pa.scalar(avro.form.version, pa.int16()), rows)
    columns["occurred_at"], columns["occurred_precision"] = _occurred(decoded, suspects)
    columns["recorded_at"] = suspects.time(decoded.column("recorded_at"))
    columns["identifiers"] = _identifiers(decoded.column("identifiers"), rule, suspects)

    rest: dict[str, pa.Array] = {}
    for field in avro.fields:
        column = _values(decoded.column(field.name), field, suspects)
        if field.form.column is None:
            rest[field.form.name] = column
        elif field.form.name == "reasons":
            columns["reason"] = _reason(column)
        else:
            columns[field.form.column] = column
    columns["data"] = json_objects(rest, rows)
    full = {
        name: columns[name] if name in columns else pa.nulls(rows, EVENTS.field(name).type)
        for name in ROW_COLUMNS
    }
    return full, suspects.mask


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
        "data": data,
    }


def avro_record(row: Mapping[str, Any], avro: AvroType) -> dict[str, Any]:
    """The record to encode of a row of EVENTS (a mapping by column, times in microseconds UTC)."""
    is_instant = row["occurred_precision"] == "instant"
    record: dict[str, Any] = {name: row[name] for name in _ENVELOPE_TEXT}
    record["occurred_at"] = row["occurred_at"] if is_instant else None
    record["occurred_on"] = None if is_instant else write_label(row["occurred_at"], row["occurred_precision"])
    record["recorded_at"] = row["recorded_at"]
    record["identifiers"] = [{"kind": kind, "value": value} for kind, value in row["identifiers"]]
    rest = orjson.loads(row["data"])
    for field in avro.fields:
        form = field.form
        value = rest.get(form.name) if form.column is None else row[form.column]
        if value is not None:
            if form.kind == "enum":
                value = next((symbol for symbol, meant in field.symbols.items() if meant == value), UNKNOWN)
            elif form.name == "reasons":
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


class _Suspects:
    """Which rows are not seen to be good."""

    def __init__(self, rows: int, rules: Rules) -> None:
        self.mask = np.zeros(rows, dtype=bool)
        self.rules = rules

    def mark(self, wrong: pa.Array) -> None:
        """Rows where `wrong` is true; null is not wrong."""
        self.mask |= pc.fill_null(wrong, False).to_numpy(zero_copy_only=False)

    def text(self, column: pa.Array) -> None:
        """Rows whose text is too long (by bytes, which are at least as many) or has U+0000."""
        self.mark(text_is_odd(column, self.rules.field_chars))

    def items(self, parents: np.ndarray, wrong: pa.Array) -> None:
        """Rows that have an item where `wrong` is true."""
        self.mask[parents[pc.fill_null(wrong, False).to_numpy(zero_copy_only=False)]] = True

    def time(self, column: pa.Array) -> pa.Array:
        """Rows whose time lies outside the domain's limits."""
        if column.null_count < len(column):
            micros = column.cast(pa.int64())
            self.mark(pc.or_(pc.less(micros, self.rules.earliest), pc.greater_equal(micros, self.rules.latest)))
        return column


def text_is_odd(column: pa.Array, limit: int) -> pa.Array:
    """Whether each text is longer than `limit` bytes or has U+0000."""
    long = pc.greater(pc.binary_length(column), limit)
    data = column.buffers()[2]
    if data is None or b"\x00" not in memoryview(data).tobytes():
        return long
    return pc.or_(long, pc.match_substring(column, "\x00"))


def _occurred(decoded: pa.RecordBatch, suspects: _Suspects) -> tuple[pa.Array, pa.Array]:
    at, on = decoded.column("occurred_at"), decoded.column("occurred_on")
    suspects.mark(pc.equal(at.is_null(), on.is_null()))
    if on.null_count == len(on):
        return suspects.time(at), pa.repeat("instant", len(on))
    well_formed = pc.match_substring_regex(on, r"^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$")
    suspects.mark(pc.invert(well_formed))
    is_month = pc.equal(pc.binary_length(on), 7)
    day = pc.if_else(well_formed, pc.if_else(is_month, pc.binary_join_element_wise(on, "-01", ""), on), None)
    label = pc.strptime(day, "%Y-%m-%d", "us", error_is_null=True)
    # strptime takes 31 February for 3 March: a label that does not print as it was written is suspect.
    printed = pc.utf8_slice_codeunits(label.cast(pa.string()), 0, 10)
    suspects.mark(pc.and_(day.is_valid(), pc.fill_null(pc.not_equal(printed, day), True)))
    precision = pc.if_else(on.is_null(), "instant", pc.if_else(is_month, "month", "day"))
    return suspects.time(pc.coalesce(at, label)), precision


def _identifiers(lists: pa.Array, rule: TypeRule, suspects: _Suspects) -> pa.Array:
    parents, items = flat_items(lists)
    kinds, values = items.field("kind"), items.field("value")
    suspects.mark(pc.greater(pc.list_value_length(lists), ITEMS_LIMIT))
    suspects.items(parents, text_is_odd(values, suspects.rules.field_chars))
    suspects.items(parents, pc.invert(pc.is_in(kinds, pa.array(sorted(suspects.rules.identifiers), pa.string()))))
    for kind, known in suspects.rules.identifiers.items():
        of_kind = pc.equal(kinds, kind).to_numpy(zero_copy_only=False)
        if of_kind.any():
            suspects.mask[parents[of_kind][~known.are_normal(values.filter(pa.array(of_kind)))]] = True
    if rule.requires:
        found = pc.is_in(kinds, pa.array(sorted(rule.requires))).to_numpy(zero_copy_only=False)
        lacking = np.ones(len(lists), dtype=bool)
        lacking[parents[found]] = False
        suspects.mask |= lacking
    pairs = pa.StructArray.from_arrays([kinds, values], fields=list(IDENTIFIERS.value_type))
    parents, pairs = sorted_once(parents, pairs, [kinds, values])
    return lists_from(parents, pairs, len(lists), IDENTIFIERS)


def _values(column: pa.Array, field: AvroField, suspects: _Suspects) -> pa.Array:
    form = field.form
    if form.kind == "enum":
        if UNKNOWN not in field.symbols:
            suspects.mark(pc.equal(column, UNKNOWN))
        if any(symbol != value for symbol, value in field.symbols.items()):
            symbols = pa.array(list(field.symbols))
            column = pa.array(list(field.symbols.values())).take(pc.index_in(column, symbols))
    elif form.kind == "timestamp":
        suspects.time(column)
    elif form.kind == "date":
        suspects.time(column.cast(_MICROS, safe=False))
        days = column.cast(pa.int32())
        limit = suspects.rules.latest // 86_400_000_000
        suspects.mark(pc.or_(pc.greater(days, limit), pc.less(days, suspects.rules.earliest // 86_400_000_000)))
    elif pa.types.is_list(column.type):
        parents, items = flat_items(column)
        suspects.mark(pc.greater(pc.list_value_length(column), ITEMS_LIMIT))
        suspects.items(parents, text_is_odd(items, suspects.rules.field_chars))
        if form.values:
            suspects.items(parents, pc.invert(pc.is_in(items, pa.array(form.values))))
        if form.required:
            suspects.mark(pc.equal(pc.list_value_length(column), 0))
    elif form.kind == "string":
        suspects.text(column)
        if form.values:
            allowed = pc.is_in(column, pa.array(form.values, pa.string()))
            suspects.mark(pc.and_(column.is_valid(), pc.invert(allowed)))
        if form.required:
            suspects.mark(pc.equal(column, ""))
    return column


def _reason(lists: pa.Array) -> pa.Array:
    parents, items = sorted_once(*(flat := flat_items(lists)), [flat[1]])
    joined = pc.binary_join(lists_from(parents, items, len(lists), pa.list_(pa.string())), "; ")
    return pc.if_else(pc.equal(joined, ""), None, joined)
