"""The Avro schemas of the shared topics: made from the columns of a store, kept as files, found by fingerprint.

A 64-bit key travels as 16 hexadecimal digits, since Avro has no unsigned number; times are microseconds UTC, or the
label of a day or month where the precision beside them says so. The files in `shared/` are what is written and read;
a test makes them anew from the store's tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from throughline.errors import SharedLogError
from throughline.schemas.definitions.topics import SHARED, SharedName
from throughline.schemas.wire.avro.bodies import BodyCodec
from throughline.schemas.wire.avro.framing import SINGLE_OBJECT
from throughline.schemas.wire.avro.schema import canonical_and_fingerprint

NAMESPACE = "throughline.shared.v1"


@dataclass(frozen=True)
class Column:
    """A column of a table or view as the store says it."""

    name: str
    type: str
    is_nullable: bool
    comment: str


def record(name: str, doc: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "record", "name": name, "doc": doc, "fields": fields}


def field(name: str, of: Any, doc: str) -> dict[str, Any]:
    """A field that is always there."""
    return {"name": name, "type": of, "doc": doc}


_TIME = {"type": "long", "logicalType": "timestamp-micros"}
_TYPES: dict[str, Any] = {
    "VARCHAR": "string",
    "UBIGINT": "string",
    "BIGINT": "long",
    "INTEGER": "int",
    "SMALLINT": "int",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "TIMESTAMP": _TIME,
    "DATE": {"type": "int", "logicalType": "date"},
    "VARCHAR[]": {"type": "array", "items": "string"},
    'STRUCT(facet VARCHAR, "value" VARCHAR, stated_at TIMESTAMP)[]': {
        "type": "array",
        "items": record(
            "StatedFacet",
            "One value of a facet, from when it was stated.",
            [
                field("facet", "string", "The facet of the domain."),
                field("value", "string", "The value."),
                field("stated_at", _TIME, "When it happened that states it: UTC, or the label of a day or month."),
            ],
        ),
    },
}


def field_of(column: Column) -> dict[str, Any]:
    """The field of a column. Raises KeyError for a type that is not shared."""
    of = _TYPES[column.type]
    doc = column.comment + (" 16 hexadecimal digits." if column.type == "UBIGINT" else "")
    if column.is_nullable:
        return {"name": column.name, "type": ["null", of], "default": None, "doc": doc}
    return {"name": column.name, "type": of, "doc": doc}


def schema_text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class SharedSchema:
    """The schema of a shared topic: `frame` are the bytes before each body, `codec` reads and writes bodies."""

    name: SharedName
    frame: bytes
    codec: BodyCodec


@cache
def shared_schema(name: SharedName) -> SharedSchema:
    """The schema that this release writes to a shared topic."""
    text = shared_text(name)
    _, fingerprint = canonical_and_fingerprint(json.loads(text))
    # without white space and words: it is read anew for every batch
    return SharedSchema(name, SINGLE_OBJECT + fingerprint, BodyCodec(json.dumps(_without_docs(json.loads(text)))))


def shared_text(name: SharedName) -> str:
    """The schema as it stands in its file."""
    return files("throughline.schemas").joinpath(f"shared/{name}.avsc").read_text(encoding="utf-8")


def check_frames(name: SharedName, values: Iterable[tuple[bytes, str]]) -> None:
    """Raise SharedLogError for the first message that another schema wrote; each comes with its place."""
    frame = shared_schema(name).frame
    for value, place in values:
        if not value.startswith(frame):
            raise SharedLogError(
                f"The message at {place} is written with another schema (it begins with {value[:10].hex()}; this "
                f"release reads {frame.hex()}).",
                hint="Nothing of it was taken. Use the release that wrote it, or have it published again by this one.",
            )


def _without_docs(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _without_docs(value) for key, value in schema.items() if key != "doc"}
    return [_without_docs(item) for item in schema] if isinstance(schema, list) else schema


Kind = Literal["changed", "gone"]
NOUNS: dict[SharedName, str] = {
    "decision_timeline": "case",
    "handoffs": "handoff",
    "alerts": "alert",
    "quarantine": "quarantine",
}
assert set(NOUNS) == set(SHARED)


def ce_type(name: SharedName, kind: Kind) -> str:
    """The CloudEvents type of a message of a shared topic."""
    return f"throughline.{NOUNS[name]}.{kind}.v1"
