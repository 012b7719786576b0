"""Whether the `data` of an event fits its type: for the examples of a catalogue and for single events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from throughline.schemas.acceptance.rfc3339 import read_instant, read_label
from throughline.schemas.definitions.catalogue import ENVELOPE, EventType, TypeField
from throughline.schemas.definitions.identifier import IdentifierKind

_INT64 = 2**63


@dataclass(frozen=True)
class Problem:
    """Why data does not fit: a dotted path, a reason code as in REJECTS, a sentence without content."""

    field: str
    reason: str
    sentence: str


def validate_data(event_type: EventType, data: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the data of an event of this type; [] if nothing is.

    A field that is null counts as missing; one that the type does not have is a problem (`unknown_field`).
    The form of an identifier is the question of its kind: see `validate_identifiers`.
    """
    problems = [
        Problem(f"data.{name}", "missing_field", f"`{name}` is required")
        for name, field in event_type.fields.items()
        if field.required and data.get(name) is None
    ]
    if event_type.agency_any and data.get("agency") is None:
        problems.append(
            Problem("data.agency", "missing_field", "events of this type say their agency in `data.agency`")
        )
    for name, value in data.items():
        if name == "identifiers" or value is None:
            continue
        field = event_type.fields.get(name)
        if field is not None:
            problems += _value_problems(field, value)
        elif name not in ENVELOPE:
            problems.append(Problem(f"data.{name}", "unknown_field", f"the type has no field `{name}`"))
        elif not isinstance(value, str):
            problems.append(_bad(name, "must be text"))
    return problems + _identifier_problems(event_type, data.get("identifiers"))


def validate_identifiers(kinds: Mapping[str, IdentifierKind], data: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the form of the identifiers in the data of an event."""
    given = data.get("identifiers")
    problems = []
    for name, value in _values(given if isinstance(given, Mapping) else {}):
        kind, field = kinds.get(name), f"data.identifiers.{name}"
        if kind is None:
            problems.append(Problem(field, "malformed_identifier", "the domain has no such kind of identifier"))
        elif isinstance(value, str) and not kind.is_well_formed(kind.normalise_value(value)):
            problems.append(Problem(field, "malformed_identifier", f"it does not have the form of a `{name}`"))
    return problems


def _identifier_problems(event_type: EventType, given: Any) -> list[Problem]:
    if given is not None and not isinstance(given, Mapping):
        return [Problem("data.identifiers", "bad_field", "`identifiers` must be an object of kind to value")]
    problems, found = [], set()
    for kind, value in _values(given or {}):
        if isinstance(value, str) and value.strip():
            found.add(kind)
        else:
            problems.append(
                Problem(
                    f"data.identifiers.{kind}",
                    "malformed_identifier",
                    "an identifier must be text, not empty",
                )
            )
    if event_type.requires and not found & set(event_type.requires):
        needed = ", ".join(sorted(event_type.requires))
        problems.append(Problem("data.identifiers", "missing_identifier", f"it needs one of: {needed}"))
    return problems


def _values(identifiers: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for kind, value in identifiers.items():
        if value is not None:
            yield from ((kind, one) for one in (value if isinstance(value, list) else [value]))


def _value_problems(field: TypeField, value: Any) -> list[Problem]:
    name, kind = field.name, field.type
    if kind == "int":
        fits = type(value) is int and -_INT64 <= value < _INT64
        return [] if fits else [_bad(name, "must be a whole number of 64 bits")]
    if kind == "bool":
        return [] if isinstance(value, bool) else [_bad(name, "must be true or false")]
    if kind == "timestamp":
        fits = isinstance(value, str) and isinstance(read_instant(value), int)
        return [] if fits else [_bad(name, "must be RFC 3339 text with an offset", "bad_time")]
    if kind == "date":
        label = read_label(value) if isinstance(value, str) else "bad_time"
        # YAML reads a date without quotation marks as one.
        fits = type(value) is date or (isinstance(label, tuple) and label[1] == "day")
        return [] if fits else [_bad(name, "must be YYYY-MM-DD", "bad_time")]
    listed = kind == "list<string>"
    items = value if listed and isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in items):
        return [_bad(name, "must be text or a list of text" if listed else "must be text")]
    if field.values is not None and not set(items) <= set(field.values):
        return [_bad(name, "has a value that is not one of the catalogue's")]
    return []


def _bad(name: str, sentence: str, reason: str = "bad_field") -> Problem:
    return Problem(f"data.{name}", reason, f"`{name}` {sentence}")
