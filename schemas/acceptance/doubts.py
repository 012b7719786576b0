"""Which rows of a table of EVENTS are not plainly good: seen by column, a million rows a second.

A row that is not listed here would be accepted by `parse_event` as it stands; one that is listed may be good
or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.events import EVENTS, IDENTIFIERS
from throughline.schemas.acceptance.lists import flat_items, lists_from, sorted_once
from throughline.schemas.acceptance.rules import ITEMS_LIMIT, Rules, TypeRule
from throughline.schemas.acceptance.type_form import SHARED, FieldForm
from throughline.sql import sql


def unseen_rows(events: pa.Table, rules: Rules) -> np.ndarray:
    """The numbers of the rows that are not seen to be good, identifiers in normal form aside; some may
    repeat.
    """
    codes = _type_codes(events, rules)
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        columns = _unseen_columns(connection, events, rules, codes)
        return np.concatenate([columns, _odd_data(connection, events, codes)])


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array."""
    if not column.num_chunks:
        return pa.array([], column.type)  # a filter may leave none
    return pa.concat_arrays(column.chunks) if column.num_chunks != 1 else column.chunk(0)


def normal_identifiers(events: pa.Table, rules: Rules) -> tuple[pa.Array, np.ndarray]:
    """The identifiers in normal form, sorted, each once; and the rows of which some are not well-formed."""
    column = one_array(events["identifiers"])
    suspect = np.zeros(len(column), dtype=bool)
    parents, items = flat_items(column)
    if not len(items):
        return column, suspect
    suspect[parents[pc.is_null(items).to_numpy(zero_copy_only=False)]] = True
    kinds, values = items.field("kind"), items.field("value")
    suspect |= pc.fill_null(pc.greater(pc.list_value_length(column), ITEMS_LIMIT), True).to_numpy(zero_copy_only=False)
    normal = values
    known = np.zeros(len(items), dtype=bool)
    for kind in pc.unique(kinds).to_pylist():
        rule = rules.identifiers.get(kind)
        if rule is None:
            continue
        of_kind = pc.fill_null(pc.equal(kinds, kind), False)
        coded = pc.dictionary_encode(values.filter(of_kind))
        forms = [_normal(rule, value, rules.field_chars) for value in coded.dictionary.to_pylist()]
        found = pa.array(forms, pa.string()).take(coded.indices)
        normal = pc.replace_with_mask(normal, of_kind, found)
        known |= of_kind.to_numpy(zero_copy_only=False)
    known &= normal.is_valid().to_numpy(zero_copy_only=False)
    suspect[parents[~known]] = True
    # A suspect row is judged as it came: what stands for its identifiers here only must not be null.
    kinds, normal = pc.fill_null(kinds, ""), pc.fill_null(normal, "")
    if normal is not values or len(items) > len(column):
        items = pa.StructArray.from_arrays([kinds, normal], fields=list(IDENTIFIERS.value_type))
        parents, items = sorted_once(parents, items, [kinds, normal])
    return lists_from(parents, items, len(column), IDENTIFIERS), suspect


def _normal(rule: Any, value: str | None, field_chars: int) -> str | None:
    if not value or len(value) > field_chars or "\x00" in value:
        return None
    form: str | None = rule.normal(value)
    return form


def _unseen_columns(
    connection: duckdb.DuckDBPyConnection, events: pa.Table, rules: Rules, codes: TypeCodes
) -> np.ndarray:
    """The rows whose columns are not seen to be good."""
    for name, value in (("any_area", rules.areas is None), ("any_agency", rules.agencies is None)):
        connection.execute(f"set variable {name} = $1", [value])
    for name, micros in (("earliest", rules.earliest), ("latest", rules.latest)):
        connection.execute(f"set variable {name} = make_timestamp($1::bigint)", [micros])
    count = events.num_rows
    present = np.zeros(count, dtype=np.int32)
    for bit, column in enumerate(SHARED.values()):
        if events[column].null_count < count:
            present |= events[column].is_valid().to_numpy().astype(np.int32) << bit
    rows = pa.array(np.arange(count))
    connection.register("to_admit", events.append_column("row", rows).append_column("present", pa.array(present)))
    connection.register("type_rules", _type_rules(rules))
    connection.register("known_areas", pa.table({"area": pa.array(sorted(rules.areas or ()), pa.string())}))
    connection.register("known_agencies", pa.table({"agency": pa.array(sorted(rules.agencies or ()), pa.string())}))
    found = [
        _numbers(connection, sql(__package__, "doubtful_events")),
        _odd_texts(events, rules.field_chars),
    ]
    for shared, column in SHARED.items():
        if events[column].null_count < count:
            found.append(_values_not_allowed(events, shared, column, codes))
    if events["reason"].null_count < count:
        found.append(_numbers(connection, sql(__package__, "unsorted_reasons")))
    found.append(_lacking(events, codes))
    return np.concatenate(found)


def _numbers(connection: duckdb.DuckDBPyConnection, query: str) -> np.ndarray:
    return np.asarray(connection.execute(query).to_arrow_table()["row"].to_numpy(), dtype=np.int64)


def _odd_texts(events: pa.Table, limit: int) -> np.ndarray:
    """The rows that have an empty text, one of more bytes than `limit`, or U+0000."""
    odd = np.zeros(events.num_rows, dtype=bool)
    for field in EVENTS:
        column = events[field.name]
        if not pa.types.is_string(field.type) or field.name == "data" or column.null_count == len(column):
            continue
        lengths = pc.binary_length(column)
        extent = pc.min_max(lengths)
        if extent["min"].as_py() == 0 or extent["max"].as_py() > limit:
            wrong = pc.or_(pc.equal(lengths, 0), pc.greater(lengths, limit))
            odd |= pc.fill_null(wrong, False).to_numpy()
        if any(b"\x00" in memoryview(chunk.buffers()[2] or b"").tobytes() for chunk in column.chunks):
            odd |= pc.fill_null(pc.match_substring(column, "\x00"), False).to_numpy()
    return np.flatnonzero(odd)


@dataclass(frozen=True)
class TypeCodes:
    """Which version of a type each row is of: `codes` int64, an index into `rules` (None: the domain has no
    such).
    """

    codes: np.ndarray
    rules: list[TypeRule | None]
    field_chars: int


def _type_codes(events: pa.Table, rules: Rules) -> TypeCodes:
    types, versions = _coded(events["type"]), _coded(events["version"])
    mixed, codes = _distinct(types[0] * len(versions[1]) + versions[0], len(types[1]) * len(versions[1]))
    pairs = [(types[1][m // len(versions[1])], versions[1][m % len(versions[1])]) for m in mixed.tolist()]
    return TypeCodes(codes, [rules.by_version.get(pair) for pair in pairs], rules.field_chars)


def _coded(column: pa.ChunkedArray | pa.Array) -> tuple[np.ndarray, list[Any]]:
    """Numbers and what they stand for."""
    array = one_array(column) if isinstance(column, pa.ChunkedArray) else column
    coded = pc.dictionary_encode(array, null_encoding="encode")
    return coded.indices.to_numpy(zero_copy_only=False).astype(np.int64), coded.dictionary.to_pylist()


def _distinct(numbers: np.ndarray, below: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct numbers, all less than `below`, ascending, and the place of each number among them."""
    if below > len(numbers):
        distinct, places = np.unique(numbers, return_inverse=True)
        return distinct, places.astype(np.int64)
    # few against many rows: counted rather than sorted
    occurs = np.bincount(numbers, minlength=below) > 0
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[numbers]


def _values_not_allowed(events: pa.Table, shared: str, column: str, codes: TypeCodes) -> np.ndarray:
    """The rows whose value of a shared field is not one of those that their type lists."""
    limits = [rule.values.get(shared) if rule is not None else None for rule in codes.rules]
    if not any(limits):
        return np.array([], dtype=np.int64)
    numbers, words = _coded(events[column])
    mixed, which = _distinct(codes.codes * len(words) + numbers, len(codes.rules) * len(words))
    bad = np.zeros(len(mixed), dtype=bool)
    for place, both in enumerate(mixed.tolist()):
        limit, word = limits[both // len(words)], words[both % len(words)]
        if limit is not None and word is not None:
            said = word.split("; ") if shared == "reasons" else [word]
            bad[place] = not limit.issuperset(said)
    return np.flatnonzero(bad[which])


def _lacking(events: pa.Table, codes: TypeCodes) -> np.ndarray:
    """The rows that carry none of the identifier kinds of which their type needs one."""
    needs = [rule.requires if rule is not None else frozenset() for rule in codes.rules]
    if not any(needs):
        return np.array([], dtype=np.int64)
    parents, items = flat_items(one_array(events["identifiers"]))
    lacks = np.array([bool(need) for need in needs])[codes.codes]
    if len(items):
        numbers, kinds = _coded(items.field("kind"))
        serves = np.array([[kind in need for kind in kinds] for need in needs])
        lacks[parents[serves[codes.codes[parents], numbers]]] = False
    return np.flatnonzero(lacks)


_MADE: dict[int, tuple[Rules, pa.Table]] = {}


def _type_rules(rules: Rules) -> pa.Table:
    """The table `type_rules` of admission.sql, made once per rules object."""
    made = _MADE.get(id(rules))
    if made is not None and made[0] is rules:
        return made[1]
    rows: list[dict[str, Any]] = []
    for (name, version), rule in rules.by_version.items():
        demands = rule.form.required_envelope
        row: dict[str, Any] = {
            "type": name,
            "version": version,
            "agency": rule.form.agency,
            "listed": 0,
            "required": 0,
        }
        row |= {f"demands_{column}": column in demands for column in ("unit", "correlation", "causation")}
        row["needs_data"] = any(form.column is None and form.required for form in rule.form.fields)
        for bit, shared in enumerate(SHARED):
            if (form := rule.fields.get(shared)) is not None:
                row["listed"] |= 1 << bit
                row["required"] |= form.required << bit
        rows.append(row)
    kinds = {
        "version": pa.int16(),
        "listed": pa.int32(),
        "required": pa.int32(),
        "type": pa.string(),
        "agency": pa.string(),
    }
    table = pa.Table.from_pylist(rows, schema=pa.schema([(name, kinds.get(name, pa.bool_())) for name in rows[0]]))
    _MADE[id(rules)] = (rules, table)
    return table


def _odd_data(connection: duckdb.DuckDBPyConnection, events: pa.Table, codes: TypeCodes) -> np.ndarray:
    """The rows whose `data` is not seen to be canonical JSON of the fields that their type lists."""
    filled = pc.fill_null(pc.not_equal(events["data"], "{}"), False).to_numpy()
    if not filled.any():
        return np.array([], dtype=np.int64)
    code = pa.array(codes.codes)
    some = pa.table([pa.array(np.arange(events.num_rows)), code, events["data"]], names=["row", "code", "data"])
    connection.register("with_data", some.filter(pa.array(filled)))
    branches = " ".join(
        f"when {number} then {_data_test(rule.form.fields, codes.field_chars)}"
        for number, rule in enumerate(codes.rules)
        if rule is not None
    )
    return _numbers(
        connection,
        "-- One row per event whose data is not seen to be good.\n"
        f"select row from with_data where not coalesce(case code {branches} end, false)",
    )


_PLAIN = r'[^"\\\x00-\x1f]'
_FORMS = {
    "int": "(?:0|-?[1-9][0-9]{0,17})",
    "bool": "(?:true|false)",
    "date": '"[0-9]{4}-[0-9]{2}-[0-9]{2}"',
    "timestamp": '"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{6})?Z"',
}


def _data_test(fields: Iterable[FieldForm], field_chars: int) -> str:
    """SQL that is true where `data` is certainly canonical: one pattern for the whole text, the fields in
    their order.
    """
    pattern, limit, also = r"\{", field_chars, ""
    for form in sorted((form for form in fields if form.column is None), key=lambda form: form.name):
        some = "+" if form.required else "*"
        one = f'"{_PLAIN}*"'
        if form.values:
            one = f'"(?:{"|".join(re.escape(orjson.dumps(value).decode()[1:-1]) for value in form.values)})"'
        if form.kind == "list<string>":
            # An item takes three characters at least: so there are fewer than the limit of items.
            limit = min(limit, 2 * ITEMS_LIMIT)
            inner = f"{one}(?:,{one})*"
            value = rf"\[{inner}\]" if form.required else rf"\[(?:{inner})?\]"
        elif form.kind in _FORMS:
            value = _FORMS[form.kind]
        else:
            value = one if form.values else f'"{_PLAIN}{some}"'
        if form.kind in {"date", "timestamp"}:
            path = _text_literal(f"$.{form.name}")
            # what is no JSON raises even where the pattern has refused it: the order of `and` is not kept
            text = f"case when json_valid(data) then json_extract_string(data, {path}) end"
            also += (
                f" and coalesce(try_cast({text} as timestamp) between getvariable('earliest') and "
                f"getvariable('latest') - interval 1 microsecond "
                f"and not contains({text}, '.000000'), {text} is null)"
            )
        pattern += f'(?:"{re.escape(form.name)}":{value},){"" if form.required else "?"}'
    return (
        f"strlen(data) <= {limit} and suffix(data, '}}') "
        f"and regexp_full_match(left(data, -1) || ',', {_text_literal(pattern)}){also}"
    )


def _text_literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
