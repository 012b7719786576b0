"""Kinds of bad data: identifiers and areas that are wrong, so that cases fall apart or flow together."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from bench.bad_data.kind import (
    Edits,
    Event,
    changing,
    everywhere,
    from_a_day_on,
    hurts,
    identified,
    identifying,
    of_one_source,
    of_types,
    some,
)


def _crime_refs(events: list[Event], places: list[int], change: Callable[[str], str]) -> Edits:
    return changing(
        events,
        places,
        lambda event: identifying(event, crime_ref=change(event["data"]["identifiers"]["crime_ref"])),
    )


def _some_crime_refs(events: list[Event], chance: Random, change: Callable[[str], str]) -> Edits:
    return _crime_refs(events, some(identified(events, "crime_ref"), chance), change)


@hurts("validity")
def crime_number_as_urn(events: list[Event], chance: Random) -> Edits:
    """The crime number stands where the URN should."""
    return changing(
        events,
        some(identified(events, "crime_ref"), chance),
        lambda event: identifying(event, crime_ref=None, urn=event["data"]["identifiers"]["crime_ref"]),
    )


@hurts("accuracy")
def urn_as_crime_number(events: list[Event], chance: Random) -> Edits:
    """One source writes the URN where the crime number should stand, which has no checked form."""
    return changing(
        events,
        of_one_source(events, identified(events, "urn"), chance),
        lambda event: identifying(event, urn=None, crime_ref=event["data"]["identifiers"]["urn"]),
    )


@hurts("completeness")
def placeholder_identifier(events: list[Event], chance: Random) -> Edits:
    """UNKNOWN stands for the crime number, a placeholder that the domain knows."""
    return _some_crime_refs(events, chance, lambda _: "UNKNOWN")


@hurts("accuracy")
def unlisted_placeholder(events: list[Event], chance: Random) -> Edits:
    """One value that is no placeholder of the domain stands for the crime number of many cases."""
    return _some_crime_refs(events, chance, lambda _: "20/999999/99")


@hurts("accuracy")
def zeros_as_identifier(events: list[Event], chance: Random) -> Edits:
    """0000 stands for the prosecutor's case id: four zeros are no placeholder of the domain."""
    places = some(identified(events, "cps_case_id"), chance)
    return changing(events, places, lambda event: identifying(event, cps_case_id="0000"))


@hurts("consistency")
def identifier_form_changed(events: list[Event], chance: Random) -> Edits:
    """From a day on, one source writes crime numbers in another form, so that they join nothing."""
    places = of_one_source(events, identified(events, "crime_ref"), chance)
    return _crime_refs(events, from_a_day_on(events, places, chance), lambda value: f"CR{value.replace('/', '-')}")


@hurts("accuracy")
def hub_in_hundreds_of_cases(events: list[Event], chance: Random) -> Edits:
    """Every crime carries one and the same incident number besides its own."""

    def shared(event: Event) -> Event:
        own = event["data"]["identifiers"].get("incident_ref", [])
        return identifying(event, incident_ref=[*([own] if isinstance(own, str) else own), "LOG-1"])

    return changing(events, of_one_source(events, of_types(events, {"police.crime.recorded"}), chance), shared)


@hurts("accuracy")
def letter_for_zero(events: list[Event], chance: Random) -> Edits:
    """The letter O for the digit 0 in a crime number that was typed by hand."""
    return _some_crime_refs(events, chance, lambda value: value[:3] + value[3:].replace("0", "O", 1))


@hurts("accuracy")
def digits_transposed(events: list[Event], chance: Random) -> Edits:
    """Two digits of a crime number are swapped: the event goes to another case or to none."""
    return _some_crime_refs(events, chance, lambda value: value[:7] + value[7:9][::-1] + value[9:])


@hurts("accuracy")
def unseen_space(events: list[Event], chance: Random) -> Edits:
    """A space of no width at the end of a crime number, from a web page."""
    return _some_crime_refs(events, chance, lambda value: f"{value}\u200b")


@hurts("accuracy")
def spreadsheet_number(events: list[Event], chance: Random) -> Edits:
    """From a day on, one source's case ids went through a spreadsheet, and are all about nine million."""
    places = of_one_source(events, identified(events, "cps_case_id"), chance)
    return changing(
        events,
        from_a_day_on(events, places, chance),
        lambda event: identifying(event, cps_case_id=f"{int(event['data']['identifiers']['cps_case_id']):.1E}"),
    )


@hurts("completeness")
def identifiers_missing(events: list[Event], chance: Random) -> Edits:
    """An event carries no identifier at all."""
    places = some(everywhere(events), chance)
    return changing(events, places, lambda event: event | {"data": event["data"] | {"identifiers": {}}})


@hurts("accuracy")
def force_codes_swapped(events: list[Event], chance: Random) -> Edits:
    """The code of the neighbour stands for one's own."""
    other = {"20": "21", "21": "20"}
    return changing(
        events,
        some(everywhere(events), chance),
        lambda event: event | {"partitionkey": other[event["partitionkey"]]},
    )


@hurts("accuracy")
def area_of_another_force(events: list[Event], chance: Random) -> Edits:
    """From a day on, one source gives the first area of the list, a force that publishes nothing."""
    places = of_one_source(events, everywhere(events), chance)
    return changing(events, from_a_day_on(events, places, chance), lambda event: event | {"partitionkey": "01"})


@hurts("validity")
def area_unknown(events: list[Event], chance: Random) -> Edits:
    """The area is the name of the force, not its code."""
    places = some(everywhere(events), chance)
    return changing(events, places, lambda event: event | {"partitionkey": "West Midlands"})


@hurts("consistency")
def identifiers_of_another_case(events: list[Event], chance: Random) -> Edits:
    """An event carries the crime number of the case that was open on the screen before."""
    places = identified(events, "crime_ref")
    values = [events[place]["data"]["identifiers"]["crime_ref"] for place in places]
    before = dict(zip(places[1:], values, strict=False))
    return {place: [identifying(events[place], crime_ref=before[place])] for place in some(places[1:], chance)}
