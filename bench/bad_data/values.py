"""Kinds of bad data: fields that are missing, swapped, in another form, of another list, or one default for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from bench.bad_data.kind import (
    Edits,
    Event,
    changing,
    domain,
    everywhere,
    from_a_day_on,
    having,
    hurts,
    name_of,
    of_one_source,
    some,
    stating,
    where,
)
from throughline.schemas.definitions.catalogue import TypeField


def _fields(event: Event, test: Callable[[TypeField], bool]) -> list[str]:
    """The fields of the event's data, in order, of which the catalogue says that."""
    type_ = domain().types.get(name_of(event))
    known = {} if type_ is None else type_.fields
    return [name for name in event["data"] if name in known and test(known[name])]


def _listed(field: TypeField) -> bool:
    return field.values is not None and field.type == "enum"


def _first_value(
    events: list[Event], chance: Random, test: Callable[[TypeField], bool], change: Callable[[Any], Any]
) -> Edits:
    """Change the first such field in some of the events that have one."""
    places = where(events, lambda event: bool(_fields(event, test)))

    def changed(event: Event) -> Event:
        name = _fields(event, test)[0]
        return stating(event, **{name: change(event["data"][name])})

    return changing(events, some(places, chance), changed)


@hurts("completeness")
def required_field_missing(events: list[Event], chance: Random) -> Edits:
    """A field that the catalogue requires is not there."""
    places = where(events, lambda event: bool(_fields(event, lambda field: field.required)))
    return changing(
        events,
        some(places, chance),
        lambda event: stating(event, **{_fields(event, lambda field: field.required)[0]: None}),
    )


@hurts("completeness")
def required_field_empty(events: list[Event], chance: Random) -> Edits:
    """A field that the catalogue requires is an empty text."""
    return _first_value(events, chance, lambda field: field.required and field.type in {"enum", "string"}, lambda _: "")


@hurts("completeness")
def unit_missing(events: list[Event], chance: Random) -> Edits:
    """One source does not say its unit."""
    return changing(events, of_one_source(events, having(events, "unit"), chance), lambda one: stating(one, unit=None))


@hurts("completeness")
def reason_missing(events: list[Event], chance: Random) -> Edits:
    """One source gives no reasons where it need not."""

    def optional(event: Event) -> bool:
        return "reasons" in _fields(event, lambda field: not field.required)

    return changing(
        events, of_one_source(events, where(events, optional), chance), lambda event: stating(event, reasons=None)
    )


@hurts("completeness")
def optional_fields_missing(events: list[Event], chance: Random) -> Edits:
    """From a day on, one source's export has the required fields only."""

    def bare(event: Event) -> Event:
        return stating(event, **dict.fromkeys(_fields(event, lambda field: not field.required)))

    return changing(events, from_a_day_on(events, of_one_source(events, everywhere(events), chance), chance), bare)


@hurts("accuracy")
def reasons_all_other(events: list[Event], chance: Random) -> Edits:
    """One source gives `other` as every reason, or where the list has none, the last of the list."""

    def defaulted(event: Event) -> Event:
        values = domain().types[name_of(event)].fields["reasons"].values or ("other",)
        return stating(event, reasons=["other" if "other" in values else values[-1]])

    places = where(events, lambda event: "reasons" in _fields(event, lambda field: True))
    return changing(events, of_one_source(events, places, chance), defaulted)


@hurts("accuracy")
def decisions_all_the_same(events: list[Event], chance: Random) -> Edits:
    """From a day on, one source gives for each type of event the decision that is usual for it."""
    places = of_one_source(events, having(events, "decision"), chance)
    counts: dict[str, Counter[str]] = {}
    for place in places:
        counts.setdefault(events[place]["type"], Counter())[events[place]["data"]["decision"]] += 1
    return changing(
        events,
        from_a_day_on(events, places, chance),
        lambda event: stating(event, decision=counts[event["type"]].most_common(1)[0][0]),
    )


@hurts("accuracy")
def channel_always_letter(events: list[Event], chance: Random) -> Edits:
    """One source gives letter as the channel of every contact."""
    places = of_one_source(events, having(events, "channel"), chance)
    return changing(events, places, lambda event: stating(event, channel="letter"))


@hurts("validity")
def unknown_vocabulary(events: list[Event], chance: Random) -> Edits:
    """A code that is not in its list."""
    return _first_value(events, chance, _listed, lambda _: "see_notes")


@hurts("validity")
def wrong_case_in_codes(events: list[Event], chance: Random) -> Edits:
    """A code in capitals."""
    return _first_value(events, chance, _listed, lambda value: value.upper())


@hurts("validity")
def space_in_codes(events: list[Event], chance: Random) -> Edits:
    """A code padded with spaces, as a column of fixed width has it."""
    return _first_value(events, chance, _listed, lambda value: f"{value:<20} ")


@hurts("consistency")
def case_of_units(events: list[Event], chance: Random) -> Edits:
    """From a day on, one source writes its units in small letters."""
    places = from_a_day_on(events, of_one_source(events, having(events, "unit"), chance), chance)
    return changing(events, places, lambda event: stating(event, unit=event["data"]["unit"].lower()))


@hurts("accuracy")
def wrong_unit_of_measure(events: list[Event], chance: Random) -> Edits:
    """One source gives days and hours as minutes."""
    minutes = {"days": 1440, "hours": 60}

    def measured(field: TypeField) -> bool:
        return field.unit in minutes

    def in_minutes(event: Event) -> Event:
        known = domain().types[name_of(event)].fields
        return stating(
            event,
            **{name: event["data"][name] * minutes[known[name].unit or ""] for name in _fields(event, measured)},
        )

    places = where(events, lambda event: bool(_fields(event, measured)))
    return changing(events, of_one_source(events, places, chance), in_minutes)


@hurts("accuracy")
def numbers_out_of_measure(events: list[Event], chance: Random) -> Edits:
    """A number of nine digits where there are a few."""
    return _first_value(events, chance, lambda field: field.type == "int", lambda _: 999_999_999)


@hurts("validity")
def numbers_as_text(events: list[Event], chance: Random) -> Edits:
    """A number in quotes."""
    return _first_value(events, chance, lambda field: field.type == "int", str)


@hurts("validity")
def booleans_as_words(events: list[Event], chance: Random) -> Edits:
    """Y and N for true and false."""
    return _first_value(events, chance, lambda field: field.type == "bool", lambda value: "Y" if value else "N")


@hurts("validity")
def field_not_in_catalogue(events: list[Event], chance: Random) -> Edits:
    """A column of the export that nobody mapped."""
    return changing(events, some(everywhere(events), chance), lambda event: stating(event, col_17="1"))


@hurts("validity")
def name_in_code_field(events: list[Event], chance: Random) -> Edits:
    """The unit holds the name of an officer, a made-up one."""
    places = some(having(events, "unit"), chance)
    return changing(events, places, lambda event: stating(event, unit="DC 0000 Exampleson"))


@hurts("validity")
def telephone_in_code_field(events: list[Event], chance: Random) -> Edits:
    """The victim's pseudonym is a telephone number, one that is given to nobody."""
    places = some(having(events, "victim"), chance)
    return changing(events, places, lambda event: stating(event, victim="07700 900123"))


@hurts("validity")
def note_in_code_field(events: list[Event], chance: Random) -> Edits:
    """A reference holds a note."""
    places = some(having(events, "reference"), chance)
    return changing(events, places, lambda event: stating(event, reference="rang twice, will try again on Monday"))


@hurts("validity")
def text_too_long(events: list[Event], chance: Random) -> Edits:
    """A field with all of a log in it."""
    return changing(
        events, some(having(events, "unit"), chance), lambda event: stating(event, unit=event["data"]["unit"] * 2_000)
    )


@hurts("validity")
def version_of_the_future(events: list[Event], chance: Random) -> Edits:
    """From a day on, one source publishes a version that the catalogue has not."""
    late = from_a_day_on(events, of_one_source(events, everywhere(events), chance), chance)
    return changing(events, late, lambda event: event | {"type": f"{event['type'].rpartition('.v')[0]}.v9"})


@hurts("validity")
def agency_of_another(events: list[Event], chance: Random) -> Edits:
    """Events state an agency that is not theirs."""
    return changing(
        events,
        some(everywhere(events), chance),
        lambda event: stating(event, agency="cps" if not name_of(event).startswith("cps.") else "police"),
    )
