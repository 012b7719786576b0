"""Roles as data: what a role may see, and which claims of a person bring which role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from throughline.schemas.definitions.entry import AccessProblemsError, Entry, Problems, read_entry
from throughline.sinks.board.access.rights import EXTENTS, NEEDS, Extent, Grant, Need

Claims = Mapping[str, tuple[str, ...]]

_SHIPPED = Path(__file__).with_name("roles.yaml")


@dataclass(frozen=True)
class Role:
    """What one role may see: pages by `may`, and the cases of `extent`."""

    name: str
    may: frozenset[Need]
    extent: Extent


@dataclass(frozen=True)
class Rule:
    """A person whose `claim` has the value `is_` has the role.

    `agency` is the agency of a role that sees its own cases. Cases that are given stand in the claim `cases_claim`, or
    in `cases`: per person's name the case ids and identifiers.
    """

    claim: str
    is_: str
    role: Role
    agency: str | None
    cases_claim: str | None
    cases: Mapping[str, tuple[str, ...]]


def grants_of(rules: Iterable[Rule], name: str, claims: Claims) -> tuple[Grant, ...]:
    """The grants of a person called `name` by whoever vouches for it, with these claims; none: nothing is open."""
    made = []
    for rule in rules:
        if rule.is_ not in claims.get(rule.claim, ()):
            continue
        claimed = claims.get(rule.cases_claim, ()) if rule.cases_claim else ()
        given = (*claimed, *rule.cases.get(name, ()))
        made.append(Grant(rule.role.name, rule.role.may, rule.role.extent, rule.agency, given))
    return tuple(dict.fromkeys(made))


def claims_needed(rules: Iterable[Rule]) -> frozenset[str]:
    """The claims that the rules read: no other has to be kept of a person."""
    rules = tuple(rules)
    return frozenset({rule.claim for rule in rules} | {rule.cases_claim for rule in rules if rule.cases_claim})


def shipped_roles() -> dict[str, Role]:
    """The roles of roles.yaml."""
    problems = Problems()
    roles = read_roles(read_entry(_SHIPPED, problems))
    problems.raise_any(AccessProblemsError)
    return roles


def read_roles(entry: Entry) -> dict[str, Role]:
    """The roles of an entry that is keyed by their names."""
    roles = {}
    for name in entry.map:
        given = entry.under(name)
        given.only("may", "cases")
        needs = frozenset(need for need in NEEDS if need in given.names("may", NEEDS, needed=True))
        extent: Extent = next((one for one in EXTENTS if one == given.choice("cases", EXTENTS, needed=False)), "none")
        if "cases" in needs and extent == "none":
            given.fault("may", "lets see cases, and not which.", f"Write `cases:` and one of {', '.join(EXTENTS[1:])}.")
        roles[name] = Role(name, needs, extent)
    return roles


def read_rules(entry: Entry, key: str, roles: Mapping[str, Role], agencies: frozenset[str] | None) -> tuple[Rule, ...]:
    """The rules of a list: `{claim, is, role}`, with `agency`, `cases_claim` or `cases_file` where the role asks.

    With `agencies` (those of the domain) an agency must be one of them.
    """
    rules = []
    for given in entry.entries(key):
        given.only("claim", "is", "role", "agency", "cases_claim", "cases_file")
        name = given.choice("role", roles)
        role = roles.get(name) or Role(name, frozenset(), "none")
        own, by_name = role.extent == "own", role.extent == "given"
        agency = given.text("agency", needed=own) or None
        if agency and agencies is not None and own:
            agency = given.choice("agency", sorted(agencies)) or None
        if agency and not own:
            given.fault("agency", f"means nothing for the role `{name}`.", "It is for roles that see their own cases.")
        places = [one for one in ("cases_claim", "cases_file") if one in given.map]
        if by_name and len(places) != 1:
            given.fault("role", f"`{name}` needs `cases_claim` or `cases_file`.", "It says which cases.")
        elif places and not by_name:
            given.fault(places[0], f"means nothing for the role `{name}`.", "It is for roles that are given cases.")
        rules.append(
            Rule(
                claim=given.text("claim"),
                is_=given.text("is"),
                role=role,
                agency=agency,
                cases_claim=given.text("cases_claim", needed=False) or None,
                cases=_cases(given) if "cases_file" in given.map else {},
            )
        )
    if not rules:
        entry.fault(key, "is missing or empty, so nobody could see anything.", "Say which claims bring which role.")
    return tuple(rules)


def _cases(given: Entry) -> dict[str, tuple[str, ...]]:
    """Per person's name the cases of the YAML file that `cases_file` names, beside the access file."""
    place = given.text("cases_file")
    if not place:
        return {}
    listed = read_entry(given.file.parent / place, given.problems, as_words=True)
    return {name: listed.texts(name) for name in listed.map}
