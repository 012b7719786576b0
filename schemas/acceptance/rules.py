"""The catalogue's rules, made ready for one event at a time: what a field may hold, which identifiers are
well-formed.

A rule that is broken raises `Refused`, which never leaves the package's reading functions: they return its
`reject`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from throughline.schemas.acceptance.identifier_rule import IdentifierRule
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rfc3339 import read_instant, read_label, write_instant
from throughline.schemas.acceptance.type_form import FieldForm, TypeForm

# A list in an event may not be longer: more is a fault or an attack, never a case.
ITEMS_LIMIT = 1000
_INT64 = 2**63


class Refused(Exception):  # noqa: N818 — no error: a verdict on data
    """Carries a Reject out of the depth of one event."""

    def __init__(self, reason: str, name: str | None, detail: str) -> None:
        self.reject = Reject(reason, name, detail)


@dataclass(frozen=True, slots=True)
class TypeRule:
    """One version of a type: fields by name, the names that must be there, the identifier kinds of which one
    must be."""

    form: TypeForm
    fields: Mapping[str, FieldForm]
    values: Mapping[str, frozenset[str]]
    required: frozenset[str]
    requires: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rules:
    """A domain's rules. `by_wire_type` has the full CloudEvents type and, for version 1, the bare catalogue
    name."""

    by_wire_type: Mapping[str, TypeRule]
    by_version: Mapping[tuple[str, int], TypeRule]
    identifiers: Mapping[str, IdentifierRule]
    agencies: frozenset[str] | None
    areas: frozenset[str] | None
    earliest: int
    latest: int
    record_bytes: int
    field_chars: int
    type_prefix: str
    known_types: frozenset[str] = field(default_factory=frozenset)

    def find_type(self, wire_type: str) -> TypeRule:
        """The rule of a CloudEvents type."""
        rule = self.by_wire_type.get(wire_type)
        if rule is not None:
            return rule
        bare = wire_type.removeprefix(f"{self.type_prefix}.")
        name, _, version = bare.rpartition(".v")
        if bare in self.known_types or (name in self.known_types and version.isdigit()):
            raise Refused("unknown_version", "type", "the catalogue has this type, but not in this version")
        raise Refused("unknown_type", "type", "the catalogue of the domain has no such type")

    def check_time(self, micros: int, name: str) -> int:
        """The time, if it lies within the domain's limits."""
        if self.earliest <= micros < self.latest:
            return micros
        raise Refused("time_out_of_range", name, f"`{name}` lies outside the years that the domain allows")

    def read_time(self, text: Any, name: str) -> int:
        """Microseconds of an RFC 3339 instant within the domain's limits."""
        if type(text) is not str:
            raise Refused("bad_time", name, f"`{name}` must be RFC 3339 text with an offset")
        micros = read_instant(text)
        if isinstance(micros, str):
            _refuse_time(micros, name)
        return self.check_time(micros, name)

    def read_label(self, text: Any, name: str) -> tuple[int, str]:
        """Label and precision of a day or month within the domain's limits."""
        if type(text) is not str:
            raise Refused("bad_time", name, f"`{name}` must be YYYY-MM-DD or YYYY-MM")
        label = read_label(text)
        if isinstance(label, str):
            _refuse_time(label, name)
        return self.check_time(label[0], name), label[1]

    def check_text(self, text: str, name: str) -> None:
        """Refuse NUL (it ends a string elsewhere) and what is longer than the domain allows."""
        if len(text) > self.field_chars:
            raise Refused("field_too_long", name, f"`{name}` has more than {self.field_chars} characters")
        if "\x00" in text:
            raise Refused("nul_character", name, f"`{name}` has the character U+0000")

    def read_identifiers(self, given: Any, rule: TypeRule, deep: bool) -> list[tuple[str, str]]:
        """Kind and normal value of each identifier, sorted, each once."""
        if given is None:
            given = {}
        if type(given) is not dict:
            raise Refused("bad_field", "data.identifiers", "`identifiers` must be an object of kind to value")
        found: list[tuple[str, str]] = []
        for kind, values in given.items():
            if values is None:
                continue
            known = self.identifiers.get(kind)
            if known is None:
                raise Refused("malformed_identifier", "data.identifiers", "the domain has no such kind of identifier")
            for value in values if type(values) is list else (values,):
                if type(value) is not str or not value:
                    raise Refused(
                        "malformed_identifier",
                        f"data.identifiers.{kind}",
                        "an identifier must be text, not empty",
                    )
                if deep:
                    self.check_text(value, f"data.identifiers.{kind}")
                normal = known.normal(value)
                if normal is None:
                    raise Refused(
                        "malformed_identifier",
                        f"data.identifiers.{kind}",
                        f"it does not have the form of a `{kind}`",
                    )
                found.append((kind, normal))
        if len(found) > 1:
            if len(found) > ITEMS_LIMIT:
                raise Refused("bad_field", "data.identifiers", f"an event has at most {ITEMS_LIMIT} identifiers")
            found = sorted(set(found))
        if rule.requires and not any(kind in rule.requires for kind, _ in found):
            raise Refused(
                "missing_identifier",
                "data.identifiers",
                f"it needs one of: {', '.join(sorted(rule.requires))}",
            )
        return found

    def read_field(self, form: FieldForm, value: Any, rule: TypeRule, deep: bool) -> Any:
        """A field's value in its one form: text, int, bool, list of text; a timestamp as canonical text."""
        kind, name = form.kind, form.name
        if kind in {"string", "enum"}:
            if type(value) is not str:
                _refuse_field(name, "must be text")
            allowed = rule.values.get(name)
            if allowed is not None:
                if value not in allowed:
                    _refuse_field(name, "is not one of the catalogue's values")
            elif deep:
                self.check_text(value, f"data.{name}")
            return value
        if kind == "bool":
            return value if type(value) is bool else _refuse_field(name, "must be true or false")
        if kind == "int":
            if type(value) is not int or not -_INT64 <= value < _INT64:
                _refuse_field(name, "must be a whole number of 64 bits")
            return value
        if kind == "timestamp":
            return write_instant(self.read_time(value, f"data.{name}"))
        if kind == "date":
            _, precision = self.read_label(value, f"data.{name}")
            return value if precision == "day" else _refuse_field(name, "must be YYYY-MM-DD")
        return self.read_list(value, name, rule.values.get(name), deep)

    def read_list(self, value: Any, name: str, allowed: frozenset[str] | None, deep: bool) -> list[str]:
        """A list of text; one string stands for a list of one."""
        items = value if type(value) is list else [value]
        if len(items) > ITEMS_LIMIT:
            _refuse_field(name, f"has more than {ITEMS_LIMIT} items")
        for item in items:
            if type(item) is not str:
                _refuse_field(name, "must be text or a list of text")
            if allowed is not None and item not in allowed:
                _refuse_field(name, "has an item that is not one of the catalogue's values")
            if deep:
                self.check_text(item, f"data.{name}")
        return items


def _refuse_time(reason: str, name: str) -> NoReturn:
    detail = "is not a time as 2026-03-02T10:15:00Z (an instant, with its offset), 2026-03-02 or 2026-03"
    if reason == "time_out_of_range":
        detail = "lies outside the years 1 to 9999"
    raise Refused(reason, name, f"`{name}` {detail}")


def _refuse_field(name: str, detail: str) -> NoReturn:
    raise Refused("bad_field", f"data.{name}", f"`{name}` {detail}")
