"""The catalogue's rules, made ready for one event at a time: what a field may hold, which identifiers are
well-formed.

A rule that is broken raises `Refused`, which never leaves the package's reading functions: they return its
`reject`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NoReturn

import orjson

from throughline.schemas.acceptance.normal_form import IdentifierRule
from throughline.schemas.acceptance.owner import Owners, Stewards
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rfc3339 import end_of, read_instant, read_label, write_instant
from throughline.schemas.acceptance.type_form import SHARED, FieldForm, TypeForm

# A list in an event may not be longer: more is a fault or an attack, never a case.
ITEMS_LIMIT = 1000
_INT64 = 2**63


class Refused(Exception):  # noqa: N818 — no error: a verdict on data
    """Carries a Reject out of the depth of one event."""

    def __init__(self, reason: str, name: str | None, detail: str) -> None:
        self.reject = Reject(reason, name, detail)


# Where a shared column stands among the others.
SHARED_PLACE = {column: place for place, column in enumerate(SHARED.values())}
# What `data` may have in every type.
NOT_FIELDS = frozenset(["unit", "identifiers", "agency"])


@dataclass(frozen=True)
class TypeRule:
    """One version of a type, made ready."""

    form: TypeForm

    @cached_property
    def fields(self) -> Mapping[str, FieldForm]:
        """The fields of `data` by name."""
        return {field.name: field for field in self.form.fields}

    @cached_property
    def values(self) -> Mapping[str, frozenset[str]]:
        """The allowed values of the fields that have a list of them."""
        return {field.name: frozenset(field.values) for field in self.form.fields if field.values}

    @cached_property
    def required(self) -> frozenset[str]:
        """The fields that must be there."""
        return frozenset(field.name for field in self.form.fields if field.required)

    @cached_property
    def required_rest(self) -> frozenset[str]:
        """Those of them that are no columns of EVENTS."""
        return frozenset(name for name in self.required if self.fields[name].column is None)

    @cached_property
    def requires(self) -> frozenset[str]:
        """The kinds of identifier of which one must be there."""
        return frozenset(self.form.requires)

    @cached_property
    def needs_unit(self) -> bool:
        """Whether the event must say its unit."""
        return "unit" in self.form.required_envelope

    @cached_property
    def by_column(self) -> Mapping[str, FieldForm]:
        """The shared fields by their columns: in an older version a field may have another name."""
        return {field.column: field for field in self.form.fields if field.column is not None}

    @cached_property
    def bits(self) -> tuple[int, int]:
        """The shared columns that the type lists and those that it requires: a bit for each, by SHARED_PLACE."""
        bits = [(1 << SHARED_PLACE[column], field.required) for column, field in self.by_column.items()]
        return sum(bit for bit, _ in bits), sum(bit for bit, required in bits if required)


@dataclass(frozen=True)
class Rules:
    """A domain's rules. Times are microseconds since 1970 UTC; `latest` is not included. Agencies or areas None:
    any will do. `codes`: the forms of codes by their columns; any other has none."""

    by_version: Mapping[tuple[str, int], TypeRule]
    identifiers: Mapping[str, IdentifierRule]
    agencies: frozenset[str] | None
    areas: frozenset[str] | None
    earliest: int
    latest: int
    record_bytes: int
    field_chars: int
    type_prefix: str
    owners: Owners
    codes: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    stewards: Stewards = field(default_factory=Stewards)

    @property
    def forms(self) -> list[TypeForm]:
        """Every version of every type, in the order of the catalogue."""
        return [rule.form for rule in self.by_version.values()]

    @cached_property
    def by_wire_type(self) -> Mapping[str, TypeRule]:
        """The types by their full CloudEvents type and, for version 1, by the bare catalogue name."""
        bare = {name: rule for (name, version), rule in self.by_version.items() if version == 1}
        return bare | {rule.form.wire_type: rule for rule in self.by_version.values()}

    def find_type(self, wire_type: str) -> TypeRule:
        """The rule of a CloudEvents type."""
        rule = self.by_wire_type.get(wire_type)
        if rule is not None:
            return rule
        bare = wire_type.removeprefix(f"{self.type_prefix}.")
        name, _, version = bare.rpartition(".v")
        known = {name for name, _ in self.by_version}
        if bare in known or (name in known and version.isdigit()):
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
        """Label and precision of a day, a month or an interval of them within the domain's limits."""
        if type(text) is not str:
            raise Refused("bad_time", name, f"`{name}` must be YYYY-MM-DD or YYYY-MM")
        label = read_label(text)
        if isinstance(label, str):
            _refuse_time(label, name)
        if " " in label[1]:
            self.check_time(end_of(*label), name)
        return self.check_time(label[0], name), label[1]

    def check_text(self, text: str, name: str) -> None:
        """Refuse NUL (it ends a string elsewhere) and what is longer than the domain allows."""
        if len(text) > self.field_chars:
            raise Refused("field_too_long", name, f"`{name}` has more than {self.field_chars} characters")
        if "\x00" in text:
            raise Refused("nul_character", name, f"`{name}` has the character U+0000")

    def read_identifiers(self, given: Any, rule: TypeRule) -> list[tuple[str, str]]:
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
            for kind, n in Counter(kind for kind, _ in found).items():
                if n > self.identifiers[kind].most:
                    raise Refused(
                        "too_many_identifiers",
                        f"data.identifiers.{kind}",
                        f"an event has at most {self.identifiers[kind].most} of this kind: more may be many cases",
                    )
        if rule.requires and not any(kind in rule.requires for kind, _ in found):
            raise Refused(
                "missing_identifier",
                "data.identifiers",
                f"it needs one of: {', '.join(sorted(rule.requires))}",
            )
        return found

    def check_area(self, area: Any) -> None:
        """Refuse an area that is missing or that the domain does not have."""
        if not area:
            raise Refused("missing_attribute", "partitionkey", "an event needs its area in `partitionkey`")
        if self.areas is not None and area not in self.areas:
            raise Refused("unknown_area", "partitionkey", "the domain has no such area")

    def read_agency(self, stated: Any, rule: TypeRule) -> str:
        """The agency of an event: the one that it states, else that of its type."""
        ours = rule.form.agency
        if stated is None or stated == "":
            if ours is None:
                raise Refused("missing_field", "data.agency", "events of this type say their agency in `data.agency`")
            return ours
        if type(stated) is not str:
            raise Refused("bad_field", "data.agency", "`agency` must be text")
        if self.agencies is not None and stated not in self.agencies:
            raise Refused("unknown_agency", "data.agency", "the domain has no such agency")
        if ours is not None and stated != ours:
            raise Refused("wrong_agency", "data.agency", "events of this type are another agency's")
        self.check_text(stated, "data.agency")
        return stated

    def source_fault(self, source: str, agency: str) -> Reject | None:
        """Why this agency may not speak as the source, which belongs to another or is none of those that a deployment
        lists; or None."""
        owner = self.owners.of(source)
        if owner is None and self.owners.only_listed:
            return Reject("unknown_source", "source", "the deployment lists its sources, and this is none of them")
        if owner is not None and owner != agency:
            return Reject("wrong_source", "source", "the source belongs to another agency")
        return None

    def check_steward(self, source: str, area: str, officer: str | None) -> None:
        """Refuse what is done for stewards from elsewhere than the deployment lists, or by somebody else."""
        fault = self.stewards.fault(source, area, officer)
        if fault is not None:
            raise Refused(fault.reason, fault.field, fault.detail)

    def read_unit(self, unit: Any, rule: TypeRule) -> str | None:
        """The unit, None where the event says none."""
        if unit is None:
            if rule.needs_unit:
                raise Refused("missing_field", "data.unit", "`unit` is required")
            return None
        if type(unit) is not str:
            raise Refused("bad_field", "data.unit", "`unit` must be text")
        self.check_text(unit, "data.unit")
        self.check_code(unit, "unit", "unit")
        return unit or None

    def check_code(self, code: str, column: str, name: str) -> None:
        """Refuse what has not the form of a code: a name or a telephone number would be public under it."""
        form = self.codes.get(column)
        if form is not None and code and form.fullmatch(code) is None:
            _refuse_field(name, "does not have the form of a code")

    def read_fields(self, data: Mapping[str, Any], rule: TypeRule, required: Iterable[str]) -> tuple[list[Any], str]:
        """The shared columns of `data` in their order, and the canonical JSON of the rest."""
        shared: list[Any] = [None] * len(SHARED_PLACE)
        rest: dict[str, Any] = {}
        for name, value in data.items():
            if value is None or name in NOT_FIELDS:
                continue
            form = rule.fields.get(name)
            if form is None:
                raise Refused("bad_field", "data", "`data` has a field that the catalogue does not list for this type")
            if value in ("", []) and name in rule.required:
                raise Refused("missing_field", f"data.{name}", f"`{name}` is required and empty")
            if form.column is not None and form.kind == "timestamp":
                shared[SHARED_PLACE[form.column]] = self.read_time(value, f"data.{name}")
                continue
            value = self.read_field(form, value, rule)
            if form.column is None:
                rest[name] = value
            elif form.column == "reason":
                shared[SHARED_PLACE[form.column]] = "; ".join(sorted(set(value))) or None
            else:
                if form.column in self.codes:
                    self.check_code(value, form.column, name)
                shared[SHARED_PLACE[form.column]] = value
        lost = [name for name in required if data.get(name) is None]
        if lost:
            raise Refused("missing_field", f"data.{min(lost)}", f"`{min(lost)}` is required")
        return shared, orjson.dumps(rest, option=orjson.OPT_SORT_KEYS).decode() if rest else "{}"

    def read_field(self, form: FieldForm, value: Any, rule: TypeRule) -> Any:
        """A field's value in its one form: text, int, bool, list of text; a timestamp as canonical text."""
        kind, name = form.kind, form.name
        if kind in {"string", "enum"}:
            if type(value) is not str:
                _refuse_field(name, "must be text")
            allowed = rule.values.get(name)
            if allowed is not None:
                if value not in allowed:
                    _refuse_field(name, "is not one of the catalogue's values")
            else:
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
        return self.read_list(value, name, rule.values.get(name))

    def read_list(self, value: Any, name: str, allowed: frozenset[str] | None) -> list[str]:
        """A list of text; one string stands for a list of one."""
        items = value if type(value) is list else [value]
        if len(items) > ITEMS_LIMIT:
            _refuse_field(name, f"has more than {ITEMS_LIMIT} items")
        for item in items:
            if type(item) is not str:
                _refuse_field(name, "must be text or a list of text")
            if allowed is not None and item not in allowed:
                _refuse_field(name, "has an item that is not one of the catalogue's values")
            self.check_text(item, f"data.{name}")
        return items


def _refuse_time(reason: str, name: str) -> NoReturn:
    detail = "is not a time as 2026-03-02T10:15:00Z (an instant, with its offset), 2026-03-02 or 2026-03"
    if reason == "time_out_of_range":
        detail = "lies outside the years 1 to 9999"
    raise Refused(reason, name, f"`{name}` {detail}")


def _refuse_field(name: str, detail: str) -> NoReturn:
    raise Refused("bad_field", f"data.{name}", f"`{name}` {detail}")
