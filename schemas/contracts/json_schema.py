"""The events of a domain as JSON Schema (2020-12): the JSON form of a CloudEvent, judged as the reader judges it.

What the schema accepts the reader accepts. The reader accepts some more, and refuses a little that no schema can see:
DIFFERENCES lists all of it, and stands in the schema itself.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from throughline.schemas.acceptance.rules import ITEMS_LIMIT, TypeRule
from throughline.schemas.acceptance.type_form import FieldForm, TypeForm
from throughline.schemas.contracts import texts
from throughline.schemas.contracts.numbers import identifier_schema
from throughline.schemas.contracts.sources import source_schema
from throughline.schemas.definitions.catalogue import EventType
from throughline.schemas.definitions.domain import Domain

DIALECT = "https://json-schema.org/draft/2020-12/schema"

READER_ACCEPTS = (
    "an identifier that is not in its normal form (small letters, spaces), which it brings into that form",
    "letters of other scripts in a code, such as a unit",
    "more identifiers of a kind than are allowed, where some of them are the same",
    "`data` in base64 (`data_base64`) where it is of a media type of JSON",
)
"""What the reader accepts besides."""

READER_REFUSES = (
    "a `contenthash` that is not that of `data`",
    "an interval in `occurredon` whose end lies before its beginning",
    "an instant outside the years of the domain by its offset alone, as on the first or last of their days",
    "a whole number written as `1.0`, which JSON Schema takes for 1",
    "an object that has a name twice, text that is no Unicode, and a record of more bytes than the domain allows",
    "more than 1,000 identifiers of all kinds together",
    "digits of other scripts where a spreadsheet spoilt a number",
    "what stewards do from a source, for an area or under a pseudonym that the deployment does not list",
)
"""What the reader refuses besides: no schema can see it."""

DIFFERENCES = (*READER_ACCEPTS, *READER_REFUSES)

Schema = dict[str, Any]


def json_schema(domain: Domain, type_: str | None = None) -> Schema:
    """The schema of every event of a domain, in every version that is read; or of those of one type.

    The schema of one version stands under `$defs`, called as the type is on the wire.
    """
    rules = [rule for rule in domain.rules.by_version.values() if type_ in (None, rule.form.type)]
    schemas = EventSchemas(domain)
    names = {rule: _wire_names(rule.form) for rule in rules}
    return {
        "$schema": DIALECT,
        "$id": f"urn:throughline:{domain.name}:events" + (f":{type_}" if type_ else ""),
        "title": f"Events of: {domain.title}" if type_ is None else type_,
        "$comment": f"The reader also accepts {'; '.join(READER_ACCEPTS)}. "
        f"It also refuses {'; '.join(READER_REFUSES)}.",
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": [name for rule in rules for name in names[rule]]}},
        "allOf": [
            {
                "if": {"properties": {"type": {"enum": names[rule]}}, "required": ["type"]},
                "then": schemas.ref(rule.form.wire_type),
            }
            for rule in rules
        ],
        "$defs": {**schemas.shared(), **{rule.form.wire_type: schemas.event(rule) for rule in rules}},
    }


def _wire_names(form: TypeForm) -> list[str]:
    """What an event of this version may say in `type`: the bare name of the catalogue means version 1."""
    return [form.wire_type] + ([form.type] if form.version == 1 and form.type != form.wire_type else [])


def example_of(kind: EventType) -> Schema:
    """The `data` of the example of a type, as JSON has it."""
    made: Schema = json.loads(json.dumps(kind.example, default=str))
    return made


class EventSchemas:
    """Schemas of the events of a domain; what they share is referred to under the path `at`."""

    def __init__(self, domain: Domain, at: str = "#/$defs/") -> None:
        self.domain, self.rules, self.at = domain, domain.rules, at
        # `latest` is not included
        last = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.rules.latest - 1)
        first = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.rules.earliest)
        self.years = texts.years(first.year, last.year)

    def ref(self, name: str, **more: Any) -> Schema:
        """A reference, and what is said `more`: beside a reference older dialects read nothing."""
        found = {"$ref": f"{self.at}{name}"}
        return {"allOf": [found], **more} if more else found

    def shared(self) -> dict[str, Schema]:
        """What the schemas refer to, by name."""
        most = self.rules.field_chars
        text = {"type": "string", "maxLength": most, "not": {"pattern": "\\u0000"}}
        made: dict[str, Schema] = {
            "text": text,
            "instant": {
                "description": "An instant: RFC 3339 with its offset.",
                "type": "string",
                "pattern": texts.whole(texts.instant(self.years)),
            },
            "day": {"description": "A day.", "type": "string", "pattern": texts.whole(texts.day(self.years))},
            "label": {
                "description": "A day, a month, or two of either with a slash between them.",
                "type": "string",
                "pattern": texts.whole(texts.label(self.years)),
            },
            "texts": {
                "oneOf": [self.ref("text"), {"type": "array", "maxItems": ITEMS_LIMIT, "items": self.ref("text")}]
            },
            "area": self._area(),
            "identifiers": {
                "description": "The numbers by which the case is known, by kind; each in its normal form.",
                "type": ["object", "null"],
                "additionalProperties": {"type": "null"},
                "properties": {
                    kind.kind: identifier_schema(kind, most, self.rules.identifiers[kind.kind].most)
                    for kind in self.domain.identifiers
                },
            },
        }
        for agency in self.domain.agencies or ():
            if not self.rules.owners.bind_nothing:
                made[f"source_of_{agency}"] = source_schema(self.rules.owners, agency, self.ref("text", minLength=1))
        return made

    def event(self, rule: TypeRule) -> Schema:
        """The schema of the events of one version of a type, as a CloudEvent in JSON."""
        form = rule.form
        kind = self.domain.types[form.type]
        made: Schema = {
            "title": f"{form.type} version {form.version}",
            "description": form.doc,
            "type": "object",
            "required": ["specversion", "id", "source", "type", "partitionkey", "data"],
            "properties": {
                "specversion": {"const": "1.0"},
                "id": self.ref("text", minLength=1, description="Yours, and the event's for ever."),
                "source": self._source_ref(form, "The system that publishes, as a URN. It belongs to one agency."),
                "type": {"enum": _wire_names(form)},
                "time": _or_null(self.ref("instant"), "When it happened."),
                "occurredon": _or_null(self.ref("label"), "When it happened, where only the day or month is known."),
                "recordedtime": _or_null(self.ref("instant"), "When it was written down in the system."),
                "partitionkey": self.ref("area"),
                "revision": {
                    "description": "Orders what a source says of one id: the highest counts.",
                    "oneOf": [
                        {"type": "null"},
                        {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
                        {"type": "string", "maxLength": 64, "pattern": texts.whole(texts.revision())},
                    ],
                },
                "retracts": {
                    "description": "Whether the event is taken back.",
                    "enum": [True, False, "true", "false", None],
                },
                "contenthash": {
                    "description": "SHA-256 of `data` with its keys sorted, in hexadecimal.",
                    "type": ["string", "null"],
                    "pattern": "^[0-9A-Fa-f]{64}$",
                },
                **{name: _or_null(self.ref("text"), said) for name, said in _TEXTS.items()},
                "data": self._data(rule),
            },
            # what CloudEvents allows besides
            "propertyNames": {"pattern": "^[a-z0-9]+$"},
            "additionalProperties": {
                "oneOf": [
                    {"type": ["null", "boolean"]},
                    {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
                    self.ref("text"),
                ]
            },
            "oneOf": [
                {"required": ["time"], "properties": {"time": {"type": "string"}, "occurredon": {"type": "null"}}},
                {
                    "required": ["occurredon"],
                    "properties": {"occurredon": {"type": "string"}, "time": {"type": "null"}},
                },
            ],
            "if": {"required": ["retracts"], "properties": {"retracts": {"enum": [True, "true"]}}},
            "then": {"required": ["revision"], "properties": {"revision": {"type": ["string", "integer"]}}},
        }
        if form.agency is None and not self.rules.owners.bind_nothing and self.domain.agencies:
            made["allOf"] = [
                {
                    "if": {"properties": {"data": {"properties": {"agency": {"const": agency}}}}},
                    "then": {"properties": {"source": self.ref(f"source_of_{agency}")}},
                }
                for agency in self.domain.agencies
            ]
        if kind.version == form.version and kind.example:
            made["x-example-of-data"] = example_of(kind)
        return made

    def _data(self, rule: TypeRule) -> Schema:
        form = rule.form
        needed = [field.name for field in form.fields if field.required]
        unit = _or_null(self._code("unit"), "The unit that acted.")
        if rule.needs_unit:
            unit, needed = {**self._code("unit"), "description": "The unit that acted."}, ["unit", *needed]
        if form.agency is None:
            agency: Schema = self.ref("text", minLength=1, description="The agency that publishes.")
            if self.rules.agencies is not None:
                agency = {"enum": sorted(self.rules.agencies), "description": "The agency that publishes."}
            needed = ["agency", *needed]
        else:
            agency = {"enum": [form.agency, "", None], "description": "May be left out."}
        made: Schema = {
            "type": "object",
            "properties": {
                "unit": unit,
                "agency": agency,
                "identifiers": self.ref("identifiers"),
                **{field.name: self._field(field) for field in form.fields},
            },
            # a field without a value is no field
            "additionalProperties": {"type": "null"},
        }
        if form.requires:
            needed = ["identifiers", *needed]
            made["properties"]["identifiers"] = {
                "allOf": [self.ref("identifiers")],
                "type": "object",
                "anyOf": [
                    {"required": [kind], "properties": {kind: {"type": ["string", "array"], "minItems": 1}}}
                    for kind in form.requires
                ],
            }
        return {**made, "required": needed} if needed else made

    def _field(self, field: FieldForm) -> Schema:
        said = self._value(field)
        if not field.required:
            return _or_null(said, field.doc)
        # "" and [] are nothing
        more: Schema = {"description": field.doc} if field.doc else {}
        if field.kind in {"string", "enum", "list<string>"}:
            more["not"] = {"enum": ["", []]}
        return {"allOf": [said], **more} if "$ref" in said and more else {**said, **more}

    def _value(self, field: FieldForm) -> Schema:
        listed = {"enum": list(field.values)}
        if field.kind == "list<string>":
            items = [listed, {"type": "array", "maxItems": ITEMS_LIMIT, "items": listed}]
            return {"oneOf": items} if field.values else self.ref("texts")
        if field.kind in {"string", "enum"}:
            return listed if field.values else self._code(field.column)
        if field.kind == "int":
            return {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
        return {"type": "boolean"} if field.kind == "bool" else self.ref(_TIMES[field.kind])

    def _code(self, column: str | None) -> Schema:
        """Text, of the form that the domain gives to the codes of a column, if it gives any."""
        form = self.rules.codes.get(column or "")
        return self.ref("text") if form is None else self.ref("text", pattern=texts.whole(f"(?:{form.pattern})?"))

    def _area(self) -> Schema:
        said = "The area of the case, by which records are kept together."
        if self.domain.areas is None:
            return self.ref("text", minLength=1, description=said)
        return {"description": said, "enum": list(self.domain.areas)}

    def _source_ref(self, form: TypeForm, said: str) -> Schema:
        if form.agency is None or self.rules.owners.bind_nothing or form.agency not in (self.domain.agencies or ()):
            return self.ref("text", minLength=1, description=said)
        return self.ref(f"source_of_{form.agency}", description=said)


_TEXTS = {
    "sequence": "Your own number for the event; gaps show.",
    "correlationid": "An id by which you link events.",
    "causationid": "The id of the event that led to it.",
    "subject": "Not read.",
    "datacontenttype": "application/json, if it is said at all.",
    "dataschema": "Not read.",
}
_TIMES = {"timestamp": "instant", "date": "day"}


def _or_null(schema: Schema, description: str = "") -> Schema:
    said: Schema = {"description": description} if description else {}
    if "enum" in schema:
        return {**said, "enum": [*schema["enum"], None]}
    kind = schema.get("type")
    if isinstance(kind, str):
        either: Schema = {**said, **schema}
        either["type"] = [kind, "null"]
        return either
    return {**said, "oneOf": [{"type": "null"}, schema]}
