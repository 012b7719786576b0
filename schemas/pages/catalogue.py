"""The event catalogue of a domain as Markdown: an index, a page for each agency, and the lists of values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from throughline.schemas.definitions.catalogue import Effect, EventType, TypeField
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.identifier import IdentifierKind
from throughline.schemas.definitions.standard import Standard
from throughline.schemas.pages.markdown import code, codes, link, page, table

INDEX = "catalogue.md"
FOLDER = "catalogue"
VALUES = f"{FOLDER}/values.md"
_HOLDER = {"holds": "the publisher holds", "receives": "the publisher has received, and holds", "closes": "closes"}
_DOES = {"start": "starts", "stop": "stops", "cancel": "cancels", "pause": "pauses", "resume": "resumes"}


def catalogue_pages(domain: Domain) -> dict[str, str]:
    """The pages of the catalogue by their path under `docs/`. The same domain gives the same text."""
    pages = {INDEX: _index(domain), VALUES: _values_page(domain)}
    for agency, types in _by_agency(domain):
        pages[agency_page(agency)] = _agency_page(domain, agency, types)
    return pages


def agency_page(agency: str) -> str:
    return f"{FOLDER}/{agency}.md"


def _by_agency(domain: Domain) -> Iterator[tuple[str, list[EventType]]]:
    """Types by agency in the order of the domain's agencies, each in the order of its files."""
    order = [*(domain.agencies or {}), "any"]
    types = sorted(domain.types.values(), key=lambda t: order.index(t.agency) if t.agency in order else -1)
    for agency, group in groupby(types, key=lambda t: t.agency):
        yield agency, list(group)


def _agency_name(domain: Domain, agency: str) -> str:
    known = (domain.agencies or {}).get(agency)
    return agency if known is None else known.name


def _index(domain: Domain) -> str:
    groups = list(_by_agency(domain))
    lists = [
        f"## {_agency_name(domain, agency)}\n\n"
        + table(("Type", "What it says"), ((link(code(t.type), agency_page(agency), t.type), t.brief) for t in types))
        for agency, types in groups
    ]
    return page(
        f"Event catalogue: {domain.title}",
        f"What agencies can say. {len(domain.types)} types of {len(groups)} agencies. "
        f"On the wire a type is `{domain.type_prefix}.<type>.v<version>`. "
        f"The values of coded fields are in {link('lists of values', VALUES)}, "
        f"what is owed by when in {link('standards', 'standards.md')}.",
        "## Agencies\n\n"
        "A source that has the form of an agency's is that agency's alone: what another says under it is refused "
        "(`wrong_source`).\n\n"
        + table(
            ("Agency", "Name", "Role", "Form of its sources", "Types"),
            (_agency_row(domain, agency, types) for agency, types in groups),
        ),
        "## Identifiers\n\n"
        "In the order of priority for choosing the case of an event. One that is written as a placeholder "
        "(such as `UNKNOWN`) never links.\n\n"
        + table(
            ("Kind", "Name", "Joins cases", "Hub above", "Form", "Note", "Source"),
            (_identifier_row(kind) for kind in domain.identifiers),
        ),
        *lists,
    )


def _agency_row(domain: Domain, agency: str, types: Sequence[EventType]) -> tuple[str, ...]:
    known = (domain.agencies or {}).get(agency)
    role, forms = ("", []) if known is None else (known.role, [one.pattern for one in known.sources])
    name = _agency_name(domain, agency)
    return link(code(agency), agency_page(agency)), name, role, codes(forms) or "any", str(len(types))


def _identifier_row(kind: IdentifierKind) -> tuple[str, ...]:
    return (
        code(kind.kind),
        kind.name,
        "yes" if kind.links else "no",
        str(kind.hub_limit) if kind.links else "",
        _form_of(kind),
        kind.note,
        kind.source,
    )


def _form_of(kind: IdentifierKind) -> str:
    if kind.pattern is not None:
        return code(kind.pattern.pattern)
    return f"any; links as {code(kind.links_as)}" if kind.links_as else "any"


def _agency_page(domain: Domain, agency: str, types: Sequence[EventType]) -> str:
    # an agency page stands in the folder: the index and the standards are one up
    acts = _clock_acts(domain.standards)
    return page(
        f"Events of: {_agency_name(domain, agency)}",
        f"{len(types)} types. Back to the {link('catalogue', '../' + INDEX)}.",
        *(_event_type(t, acts.get(t.type, ())) for t in types),
    )


def _event_type(type_: EventType, acts: Sequence[tuple[str, Standard, tuple[str, ...] | None]]) -> str:
    facts = [
        f"- Version {type_.version}, since {type_.since}; owner {code(type_.owner)}; {type_.sensitivity}.",
        f"- Identifiers: {_identifiers(type_)}",
        f"- On the holder: {_effects(type_.effects)}",
    ]
    if type_.contact:
        facts.append(f"- Contact: {code(type_.contact)}.")
    if type_.is_decision:
        facts.append("- A decision: the victim is to be told of it.")
    facts.extend(f"- {text}" for text in _clocks(acts))
    facts.append(f"- In the timeline: “{type_.summary}”.")
    facts.extend(f"- Version {older.version} is still read." for older in type_.history)
    facts.append(f"- Source: {'; '.join(type_.source)}.")
    fields = table(
        ("Field", "Type", "Required", "Values", "Unit", "Sensitivity", "Meaning"),
        (_field_row(field) for field in type_.fields.values()),
    )
    example = json.dumps(type_.example, indent=2, ensure_ascii=False, default=str)
    return "\n\n".join(
        block
        for block in (
            f"## {type_.type}",
            type_.brief,
            type_.note,
            "\n".join(facts),
            fields or "It has no fields of its own.",
            f"`data` of an example:\n\n```json\n{example}\n```",
        )
        if block
    )


def _identifiers(type_: EventType) -> str:
    carried = codes(type_.identifiers) or "none"
    if not type_.requires:
        return f"{carried}; none is required."
    if len(type_.requires) == 1:
        return f"{carried}; {code(type_.requires[0])} is required."
    return f"{carried}; at least one of {codes(type_.requires)} is required."


def _effects(effects: Sequence[Effect]) -> str:
    if not effects:
        return "none."
    return "; ".join(f"{_effect(effect)}{_when(effect.when)}" for effect in effects) + "."


def _effect(effect: Effect) -> str:
    if effect.effect == "sends":
        return f"sends to {code(effect.target or '')} (kind {code(effect.kind)})"
    return _HOLDER[effect.effect]


def _when(values: tuple[str, ...] | None) -> str:
    return "" if values is None else f" when the decision is {codes(values)}"


def _clock_acts(standards: Sequence[Standard]) -> dict[str, list[tuple[str, Standard, tuple[str, ...] | None]]]:
    """For each type, what it does to which clocks, and with which decisions."""
    acts: dict[str, list[tuple[str, Standard, tuple[str, ...] | None]]] = {}
    for standard in standards:
        for role, trigger in standard.triggers():
            acts.setdefault(trigger.type, []).append((role, standard, trigger.when))
    return acts


def _clocks(acts: Sequence[tuple[str, Standard, tuple[str, ...] | None]]) -> Iterator[str]:
    for role, does in _DOES.items():
        # two versions of a standard have one heading
        named = dict.fromkeys(
            link(standard.id, "../standards.md", standard.id) + _when(when)
            for act, standard, when in acts
            if act == role
        )
        if named:
            yield f"Clocks that it {does}: {', '.join(named)}."


def _field_row(field: TypeField) -> tuple[str, ...]:
    return (
        code(field.name),
        field.type,
        "yes" if field.required else "no",
        _field_values(field),
        field.unit or "",
        field.sensitivity,
        field.doc,
    )


def _field_values(field: TypeField) -> str:
    """The values that the type allows; where they are a whole list of the domain, a link to it."""
    if field.enum is not None:
        return link(field.enum, "values.md", field.enum)
    return "" if field.values is None else codes(field.values)


def _values_page(domain: Domain) -> str:
    users = _enum_users(domain)
    return page(
        f"Lists of values: {domain.title}",
        f"{len(domain.enums)} lists. Back to the {link('catalogue', '../' + INDEX)}.",
        *(
            f"## {enum.name}\n\n{enum.doc}\n\n"
            + (f"Fields: {codes(users[enum.name])}. " if enum.name in users else "")
            + f"Source: {enum.source}.\n\n"
            + table(("Value", "Meaning"), ((code(value), label) for value, label in enum.labels.items()))
            for enum in domain.enums.values()
        ),
    )


def _enum_users(domain: Domain) -> Mapping[str, list[str]]:
    users: dict[str, list[str]] = {}
    for field in domain.fields.values():
        if field.enum is not None:
            users.setdefault(field.enum, []).append(field.name)
    return users
