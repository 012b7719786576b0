"""What the case is about: the facets of a domain, by which every figure can be cut, and the events that state them.

In domain.yaml: `facets: [{name: risk, title: Risk, doc: …, source: …, enum: risk_grades, of: [{type: …, field: …}]}]`.
An entry of `of` says that events of a type state the value: that of a `field`, or the `value` written there; with
`when`, only those of these decisions. What is stated last counts (docs/rules.md, section 4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from throughline.schemas.definitions.catalogue import Enum, EventType
from throughline.schemas.definitions.entry import Entry, nearest
from throughline.schemas.definitions.vocabulary import check_when, parse_when

COLUMNS_OF_CASES = (
    *("case_id", "area", "identifiers", "opened_at", "closed_at", "holder_agency", "holder_unit", "holder_since"),
    *("events", "handoffs", "state", "awaiting_agency"),
)
"""The columns of the view `cases` whatever the domain is: no facet may be called as one of them."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FLAGS = {"true": "Yes", "false": "No"}


@dataclass(frozen=True)
class Statement:
    """Events of `type` state the value of `field`, or `value`; `when` null: whatever their decision is."""

    type: str
    field: str | None
    value: str | None
    when: tuple[str, ...] | None


@dataclass(frozen=True)
class Facet:
    """A facet: its column in `cases`, its title, what it means, and its values with their labels, in their order."""

    name: str
    title: str
    doc: str
    source: str
    labels: Mapping[str, str]
    of: tuple[Statement, ...]


def parse_facets(domain: Entry, types: Mapping[str, EventType], enums: Mapping[str, Enum]) -> tuple[Facet, ...]:
    """The facets of a domain, in their order; none where the key is missing."""
    facets: dict[str, Facet] = {}
    for given in domain.entries("facets"):
        given.only("name", "title", "doc", "source", "enum", "of")
        name = given.text("name")
        if name and not _NAME.fullmatch(name):
            given.fault("name", f"`{name}` is no name of a column.", "Use at most 40 small letters, digits and _.")
        if name in COLUMNS_OF_CASES:
            given.fault("name", f"`{name}` is a column of the view `cases` already.", "Choose another name.")
        if name in facets:
            given.fault("name", f"`{name}` stands twice.")
        enum = enums.get(given.choice("enum", enums, needed=False))
        labels = _FLAGS if enum is None else enum.labels
        facets[name] = Facet(
            name=name,
            title=given.text("title"),
            doc=given.text("doc"),
            source=given.text("source"),
            labels=labels,
            of=_statements(given, types, labels, is_flag=enum is None),
        )
    return tuple(facets.values())


def _statements(
    facet: Entry, types: Mapping[str, EventType], labels: Mapping[str, str], *, is_flag: bool
) -> tuple[Statement, ...]:
    found: list[Statement] = []
    for given in facet.entries("of"):
        given.only("type", "field", "value", "when")
        event_type = types.get(given.choice("type", types))
        if event_type is None:
            continue
        if ("field" in given.map) == ("value" in given.map):
            given.fault(None, "needs one of `field` and `value`.")
            continue
        when = parse_when(given)
        check_when(given, when, event_type)
        field = value = None
        if "field" in given.map:
            field = given.choice("field", event_type.fields)
            _check_field(given, event_type, field, labels, is_flag=is_flag)
        else:
            value = given.choice("value", labels)
        for other in found:
            if other.type == event_type.type and (not when or not other.when or {*when} & {*other.when}):
                given.fault("type", f"an event of `{other.type}` would state two values at once.", "Tell them apart.")
        found.append(Statement(event_type.type, field, value, when))
    if not found and "of" not in facet.map:
        facet.fault("of", "is missing.", "Name what states it: `of: [{type: …, field: …}]`.")
    return tuple(found)


def _check_field(given: Entry, event_type: EventType, name: str, labels: Mapping[str, str], *, is_flag: bool) -> None:
    """A facet is a public column: it shows coded values alone, of fields that are shared."""
    field = event_type.fields.get(name)
    if field is None:
        return
    if field.sensitivity == "restricted":
        given.fault("field", f"`{name}` is restricted, and `cases` is public.", "Leave it out.")
    elif is_flag:
        if field.type != "bool":
            given.fault("field", f"`{name}` is no bool, and the facet has no list of values.", "Write `enum: …`.")
    elif field.type not in ("string", "enum") or field.values is None:
        given.fault("field", f"`{name}` has no list of values: a facet never shows text of another kind.")
    else:
        for value in field.values:
            if value not in labels:
                given.fault("field", f"`{name}` may be `{value}`, which is no value.", nearest(value, labels))
