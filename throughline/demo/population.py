"""The made-up population of `throughline demo`: what each agency's system would publish about it.

West Midlands (20) with a few cases of Staffordshire (21), reported in the 900 days before `until`.
The shapes are those of the domain notes, sections 1.9, 2 and 5 (see `delays.py`); nothing is about anybody.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from throughline.demo.story.case import SYSTEMS, Case, Publication
from throughline.demo.story.chance import Chance
from throughline.demo.story.faults import Fault, put_faults_in
from throughline.demo.story.instants import DAY
from throughline.demo.story.journey import journey
from throughline.errors import UsageError
from throughline.schemas.acceptance.type_form import wire_type

if TYPE_CHECKING:
    from throughline.schemas.definitions.domain import Domain

WINDOW_DAYS = 900
ENOUGH_FOR_HUB = 80  # below, too few cases would share the log for it to be a hub, and it would join them


@dataclass(frozen=True)
class Population:
    """What the systems publish, in the order recorded, and the faults that were put in.

    `events` has the CloudEvents (JSON form) of each of `case.SYSTEMS`. The number between the hyphens of an
    event's id says to which made-up case it belongs.
    """

    events: dict[str, list[dict[str, Any]]]
    faults: tuple[Fault, ...]


def make_population(seed: int, cases: int, domain: Domain, until: datetime) -> Population:
    """What the systems publish, as known at `until`, and the faults in it.

    The same arguments give the same events. Raises UsageError for an `until` without a time zone, and for a
    domain that has not the types of events of England and Wales.
    """
    if until.tzinfo is None:
        raise UsageError("`until` has no time zone", hint="Give it with one, for example in UTC.")
    if cases < 0 or seed < 0:
        raise UsageError("seed and number of cases are not negative")
    end = int(until.timestamp())
    wire_types, required = _wire_types(domain)
    published: dict[str, list[Publication]] = {system: [] for system in SYSTEMS}
    chance = Chance(seed)
    step = max(cases // 40, 1)
    for serial in range(cases):
        days = WINDOW_DAYS * (1 - (serial + chance.next()) / cases)
        case = Case(seed, serial, end - DAY - int(days * DAY), end, wire_types, published)
        in_shared_log = cases >= ENOUGH_FOR_HUB and serial % step == 0 and case.area == "20"
        journey(case, in_shared_log)
    faults: list[Fault] = []
    events: dict[str, list[dict[str, Any]]] = {}
    for system, publications in published.items():
        publications.sort(key=_recorded)
        numbers: Counter[str] = Counter()
        for _, _, event in publications:
            # each source numbers its own: a number that is missing is then an event that is missing
            numbers[event["source"]] += 1
            event["sequence"] = f"{numbers[event['source']]:09d}"
        faults += put_faults_in(system, publications, required, end, chance)
        publications.sort(key=_recorded)  # stable: a copy of the same moment stays behind its original
        events[system] = [event for _, _, event in publications]
    return Population(events, tuple(faults))


def write_population(folder: Path, seed: int, cases: int, domain: Domain, until: datetime) -> Population:
    """Write `<system>.jsonl` for each system into the folder, which is made if need be.

    The same arguments give the same bytes.
    """
    made = make_population(seed, cases, domain, until)
    folder.mkdir(parents=True, exist_ok=True)
    for system, events in made.events.items():
        with (folder / f"{system}.jsonl").open("wb") as file:
            file.writelines(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in events)
    return made


def _recorded(publication: Publication) -> tuple[int, str]:
    return publication[:2]


class _WireTypes(dict[str, str]):
    """Type on the wire by catalogue type."""

    def __missing__(self, name: str) -> str:
        raise UsageError(
            f"the domain has no type {name}", hint="The made-up population is for the domain england_wales."
        )


def _wire_types(domain: Domain) -> tuple[_WireTypes, dict[str, frozenset[str]]]:
    """Type on the wire by catalogue type, and the required fields by type on the wire."""
    wire = _WireTypes()
    required: dict[str, frozenset[str]] = {}
    for name, type_ in domain.types.items():
        wire[name] = on_wire = wire_type(domain.type_prefix, name, type_.version)
        required[on_wire] = frozenset(field for field, use in type_.fields.items() if use.required)
    return wire, required
