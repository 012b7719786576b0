"""Kinds of bad data: times that are wrong, shifted, rounded or impossible."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bench.bad_data.kind import (
    UNTIL,
    Edits,
    Event,
    agency_of,
    changing,
    everywhere,
    from_a_day_on,
    having,
    hurts,
    instant,
    moved,
    of_one,
    of_one_source,
    recorded,
    some,
    stating,
    text,
    timed,
    without,
)

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
_ZONE = ZoneInfo("Europe/London")
_GROWS_DAYS = 120
_MOST_DAYS_LATE = 30


def _rewritten(events: list[Event], chance: Random, written: str) -> Edits:
    return changing(events, some(timed(events), chance), lambda event: event | {"time": written})


@hurts("consistency")
def times_swapped(events: list[Event], chance: Random) -> Edits:
    """When it happened and when it was recorded stand in each other's field."""
    return changing(
        events,
        some(timed(events), chance),
        lambda event: event | {"time": event["recordedtime"], "recordedtime": event["time"]},
    )


@hurts("accuracy")
def local_time_as_utc(events: list[Event], chance: Random) -> Edits:
    """One source writes local time as UTC: an hour too late, in summer only."""

    def local(event: Event) -> Event:
        return event | {"time": text(instant(event) + (instant(event).astimezone(_ZONE).utcoffset() or 0 * HOUR))}

    return changing(events, of_one_source(events, timed(events), chance), local)


@hurts("accuracy")
def clock_ahead(events: list[Event], chance: Random) -> Edits:
    """The clock of one agency is three hours ahead."""
    places = of_one(agency_of, events, timed(events), chance)
    return changing(events, places, lambda event: moved(event, 3 * HOUR, "time", "recordedtime"))


@hurts("accuracy")
def day_wrong(events: list[Event], chance: Random) -> Edits:
    """The day is the next one."""
    return changing(events, some(timed(events), chance), lambda event: moved(event, DAY))


@hurts("accuracy")
def year_wrong(events: list[Event], chance: Random) -> Edits:
    """The year is that before."""
    return changing(events, some(timed(events), chance), lambda event: moved(event, -365 * DAY))


@hurts("accuracy")
def day_and_month_swapped(events: list[Event], chance: Random) -> Edits:
    """One source's export swaps day and month where both can be months."""

    def swapped(event: Event) -> Event:
        time = instant(event)
        return event if time.day > 12 else event | {"time": text(time.replace(day=time.month, month=time.day))}

    return changing(events, of_one_source(events, timed(events), chance), swapped)


@hurts("validity")
def milliseconds_as_seconds(events: list[Event], chance: Random) -> Edits:
    """Milliseconds since 1970 were read as seconds: a year of five digits."""

    def far(event: Event) -> Event:
        years = instant(event).timestamp() * 1000 / (365.2425 * 86_400)
        return event | {"time": f"{1970 + int(years)}{event['time'][4:]}"}

    return changing(events, some(timed(events), chance), far)


@hurts("accuracy")
def seconds_as_milliseconds(events: list[Event], chance: Random) -> Edits:
    """Seconds since 1970 were read as milliseconds: all in January 1970."""

    def near(event: Event) -> Event:
        return event | {"time": text(datetime.fromtimestamp(int(instant(event).timestamp() / 1000), UNTIL.tzinfo))}

    return changing(events, some(timed(events), chance), near)


@hurts("accuracy")
def year_1970(events: list[Event], chance: Random) -> Edits:
    """No time is written as the beginning of 1970."""
    return _rewritten(events, chance, "1970-01-01T00:00:00Z")


@hurts("accuracy")
def year_1900(events: list[Event], chance: Random) -> Edits:
    """No time is written as the beginning of 1900, a default of many systems."""
    return _rewritten(events, chance, "1900-01-01T00:00:00Z")


@hurts("validity")
def year_0001(events: list[Event], chance: Random) -> Edits:
    """No time is written as the beginning of the year 1."""
    return _rewritten(events, chance, "0001-01-01T00:00:00Z")


@hurts("validity")
def year_9999(events: list[Event], chance: Random) -> Edits:
    """No time is written as the end of the year 9999."""
    return _rewritten(events, chance, "9999-12-31T23:59:59Z")


@hurts("accuracy")
def in_future(events: list[Event], chance: Random) -> Edits:
    """It happens a year after it was recorded."""
    return changing(events, some(timed(events), chance), lambda event: moved(event, 400 * DAY))


@hurts("accuracy")
def recorded_before_it_happened(events: list[Event], chance: Random) -> Edits:
    """It was recorded five hours before it happened."""

    def early(event: Event) -> Event:
        return event | {"recordedtime": text(instant(event) - 5 * HOUR)}

    return changing(events, some(timed(events), chance), early)


@hurts("accuracy")
def midnights(events: list[Event], chance: Random) -> Edits:
    """One source knows days only and writes them as midnight, an instant."""
    return changing(
        events,
        of_one_source(events, timed(events), chance),
        lambda event: event | {"time": f"{event['time'][:10]}T00:00:00Z"},
    )


@hurts("accuracy")
def months_as_instants(events: list[Event], chance: Random) -> Edits:
    """One source knows months only and writes them as the first midnight of the month."""
    return changing(
        events,
        of_one_source(events, timed(events), chance),
        lambda event: event | {"time": f"{event['time'][:7]}-01T00:00:00Z"},
    )


@hurts("accuracy")
def full_hours(events: list[Event], chance: Random) -> Edits:
    """One source rounds down to the hour."""
    return changing(
        events,
        of_one_source(events, timed(events), chance),
        lambda event: event | {"time": f"{event['time'][:13]}:00:00Z"},
    )


@hurts("validity")
def no_zone(events: list[Event], chance: Random) -> Edits:
    """A time without a zone."""
    return changing(events, some(timed(events), chance), lambda event: event | {"time": event["time"][:-1]})


@hurts("validity")
def british_dates(events: list[Event], chance: Random) -> Edits:
    """Day, month and year with slashes, as a spreadsheet shows them."""
    return changing(
        events,
        some(timed(events), chance),
        lambda event: event | {"time": f"{instant(event):%d/%m/%Y %H:%M}"},
    )


@hurts("completeness")
def recorded_time_missing(events: list[Event], chance: Random) -> Edits:
    """One source does not say when it was recorded."""
    places = of_one_source(events, everywhere(events), chance)
    return changing(events, places, lambda event: without(event, "recordedtime"))


@hurts("timeliness")
def recorded_ever_later(events: list[Event], chance: Random) -> Edits:
    """From a day on, one source is written down later and later, up to a month."""
    places = from_a_day_on(events, of_one_source(events, everywhere(events), chance), chance)
    begin = recorded(events[places[0]])

    def later(event: Event) -> Event:
        part = min((recorded(event) - begin) / timedelta(days=_GROWS_DAYS), 1)
        return event | {"recordedtime": text(min(recorded(event) + part * _MOST_DAYS_LATE * DAY, UNTIL))}

    return changing(events, places, later)


@hurts("timeliness")
def recorded_when_exported(events: list[Event], chance: Random) -> Edits:
    """One source gives the night of its weekly export as the time of recording."""

    def exported(event: Event) -> Event:
        night = recorded(event).replace(hour=2, minute=0, second=0) + (7 - recorded(event).weekday()) * DAY
        return event | {"recordedtime": text(min(night, UNTIL))}

    return changing(events, of_one_source(events, everywhere(events), chance), exported)


@hurts("timeliness")
def month_recorded_at_once(events: list[Event], chance: Random) -> Edits:
    """One source's recording stood still for a month and was made up for on one day."""
    places = of_one_source(events, everywhere(events), chance)
    late = from_a_day_on(events, places, chance)
    end = recorded(events[late[0]]) + 30 * DAY
    within = [place for place in late if recorded(events[place]) < end]
    return changing(events, within, lambda event: event | {"recordedtime": text(end)})


@hurts("completeness")
def due_date_missing(events: list[Event], chance: Random) -> Edits:
    """One source does not say by when an answer is due."""
    return changing(
        events, of_one_source(events, having(events, "due_at"), chance), lambda event: stating(event, due_at=None)
    )
