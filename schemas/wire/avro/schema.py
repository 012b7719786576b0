"""An Avro record schema for every version of every event type.

The envelope's fields come first, then the type's own. Optional is `["null", X]` with default null; an enumeration has a
default symbol UNKNOWN, and its values, where they are no legal Avro names, stand behind derived symbols
(`AvroType.symbols` gives the value back). The namespace is type prefix, agency and version, the name that of the type
without its agency: so versions have different fingerprints, and Avro, which compares unqualified names, still resolves
one against the other. Apache Avro's own library parses each schema and has the last word.

Source: Avro 1.12 specification (names, enums, Parsing Canonical Form, CRC-64-AVRO).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import fastavro.schema

from throughline.schemas.acceptance.type_form import FieldForm, TypeForm
from throughline.schemas.wire.avro.compatibility import parse_avro

UNKNOWN = "UNKNOWN"

_MICROS = {"type": "long", "logicalType": "timestamp-micros"}
_TYPES: dict[str, Any] = {
    "string": "string",
    "int": "long",
    "bool": "boolean",
    "timestamp": _MICROS,
    "date": {"type": "int", "logicalType": "date"},
    "list<string>": {"type": "array", "items": "string"},
}


@dataclass(frozen=True)
class AvroField:
    """A field of `data` in Avro: `name` there, `form` in the catalogue, `symbols` from Avro symbol to value."""

    name: str
    form: FieldForm
    symbols: dict[str, str]


@dataclass(frozen=True)
class AvroType:
    """A compiled version of an event type.

    `fingerprint` is CRC-64-AVRO of the Parsing Canonical Form as the 8 little-endian bytes of single-object encoding.
    """

    form: TypeForm
    schema: dict[str, Any]
    schema_json: str
    fingerprint: bytes
    fields: tuple[AvroField, ...]

    @property
    def full_name(self) -> str:
        """Namespace and name."""
        return f"{self.schema['namespace']}.{self.schema['name']}"


def compile_avro(form: TypeForm, *, with_revision: bool = True) -> AvroType:
    """Compile one version of an event type. Raises DataError if Apache Avro does not accept the result.

    Records that were written before there were revisions are read by a schema without them."""
    name, namespace = _record_name(form)
    envelope = _envelope(form, with_revision)
    taken = {field["name"] for field in envelope}
    fields: list[AvroField] = []
    for field in form.fields:
        field_name = _unused(legal_name(field.name), taken)
        fields.append(AvroField(field_name, field, _symbols(field.values) if field.kind == "enum" else {}))
    schema: dict[str, Any] = {
        "type": "record",
        "name": name,
        "namespace": namespace,
        "doc": form.doc,
        "fields": [*envelope, *(_field(name, field) for field in fields)],
        "throughline": {"type": form.type, "version": form.version},
    }
    text = json.dumps(schema, ensure_ascii=False)
    _, fingerprint = canonical_and_fingerprint(schema)
    return AvroType(form, schema, text, fingerprint, tuple(fields))


def canonical_and_fingerprint(schema: Any) -> tuple[str, bytes]:
    """Parsing Canonical Form and its CRC-64-AVRO (8 little-endian bytes) of any Avro schema, by Apache Avro."""
    # avro 1.12.2 forgets the rule PRIMITIVES where it stripped a logical type: `{"type":"long"}`. Java does
    # not.
    form = json.loads(parse_avro(schema).canonical_form, object_hook=_simple_primitive)
    text = json.dumps(form, separators=(",", ":"), ensure_ascii=False)
    return text, bytes.fromhex(fastavro.schema.fingerprint(text, "CRC-64-AVRO"))


def _simple_primitive(form: dict[str, Any]) -> Any:
    return form["type"] if form.keys() == {"type"} and isinstance(form["type"], str) else form


def legal_name(text: str) -> str:
    """The nearest legal Avro name: other characters become `_`, and one is put before a leading digit."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", text)
    return name if re.match(r"[A-Za-z_]", name) else f"_{name}"


def _record_name(form: TypeForm) -> tuple[str, str]:
    # A type that any agency may publish is in no agency's namespace.
    agency, _, rest = form.type.partition(".") if form.agency else ("", "", form.type)
    words = re.split(r"[^A-Za-z0-9]+", rest)
    name = legal_name("".join(word[:1].upper() + word[1:] for word in words))
    space = [*form.type_prefix.split("."), agency, f"v{form.version}"]
    return name, ".".join(legal_name(part) for part in space if part)


def _envelope(form: TypeForm, with_revision: bool) -> list[dict[str, Any]]:
    identifier = {
        "type": "record",
        "name": "Identifier",
        "doc": "A number by which an agency knows the case or the matter.",
        "fields": [
            {"name": "kind", "type": "string", "doc": "Which number it is, by the domain's list of kinds."},
            {"name": "value", "type": "string", "doc": "The number in its normal form."},
        ],
    }
    kinds = f" At least one of: {', '.join(form.requires)}." if form.requires else ""
    return [
        _required("id", "string", "Identifies the event together with `source`."),
        _required("source", "string", "The system that publishes, as a URN."),
        _optional("occurred_at", _MICROS, "When it happened, UTC. Null if only the day or month is known."),
        _optional("occurred_on", "string", "The day (YYYY-MM-DD) or month (YYYY-MM), if no more is known."),
        _optional("recorded_at", _MICROS, "When the agency wrote it down, UTC."),
        _optional("sequence", "string", "Orders the events of one source; zero-padded."),
        _required("area", "string", "Code of the area; also the partition key."),
        _required("agency", "string", "The agency that says so."),
        _optional("unit", "string", "The unit of the agency."),
        _required("identifiers", {"type": "array", "items": identifier}, f"The case's numbers.{kinds}"),
        _optional("correlation", "string", "Links the events of one exchange."),
        _optional("causation", "string", "The id of the event that led to this one."),
        *(_REVISION if with_revision else ()),
    ]


def _optional(name: str, of: Any, doc: str) -> dict[str, Any]:
    return {"name": name, "type": ["null", of], "default": None, "doc": doc}


_REVISION = (
    _optional("revision", "string", "Orders what the source says of one id: a whole number, a day or an instant."),
    _optional("retracts", "boolean", "True where the source takes the event back."),
)


def _required(name: str, of: Any, doc: str) -> dict[str, Any]:
    return {"name": name, "type": of, "doc": doc}


def _field(record: str, field: AvroField) -> dict[str, Any]:
    form = field.form
    of = _TYPES.get(form.kind, "string")
    if form.kind == "enum":
        meaning = [f"{symbol} = {value}" for symbol, value in field.symbols.items() if symbol != value]
        of = {
            "type": "enum",
            "name": f"{record}_{field.name}",
            "doc": "; ".join(meaning) or f"The values of `{form.name}`.",
            "symbols": [*field.symbols, *([] if UNKNOWN in field.symbols else [UNKNOWN])],
            "default": UNKNOWN,
        }
    made = (_required if form.required else _optional)(field.name, of, form.doc or form.name)
    aliases = [legal_name(alias) for alias in form.aliases]
    return made | ({"aliases": aliases} if aliases else {})


def _symbols(values: Iterable[str]) -> dict[str, str]:
    taken: set[str] = set()
    # A value UNKNOWN keeps its own symbol, so no other value may derive to it first.
    kept = [UNKNOWN] if UNKNOWN in set(values) else []
    taken.update([UNKNOWN])
    symbols = {value: value for value in kept}
    for value in values:
        if value != UNKNOWN:
            symbols[_unused(legal_name(value), taken)] = value
    return symbols


def _unused(name: str, taken: set[str]) -> str:
    candidate, count = name, 2
    while candidate in taken:
        candidate, count = f"{name}_{count}", count + 1
    taken.add(candidate)
    return candidate
