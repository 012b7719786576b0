"""A domain's catalogue, identifiers and sources made into the rules of acceptance: every version of every type.

The example of a type is judged by them, as the event that it would be.

Whose a source is: `domain.yaml` gives each agency the patterns of its sources (`sources`), which a whole source must
match. A deployment lists its own in `sources.yaml` beside it, and that list is stronger than the patterns:

    only_listed: true          # refuse every source that is not listed; without it, the patterns judge the others
    sources:
      - {source: "urn:example:connect", agency: police}
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.judge import row_or_reject
from throughline.schemas.acceptance.normal_form import IdentifierRule
from throughline.schemas.acceptance.owner import Owners, Stewards
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rfc3339 import write_label
from throughline.schemas.acceptance.rules import ITEMS_LIMIT, NOT_FIELDS, Rules, TypeRule
from throughline.schemas.acceptance.type_form import ENVELOPE, SHARED, SHARED_KINDS, FieldForm, TypeForm
from throughline.schemas.definitions.catalogue import Change, EventType, Field
from throughline.schemas.definitions.entry import Entry, nearest
from throughline.schemas.definitions.identifier import IdentifierKind
from throughline.schemas.definitions.yaml_lines import plain

_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Limits:
    """What no sane event exceeds. `earliest` is included, `latest` is not.

    It carries at most `of_a_kind` identifiers of a kind that links, and joins `joins_alone` of them by itself. Its
    `unit`, `reference` and `answers` have the form in `codes`, if there is one. An event more than `ahead_days` later
    than it was received has not happened yet, whatever it says: a clock may be wrong by so much (docs/rules.md, section
    5).
    """

    earliest: date = date(1900, 1, 1)
    latest: date = date(2100, 1, 1)
    record_bytes: int = 262_144
    field_chars: int = 4_096
    ahead_days: int = 1
    of_a_kind: int = ITEMS_LIMIT
    joins_alone: int = ITEMS_LIMIT
    codes: Mapping[str, re.Pattern[str]] = dataclasses.field(default_factory=dict)


def make_rules(
    types: Iterable[EventType],
    fields: Mapping[str, Field],
    kinds: Iterable[IdentifierKind],
    *,
    agencies: Set[str] | None,
    areas: Set[str] | None,
    limits: Limits,
    type_prefix: str,
    owners: Owners,
    stewards: Stewards,
) -> Rules:
    """The rules of these types, in their order, each with its older versions; agencies or areas None: any will do."""
    forms = [form for event_type in types for form in _forms(event_type, fields, type_prefix)]
    return Rules(
        by_version={(form.type, form.version): TypeRule(form) for form in forms},
        identifiers={
            kind.kind: IdentifierRule(
                kind.kind,
                kind.normalise_value,
                kind.is_well_formed,
                kind.is_placeholder,
                limits.of_a_kind if kind.links else ITEMS_LIMIT,
            )
            for kind in kinds
        },
        agencies=None if agencies is None else frozenset(agencies),
        areas=None if areas is None else frozenset(areas),
        earliest=_micros(limits.earliest),
        latest=_micros(limits.latest),
        record_bytes=limits.record_bytes,
        field_chars=limits.field_chars,
        type_prefix=type_prefix,
        owners=owners,
        codes=limits.codes,
        stewards=stewards,
    )


def parse_limits(entry: Entry) -> Limits:
    """The limits under a domain's `limits`, and the forms under its `codes`."""
    given = entry.under("limits")
    given.only("earliest", "latest", "record_bytes", "field_chars", "ahead_days", "of_a_kind", "joins_alone")
    usual = Limits()
    limits = Limits(
        earliest=given.day("earliest") or usual.earliest,
        latest=given.day("latest") or usual.latest,
        record_bytes=given.whole("record_bytes", usual.record_bytes),
        field_chars=given.whole("field_chars", usual.field_chars),
        ahead_days=given.whole("ahead_days", usual.ahead_days, most=36_500),
        of_a_kind=given.whole("of_a_kind", usual.of_a_kind, most=ITEMS_LIMIT),
        joins_alone=given.whole("joins_alone", usual.joins_alone, most=ITEMS_LIMIT),
        codes=_codes(entry.under("codes")),
    )
    if limits.latest <= limits.earliest:
        given.fault("latest", f"{limits.latest} is not after earliest, {limits.earliest}.")
    return limits


def _codes(given: Entry) -> dict[str, re.Pattern[str]]:
    """The forms of codes, by their columns: what answers has the form of what it answers."""
    given.only("unit", "reference")
    found = {name: compiled for name in given.map if (compiled := _code(given, name)) is not None}
    return found | ({"answers": found["reference"]} if "reference" in found else {})


def _code(given: Entry, name: str) -> re.Pattern[str] | None:
    text = given.text(name)
    try:
        pc.match_substring_regex(pa.array([""]), text)  # asked of columns at once, too
        return re.compile(text)
    except (re.error, pa.ArrowInvalid) as error:
        given.fault(name, f"`{text}` is no regular expression of RE2: {error}.")
        return None


def parse_source_patterns(agency: Entry) -> tuple[re.Pattern[str], ...]:
    """The patterns under an agency's `sources`."""
    found = []
    for text in agency.texts("sources"):
        try:
            found.append(re.compile(text))
        except re.error as error:
            agency.fault("sources", f"`{text}` is no pattern: {error}.")
    return tuple(found)


def parse_owners(
    sources: Entry, patterns: Mapping[str, tuple[re.Pattern[str], ...]] | None, stewards: Stewards
) -> Owners:
    """The owners of sources: `patterns` by agency (null: the domain takes any agency) and the deployment's list, with
    that of its stewards."""
    sources.only("only_listed", "sources", "stewards")
    # of several agencies of stewards, the form of the source says which
    desks = dict.fromkeys(stewards.desks, *stewards.agencies) if len(stewards.agencies) == 1 else {}
    listed: dict[str, str] = {}
    for given in sources.entries("sources"):
        given.only("source", "agency")
        source, agency = given.text("source"), given.text("agency")
        if agency and patterns is not None and agency not in patterns:
            given.fault("agency", f"`{agency}` is not known.", nearest(agency, patterns))
        if source in listed or desks.get(source, agency) != agency:
            given.fault("source", f"`{source}` stands twice.", "A source belongs to one agency.")
        listed[source] = agency
    forms = tuple((pattern, agency) for agency, of_one in (patterns or {}).items() for pattern in of_one)
    return Owners(forms, listed | desks, sources.flag("only_listed"))


def _micros(day: date) -> int:
    return (day.toordinal() - date(1970, 1, 1).toordinal()) * _DAY_US


def _forms(event_type: EventType, dictionary: Mapping[str, Field], type_prefix: str) -> Iterator[TypeForm]:
    """The current version, then the older ones, newest first, by undoing the changes that the history states.

    What a history does not say is taken as it is now: the values of a field, and that a removed field was optional.
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
    yield _form(event_type, event_type.version, aliased, type_prefix)
    for older in reversed(event_type.history):
        for change in reversed(older.changes):
            fields = _undo(change, fields, dictionary)
        yield _form(event_type, older.version, fields, type_prefix)


def _form(event_type: EventType, version: int, fields: list[FieldForm], type_prefix: str) -> TypeForm:
    return TypeForm(
        type=event_type.type,
        version=version,
        type_prefix=type_prefix,
        agency=None if event_type.agency_any else event_type.agency,
        doc=event_type.brief,
        requires=event_type.requires,
        fields=tuple(fields),
        required_envelope=frozenset(
            use.name for use in event_type.fields.values() if use.name in ENVELOPE and use.required
        ),
    )


def _undo(change: Change, fields: list[FieldForm], dictionary: Mapping[str, Field]) -> list[FieldForm]:
    if change.action == "rename" and change.old:
        # The old name of a shared field still fills its column.
        return [replace(one, name=change.old) if one.name == change.new else one for one in fields]
    if change.action == "add":
        return [one for one in fields if one.name != change.new]
    removed = dictionary.get(change.old or "")
    if removed is None:
        return fields  # a fault of the catalogue, said elsewhere
    return [*fields, _field(removed.name, removed.type, False, removed.values, removed.doc)]


def _field(name: str, kind: str, required: bool, values: tuple[str, ...] | None, doc: str) -> FieldForm:
    kind = SHARED_KINDS.get(name, kind)
    if kind in {"string", "enum"} or (name in SHARED and name not in SHARED_KINDS):
        kind = "enum" if values else "string"
    return FieldForm(name, kind, required, values or (), doc, SHARED.get(name))


def check_example(example: Entry, event_type: EventType, rules: Rules) -> None:
    """Note what the judge says against an example, each fault at the line of its field."""
    # it is nobody's
    rules = replace(rules, owners=Owners(), stewards=Stewards())
    form = rules.by_version[event_type.type, event_type.version].form
    for path, sentence in _faults_of_example(form, plain(event_type.example), rules):
        example.fault(path, f"{sentence}.", line=example.line(path.split(".")[0]))


def _faults_of_example(form: TypeForm, data: dict[str, Any], rules: Rules) -> Iterator[tuple[str, str]]:
    """Path within `data` and sentence of every fault: what was found wrong is left out, and the rest judged again."""
    for field in form.fields:
        # YAML reads a date without quotation marks as one
        if field.kind == "date" and type(data.get(field.name)) is date:
            data[field.name] = data[field.name].isoformat()
    found: set[str] = set()
    while True:
        rule = TypeRule(form)
        verdict = row_or_reject(
            _example_event(form, data, rules), replace(rules, by_version={(form.type, form.version): rule})
        )
        if not isinstance(verdict, Reject) or not (verdict.field or "").startswith("data"):
            return
        path, sentence = _place_of_fault(verdict, data, rule, rules)
        if path in found:
            return
        found.add(path)
        yield path, sentence
        name, _, kind = path.partition(".")
        form = _form_without(form, name)
        if kind:
            data["identifiers"] = {k: v for k, v in data["identifiers"].items() if k != kind}
        else:
            data = {k: v for k, v in data.items() if k != name}


def _example_event(form: TypeForm, data: dict[str, Any], rules: Rules) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "example",
        "source": "urn:example",
        "type": form.wire_type,
        "occurredon": write_label(rules.earliest, "day"),
        "partitionkey": min(rules.areas or ("any",)),
        "data": data,
    }


def _place_of_fault(fault: Reject, data: dict[str, Any], rule: TypeRule, rules: Rules) -> tuple[str, str]:
    """Where a fault is, and its sentence. The judge names no field and no kind that it does not know, because it
    might be content; in a catalogue it is none."""
    path = (fault.field or "").removeprefix("data.")
    if path == "data":
        path = next(name for name in data if name not in rule.fields and name not in NOT_FIELDS)
        return path, f"the type has no field `{path}`"
    if path == "identifiers" and fault.reason == "malformed_identifier":
        path = f"identifiers.{next(kind for kind in data['identifiers'] if kind not in rules.identifiers)}"
    return path, fault.detail


def _form_without(form: TypeForm, name: str) -> TypeForm:
    """The form without any demand on a field that was found wrong."""
    return replace(
        form,
        fields=tuple(field for field in form.fields if field.name != name),
        requires=() if name == "identifiers" else form.requires,
        agency="any" if name == "agency" else form.agency,
        required_envelope=form.required_envelope - {name},
    )
