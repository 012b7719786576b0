"""A domain: what can happen and what is owed, read from a directory of YAML files that can be swapped.

domain.yaml         name, time zone, calendar, agencies, areas, identifiers, placeholders, limits, alerts, facets,
                    stewards, disclosure, overrides
fields.yaml         the dictionary of fields (may be missing)
enums.yaml          the lists of values (may be missing)
events/*.yaml       the types of events
standards/*.yaml    the standards (may be missing)
sources.yaml        a deployment's sources and whose each is, and its stewards (may be missing)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from throughline.errors import DomainError
from throughline.schemas.acceptance.owner import Owners, Stewards
from throughline.schemas.acceptance.rules import Rules
from throughline.schemas.definitions.alert import AlertRule, parse_alerts
from throughline.schemas.definitions.calendar import CalendarRule, parse_calendar
from throughline.schemas.definitions.catalogue import Enum, EventType, Field
from throughline.schemas.definitions.entry import Entry, Problems, nearest, read_entries, read_entry
from throughline.schemas.definitions.facet import Facet, parse_facets
from throughline.schemas.definitions.identifier import (
    IdentifierKind,
    Placeholders,
    parse_identifiers,
    parse_joins_nothing,
    parse_placeholders,
)
from throughline.schemas.definitions.rulebook import (
    Limits,
    check_example,
    make_rules,
    parse_limits,
    parse_owners,
    parse_source_patterns,
)
from throughline.schemas.definitions.standard import Standard, check_versions, parse_standard
from throughline.schemas.definitions.steward import parse_second_person, parse_stewards
from throughline.schemas.definitions.vocabulary import Known, parse_enums, parse_fields, parse_type

DEFAULT_DOMAIN = Path(__file__).parents[1] / "domains" / "england_wales"

_KEYS = (
    *("name", "title", "type_prefix", "time_zone", "calendar", "agencies", "areas", "identifiers"),
    *("placeholders", "placeholder_patterns", "joins_nothing", "codes", "limits", "alerts", "facets", "stewards"),
    *("disclosure", "overrides"),
)


@dataclass(frozen=True)
class Agency:
    """An agency. Rules read `role`: steward, advocate; every other role is a name for people. A source that has one of
    the forms in `sources` is this agency's alone. `called` is its name within a sentence: `the CPS`."""

    id: str
    name: str
    role: str
    sources: tuple[re.Pattern[str], ...] = ()
    called: str = ""


@dataclass(frozen=True)
class Disclosure:
    """What may be shown beyond those who work on the cases: counts from `threshold` on; with 1, every count.

    Ten is what the Office for National Statistics asks of the Longitudinal Study (celsius.lshtm.ac.uk/onscell.html).
    """

    threshold: int = 10


@dataclass(frozen=True)
class Domain:
    """A domain. `agencies` and `areas` null: any will do; `identifiers` stand in the order of priority.

    `joins_nothing`: forms (RE2) of values that link under no kind. `second_person`: a steward's link counts only once
    another steward has seconded it (docs/rules.md, 2).
    """

    path: Path
    name: str
    title: str
    type_prefix: str
    time_zone: str
    calendar: CalendarRule
    agencies: Mapping[str, Agency] | None
    areas: Mapping[str, str] | None
    identifiers: tuple[IdentifierKind, ...]
    placeholders: Placeholders
    joins_nothing: tuple[str, ...]
    limits: Limits
    fields: Mapping[str, Field]
    enums: Mapping[str, Enum]
    types: Mapping[str, EventType]
    standards: tuple[Standard, ...]
    alerts: tuple[AlertRule, ...]
    facets: tuple[Facet, ...]
    second_person: bool
    disclosure: Disclosure
    owners: Owners
    stewards: Stewards

    @cached_property
    def rules(self) -> Rules:
        """What makes a record an event of this domain."""
        return make_rules(
            self.types.values(),
            self.fields,
            self.identifiers,
            agencies=None if self.agencies is None else self.agencies.keys(),
            areas=None if self.areas is None else self.areas.keys(),
            limits=self.limits,
            type_prefix=self.type_prefix,
            owners=self.owners,
            stewards=self.stewards,
        )


def load_domain(path: Path | None = None) -> Domain:
    """Read a domain directory; without a path, that of England and Wales.

    Raises DomainError where the directory is none; DomainProblemsError (a DomainError) with everything that
    does not hold together, each with file, line and key. A domain that is shipped is read once.
    """
    folder = DEFAULT_DOMAIN if path is None else Path(path)
    return _shipped(folder) if folder.parent == DEFAULT_DOMAIN.parent else _read(folder)


def _read(folder: Path) -> Domain:
    if not (folder / "domain.yaml").is_file():
        raise DomainError(
            "is not a domain: it has no domain.yaml",
            file=folder,
            hint=f"Give the directory of a domain, or one of {DEFAULT_DOMAIN.parent}.",
        )
    problems = Problems()
    entry = read_entry(folder / "domain.yaml", problems)
    entry.only(*_KEYS)
    agencies = _agencies(entry)
    placeholders = parse_placeholders(entry)
    kinds = parse_identifiers(entry, placeholders)
    known_agencies = None if agencies is None else tuple(agencies)
    enums = parse_enums(read_entry(folder / "enums.yaml", problems, needed=False))
    fields = parse_fields(read_entry(folder / "fields.yaml", problems, needed=False), enums)
    known = Known(fields, enums, tuple(kind.kind for kind in kinds), known_agencies)
    types, examples = _types(folder, known, problems)
    areas = _areas(entry)
    sources = read_entry(folder / "sources.yaml", problems, needed=False)
    stewards = parse_stewards(sources, {one.id: one.role for one in (agencies or {}).values()}, areas)
    domain = Domain(
        path=folder,
        name=entry.text("name"),
        title=entry.text("title"),
        type_prefix=_type_prefix(entry),
        time_zone=_time_zone(entry),
        calendar=parse_calendar(entry),
        agencies=agencies,
        areas=areas,
        identifiers=kinds,
        placeholders=placeholders,
        joins_nothing=parse_joins_nothing(entry),
        limits=parse_limits(entry),
        fields=fields,
        enums=enums,
        types=types,
        standards=_standards(folder, entry, types, known_agencies, problems),
        alerts=parse_alerts(entry),
        facets=parse_facets(entry, types, enums),
        second_person=parse_second_person(entry, types),
        disclosure=_disclosure(entry),
        owners=parse_owners(
            sources, None if agencies is None else {one.id: one.sources for one in agencies.values()}, stewards
        ),
        stewards=stewards,
    )
    for name, example in examples.items():
        check_example(example, types[name], domain.rules)
    problems.raise_any()
    return domain


_shipped = cache(_read)


def _types(folder: Path, known: Known, problems: Problems) -> tuple[dict[str, EventType], dict[str, Entry]]:
    """The types by name, and the entries of their examples."""
    types: dict[str, EventType] = {}
    where: dict[str, Entry] = {}
    examples: dict[str, Entry] = {}
    for entry in read_entries(folder / "events", "type", problems):
        made = parse_type(entry, known)
        if made.type in types:
            before = where[made.type]
            entry.fault("type", f"stands twice; before in {before.file.name}:{before.line()}.")
            continue
        types[made.type], where[made.type] = made, entry
        example = entry.entry("example")
        if example is not None:
            examples[made.type] = example
    if not types:
        problems.add(folder / "events", None, "events", "holds no type.", "Write one in events/….yaml.")
    return types, examples


def _standards(
    folder: Path, domain: Entry, types: Mapping[str, EventType], agencies: tuple[str, ...] | None, problems: Problems
) -> tuple[Standard, ...]:
    """The standards of a domain, switched on and off by its overrides, in the order of files and lines."""
    switched = _switches(domain)
    used: set[str] = set()
    found: list[tuple[Entry, Standard]] = []
    for entry in read_entries(folder / "standards", "id", problems):
        standard = parse_standard(entry, types, agencies)
        # A switch for one version is stronger than one for all of them.
        for name in (standard.id, f"{standard.id}@{standard.version}"):
            if name in switched:
                used.add(name)
                standard = replace(standard, enabled=switched[name])
        found.append((entry, standard))
    check_versions(found)
    names = sorted({name for _, s in found for name in (s.id, f"{s.id}@{s.version}")})
    for name in sorted(switched.keys() - used):
        domain.fault("overrides", f"there is no standard `{name}` to switch.", nearest(name, names))
    return tuple(standard for _, standard in found)


def _disclosure(domain: Entry) -> Disclosure:
    given = domain.under("disclosure")
    given.only("threshold")
    threshold = given.whole("threshold", Disclosure().threshold, most=1_000)
    if threshold == 2:
        given.fault("threshold", "2 would hide 1, and say that it is 1.", "Write 3 or more, or 1 to hide none.")
    return Disclosure(threshold)


def _switches(domain: Entry) -> dict[str, bool]:
    overrides = domain.under("overrides")
    overrides.only("standards")
    standards = overrides.under("standards")
    standards.only("enable", "disable")
    enable, disable = standards.texts("enable"), standards.texts("disable")
    for name in sorted(set(enable) & set(disable)):
        standards.fault("disable", f"`{name}` is enabled and disabled.")
    return dict.fromkeys(enable, True) | dict.fromkeys(disable, False)


def _agencies(entry: Entry) -> dict[str, Agency] | None:
    if entry.map.get("agencies") == "any":
        return None
    agencies: dict[str, Agency] = {}
    for given in entry.entries("agencies"):
        given.only("id", "name", "role", "sources", "called")
        agency = given.text("id")
        if agency and not re.fullmatch(r"[a-z][a-z0-9_]*", agency):
            given.fault("id", f"`{agency}` is no name of an agency.", "Use small letters, digits and _.")
        if agency in agencies or agency == "any":
            given.fault("id", f"`{agency}` is taken.")
        agencies[agency] = Agency(
            agency,
            given.text("name"),
            given.text("role"),
            parse_source_patterns(given),
            given.text("called", needed=False) or given.text("name"),
        )
    if not agencies:
        entry.fault("agencies", "is missing or empty.", "List the agencies, or write `agencies: any`.")
    return agencies


def _areas(entry: Entry) -> dict[str, str] | None:
    if entry.map.get("areas") == "any":
        return None
    given = entry.entry("areas")
    if given is None or not given.map:
        entry.fault("areas", "is missing or empty.", "Give a name to each code of an area, or write `areas: any`.")
        return {}
    return {code: given.text(code) for code in given.map}


def _type_prefix(entry: Entry) -> str:
    prefix = entry.text("type_prefix", needed=False)
    if prefix and not re.fullmatch(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)*", prefix):
        entry.fault("type_prefix", f"`{prefix}` is no prefix.", "Write small letters in parts, as in uk.cjs.")
    return prefix


def _time_zone(entry: Entry) -> str:
    name = entry.text("time_zone")
    try:
        ZoneInfo(name or "UTC")
    except (ValueError, OSError, LookupError):
        entry.fault("time_zone", f"`{name}` is no time zone.", "Write an IANA name, as in Europe/London.")
    return name
