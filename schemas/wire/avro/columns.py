"""Records as the Avro decoder gives them, to EVENTS: a column at a time, all types of a batch together.

Nothing is judged here. Where EVENTS cannot say what a record says, the row is doubtful: a record with two times or
none, a day or month that is none, a time beyond the calendar, a reason that stands twice or has the sign that parts
reasons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.doubts import Fields
from throughline.schemas.acceptance.events import EVENTS, IDENTIFIERS
from throughline.schemas.acceptance.lists import flat_items, lists_from, one_array, sorted_once
from throughline.schemas.acceptance.type_form import SHARED
from throughline.schemas.wire.avro.json_text import json_objects
from throughline.schemas.wire.avro.record import ENVELOPE_TEXT
from throughline.schemas.wire.avro.schema import UNKNOWN, AvroField, AvroType

_PASSED = (*ENVELOPE_TEXT, "occurred_at", "occurred_on", "recorded_at", "retracts", "identifiers")
_SEPARATOR = "; "
# the years 1 to 9999, in days and microseconds since 1970
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
_DAY_US = 86_400_000_000
_GATHERED = pa.schema(
    [
        *((name, pa.string()) for name in (*ENVELOPE_TEXT, "occurred_on")),
        ("recorded_at", pa.timestamp("us")),
        ("occurred_at", pa.timestamp("us")),
        ("retracts", pa.bool_()),
        ("identifiers", IDENTIFIERS),
        *((column, EVENTS.field(column).type) for column in SHARED.values()),
        ("data", pa.string()),
        ("place", pa.int32()),
        ("doubt", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Group:
    """The records of one type, and where each stands in the caller's list."""

    avro: AvroType
    records: pa.RecordBatch
    places: Sequence[int]


def events_of(groups: Sequence[Group]) -> tuple[dict[str, pa.Array], np.ndarray, list[Fields]]:
    """The columns of EVENTS up to `data` for the records of all groups, one group after the other; which rows are
    doubtful: their columns mean nothing; and the columns that `data` was made of.
    """
    fields: list[Fields] = []
    batches: list[pa.RecordBatch] = []
    first = 0
    for number, group in enumerate(groups):
        batch, rest = _own_columns(group, number)
        fields.append(Fields(first, rest))
        batches.append(batch)
        first += batch.num_rows
    gathered = pa.Table.from_batches(batches)
    columns = {name: one_array(gathered[name]) for name in gathered.column_names}
    doubts: np.ndarray = columns.pop("doubt").to_numpy(zero_copy_only=False).copy()
    place = columns.pop("place")
    forms = [group.avro.form for group in groups]
    columns["type"] = pa.array([form.type for form in forms]).take(place)
    columns["version"] = pa.array([form.version for form in forms], pa.int16()).take(place)
    columns["occurred_at"], columns["occurred_precision"] = _occurred(columns, doubts)
    return columns, doubts, fields


def _own_columns(group: Group, number: int) -> tuple[pa.RecordBatch, dict[str, pa.Array]]:
    """The envelope as it is, the shared fields and the rest as JSON, and the group's number in each row; and the rest
    as columns."""
    records = group.records
    rows = records.num_rows
    doubts = np.zeros(rows, dtype=bool)
    columns: dict[str, pa.Array] = {name: records.column(name) for name in _PASSED if name in records.schema.names}
    rest: dict[str, pa.Array] = {}
    plain: set[str] = set()
    for field in group.avro.fields:
        form = field.form
        column = _values(records.column(field.name), field, doubts)
        if form.column is None:
            rest[form.name] = column
            if form.kind == "enum":
                plain.add(form.name)
        else:
            columns[form.column] = _reason(column, doubts) if form.column == "reason" else column
    columns["data"] = json_objects(rest, rows, plain)
    columns["place"] = pa.repeat(pa.scalar(number, pa.int32()), rows)
    columns["doubt"] = pa.array(doubts)
    arrays = [
        columns[field.name].cast(field.type) if field.name in columns else pa.nulls(rows, field.type)
        for field in _GATHERED
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=_GATHERED), rest


def _occurred(columns: Mapping[str, pa.Array], doubts: np.ndarray) -> tuple[pa.Array, pa.Array]:
    at, on = columns["occurred_at"], columns["occurred_on"]
    _mark(doubts, pc.equal(at.is_null(), on.is_null()))
    if on.null_count == len(on):
        return at, pa.repeat("instant", len(on))
    well_formed = pc.match_substring_regex(on, r"^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$")
    _mark(doubts, pc.invert(well_formed))
    is_month = pc.equal(pc.binary_length(on), 7)
    day = pc.if_else(is_month, pc.binary_join_element_wise(on, "-01", ""), on)
    day = pc.if_else(well_formed, day, None)
    label = pc.strptime(day, "%Y-%m-%d", "us", error_is_null=True)
    # strptime takes 31 February for 3 March: a label that does not print as it was written is suspect.
    printed = pc.utf8_slice_codeunits(label.cast(pa.string()), 0, 10)
    _mark(doubts, pc.and_(day.is_valid(), pc.fill_null(pc.not_equal(printed, day), True)))
    precision = pc.if_else(on.is_null(), "instant", pc.if_else(is_month, "month", "day"))
    return pc.coalesce(at, label), precision


def _values(column: pa.Array, field: AvroField, doubts: np.ndarray) -> pa.Array:
    """The values of a field, as the catalogue has them; a time beyond the calendar, which cannot be written, is
    null and in doubt."""
    form = field.form
    if form.kind == "enum":
        if any(symbol != value for symbol, value in field.symbols.items()):
            values = pa.array([*field.symbols.values(), UNKNOWN])
            return values.take(pc.index_in(column, pa.array([*field.symbols, UNKNOWN])))
    elif form.column is None and form.kind in {"timestamp", "date"} and column.null_count < len(column):
        a_day = 1 if form.kind == "date" else _DAY_US
        number = column.cast(pa.int32() if form.kind == "date" else pa.int64())
        beyond = pc.or_(pc.less(number, _FIRST_DAY * a_day), pc.greater_equal(number, (_LAST_DAY + 1) * a_day))
        if pc.any(beyond).as_py():
            _mark(doubts, beyond)
            return pc.if_else(beyond, None, column)
    return column


def _reason(lists: pa.Array, doubts: np.ndarray) -> pa.Array:
    parents, items = flat_items(lists)
    if len(items) and pc.any(parted := pc.match_substring(items, _SEPARATOR[0])).as_py():
        doubts[parents[parted.to_numpy(zero_copy_only=False)]] = True
    given = len(items)
    parents, items = sorted_once(parents, items, [items])
    if len(items) < given:
        doubts |= np.bincount(parents, minlength=len(lists)) < pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    joined = pc.binary_join(lists_from(parents, items, len(lists), pa.list_(pa.string())), _SEPARATOR)
    return pc.if_else(pc.equal(joined, ""), None, joined)


def _mark(doubts: np.ndarray, wrong: pa.Array) -> None:
    """Doubt the rows where `wrong` is true; null is not wrong."""
    doubts |= pc.fill_null(wrong, False).to_numpy(zero_copy_only=False)
