"""Kinds of bad data: events that come again, under the same name or another, and numbers that go back."""

from __future__ import annotations

from random import Random

from bench.bad_data_kind import (
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


def _of_other_case(event: Event, mark: str) -> Event:
    """The same said of another case: every identifier has the mark, those of a fixed form its first letter twice."""

    def marked(kind: str, value: str) -> str:
        return value.replace("ZZ", mark[0] * 2) if kind in {"urn", "asn"} else mark + value

    return identifying(
        _under_new_id(event),
        **{
            kind: [marked(kind, one) for one in value] if isinstance(value, list) else marked(kind, value)
            for kind, value in event["data"]["identifiers"].items()
        },
    )


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

    return adding(events, places, lambda event: _of_other_case(event, "TEST"))


@hurts("accuracy", before_numbering=True)
def volume_doubled(events: list[Event], chance: Random) -> Edits:
    """From a day on, one source publishes twice as many cases: those of a neighbour, under its own name."""
    late = from_a_day_on(events, of_one_source(events, everywhere(events), chance), chance)

    return adding(events, late, lambda event: _of_other_case(event, "NEXT"))


@hurts("consistency")
def published_by_another(events: list[Event], chance: Random) -> Edits:
    """From a day on, the events of one source come under the name of another agency's."""
    places = of_one_source(events, everywhere(events), chance)
    ours = agency_of(events[places[0]])
    other = chance.choice(sorted({source_of(event) for event in events if agency_of(event) != ours}))
    late = from_a_day_on(events, places, chance)
    return changing(events, late, lambda event: event | {"source": other})
