"""Kinds of bad data: each time is a possible one, but things happen in an order in which they cannot."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from bench.bad_data.kind import (
    Edits,
    Event,
    changing,
    having,
    hurts,
    moved,
    name_of,
    of_one,
    of_one_source,
    of_types,
    recorded,
    some,
    source_of,
    stating,
    text,
    timed,
    where,
    without,
)

DAY = timedelta(days=1)


@hurts("consistency")
def due_before_asked(events: list[Event], chance: Random) -> Edits:
    """An answer is due before it was asked for."""
    places = [place for place in having(events, "due_at") if "time" in events[place]]
    return changing(events, some(places, chance), lambda event: stating(event, due_at=text(recorded(event) - 60 * DAY)))


@hurts("consistency")
def told_before_decided(events: list[Event], chance: Random) -> Edits:
    """One source's telling stands a week before the decision that is told."""
    decided = {event["id"]: event["time"] for event in events if "time" in event}
    told = where(
        events,
        lambda event: name_of(event).endswith((".told", ".letter_sent")) and event["data"].get("about") in decided,
    )

    def before(event: Event) -> Event:
        time = datetime.fromisoformat(decided[event["data"]["about"]]) - 7 * DAY
        return without(event, "occurredon") | {"time": text(time)}

    return changing(events, of_one_source(events, told, chance), before)


@hurts("consistency")
def received_before_sent(events: list[Event], chance: Random) -> Edits:
    """One source's receipts stand a month before what they acknowledge."""
    receipts = [place for place in timed(events) if name_of(events[place]).endswith((".received", "decision_received"))]
    return changing(events, of_one_source(events, receipts, chance), lambda event: moved(event, -30 * DAY))


@hurts("consistency")
def decided_before_submitted(events: list[Event], chance: Random) -> Edits:
    """Charging decisions stand half a year early, before the file was submitted."""
    places = [place for place in of_types(events, {"cps.pcd.decided"}) if "time" in events[place]]
    return changing(events, of_one(source_of, events, places, chance), lambda event: moved(event, -180 * DAY))


@hurts("consistency")
def closed_then_acted_upon(events: list[Event], chance: Random) -> Edits:
    """Outcomes are dated two months early, so that work goes on in closed cases."""
    places = [
        place
        for place in of_types(events, {"police.investigation.outcome_assigned", "hmcts.case.completed"})
        if "time" in events[place]
    ]
    return changing(events, of_one_source(events, places, chance), lambda event: moved(event, -60 * DAY))


@hurts("consistency")
def before_the_case_began(events: list[Event], chance: Random) -> Edits:
    """Events stand two hundred days before their case was reported."""
    first = {"police.incident.logged", "police.crime.recorded", "police.incident.graded"}
    places = [place for place in timed(events) if name_of(events[place]) not in first]
    return changing(events, some(places, chance), lambda event: moved(event, -200 * DAY))
