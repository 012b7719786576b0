"""A domain's catalogue and identifiers as the codecs need them: the only module of theirs that reads its
classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from throughline.schemas.acceptance.identifier_rule import IdentifierRule
from throughline.schemas.acceptance.rules import Rules, TypeRule
from throughline.schemas.acceptance.type_form import ENVELOPE, SHARED, SHARED_KINDS, FieldForm, TypeForm

if TYPE_CHECKING:
    from throughline.schemas.definitions.catalogue import EventType
    from throughline.schemas.definitions.domain import Domain
    from throughline.schemas.definitions.history import Change

_DAY_US = 86_400_000_000
_MADE: dict[int, tuple[Any, Rules]] = {}


def rules_of(domain: Domain) -> Rules:
    """The domain's rules, made once per domain object."""
    made = _MADE.get(id(domain))
    if made is None or made[0] is not domain:
        made = _MADE[id(domain)] = (domain, _make(domain))
    return made[1]


def type_forms(domain: Domain) -> tuple[TypeForm, ...]:
    """Every version of every type of the catalogue, in its order."""
    return tuple(form for event_type in domain.types.values() for form in _forms(event_type, domain))


def _make(domain: Domain) -> Rules:
    by_wire_type: dict[str, TypeRule] = {}
    by_version: dict[tuple[str, int], TypeRule] = {}
    for form in type_forms(domain):
        fields = {field.name: field for field in form.fields}
        rule = TypeRule(
            form=form,
            fields=fields,
            values={name: frozenset(field.values) for name, field in fields.items() if field.values},
            required=frozenset(name for name, field in fields.items() if field.required),
            requires=frozenset(form.requires),
        )
        by_wire_type[form.wire_type] = by_version[form.type, form.version] = rule
        if form.version == 1:
            by_wire_type.setdefault(form.type, rule)
    limits = domain.limits
    return Rules(
        by_wire_type=by_wire_type,
        by_version=by_version,
        identifiers={
            kind.kind: IdentifierRule(kind.kind, kind.normalise_value, kind.is_well_formed)
            for kind in domain.identifiers
        },
        agencies=None if domain.agencies is None else frozenset(domain.agencies),
        areas=None if domain.areas is None else frozenset(domain.areas),
        earliest=_micros(limits.earliest),
        latest=_micros(limits.latest),
        record_bytes=limits.record_bytes,
        field_chars=limits.field_chars,
        type_prefix=domain.type_prefix,
        known_types=frozenset(name for name, _ in by_version),
    )


def _micros(day: date) -> int:
    return (day.toordinal() - date(1970, 1, 1).toordinal()) * _DAY_US


def _forms(event_type: EventType, domain: Domain) -> Iterator[TypeForm]:
    """The current version, then the older ones, newest first, by undoing the changes that the history states.

    What a history does not say is taken as it is now: the values of a field, and that a removed field was
    optional.
    """
    fields = [
        _field(use.name, use.type, use.required, use.values, use.doc)
        for use in event_type.fields.values()
        if use.name not in ENVELOPE
    ]
    renamed: dict[str, list[str]] = {}
    for older in event_type.history:
        for change in older.changes:
            if change.action == "rename" and change.old and change.new:
                renamed.setdefault(change.new, []).extend([*renamed.pop(change.old, []), change.old])
    aliased = [replace(one, aliases=tuple(renamed.get(one.name, ()))) for one in fields]
    yield _form(event_type, event_type.version, aliased, domain)
    for older in reversed(event_type.history):
        for change in reversed(older.changes):
            fields = _undo(change, fields, domain)
        yield _form(event_type, older.version, fields, domain)


def _form(event_type: EventType, version: int, fields: list[FieldForm], domain: Domain) -> TypeForm:
    return TypeForm(
        type=event_type.type,
        version=version,
        type_prefix=domain.type_prefix,
        agency=None if event_type.agency_any else event_type.agency,
        doc=event_type.brief,
        requires=event_type.requires,
        fields=tuple(fields),
        required_envelope=frozenset(
            use.name for use in event_type.fields.values() if use.name in ENVELOPE and use.required
        ),
    )


def _undo(change: Change, fields: list[FieldForm], domain: Domain) -> list[FieldForm]:
    if change.action == "rename" and change.old:
        # The old name of a shared field still fills its column.
        return [replace(one, name=change.old) if one.name == change.new else one for one in fields]
    if change.action == "add":
        return [one for one in fields if one.name != change.new]
    removed = domain.fields[change.old or ""]
    return [*fields, _field(removed.name, removed.type, False, removed.values, removed.doc)]


def _field(name: str, kind: str, required: bool, values: tuple[str, ...] | None, doc: str) -> FieldForm:
    kind = SHARED_KINDS.get(name, kind)
    if kind in {"string", "enum"} or (name in SHARED and name not in SHARED_KINDS):
        kind = "enum" if values else "string"
    return FieldForm(name, kind, required, values or (), doc, SHARED.get(name))
