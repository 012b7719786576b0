"""The catalogue's files, read into its classes: `enums.yaml`, `fields.yaml`, `events/*.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from throughline.schemas.definitions.catalogue import (
    ALWAYS_SHOWN,
    CONTACTS,
    EFFECTS,
    ENVELOPE,
    FIELD_TYPES,
    SENSITIVITIES,
    SUMMARY_FIELDS,
    Change,
    Effect,
    Enum,
    EventType,
    Field,
    OlderVersion,
    TypeField,
)
from throughline.schemas.definitions.entry import Entry, nearest
from throughline.schemas.definitions.yaml_lines import YamlMap

_TYPE_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TYPE_KEYS = (
    *("type", "version", "agency", "brief", "note", "owner", "since", "identifiers", "requires", "fields"),
    *("effect", "contact", "decision", "summary", "sensitivity", "source", "example", "history"),
)


@dataclass(frozen=True)
class Known:
    """What the names in a type may refer to; `agencies` null where any agency will do."""

    fields: Mapping[str, Field]
    enums: Mapping[str, Enum]
    kinds: tuple[str, ...]
    agencies: tuple[str, ...] | None


def parse_enums(file: Entry) -> dict[str, Enum]:
    """The lists of `enums.yaml`, by name."""
    enums: dict[str, Enum] = {}
    for name in file.map:
        entry = file.entry(name)
        if entry is None:
            continue
        entry.only("doc", "source", "values")
        labels: dict[str, str] = {}
        for item in entry.entries("values"):
            item.only("value", "label")
            value = item.text("value")
            if value in labels:
                item.fault("value", f"`{value}` stands twice.")
            labels[value] = item.text("label")
        if not labels:
            entry.fault("values", "is missing or empty.")
        enums[name] = Enum(name, entry.text("doc"), entry.text("source"), labels)
    return enums


def parse_fields(file: Entry, enums: Mapping[str, Enum]) -> dict[str, Field]:
    """The dictionary of `fields.yaml`, by name, and the attributes of every event that it does not name."""
    fields = {
        name: Field(name, "string", doc=f"The event's {name}.")
        for name in ENVELOPE
        if name not in file.map and name != "identifiers"
    }
    for name in file.map:
        entry = file.entry(name)
        if entry is None:
            file.fault(name, "must be a mapping with a `type` and a `doc`.")
            continue
        entry.only("type", "enum", "values", "unit", "sensitivity", "doc")
        if not _FIELD_NAME.fullmatch(name):
            entry.fault(None, "a field's name has small letters, digits and _ only.")
        kind = entry.choice("type", FIELD_TYPES) or "string"
        values = _values(entry, enums)
        if values is not None and kind not in ("string", "enum", "list<string>"):
            entry.fault("type", f"a field of type {kind} cannot have a list of values.")
        if values is None and kind == "enum" and not {"enum", "values"} & entry.map.keys():
            entry.fault("enum", "is missing.", "An enum names its list: `enum: …`, or has `values: […]`.")
        if name in ALWAYS_SHOWN and entry.map.get("sensitivity") == "restricted":
            entry.fault(
                "sensitivity",
                "may not be restricted: whoever sees a case sees this field.",
                "Put what only some may see into a field of another name.",
            )
        fields[name] = Field(
            name=name,
            type=kind,
            enum=entry.text("enum", needed=False) or None,
            values=values,
            unit=entry.text("unit", needed=False) or None,
            sensitivity=entry.choice("sensitivity", SENSITIVITIES) or "restricted",
            doc=entry.text("doc"),
        )
    return fields


def parse_type(entry: Entry, known: Known) -> EventType:
    """One entry of `events/*.yaml`. Whether its example holds is the question of `rulebook.py`."""
    entry.only(*_TYPE_KEYS)
    name = entry.text("type")
    if name and not _TYPE_NAME.fullmatch(name):
        entry.fault("type", f"`{name}` is no name of a type.", "Write agency.thing.happened in small letters.")
    agency_any = entry.map.get("agency") == "any"
    if "agency" in entry.map and not agency_any:
        entry.fault("agency", "may only be `any`.", "The agency of a type is the first part of its name.")
    agency = name.split(".")[0]
    if name and not agency_any and known.agencies is not None and agency not in known.agencies:
        entry.fault("type", f"`{agency}` is no agency of the domain.", nearest(agency, known.agencies))
    owner = entry.text("owner")
    if owner and owner != "any" and known.agencies is not None and owner not in known.agencies:
        entry.fault("owner", f"`{owner}` is no agency of the domain.", nearest(owner, known.agencies))
    version = entry.whole("version", most=2**15 - 1)
    fields = _type_fields(entry, known)
    example = entry.map.get("example")
    if not isinstance(example, YamlMap):
        entry.fault("example", "is missing.", "Write the data of one event: `example: {…}`.")
        example = YamlMap()
    made = EventType(
        type=name,
        version=version,
        brief=entry.text("brief"),
        note=entry.text("note", needed=False),
        owner=owner,
        agency_any=agency_any,
        since=entry.text("since"),
        identifiers=entry.names("identifiers", known.kinds),
        requires=entry.names("requires", known.kinds),
        fields=fields,
        effects=_effects(entry, known),
        contact=entry.choice("contact", CONTACTS, needed=False) or None,
        is_decision=entry.flag("decision"),
        summary=entry.text("summary"),
        sensitivity=entry.choice("sensitivity", SENSITIVITIES) or "restricted",
        source=entry.texts("source", needed=True),
        example=example,
        history=parse_history(entry, version, tuple(fields), tuple(known.fields)),
    )
    _check_names(entry, made)
    return made


def check_when(entry: Entry, when: tuple[str, ...] | None, event_type: EventType) -> None:
    """Every value of `when` must be one that the type's `decision` may have."""
    for value in when or ():
        if event_type.decisions == ():
            entry.fault("when", f"`{event_type.type}` has no field `decision`.")
        elif event_type.decisions is not None and value not in event_type.decisions:
            entry.fault("when", f"`{value}` is no decision of {event_type.type}.", nearest(value, event_type.decisions))


def parse_when(entry: Entry) -> tuple[str, ...] | None:
    """The decisions for which something applies; null where the key is missing."""
    return entry.texts("when", needed=True) if "when" in entry.map else None


def _values(entry: Entry, enums: Mapping[str, Enum]) -> tuple[str, ...] | None:
    if "enum" in entry.map and "values" in entry.map:
        entry.fault("values", "stands beside `enum`.", "Leave one of the two.")
    if "enum" in entry.map:
        enum = enums.get(entry.choice("enum", enums))
        return None if enum is None else enum.values
    return entry.texts("values", needed=True) if "values" in entry.map else None


def _type_fields(entry: Entry, known: Known) -> dict[str, TypeField]:
    uses = entry.entry("fields")
    if uses is None:
        if "fields" not in entry.map:
            entry.fault("fields", "is missing.", "Write `fields: {}` for a type without fields of its own.")
        return {}
    fields: dict[str, TypeField] = {}
    for name, use in uses.map.items():
        field = known.fields.get(name)
        if field is None:
            uses.fault(name, "is no field of fields.yaml.", nearest(name, known.fields))
            continue
        required, values = use == "required", field.values
        if isinstance(use, YamlMap):
            own = Entry(use, uses.file, uses.path(name), uses.problems)
            own.only("values", "enum", "required")
            required, narrowed = own.flag("required"), _values(own, known.enums)
            if narrowed is not None and field.type not in ("string", "enum", "list<string>"):
                own.fault(None, f"a field of type {field.type} cannot have a list of values.")
            for value in narrowed or ():
                if field.values is not None and value not in field.values:
                    own.fault("values", f"`{value}` is not in the field's own list.", nearest(value, field.values))
            values = narrowed if narrowed is not None else values
        elif use not in ("required", "optional"):
            uses.fault(name, f"{use!r} is not known.", "Write required, optional or {values: […], required: true}.")
        enum = field.enum if values == field.values else None
        fields[name] = TypeField(**vars(field) | {"values": values, "enum": enum}, required=required)
    return fields


def _effects(entry: Entry, known: Known) -> tuple[Effect, ...]:
    effects: list[Effect] = []
    for given in entry.entries("effect"):
        given.only(*EFFECTS, "kind", "when")
        named = [effect for effect in EFFECTS if effect in given.map]
        if len(named) != 1:
            given.fault(None, "needs exactly one of holds, receives, sends and closes.")
            continue
        (effect,) = named
        target = None
        if effect == "sends":
            target = given.text("sends") if known.agencies is None else given.choice("sends", known.agencies)
        elif given.map[effect] != (True if effect == "closes" else "self"):
            given.fault(effect, f"must be {'true' if effect == 'closes' else '`self`'}.")
        if "kind" in given.map and effect != "sends":
            given.fault("kind", "is that of a handoff: only `sends` has one.")
        if effects and effects[-1].when is None:
            given.fault(
                None, "is never reached: the effect before it applies always.", "Put the one without `when` last."
            )
        effects.append(Effect(effect, target, given.text("kind", needed=False) or "sent", parse_when(given)))
    return tuple(effects)


def _check_names(entry: Entry, made: EventType) -> None:
    for effect in entry.entries("effect"):
        # An empty list of decisions is named where the effect is read.
        values = effect.map.get("when")
        if isinstance(values, list):
            check_when(effect, tuple(v for v in values if isinstance(v, str)), made)
    for kind in made.requires:
        if kind not in made.identifiers:
            entry.fault("requires", f"`{kind}` is not among the type's `identifiers`.")
    for shown in re.findall(r"\{([^{}]*)\}", made.summary):
        if shown not in SUMMARY_FIELDS:
            entry.fault("summary", f"{{{shown}}} cannot be shown.", nearest(shown, SUMMARY_FIELDS))
        elif SUMMARY_FIELDS[shown] not in made.fields:
            entry.fault("summary", f"{{{shown}}} needs the field `{SUMMARY_FIELDS[shown]}`, which the type lacks.")


def parse_history(
    entry: Entry, version: int, fields: tuple[str, ...], dictionary: tuple[str, ...]
) -> tuple[OlderVersion, ...]:
    """The `history` of a type with these fields, in the order of versions."""
    older: dict[int, OlderVersion] = {}
    for item in entry.entries("history"):
        item.only("version", "changes")
        number = item.whole("version")
        if number >= version:
            item.fault("version", f"{number} is not older than the type's version, {version}.")
        if number in older:
            item.fault("version", f"{number} stands twice.")
        changes = tuple(change for given in item.entries("changes") for change in _changes(given))
        later = {change.old for change in changes}
        for change in changes:
            if change.new is not None and change.new not in (*fields, *later):
                item.fault("changes", f"`{change.new}` is no field of the type.", nearest(change.new, fields))
            if change.action == "remove" and change.old not in dictionary:
                item.fault("changes", f"`{change.old}` is no field of fields.yaml.", nearest(change.old, dictionary))
        older.setdefault(number, OlderVersion(number, changes))
    return tuple(older[number] for number in sorted(older))


def _changes(given: Entry) -> Iterator[Change]:
    given.only("rename", "add", "remove")
    renamed = given.entry("rename")
    if renamed is not None:
        for old in renamed.map:
            yield Change("rename", old, renamed.text(old))
    for action in ("add", "remove"):
        value = given.map.get(action)
        # `add` may say of each field whether it is required, as `fields` does.
        names = tuple(value) if isinstance(value, YamlMap) else given.texts(action)
        for name in names:
            yield Change("add", None, name) if action == "add" else Change("remove", name, None)
