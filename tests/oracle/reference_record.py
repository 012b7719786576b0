"""Sections 1 and 2 for the reference: which events are accepted, their order, and the case of each.

An event is a dict with the columns of EVENTS and `received_at`; a rule table is a list of dicts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

from reference_time import Event, Row

# what two copies of an event must agree in, and what may differ between them: when each was written down and where read
CONTENT = (
    *("type", "version", "area", "agency", "unit", "occurred_at", "occurred_precision", "sequence", "identifiers"),
    *("decision", "reason", "reference", "answers", "about", "holder", "due_at", "effect_at", "enhanced", "channel"),
    *("victim", "officer", "correlation", "causation", "data", "retracts"),
)
NOT_CONTENT = ("recorded_at", "received_at", "origin", "position", "revision")
Identifier = tuple[str, str, str]  # area, kind, value
Hash = Callable[[Event], str]


@dataclass(frozen=True)
class Rules:
    """The rule tables of a domain as plain lists of dicts, and what the tables do not hold.

    `placeholders` are upper case; `bank_holidays` are the days off besides Saturdays and Sundays.
    """

    event_types: list[Row]
    effects: list[Row]
    standards: list[Row]
    standard_events: list[Row]
    identifier_kinds: list[Row]
    agencies: list[Row]
    facet_statements: list[Row]
    placeholders: frozenset[str]
    joins_nothing: list[Row]
    time_zone: str
    bank_holidays: frozenset[date]
    second_person: bool
    ahead_days: int
    joins_alone: int

    def role(self, agency: str) -> str | None:
        """The role of an agency; null for one that the domain does not list."""
        return next((row["role"] for row in self.agencies if row["agency"] == agency), None)

    def kind_of(self, event: Event, column: str) -> Any:
        """A column of `event_types` for the type of an event; null for an unknown type."""
        return next((row[column] for row in self.event_types if row["type"] == event["type"]), None)

    def is_act(self, event: Event, act: str) -> bool:
        """Whether an event is a steward's act of this name, whatever the steward is called."""
        return self.role(event["agency"]) == "steward" and event["type"] == f"{event['agency']}.{act}"


def is_act_of_steward(event: Event, rules: Rules) -> bool:
    """Whether an event is an act on the record: it belongs to no case, and what it carries joins nothing."""
    return rules.role(event["agency"]) == "steward"


def key64(*parts: str) -> int:
    """Bytes 8–15 of the MD5 of the parts joined by U+001F, little-endian (DuckDB's `md5_number_lower`)."""
    return int.from_bytes(hashlib.md5("\x1f".join(parts).encode()).digest()[8:], "little")


def event_key(event: Event) -> int:
    """The key of an event: from its area, source and id alone."""
    return key64(event["area"], event["source"], event["id"])


def case_id(case_key: int) -> str:
    """`c` and the key in 16 hexadecimal digits."""
    return f"c{case_key:016x}"


def content(event: Event) -> tuple[Any, ...]:
    """What the event says, value by value; identifiers as a set. Copies with the same are one event.

    A retraction says nothing else.
    """
    if event["retracts"]:
        return ("retracts",)
    carried = frozenset((one["kind"], one["value"]) for one in event["identifiers"])
    return tuple(carried if name == "identifiers" else event[name] for name in CONTENT)


def content_hash(event: Event) -> str:
    """16 hexadecimal digits that stand for the content. Any hash will do that a steward's act names."""
    said = [sorted(value) if isinstance(value, frozenset) else value for value in content(event)]
    return f"{key64(json.dumps(said, default=str)):016x}"


def order(event: Event) -> tuple[Any, ...]:
    """Section 1: by occurred_at, recorded_at nulls last, sequence nulls last, event key. Of sequences the whole numbers
    of at most 38 digits stand first and by their value, the same number and all others by code point."""
    recorded, sequence = event["recorded_at"], event["sequence"]
    return (
        event["occurred_at"],
        (recorded is None, recorded or event["occurred_at"]),
        (sequence is None, *_numbered(sequence or "")),
        event_key(event),
    )


def highest_revision(copies: list[Event]) -> str:
    """The highest revision of any copy; one without a revision comes before all."""
    return max(copy["revision"] or "" for copy in copies)


def _numbered(sequence: str) -> tuple[bool, int, str]:
    is_number = 0 < len(sequence) <= 38 and set(sequence) <= set("0123456789")
    return not is_number, int(sequence) if is_number else 0, sequence


def merged(copies: list[Event]) -> Event:
    """One event of copies with the same content: earliest recorded_at stated, earliest received_at."""
    first = min(copies, key=lambda event: (event["received_at"], event["origin"], event["position"]))
    recorded = [event["recorded_at"] for event in copies if event["recorded_at"] is not None]
    return {**first, "recorded_at": min(recorded, default=None)}


def accepted(events: list[Event], rules: Rules, hash_of: Hash = content_hash) -> tuple[list[Event], list[Row]]:
    """Section 1: the events that stand, in order, and the conflicts that no steward has decided.

    Of the contents of an event only those of its highest revision count. Conflicts: one row per content (event_key,
    source, id, content_hash). An act decides only if it was stated with one content and is not taken back; the latest
    act on an event counts; one that names content not in the conflict decides nothing. `hash_of` is how
    acts name a content: which copies are the same is decided here, without it.
    """
    contents: dict[int, dict[tuple[Any, ...], list[Event]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        contents[event_key(event)][content(event)].append(event)

    named: dict[int, str] = {}
    undisputed = [merged(*copies.values()) for copies in contents.values() if len(copies) == 1]
    undisputed = [act for act in undisputed if not act["retracts"]]
    for act in sorted(undisputed, key=order):
        if rules.is_act(act, "conflict.resolved"):
            about = json.loads(act["data"])
            named[key64(act["area"], about["conflict_source"], about["conflict_id"])] = about["content_hash"]

    standing, conflicts = [], []
    for key, copies in contents.items():
        latest = highest_revision([one for same in copies.values() for one in same])
        highest = [same for same in copies.values() if highest_revision(same) == latest]
        is_revised = len(highest) < len(copies)
        by_name = {hash_of(same[0]): same for same in highest}
        if len(highest) == 1 or named.get(key) in by_name:
            kept = merged(highest[0] if len(highest) == 1 else by_name[named[key]])
            if not kept["retracts"]:
                standing.append({**kept, "revised": is_revised})
        else:
            for digest, same in by_name.items():
                row = {"event_key": key, "source": same[0]["source"], "id": same[0]["id"]}
                conflicts.append({**row, "content_hash": digest})
    return sorted(standing, key=order), sorted(conflicts, key=lambda row: (row["event_key"], row["content_hash"]))


def may_link(identifier: Identifier, rules: Rules) -> bool:
    """Whether an identifier is of a listed kind that links, has a form that may, and is no placeholder."""
    _, kind, value = identifier
    forms = [row["links_as"] or ".*" for row in rules.identifier_kinds if row["kind"] == kind and row["links"]]
    return not is_no_number(value, rules) and any(_has(value, form) for form in forms)


def is_no_number(value: str, rules: Rules) -> bool:
    """Whether a value is a placeholder or has a form of what stands where there is no number."""
    return value.strip().upper() in rules.placeholders or any(_has(value, row["form"]) for row in rules.joins_nothing)


def _has(value: str, form: str) -> bool:
    """Whether the whole value has a form, in capitals or not."""
    return re.fullmatch(form, value, re.IGNORECASE | re.DOTALL) is not None


def linking(event: Event, rules: Rules) -> list[Identifier]:
    """Identifiers of an event that may link, in the domain's order of kinds, then by value."""
    ordinals = {row["kind"]: row["ordinal"] for row in rules.identifier_kinds}
    carried = {(event["area"], one["kind"], one["value"]) for one in event["identifiers"]}
    found = [identifier for identifier in carried if may_link(identifier, rules)]
    return sorted(found, key=lambda identifier: (ordinals[identifier[1]], identifier[2]))


def carried_identifiers(standing: list[Event], rules: Rules) -> set[Identifier]:
    """Identifiers that some agency's event carries: an act on one that none carries waits for it."""
    publishers = [event for event in standing if not is_act_of_steward(event, rules)]
    return {identifier for event in publishers for identifier in linking(event, rules)}


def named_pair(act: Event, rules: Rules) -> frozenset[Identifier] | None:
    """The pair that an act links or unlinks, in the act's area; null where it is no pair that may link."""
    about = json.loads(act["data"])
    left = (act["area"], about["left_kind"], about["left_value"])
    right = (act["area"], about["right_kind"], about["right_value"])
    if left == right or not may_link(left, rules) or not may_link(right, rules):
        return None
    return frozenset((left, right))


def names_proposal(act: Event, proposal: Event, rules: Rules) -> bool:
    """Whether an act (seconded, withdrawn) names this proposal by area, source and id, and the pair it would link."""
    about = json.loads(act["data"])
    named = (act["area"], about["proposal_source"], about["proposal_id"]) == (
        proposal["area"],
        proposal["source"],
        proposal["id"],
    )
    return named and named_pair(act, rules) == named_pair(proposal, rules)


def person(act: Event) -> str:
    """Who acted, in small letters; empty where it is not said by a keyed pseudonym."""
    given = (act["officer"] or "").lower()
    return given if re.fullmatch(r"[a-z]+-[0-9a-f]{8,64}", given) else ""


def is_decided(proposal: Event, standing: list[Event], rules: Rules) -> bool:
    """Whether a steward's `linked` is a decision: not withdrawn and, where that is needed, seconded by another."""
    for event in standing:
        if rules.is_act(event, "identifiers.withdrawn") and names_proposal(event, proposal, rules):
            return False
    if not rules.second_person:
        return True
    author = person(proposal)
    return any(
        author and person(event) and person(event) != author and order(event) > order(proposal)
        for event in standing
        if rules.is_act(event, "identifiers.seconded") and names_proposal(event, proposal, rules)
    )


def decided_pairs(standing: list[Event], rules: Rules) -> dict[frozenset[Identifier], bool]:
    """Section 2: pairs that stewards decided on, and whether the latest decision links them."""
    decisions: dict[frozenset[Identifier], bool] = {}
    for event in sorted(standing, key=order):
        is_linked = rules.is_act(event, "identifiers.linked")
        if is_linked or rules.is_act(event, "identifiers.unlinked"):
            pair = named_pair(event, rules)
            if pair is not None and (not is_linked or is_decided(event, standing, rules)):
                decisions[pair] = is_linked
    return decisions


def pairs_together(standing: list[Event], rules: Rules) -> set[frozenset[Identifier]]:
    """Section 2: pairs that one event carries both of, or a steward linked, less those last unlinked."""
    pairs: set[frozenset[Identifier]] = set()
    for event in standing:
        if not is_act_of_steward(event, rules):
            pairs |= {frozenset(two) for two in combinations(linking(event, rules), 2)}
    decisions, known = decided_pairs(standing, rules), carried_identifiers(standing, rules)
    linked = {pair for pair, is_linked in decisions.items() if is_linked and pair <= known}
    unlinked = {pair for pair, is_linked in decisions.items() if not is_linked}
    return (pairs | linked) - unlinked


def held_pairs(standing: list[Event], shut: set[Identifier], rules: Rules) -> set[frozenset[Identifier]]:
    """Section 2: pairs that join nothing, since each event that has both carries too many of a kind of theirs to join
    them by itself, no third number bears them out, and no steward linked them. `shut` are hubs."""
    together: set[frozenset[Identifier]] = set()
    joined = {pair for pair, is_linked in decided_pairs(standing, rules).items() if is_linked}
    publishers = [event for event in standing if not is_act_of_steward(event, rules)]
    for event in publishers:
        carried = [one for one in linking(event, rules) if one not in shut]
        first = [
            one for one in carried if [other for other in carried if other[1] == one[1]].index(one) < rules.joins_alone
        ]
        together |= {frozenset(two) for two in combinations(carried, 2)}
        joined |= {frozenset(two) for two in combinations(first, 2)}
    return {pair for pair in together - joined if not is_borne_out(pair, publishers, rules)}


def is_borne_out(pair: frozenset[Identifier], publishers: list[Event], rules: Rules) -> bool:
    """Whether both numbers, of one kind, stand beside one value of a kind that bears out, each without the other."""
    left, right = pair
    kinds = {row["kind"] for row in rules.identifier_kinds if row["bears_out"]}

    def beside(one: Identifier, other: Identifier) -> set[tuple[str, str]]:
        events = [event for event in publishers if one in linking(event, rules) and other not in linking(event, rules)]
        found = {(said["kind"], said["value"]) for event in events for said in event["identifiers"]}
        return {(kind, value) for kind, value in found if kind in kinds and not is_no_number(value, rules)}

    return left[1] == right[1] and bool(beside(left, right) & beside(right, left))


def hubs(pairs: set[frozenset[Identifier]], standing: list[Event], rules: Rules) -> set[Identifier]:
    """Section 2: identifiers joined to more others of one kind, or carried by more events, than their kind allows."""
    limits = {row["kind"]: row["hub_limit"] for row in rules.identifier_kinds}
    most = {row["kind"]: row["hub_events"] for row in rules.identifier_kinds}
    publishers = [event for event in standing if not is_act_of_steward(event, rules)]
    carried = Counter(identifier for event in publishers for identifier in linking(event, rules))
    neighbours: dict[tuple[Identifier, str], set[Identifier]] = defaultdict(set)
    for left, right in (tuple(pair) for pair in pairs):
        neighbours[left, right[1]].add(right)
        neighbours[right, left[1]].add(left)
    met = {identifier for (identifier, _), others in neighbours.items() if len(others) > limits[identifier[1]]}
    return met | {identifier for identifier, events in carried.items() if events > most[identifier[1]]}


def identifier_cases(standing: list[Event], rules: Rules) -> dict[Identifier, int]:
    """Case key of every identifier that links and is no hub: the smallest key of its connected component."""
    pairs = pairs_together(standing, rules)
    shut = hubs(pairs, standing, rules)
    pairs -= held_pairs(standing, shut, rules)
    found = carried_identifiers(standing, rules) - shut
    smallest = {identifier: key64(*identifier) for identifier in found}
    changed = True
    while changed:
        changed = False
        for left, right in (tuple(pair) for pair in pairs if not pair & shut):
            least = min(smallest[left], smallest[right])
            if smallest[left] != least or smallest[right] != least:
                smallest[left] = smallest[right] = least
                changed = True
    return smallest


def cases_of(standing: list[Event], rules: Rules) -> dict[int, int]:
    """Case key by event key; stewards' acts belong to none and are left out."""
    keys = identifier_cases(standing, rules)
    found = {}
    for event in standing:
        if not is_act_of_steward(event, rules):
            first = next((one for one in linking(event, rules) if one in keys), None)
            found[event_key(event)] = event_key(event) if first is None else keys[first]
    return found


def histories_of(standing: list[Event], rules: Rules) -> dict[int, list[Event]]:
    """Events by case, in order, each with `event_key` and its `place` in the case, counted from 1."""
    members: dict[int, list[Event]] = defaultdict(list)
    keys = cases_of(standing, rules)
    for event in sorted(standing, key=order):
        key = event_key(event)
        if key in keys:
            place = len(members[keys[key]]) + 1
            members[keys[key]].append({**event, "event_key": key, "place": place})
    return dict(members)
