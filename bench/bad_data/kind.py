"""What a kind of bad data is, and the clean population that it is put into.

A kind says, for some places of the population, which lines stand there instead of the event: a changed one, two, none,
or bytes that are no JSON. So any first part of the damage can be put in as well as the whole of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from math import ceil
from random import Random
from typing import Any

import orjson

from throughline.demo.population import WINDOW_DAYS, make_population
from throughline.schemas.definitions.domain import Domain, load_domain

Event = dict[str, Any]
Line = Event | bytes
Edits = dict[int, list[Line]]
Damage = Callable[[list[Event], Random], Edits]

UNTIL = datetime(2026, 6, 30, 12, tzinfo=UTC)
YEAR_DAYS = 365
# The same for every kind: this share of the events concerned, or all of those concerned of one source.
SHARE = 0.05
# A source with fewer events concerned is chosen only where none has more.
ENOUGH = 50


@dataclass(frozen=True)
class Kind:
    """One kind of bad data: its name, the dimension of data quality that it hurts, what it is, and how it is done.

    `before_numbering`: it happens before the source numbers its events, so that no number tells of it.
    """

    name: str
    dimension: str
    says: str
    damage: Damage
    before_numbering: bool


KINDS: dict[str, Kind] = {}


def hurts(dimension: str, *, before_numbering: bool = False) -> Callable[[Damage], Damage]:
    """Enter a function into KINDS: its name is the name of the kind, its docstring says what it is."""

    def enter(damage: Damage) -> Damage:
        name = damage.__name__
        assert name not in KINDS, name
        KINDS[name] = Kind(name, dimension, " ".join((damage.__doc__ or "").split()), damage, before_numbering)
        return damage

    return enter


@cache
def domain() -> Domain:
    return load_domain()


def clean_population(seed: int, cases: int, days: int = YEAR_DAYS) -> list[Event]:
    """The events of cases reported in the last days before UNTIL, in the order recorded, numbered by each source.

    Each stands once, so that damage to one copy does not show by the other; but it keeps the few records that cannot
    be accepted, which the made-up population always has: no feed is without.
    """
    total = ceil(cases * WINDOW_DAYS / days)
    made = make_population(seed, total, domain(), UNTIL).events
    first: dict[tuple[str, str], Event] = {}
    for event in (event for system in made.values() for event in system):
        if _serial(event) >= total - cases:
            first.setdefault((event["source"], event["id"]), event)
    return renumbered(sorted(first.values(), key=lambda event: str(event["recordedtime"])))


def _serial(event: Event) -> int:
    return int(event["id"].split("-")[1])


def renumbered(events: list[Event]) -> list[Event]:
    """The same events with the numbers of each source drawn together, so that none is missing; copies stay copies."""
    numbers: dict[str, dict[str, str]] = {}
    for source, sequence in sorted({(event["source"], event["sequence"]) for event in events if "sequence" in event}):
        own = numbers.setdefault(source, {})
        own[sequence] = f"{len(own) + 1:09d}"
    return [
        event | {"sequence": numbers[event["source"]][event["sequence"]]} if "sequence" in event else event
        for event in events
    ]


def edits_of(kind: Kind, events: list[Event], seed: int) -> Edits:
    """What the kind changes in the population, in the order of the places; what stays as it was is left out."""
    found = kind.damage(events, Random(f"{kind.name} {seed}"))
    return {place: lines for place, lines in sorted(found.items()) if lines != [events[place]]}


def damaged(kind: Kind, events: list[Event], edits: Edits, first: int | None = None) -> list[Line]:
    """The population with the first so many of the edits (None: all)."""
    chosen = dict(list(edits.items())[:first])
    lines = [line for place, event in enumerate(events) for line in chosen.get(place, [event])]
    if not kind.before_numbering:
        return lines
    return [*renumbered([line for line in lines if isinstance(line, dict)])]


def written(lines: Iterable[Line]) -> bytes:
    """The lines of a file."""
    return b"".join(line if isinstance(line, bytes) else line_of(line) for line in lines)


def line_of(event: Event) -> bytes:
    return orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE)


# Which events: every kind chooses by these.


def name_of(event: Event) -> str:
    """Type of the catalogue."""
    head, _, _ = str(event["type"]).removeprefix(f"{domain().type_prefix}.").rpartition(".v")
    return head


def agency_of(event: Event) -> str:
    return name_of(event).partition(".")[0]


def everywhere(events: list[Event]) -> list[int]:
    return list(range(len(events)))


def where(events: list[Event], test: Callable[[Event], bool]) -> list[int]:
    return [place for place, event in enumerate(events) if test(event)]


def having(events: list[Event], *fields: str) -> list[int]:
    """Places of events that have all of these fields of `data`."""
    return where(events, lambda event: all(event["data"].get(field) is not None for field in fields))


def timed(events: list[Event]) -> list[int]:
    """Places of events of which the instant is known."""
    return where(events, lambda event: "time" in event and not str(event["time"]).startswith("00"))


def identified(events: list[Event], kind: str) -> list[int]:
    """Places of events that carry exactly one identifier of that kind."""
    return where(events, lambda event: isinstance(event["data"]["identifiers"].get(kind), str))


def of_types(events: list[Event], names: Collection[str]) -> list[int]:
    return where(events, lambda event: name_of(event) in names)


def some(places: list[int], chance: Random, share: float = SHARE) -> list[int]:
    """That share of the places at random, at least one of them."""
    return sorted(chance.sample(places, max(1, round(len(places) * share))))


def of_one(group: Callable[[Event], str], events: list[Event], places: list[int], chance: Random) -> list[int]:
    """The places of one group (source, agency, type), chosen among those that have enough of them."""
    sizes = Counter(group(events[place]) for place in places)
    enough = sorted(name for name, size in sizes.items() if size >= ENOUGH) or [sizes.most_common(1)[0][0]]
    chosen = chance.choice(enough)
    return [place for place in places if group(events[place]) == chosen]


def source_of(event: Event) -> str:
    return str(event["source"])


def of_one_source(events: list[Event], places: list[int], chance: Random) -> list[int]:
    return of_one(source_of, events, places, chance)


def recorded(event: Event) -> datetime:
    return datetime.fromisoformat(event["recordedtime"])


def from_a_day_on(events: list[Event], places: list[int], chance: Random) -> list[int]:
    """The places recorded from some day on, in the third quarter of the time that the population covers."""
    begin = _moment(events, 0.5 + chance.random() / 4)
    return [place for place in places if recorded(events[place]) >= begin]


def of_some_days(events: list[Event], places: list[int], chance: Random, days: int) -> list[int]:
    """The places recorded within so many days on end, somewhere in the middle half of the time."""
    begin = _moment(events, 0.25 + chance.random() / 2)
    return [place for place in places if begin <= recorded(events[place]) < begin + timedelta(days)]


def _moment(events: list[Event], part: float) -> datetime:
    first, last = recorded(events[0]), recorded(events[-1])
    return (first + (last - first) * part).replace(hour=0, minute=0, second=0)


# What is done to them.


def changing(events: list[Event], places: Iterable[int], change: Callable[[Event], Line]) -> Edits:
    return {place: [change(events[place])] for place in places}


def losing(places: Iterable[int]) -> Edits:
    return {place: [] for place in places}


def adding(events: list[Event], places: Iterable[int], further: Callable[[Event], Event]) -> Edits:
    """Behind each event a further one made of it."""
    return {place: [events[place], further(events[place])] for place in places}


def stating(event: Event, **fields: Any) -> Event:
    """The event with other fields of `data`; a field that is None is taken out."""
    data = {name: value for name, value in (event["data"] | fields).items() if value is not None}
    return event | {"data": data}


def identifying(event: Event, **identifiers: Any) -> Event:
    """The event with other identifiers; one that is None is taken out."""
    found = {name: value for name, value in (event["data"]["identifiers"] | identifiers).items() if value is not None}
    return stating(event, identifiers=found)


def without(event: Event, *attributes: str) -> Event:
    return {name: value for name, value in event.items() if name not in attributes}


def instant(event: Event, name: str = "time") -> datetime:
    return datetime.fromisoformat(event[name])


def text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def moved(event: Event, by: timedelta, *names: str) -> Event:
    """The event with these attributes (`time` if none is named) later by so much."""
    return event | {name: text(instant(event, name) + by) for name in names or ("time",)}
