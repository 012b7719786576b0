"""Standards: what is owed by when. One runs as a clock over each event that starts it (docs/rules.md, 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from throughline.schemas.definitions.catalogue import EventType
from throughline.schemas.definitions.entry import Entry, nearest
from throughline.schemas.definitions.vocabulary import check_when, parse_when

UNITS = ("hours", "calendar_days", "working_days", "months")
MATCHES = ("case", "about", "reference")
# The keys of a standard that name events, and what such an event does to its clock.
ROLES = {"starts": "start", "stops": "stop", "cancels": "cancel", "pauses": "pause", "resumes": "resume"}

_KEYS = (
    *("id", "version", "title", "owner", *ROLES, "match", "once", "within", "enhanced", "due"),
    *("effective_from", "effective_to", "confirmed", "enabled", "local", "source", "note"),
)


@dataclass(frozen=True)
class Trigger:
    """A type that acts on a clock; `when` are the decisions with which it does, null for all."""

    type: str
    when: tuple[str, ...] | None


@dataclass(frozen=True)
class Period:
    """An amount of one of UNITS."""

    amount: float
    unit: str


@dataclass(frozen=True)
class Standard:
    """One version of a standard. In force from `effective_from` to `effective_to`, both included; null: open.

    `within` is null where it only measures, or where `due_field`: the start event's `due_at` is the limit.
    `enhanced` replaces `within` for a victim with enhanced rights.
    """

    id: str
    version: str
    title: str
    owner: str
    starts: tuple[Trigger, ...]
    stops: tuple[Trigger, ...]
    cancels: tuple[Trigger, ...]
    pauses: tuple[Trigger, ...]
    resumes: tuple[Trigger, ...]
    match: str
    once: bool
    within: Period | None
    enhanced: Period | None
    due_field: bool
    effective_from: date | None
    effective_to: date | None
    confirmed: bool
    enabled: bool
    local: bool
    source: str
    note: str

    def triggers(self) -> tuple[tuple[str, Trigger], ...]:
        """Every type that acts on its clock, with its role (start, stop, cancel, pause, resume)."""
        return tuple((role, trigger) for key, role in ROLES.items() for trigger in getattr(self, key))


def parse_standard(entry: Entry, types: Mapping[str, EventType], agencies: tuple[str, ...] | None) -> Standard:
    """One entry of `standards/*.yaml`."""
    entry.only(*_KEYS)
    owner = entry.text("owner") if agencies is None else entry.choice("owner", agencies)
    due = entry.choice("due", ("due_at",), needed=False)
    within, enhanced = _period(entry, "within"), _period(entry, "enhanced")
    if due and (within or enhanced):
        entry.fault("due", "stands beside a period of its own.", "Leave `within` and `enhanced` null, or `due`.")
    if enhanced and not entry.map.get("within"):
        entry.fault("enhanced", "replaces `within`, which is missing.")
    first, last = entry.day("effective_from"), entry.day("effective_to")
    if first and last and last < first:
        entry.fault("effective_to", f"{last} is before effective_from, {first}.")
    made = Standard(
        id=entry.text("id"),
        version=entry.text("version"),
        title=entry.text("title"),
        owner=owner,
        **{key: _triggers(entry, key, types) for key in ROLES},
        match=entry.choice("match", MATCHES) or "case",
        once=entry.flag("once"),
        within=within,
        enhanced=enhanced,
        due_field=bool(due),
        effective_from=first,
        effective_to=last,
        confirmed=entry.flag("confirmed"),
        enabled=entry.flag("enabled", True),
        local=entry.flag("local"),
        source=entry.text("source"),
        note=entry.text("note", needed=False),
    )
    _check_match(entry, made, types)
    return made


def check_versions(found: Sequence[tuple[Entry, Standard]]) -> None:
    """No version stands twice; no two versions of a standard that are switched on are in force on one day."""
    for (before, earlier), (entry, standard) in combinations(found, 2):
        if standard.id != earlier.id:
            continue
        where = f"{before.file.name}:{before.line()}"
        if standard.version == earlier.version:
            entry.fault("version", f"version {standard.version} stands twice; before in {where}.")
        elif standard.enabled and earlier.enabled and _overlap(earlier, standard):
            entry.fault(
                "effective_from",
                f"versions {earlier.version} ({where}) and {standard.version} are in force on the same days.",
                "End the one with `effective_to` on the day before the other begins, or switch one off.",
            )


def _overlap(a: Standard, b: Standard) -> bool:
    begins = max(a.effective_from or date.min, b.effective_from or date.min)
    ends = min(a.effective_to or date.max, b.effective_to or date.max)
    return begins <= ends


def _period(entry: Entry, key: str) -> Period | None:
    given = entry.entry(key)
    if given is None:
        return None
    given.only("amount", "unit")
    unit = given.choice("unit", UNITS)
    amount = given.map.get("amount")
    # Every unit but hours counts whole days; a flag is no number.
    kinds: tuple[type, ...] = (int, float) if unit == "hours" else (int,)
    if not isinstance(amount, (int, float)) or type(amount) not in kinds or not 0 <= amount < 1e6:
        given.fault(
            "amount", f"{amount!r} is no amount of {unit or 'time'}.", "Write a whole number; hours may be parts."
        )
        return None
    return Period(float(amount), unit) if unit else None


def _triggers(entry: Entry, key: str, types: Mapping[str, EventType]) -> tuple[Trigger, ...]:
    triggers = []
    for given in entry.entries(key):
        given.only("type", "when")
        name, when = given.text("type"), parse_when(given)
        event_type = types.get(name)
        if event_type is not None:
            check_when(given, when, event_type)
            triggers.append(Trigger(name, when))
        elif name:
            given.fault("type", f"the catalogue has no type `{name}`.", nearest(name, types))
    if key in ("starts", "stops") and not entry.map.get(key):
        entry.fault(key, "is missing or empty.", "A clock needs what starts and what stops it.")
    return tuple(triggers)


def _check_match(entry: Entry, made: Standard, types: Mapping[str, EventType]) -> None:
    """A clock matched or due by a field that its events never carry would never stop, or have no limit."""
    starts = [types[t.type] for t in made.starts]
    if made.match == "reference" and starts and not any("reference" in t.fields for t in starts):
        entry.fault("match", "is by reference, and no type in `starts` has the field `reference`.")
    if made.match == "about" and made.stops and not any("about" in types[t.type].fields for t in made.stops):
        entry.fault("match", "is by about, and no type in `stops` has the field `about`.")
    if made.due_field and starts and not any("due_at" in t.fields for t in starts):
        entry.fault("due", "is the field `due_at`, and no type in `starts` has it.")
    if made.pauses and not made.resumes:
        entry.fault("pauses", "stands without `resumes`: the clock would stand still for ever.")
