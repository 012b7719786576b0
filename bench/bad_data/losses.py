"""Kinds of bad data: events that never came, and what one agency says against another."""

from __future__ import annotations

from random import Random
from typing import Any

from bench.bad_data.kind import (
    Edits,
    Event,
    adding,
    agency_of,
    changing,
    domain,
    everywhere,
    from_a_day_on,
    having,
    hurts,
    losing,
    name_of,
    of_one,
    of_one_source,
    of_some_days,
    of_types,
    some,
    stating,
    where,
)


def _receipts(events: list[Event]) -> list[int]:
    receiving = {
        name for name, type_ in domain().types.items() if any(one.effect == "receives" for one in type_.effects)
    }
    return of_types(events, receiving)


def _contacts(*kinds: str) -> set[str]:
    return {name for name, type_ in domain().types.items() if type_.contact in kinds}


@hurts("completeness")
def receipts_lost(events: list[Event], chance: Random) -> Edits:
    """All receipts of one agency are lost, so that what is sent to it stays between two agencies."""
    return losing(of_one(agency_of, events, _receipts(events), chance))


@hurts("completeness")
def receipts_of_a_month_lost(events: list[Event], chance: Random) -> Edits:
    """Nobody's receipts came for a month."""
    return losing(of_some_days(events, _receipts(events), chance, 30))


@hurts("timeliness")
def source_silent(events: list[Event], chance: Random) -> Edits:
    """From a day on, one source is silent."""
    return losing(from_a_day_on(events, of_one_source(events, everywhere(events), chance), chance))


@hurts("completeness", before_numbering=True)
def type_silent(events: list[Event], chance: Random) -> Edits:
    """From a day on, one type of event does not come any more."""
    return losing(from_a_day_on(events, of_one(name_of, events, everywhere(events), chance), chance))


@hurts("completeness")
def lost_at_random(events: list[Event], chance: Random) -> Edits:
    """One event in twenty is lost on its way; its number is missing."""
    return losing(some(everywhere(events), chance))


@hurts("completeness", before_numbering=True)
def lost_before_numbering(events: list[Event], chance: Random) -> Edits:
    """One event in twenty is lost before it has a number."""
    return losing(some(everywhere(events), chance))


@hurts("completeness", before_numbering=True)
def fortnight_lost(events: list[Event], chance: Random) -> Edits:
    """Two weeks of one source are lost, before they were numbered."""
    places = of_one_source(events, everywhere(events), chance)
    return losing(of_some_days(events, places, chance, 14))


@hurts("completeness", before_numbering=True)
def volume_halved(events: list[Event], chance: Random) -> Edits:
    """From a day on, half of one source's events are not exported."""
    late = from_a_day_on(events, of_one_source(events, everywhere(events), chance), chance)
    return losing(some(late, chance, 0.5))


@hurts("completeness", before_numbering=True)
def nobody_told(events: list[Event], chance: Random) -> Edits:
    """From a day on, one agency's telling of decisions is not recorded."""
    told = of_types(events, _contacts("told"))
    return losing(from_a_day_on(events, of_one(agency_of, events, told, chance), chance))


@hurts("completeness", before_numbering=True)
def promises_never_answered(events: list[Event], chance: Random) -> Edits:
    """From a day on, no contact of one agency is recorded that answers a promise or a request."""
    answers = [place for place in of_types(events, _contacts("made", "told")) if "answers" in events[place]["data"]]
    return losing(from_a_day_on(events, of_one(agency_of, events, answers, chance), chance))


@hurts("consistency")
def answers_to_nothing(events: list[Event], chance: Random) -> Edits:
    """One source writes the reference that it answers in a form of its own, so that it answers nothing."""
    places = of_one_source(events, having(events, "answers"), chance)
    return changing(events, places, lambda event: stating(event, answers=event["data"]["answers"].replace("-", "/")))


@hurts("consistency")
def tells_of_nothing(events: list[Event], chance: Random) -> Edits:
    """One source names what it tells of by another system's id, so that it tells of nothing."""
    places = of_one_source(events, having(events, "about"), chance)
    return changing(events, places, lambda event: stating(event, about=f"X{event['data']['about'][2:]}"))


@hurts("consistency", before_numbering=True)
def holders_contradict(events: list[Event], chance: Random) -> Edits:
    """Police say that they hold the case in cases that prosecutors say they hold."""

    def stated(event: Event) -> Event:
        data: dict[str, Any] = {"identifiers": event["data"]["identifiers"], "unit": "20PP", "holder": "police"}
        other = {
            "id": f"F-{event['id'][2:]}-H",
            "source": "urn:throughline:police:20:files",
            "sequence": f"9{event['sequence']}",  # after all of that source's, until it numbers them
            "type": f"{domain().type_prefix}.police.case.status_stated.v1",
            "data": data,
        }
        return event | other

    return adding(events, some(of_types(events, {"cps.pcd.received"}), chance), stated)


@hurts("consistency")
def sent_on_without_a_word(events: list[Event], chance: Random) -> Edits:
    """What one source sends to another agency is lost; the receipts come."""
    sending = {name for name, type_ in domain().types.items() if any(one.effect == "sends" for one in type_.effects)}
    return losing(of_one_source(events, where(events, lambda event: name_of(event) in sending), chance))
