"""Stewards: the types of their actions, by which the rules know them in whatever domain, and whose actions count.

Whose they are is data of the deployment, in `sources.yaml` beside `domain.yaml` (docs/decisions/0033):

    stewards:
      - {source: "urn:example:steward:20:desk", areas: ["20"], officers: [o-5b20d4aa, o-7c31e0bd]}
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from throughline.schemas.acceptance.owner import Desk, Stewards
from throughline.schemas.definitions.entry import Entry
from throughline.schemas.definitions.identifier import PSEUDONYM

LINKED = "steward.identifiers.linked"
SECONDED = "steward.identifiers.seconded"
WITHDRAWN = "steward.identifiers.withdrawn"
UNLINKED = "steward.identifiers.unlinked"
RESOLVED = "steward.conflict.resolved"
DISCARDED = "steward.quarantine.discarded"
RESTORED = "steward.quarantine.restored"
ASSIGNED = "steward.quarantine.assigned"
CHECKED = "steward.quality.checked"
PUBLISHED = "steward.figure.published"

DECISIONS = (LINKED, SECONDED, WITHDRAWN, UNLINKED, RESOLVED, DISCARDED, RESTORED, ASSIGNED)
"""What changes how other records stand; the others only put something on the record."""

ACTS = frozenset((*DECISIONS, CHECKED, PUBLISHED))
"""All of them: what only a steward's own command says."""


def parse_second_person(domain: Entry, types: Mapping[str, object]) -> bool:
    """Whether links take two stewards. Without a type of event to second them with, none would ever count."""
    given = domain.under("stewards")
    given.only("second_person")
    needed = given.flag("second_person")
    if needed and SECONDED not in types:
        given.fault("second_person", f"there is no type `{SECONDED}`.", "Add it, as england_wales has it.")
    return needed


def parse_stewards(sources: Entry, roles: Mapping[str, str], areas: Collection[str] | None) -> Stewards:
    """The stewards whom a deployment's `sources.yaml` lists: sources, each with its areas and persons.

    `roles` has the role of each agency of the domain; areas None: any will do.
    """
    agencies = frozenset(agency for agency, role in roles.items() if role == "steward")
    desks: dict[str, Desk] = {}
    for given in sources.entries("stewards"):
        given.only("source", "areas", "officers")
        source = given.text("source")
        if not agencies:
            given.fault("source", "the domain has no agency of stewards.", "Give one of its agencies `role: steward`.")
        if source in desks:
            given.fault("source", f"`{source}` stands twice.", "List its areas and officers in one place.")
        officers = given.texts("officers", needed=True)
        for one in officers:
            if PSEUDONYM.fullmatch(one) is None:
                hint = "A pseudonym is a letter or word, a hyphen and at least eight hexadecimal digits: o-5b20d4aa."
                given.fault("officers", f"`{one}` is no keyed pseudonym.", hint)
        desks[source] = Desk(_areas(given, areas), frozenset(officers))
    return Stewards(agencies, ACTS, desks)


def _areas(given: Entry, areas: Collection[str] | None) -> frozenset[str] | None:
    if given.map.get("areas") == "any":
        return None
    if areas is None:
        return frozenset(given.texts("areas", needed=True))
    return frozenset(given.names("areas", areas, needed=True))
