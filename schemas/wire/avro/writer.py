"""What another writer's schema says of one of our types: read as it was written, or why it cannot be.

The fingerprint of a schema does not cover logical types: a file whose times are milliseconds has that of one whose
times are microseconds. So a file's schema is compared field by field with the type's, and a record that is written in
another way (another unit of time, unions in another order, fewer optional fields) is written again in ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.wire.avro.bodies import BodyCodec
from throughline.schemas.wire.avro.codec import StoredType
from throughline.schemas.wire.avro.schema import UNKNOWN

_MICROS = "timestamp-micros"
# how many of a unit are a microsecond, and how many microseconds are one
_UNITS = {"timestamp-millis": (1, 1000), _MICROS: (1, 1), "timestamp-nanos": (1000, 1)}
_NOT_RECORDS = Reject("bad_avro", None, "the record does not hold what its type needs")


@dataclass(frozen=True)
class Writer:
    """One of our types as another wrote it; `units` are the fields that are times in another unit than ours."""

    bodies: BodyCodec
    ours: BodyCodec
    units: Mapping[str, tuple[int, int]]

    def translate(self, body: bytes) -> bytes | Reject:
        """A record's bytes as our schema writes them. What is finer than a microsecond is cut off, as it is of JSON."""
        record = self.bodies.read_record(body)
        if isinstance(record, Reject):
            return record
        for name, (over, times) in self.units.items():
            if record.get(name) is not None:
                record[name] = record[name] * times // over
        try:
            return self.ours.encode_record(record)
        except (ValueError, TypeError, OverflowError, KeyError):
            return _NOT_RECORDS


def read_writer(schema_json: str, types: Iterable[StoredType]) -> tuple[StoredType, Writer | None] | Reject:
    """The type that a schema writes, and how if not just as ours does; or why it writes none of them."""
    try:
        return _compare(json.loads(schema_json), types)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return Reject("unknown_schema", None, "the file's schema is none of records of events")


def _compare(schema: Any, types: Iterable[StoredType]) -> tuple[StoredType, Writer | None] | Reject:
    name = _full_name(schema)
    fields = {field["name"]: field["type"] for field in schema["fields"]}
    stored = next((one for one in types if one.avro.full_name == name), None)
    if stored is None:
        same = sorted(one.avro.full_name for one in types if one.avro.schema["name"] == name.rpartition(".")[2])
        hint = f": it has the name of {same[0]}, in another namespace" if same else ""
        return Reject("unknown_schema", None, f"no type of the domain has the full name of the file's schema{hint}")
    ours = {field["name"]: field for field in stored.avro.schema["fields"]}
    for field in fields:
        if field not in ours:
            return Reject("unknown_schema", None, f"the file has a field `{field[:80]}` that {name} does not have")
    for field, given in ours.items():
        if field not in fields and "default" not in given:
            return Reject("unknown_schema", field, f"the file's schema has no `{field}`")
    units = {}
    for field, kind in fields.items():
        wrong = _difference(kind, ours[field]["type"])
        if wrong:
            return Reject("unknown_schema", field, f"`{field}` is {wrong}")
        unit = _logical(_value(kind))
        if _logical(_value(ours[field]["type"])) == _MICROS and unit != _MICROS:
            units[field] = _UNITS[unit]
    if not units and list(fields) == list(ours) and _shape(schema) == _shape(stored.avro.schema):
        return stored, None
    return stored, Writer(
        BodyCodec(json.dumps(_plain(schema))), BodyCodec(json.dumps(_plain(stored.avro.schema))), units
    )


def _full_name(schema: Any) -> str:
    name: str = schema["name"]
    space: str = schema.get("namespace", "")
    return name if "." in name or not space else f"{space}.{name}"


def _value(kind: Any) -> Any:
    """A type without the null of its union."""
    if isinstance(kind, list):
        others = [one for one in kind if one != "null"]
        return others[0] if len(others) == 1 else kind
    return kind


def _logical(kind: Any) -> str:
    return str(kind.get("logicalType", "")) if isinstance(kind, dict) else ""


def _base(kind: Any) -> Any:
    return kind["type"] if isinstance(kind, dict) else kind


def _difference(kind: Any, ours: Any) -> str:
    """In which way a type is not read as ours; '' where it is."""
    kind, ours = _value(kind), _value(ours)
    said, meant = _logical(kind), _logical(ours)
    if meant == _MICROS and said not in _UNITS:
        if said.startswith("local-"):
            return f"{said}, which has no zone: write timestamp-micros (UTC)"
        return f"{said or _base(kind)}, which does not say what instant it is: write timestamp-micros (UTC)"
    if meant != _MICROS and said != meant:
        return f"{said or f'a plain {_base(kind)}'}, not {meant or f'a plain {_base(ours)}'}"
    given, wanted = _base(kind), _base(ours)
    if isinstance(given, list):
        return "a union of several types"
    if given != wanted and (given, wanted) != ("int", "long"):
        return f"{given}, not {wanted}"
    if given == "enum" and not set(kind["symbols"]) <= {*ours["symbols"], UNKNOWN}:
        return "an enumeration with symbols that the type does not have"
    if given == "array":
        inner = _difference(kind["items"], ours["items"])
        return inner and f"an array of which an item is {inner}"
    if given == "record":
        names = [[field["name"] for field in one["fields"]] for one in (kind, ours)]
        return "" if names[0] == names[1] else "a record of other fields"
    return ""


def _shape(kind: Any) -> Any:
    """A type as far as its bytes go."""
    if isinstance(kind, list):
        return [_shape(one) for one in kind]
    if not isinstance(kind, dict):
        return kind
    if kind["type"] == "record":
        return [(field["name"], _shape(field["type"])) for field in kind["fields"]]
    if kind["type"] == "enum":
        return kind["symbols"]
    return ["array", _shape(kind["items"])] if kind["type"] == "array" else kind["type"]


def _plain(kind: Any) -> Any:
    """A schema without logical types: times are numbers."""
    if isinstance(kind, list):
        return [_plain(one) for one in kind]
    if isinstance(kind, dict):
        return {key: _plain(value) for key, value in kind.items() if key != "logicalType"}
    return kind
