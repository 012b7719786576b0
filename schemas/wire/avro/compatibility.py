"""Can data written under one version of an event type be read under another: a verdict, and why, in words.

The verdict is Apache Avro's own (`avro.compatibility`, the Python implementation that the project maintains;
its 131 published reader/writer verdicts are in the tests). What Avro allows but loses meaning is a *caution*,
not a refusal: a removed field is dropped on reading, an enum value unknown to the reader becomes the default
symbol, a logical type that changes unit is read as the old number.

FULL_TRANSITIVE: every version of a type reads the data of every other version of it, older and newer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import avro.compatibility as apache
import avro.schema

from throughline.errors import DataError

_COMPATIBLE = apache.SchemaCompatibilityType.compatible


@dataclass(frozen=True)
class Verdict:
    """Whether a reader's schema reads a writer's data.

    `problems` say what stops it and `cautions` what would be lost without an error; each sentence names the field.
    """

    compatible: bool
    problems: tuple[str, ...]
    cautions: tuple[str, ...]


@dataclass(frozen=True)
class VersionVerdict:
    """The verdict on one ordered pair of versions of an event type."""

    type: str
    reader: int
    writer: int
    verdict: Verdict

    def __str__(self) -> str:
        can = "can read" if self.verdict.compatible else "cannot read"
        why = "".join(f"; {sentence}" for sentence in (*self.verdict.problems, *self.verdict.cautions))
        return f"{self.type} v{self.reader} {can} v{self.writer}{why}"


def parse_avro(schema: Any) -> avro.schema.Schema:
    """Parse a schema (dict, list or JSON text) with Apache Avro's parser; raises DataError."""
    text = schema if isinstance(schema, str) and schema.lstrip()[:1] in '{["' else json.dumps(schema)
    try:
        return avro.schema.parse(text)
    except (avro.errors.AvroException, json.JSONDecodeError, RecursionError) as fault:
        raise DataError(f"this is not an Avro schema: {fault}") from fault


def can_read(reader: Any, writer: Any) -> Verdict:
    """The verdict on data written under `writer`, read under `reader` (schemas as dict, list or JSON text)."""
    reader_schema, writer_schema = parse_avro(reader), parse_avro(writer)
    result = _checker().get_compatibility(reader_schema, writer_schema)
    compatible = result.compatibility is _COMPATIBLE
    problems: list[str] = []
    cautions: list[str] = []
    if isinstance(reader_schema, avro.schema.RecordSchema) and isinstance(writer_schema, avro.schema.RecordSchema):
        if not apache.schema_name_equals(reader_schema, writer_schema):
            problems.append(f"the record is called {reader_schema.name}, the data's is {writer_schema.name}")
        _compare_fields(reader_schema, writer_schema, problems, cautions)
    if not compatible and not problems:
        problems += sorted(str(message) for message in result.messages) or ["the types differ"]
    return Verdict(compatible, () if compatible else tuple(problems), tuple(cautions))


def full_transitive(type_name: str, versions: Mapping[int, Any]) -> tuple[VersionVerdict, ...]:
    """The verdicts on every ordered pair of `versions` (version -> Avro schema) of one event type."""
    return tuple(
        VersionVerdict(type_name, reader, writer, can_read(versions[reader], versions[writer]))
        for reader, writer in permutations(sorted(versions), 2)
    )


def _compare_fields(
    reader: avro.schema.RecordSchema, writer: avro.schema.RecordSchema, problems: list[str], cautions: list[str]
) -> None:
    read_from: set[str] = set()
    for field in reader.fields:
        source = apache.lookup_writer_field(writer_schema=writer, reader_field=field)
        if source is None:
            if not field.has_default:
                problems.append(f"field `{field.name}` is not in the data and has no default")
            continue
        read_from.add(source.name)
        renamed = "" if source.name == field.name else f" (in the data: `{source.name}`)"
        pair = _checker().get_compatibility(field.type, source.type)
        if pair.compatibility is not _COMPATIBLE:
            problems.append(f"field `{field.name}`{renamed}: {_why(field.type, source.type, pair)}")
            continue
        lost = _lost_symbols(field.type, source.type)
        if lost:
            cautions.append(f"field `{field.name}`{renamed}: {', '.join(lost)} would be read as the default value")
        ours, theirs = (_logical(one) or "a plain value" for one in (field.type, source.type))
        if ours != theirs:
            cautions.append(f"field `{field.name}`{renamed}: {theirs} would be read as {ours}")
    cautions += [
        f"field `{field.name}` of the data would be dropped" for field in writer.fields if field.name not in read_from
    ]


def _checker() -> Any:
    return apache.ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]


def _why(reader: avro.schema.Schema, writer: avro.schema.Schema, result: Any) -> str:
    ours, theirs = _words(reader), _words(writer)
    if ours != theirs:
        return f"it is {ours}, and {theirs} in the data"
    return "; ".join(sorted(str(message) for message in result.messages)) or "the types differ"


def _words(schema: avro.schema.Schema) -> str:
    if isinstance(schema, avro.schema.UnionSchema):
        return " or ".join(_words(branch) for branch in schema.schemas)
    if isinstance(schema, avro.schema.ArraySchema):
        return f"a list of {_words(schema.items)}"
    if isinstance(schema, avro.schema.EnumSchema):
        return f"one of {', '.join(schema.symbols)}"
    return str(schema.type)


def _branches(schema: avro.schema.Schema) -> list[avro.schema.Schema]:
    return list(schema.schemas) if isinstance(schema, avro.schema.UnionSchema) else [schema]


def _lost_symbols(reader: avro.schema.Schema, writer: avro.schema.Schema) -> list[str]:
    """Symbols that the writer may use and the reader does not know."""
    known = {s for b in _branches(reader) if isinstance(b, avro.schema.EnumSchema) for s in b.symbols}
    used = [s for b in _branches(writer) if isinstance(b, avro.schema.EnumSchema) for s in b.symbols]
    return [symbol for symbol in used if known and symbol not in known]


def _logical(schema: avro.schema.Schema) -> str:
    names = {str(b.props["logicalType"]) for b in _branches(schema) if b.props.get("logicalType")}
    return ", ".join(sorted(names))
