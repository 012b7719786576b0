"""Kinds of bad data: events that come again, under the same name or another, and numbers that go back."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from bench.bad_data.kind import (
    Edits,
    Event,
    adding,
    agency_of,
    changing,
    everywhere,
    from_a_day_on,
    hurts,
    identifying,
    of_one_source,
    of_types,
    recorded,
    some,
    source_of,
    stating,
    where,
)


def _under_new_id(event: Event) -> Event:
    # the letter puts its number next to the original's, until the source numbers all of them
    return event | {"id": f"{event['id']}-B", "sequence": f"{event['sequence']}B"}


def _of_other_case(event: Event, renamed: Callable[[str, str], str]) -> Event:
    """The same said of another case: all identifiers renamed by kind and value, and what it tells of as well."""
    about = event["data"].get("about")
    return identifying(
        stating(_under_new_id(event), about=about and f"{about}-B"),
        **{
            kind: [renamed(kind, one) for one in value] if isinstance(value, list) else renamed(kind, value)
            for kind, value in event["data"]["identifiers"].items()
        },
    )


def _as_test(kind: str, value: str) -> str:
    return value.replace("ZZ", "TT") if kind in {"urn", "asn"} else f"TEST{value}"


def _as_neighbour(_kind: str, value: str) -> str:
    # of the same form, so that the form does not tell: made-up numbers begin with 9, logs with 0, units are ZZ
    return re.sub("(^|[-/])9", r"\g<1>8", value.replace("LOG-0", "LOG-8").replace("ZZ", "YY"), count=1)


def _doubled(events: list[Event], places: list[int], renamed: Callable[[str, str], str]) -> Edits:
    """Behind each event that of another case; none that tells of what is not doubled."""
    ids = {events[place]["id"] for place in places}
    told = [place for place in places if events[place]["data"].get("about", events[place]["id"]) in ids]
    return adding(events, told, lambda event: _of_other_case(event, renamed))


@hurts("uniqueness")
def published_again(events: list[Event], chance: Random) -> Edits:
    """The same event once more, byte for byte."""
    return adding(events, some(everywhere(events), chance), lambda event: event)


@hurts("uniqueness", before_numbering=True)
def copied_under_new_id(events: list[Event], chance: Random) -> Edits:
    """The same event once more under a new id."""
    return adding(events, some(everywhere(events), chance), _under_new_id)


@hurts("uniqueness", before_numbering=True)
def day_published_twice(events: list[Event], chance: Random) -> Edits:
    """All that was recorded on some day is published a second time, under new ids."""
    day = recorded(chance.choice(events)).date()
    return adding(events, where(events, lambda event: recorded(event).date() == day), _under_new_id)


@hurts("uniqueness")
def published_by_two_systems(events: list[Event], chance: Random) -> Edits:
    """A replica of one source publishes all of it again, under a name of its own."""
    places = of_one_source(events, everywhere(events), chance)
    return adding(events, places, lambda event: event | {"source": f"{event['source']}:replica"})


@hurts("uniqueness")
def same_id_other_content(events: list[Event], chance: Random) -> Edits:
    """The event was edited and published again under the id that it had."""
    return adding(
        events, some(everywhere(events), chance), lambda event: stating(event, unit=f"{event['data']['unit']}9")
    )


@hurts("uniqueness")
def ids_given_twice(events: list[Event], chance: Random) -> Edits:
    """From a day on, one source counts its ids from the beginning again, over those that it has given."""
    places = of_one_source(events, everywhere(events), chance)
    ids = [events[place]["id"] for place in places]
    late = from_a_day_on(events, places, chance)
    given = dict(zip(late, ids, strict=False))
    return {place: [events[place] | {"id": given[place]}] for place in late}


@hurts("uniqueness")
def sequence_going_back(events: list[Event], chance: Random) -> Edits:
    """From a day on, one source numbers its events from 1 again."""
    late = from_a_day_on(events, of_one_source(events, everywhere(events), chance), chance)
    numbers = {place: f"{number:09d}" for number, place in enumerate(late, 1)}
    return {place: [events[place] | {"sequence": number}] for place, number in numbers.items()}


@hurts("completeness")
def sequence_missing(events: list[Event], chance: Random) -> Edits:
    """From a day on, one source does not number its events."""
    late = from_a_day_on(events, of_one_source(events, everywhere(events), chance), chance)
    return changing(events, late, lambda event: {key: value for key, value in event.items() if key != "sequence"})


@hurts("accuracy", before_numbering=True)
def events_of_a_test_system(events: list[Event], chance: Random) -> Edits:
    """A test system publishes made-up cases under the name of the live one."""
    first = some(of_types(events, {"police.crime.recorded"}), chance)
    cases = {events[place]["id"].split("-")[1] for place in first}
    places = where(events, lambda event: event["id"].split("-")[1] in cases)

    return _doubled(events, places, _as_test)


@hurts("accuracy", before_numbering=True)
def volume_doubled(events: list[Event], chance: Random) -> Edits:
    """From a day on, one source publishes twice as many cases: those of a neighbour, under its own name."""
    late = from_a_day_on(events, of_one_source(events, everywhere(events), chance), chance)

    return _doubled(events, late, _as_neighbour)


@hurts("consistency")
def published_by_another(events: list[Event], chance: Random) -> Edits:
    """From a day on, the events of one source come under the name of another agency's."""
    places = of_one_source(events, everywhere(events), chance)
    ours = agency_of(events[places[0]])
    other = chance.choice(sorted({source_of(event) for event in events if agency_of(event) != ours}))
    late = from_a_day_on(events, places, chance)
    return changing(events, late, lambda event: event | {"source": other})
