"""Records as the Avro decoder gives them, to EVENTS: a column at a time, all types of a batch together.

Whatever cannot be seen to be good by columns is *suspect*: those rows are few, and the caller judges each by
the same code as a JSON event, so there is one set of rules and one wording of reasons. A doubt may be wrong,
never a trust.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.events import EVENTS, IDENTIFIERS
from throughline.schemas.acceptance.lists import flat_items, lists_from, sorted_once
from throughline.schemas.acceptance.rows import ROW_COLUMNS
from throughline.schemas.acceptance.rules import ITEMS_LIMIT, Rules
from throughline.schemas.acceptance.type_form import SHARED
from throughline.schemas.wire.avro.json_text import json_objects
from throughline.schemas.wire.avro.record import ENVELOPE_TEXT, avro_record
from throughline.schemas.wire.avro.schema import UNKNOWN, AvroField, AvroType

__all__ = ["Decoded", "avro_record", "events_of"]

_NEEDED_TEXT = ("id", "source", "area", "agency", "unit")
_PASSED = (*ENVELOPE_TEXT, "occurred_at", "occurred_on", "recorded_at", "identifiers")
_SHARED_TEXT = tuple(c for c in SHARED.values() if EVENTS.field(c).type == pa.string())
_DAY_US = 86_400_000_000
_GATHERED = pa.schema(
    [
        *((name, pa.string()) for name in (*ENVELOPE_TEXT, "occurred_on")),
        ("recorded_at", pa.timestamp("us")),
        ("occurred_at", pa.timestamp("us")),
        ("identifiers", IDENTIFIERS),
        *((column, EVENTS.field(column).type) for column in SHARED.values()),
        ("data", pa.string()),
        ("place", pa.int32()),
        ("doubt", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Decoded:
    """The records of one type, and where each stands in the caller's list."""

    avro: AvroType
    records: pa.RecordBatch
    places: Sequence[int]


def events_of(groups: Sequence[Decoded], rules: Rules) -> tuple[dict[str, pa.Array], np.ndarray]:
    """The columns of EVENTS up to `data` for the records of all groups, one group after the other.

    And which rows are suspect: their columns mean nothing.
    """
    gathered = pa.Table.from_batches([_own_columns(group, number, rules) for number, group in enumerate(groups)])
    columns = {name: _joined(gathered[name]) for name in gathered.column_names}
    place = columns["place"]
    suspects = _Suspects(columns.pop("doubt").to_numpy(zero_copy_only=False).copy(), rules)
    forms = [group.avro.form for group in groups]
    columns["type"] = pa.array([form.type for form in forms]).take(place)
    columns["version"] = pa.array([form.version for form in forms], pa.int16()).take(place)

    for name in (*ENVELOPE_TEXT, *_SHARED_TEXT, "data"):
        suspects.text(columns[name])
    for name in (*_NEEDED_TEXT, *_SHARED_TEXT):
        suspects.mark(pc.equal(columns[name], ""))
    # Empty text, an empty list and a value that the writer did not know are right in some fields and not in
    # others.
    suspects.mark(pc.match_substring_regex(columns["data"], rf':""|\[\]|"{UNKNOWN}"|\\u0000'))
    suspects.mark(pc.is_in(columns["decision"], pa.array([UNKNOWN])))
    for name in ("channel", "holder"):
        suspects.mark(pc.equal(columns[name], UNKNOWN))
    if rules.areas is not None:
        suspects.mark(pc.invert(pc.is_in(columns["area"], pa.array(sorted(rules.areas)))))
    ours = pa.array([form.agency for form in forms], pa.string()).take(place)
    suspects.mark(pc.not_equal(columns["agency"], ours))
    if rules.agencies is not None:
        suspects.mark(pc.invert(pc.is_in(columns["agency"], pa.array(sorted(rules.agencies)))))
    needs_unit = pa.array(["unit" in form.required_envelope for form in forms]).take(place)
    suspects.mark(pc.and_(needs_unit, columns["unit"].is_null()))
    columns["occurred_at"], columns["occurred_precision"] = _occurred(columns, suspects)
    for name in ("recorded_at", "due_at", "effect_at"):
        suspects.time(columns[name])
    requires = [form.requires for form in forms]
    columns["identifiers"] = _identifiers(columns["identifiers"], place.to_numpy(), requires, suspects)
    return {name: columns[name] for name in ROW_COLUMNS}, suspects.mask


def _own_columns(group: Decoded, number: int, rules: Rules) -> pa.RecordBatch:
    """The envelope as it is, the shared fields and the rest as JSON, and the group's number in each row."""
    records = group.records
    rows = records.num_rows
    suspects = _Suspects(np.zeros(rows, dtype=bool), rules)
    columns: dict[str, pa.Array] = {name: records.column(name) for name in _PASSED}
    rest: dict[str, pa.Array] = {}
    plain: set[str] = set()
    for field in group.avro.fields:
        form = field.form
        column = _values(records.column(field.name), field, suspects)
        if form.column is None:
            rest[form.name] = column
            if form.kind == "enum":
                plain.add(form.name)
        else:
            columns[form.column] = _reason(column) if form.column == "reason" else column
    columns["data"] = json_objects(rest, rows, plain)
    columns["place"] = pa.repeat(pa.scalar(number, pa.int32()), rows)
    columns["doubt"] = pa.array(suspects.mask)
    return pa.RecordBatch.from_arrays(
        [
            columns[field.name].cast(field.type) if field.name in columns else pa.nulls(rows, field.type)
            for field in _GATHERED
        ],
        schema=_GATHERED,
    )


def _joined(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


class _Suspects:
    """Which rows are not seen to be good."""

    def __init__(self, mask: np.ndarray, rules: Rules) -> None:
        self.mask = mask
        self.rules = rules

    def mark(self, wrong: pa.Array) -> None:
        """Rows where `wrong` is true; null is not wrong."""
        self.mask |= _flags(wrong)

    def text(self, column: pa.Array) -> None:
        """Rows whose text is too long (by bytes, which are at least as many as characters) or has U+0000."""
        if column.null_count < len(column):
            self.mark(_is_odd(column, self.rules.field_chars))

    def items(self, parents: np.ndarray, wrong: pa.Array) -> None:
        """Rows that have an item where `wrong` is true."""
        self.mask[parents[_flags(wrong)]] = True

    def time(self, column: pa.Array) -> pa.Array:
        """Rows whose time lies outside the domain's limits."""
        if column.null_count < len(column):
            micros = column.cast(pa.int64())
            self.mark(pc.or_(pc.less(micros, self.rules.earliest), pc.greater_equal(micros, self.rules.latest)))
        return column


def _flags(column: pa.Array) -> np.ndarray:
    flags: np.ndarray = pc.fill_null(column, False).to_numpy(zero_copy_only=False)
    return flags


def _is_odd(column: pa.Array, limit: int) -> pa.Array:
    long = pc.greater(pc.binary_length(column), limit)
    data = column.buffers()[2]
    if data is None or b"\x00" not in memoryview(data).tobytes():
        return long
    return pc.or_(long, pc.match_substring(column, "\x00"))


def _occurred(columns: Mapping[str, pa.Array], suspects: _Suspects) -> tuple[pa.Array, pa.Array]:
    at, on = columns["occurred_at"], columns["occurred_on"]
    suspects.mark(pc.equal(at.is_null(), on.is_null()))
    if on.null_count == len(on):
        return suspects.time(at), pa.repeat("instant", len(on))
    well_formed = pc.match_substring_regex(on, r"^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$")
    suspects.mark(pc.invert(well_formed))
    is_month = pc.equal(pc.binary_length(on), 7)
    day = pc.if_else(is_month, pc.binary_join_element_wise(on, "-01", ""), on)
    day = pc.if_else(well_formed, day, None)
    label = pc.strptime(day, "%Y-%m-%d", "us", error_is_null=True)
    # strptime takes 31 February for 3 March: a label that does not print as it was written is suspect.
    printed = pc.utf8_slice_codeunits(label.cast(pa.string()), 0, 10)
    suspects.mark(pc.and_(day.is_valid(), pc.fill_null(pc.not_equal(printed, day), True)))
    precision = pc.if_else(on.is_null(), "instant", pc.if_else(is_month, "month", "day"))
    return suspects.time(pc.coalesce(at, label)), precision


def _identifiers(
    lists: pa.Array, place: np.ndarray, requires: Sequence[tuple[str, ...]], suspects: _Suspects
) -> pa.Array:
    """The identifiers sorted, each once; `requires` has for each place the kinds of which one must be
    there."""
    rules = suspects.rules
    parents, items = flat_items(lists)
    kinds, values = items.field("kind"), items.field("value")
    suspects.mark(pc.greater(pc.list_value_length(lists), ITEMS_LIMIT))
    suspects.items(parents, _is_odd(values, rules.field_chars))
    names = list(rules.identifiers)
    coded = pc.fill_null(pc.index_in(kinds, pa.array(names, pa.string())), len(names)).to_numpy()
    suspects.mask[parents[coded == len(names)]] = True
    for number, name in enumerate(names):
        of_kind = coded == number
        if of_kind.any():
            known = rules.identifiers[name].are_normal(values.filter(pa.array(of_kind)))
            suspects.mask[parents[of_kind][~known]] = True
    # One row per place, one column per kind (the last for kinds that the domain does not know).
    serves = np.array([[name in needed for name in names] + [False] for needed in requires])
    lacking = np.array([bool(needed) for needed in requires])[place]
    lacking[parents[serves[place[parents], coded]]] = False
    suspects.mask |= lacking
    pairs = pa.StructArray.from_arrays([kinds, values], fields=list(IDENTIFIERS.value_type))
    parents, pairs = sorted_once(parents, pairs, [kinds, values])
    return lists_from(parents, pairs, len(lists), IDENTIFIERS)


def _values(column: pa.Array, field: AvroField, suspects: _Suspects) -> pa.Array:
    """The values of a field; what only its type can tell to be wrong is marked."""
    form = field.form
    if form.kind == "enum":
        if any(symbol != value for symbol, value in field.symbols.items()):
            values = pa.array([*field.symbols.values(), UNKNOWN])
            return values.take(pc.index_in(column, pa.array([*field.symbols, UNKNOWN])))
    elif form.kind == "timestamp" and form.column is None:
        suspects.time(column)
    elif form.kind == "date":
        days, rules = column.cast(pa.int32()), suspects.rules
        suspects.mark(pc.less(days, rules.earliest // _DAY_US))
        suspects.mark(pc.greater_equal(days, rules.latest // _DAY_US))
        return pc.if_else(pa.array(suspects.mask), None, column)
    elif pa.types.is_list(column.type):
        lengths = pc.list_value_length(column)
        suspects.mark(pc.greater(lengths, ITEMS_LIMIT))
        if form.required:
            suspects.mark(pc.equal(lengths, 0))
        if form.values or form.column is not None:
            parents, items = flat_items(column)
            suspects.items(parents, _is_odd(items, suspects.rules.field_chars))
            if form.values:
                suspects.items(parents, pc.invert(pc.is_in(items, pa.array(form.values))))
    return column


def _reason(lists: pa.Array) -> pa.Array:
    parents, items = sorted_once(*(flat := flat_items(lists)), [flat[1]])
    joined = pc.binary_join(lists_from(parents, items, len(lists), pa.list_(pa.string())), "; ")
    return pc.if_else(pc.equal(joined, ""), None, joined)
