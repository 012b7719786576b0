"""Given these events, this story: the whole text, worked out by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from england_wales import england_wales, england_wales_store
from histories import Event, event
from joined import emptied, filled

from throughline.sinks.board.case.history import History, history
from throughline.sinks.board.case.lags import lags, summed_up
from throughline.sinks.board.case.owed import owed
from throughline.sinks.board.case.story import Step, Story, story
from throughline.sinks.board.words.names import Names
from throughline.sql import one_row

NAMES = Names(england_wales())
RECORDED = event("police.crime.recorded", "2026-03-03T10:00", id="1", unit="20PP")
SENT = event("police.file.submitted", "2026-03-09T09:00", id="2", unit="20PP", decision="green", answers=None)
RECEIVED = event("cps.pcd.received", "2026-03-21T10:00", id="3", decision="green")
REJECTED = event("cps.pcd.triaged", "2026-03-22T10:00", id="4", decision="reject", reason="No MG3")


def known(*events: Event, until: str = "2026-04-01T00:00") -> History:
    """The one case that the events make, counted to `until`."""
    store = filled(emptied(england_wales_store()), [list(events)])
    store.connection.execute("set variable as_of = ?::timestamp", [until])
    (case_id,) = one_row(store.connection, "select case_id from cases")
    found = history(store.connection, case_id, datetime.fromisoformat(until))
    store.connection.execute("reset variable as_of")
    assert found is not None
    return found


def way(*events: Event, until: str = "2026-04-01T00:00") -> list[str]:
    return [step.says for step in story(known(*events, until=until), NAMES).way]


def test_a_file_that_nobody_acknowledged_for_days() -> None:
    """Recorded, sent, received twelve days later, and held since."""
    assert way(RECORDED, SENT, RECEIVED) == [
        "On 3 March 2026 the case began, with police: crime recorded.",
        "On 9 March 2026 police sent it to the CPS (submission), after 5 days; nobody acknowledged it for 12 days.",
        "The case has been with the CPS since 21 March 2026, for 10 days so far.",
    ]


def test_a_file_that_is_on_its_way() -> None:
    assert way(RECORDED, SENT)[1:] == [
        "On 9 March 2026 police sent it to the CPS (submission), after 5 days; "
        "nobody has acknowledged it since, for 3 weeks and 1 day so far.",
        "The case is between agencies: on its way to the CPS for 3 weeks and 1 day so far.",
    ]


def test_a_file_that_comes_back_says_why() -> None:
    """Of a single day several things are told in one step, the date once."""
    assert way(RECORDED, SENT, RECEIVED, REJECTED, until="2026-03-22T12:00")[2:] == [
        "On 22 March 2026 the CPS sent it back to police (return), after 1 day; "
        "nobody has acknowledged it since, for 2 hours so far. The reason given: no MG3.",
        "The case is between agencies: on its way to police for 2 hours so far.",
    ]


def test_a_day_that_is_known_without_its_hour_gives_bounds() -> None:
    """Sent some time on the 9th, received some time on the 12th: between two days and four."""
    sent = event("police.file.submitted", "2026-03-09", id="2", decision="green")
    taken = event("cps.pcd.received", "2026-03-12", id="3", decision="green")

    assert way(RECORDED, sent, taken)[1] == (
        "On 9 March 2026 police sent it to the CPS (submission), after 5 days; "
        "nobody acknowledged it for between 2 days and 4 days."
    )


def test_a_decision_that_the_victim_was_told_of_and_one_that_not() -> None:
    """Nothing is said to be untold: no event says that it was told."""
    decided = event("police.suspect.charged", "2026-03-10T09:00", id="5")
    told = event("police.victim.told", "2026-03-15T09:00", id="6", about="5", channel="telephone")
    said = way(RECORDED, decided, told)
    untold = way(RECORDED, decided)

    assert said[1] == "On 10 March 2026 police recorded: suspect charged. The victim was told 5 days later."
    assert untold[1] == "On 10 March 2026 police recorded: suspect charged. No event says that the victim was told."


def promise(number: int, day: str, due: str) -> Event:
    return event(
        "police.victim.contact_promised",
        f"{day}T09:00",
        id=f"p{number}",
        reference=f"R{number}",
        due_at=datetime.fromisoformat(f"{due}T17:00"),
    )


def kept(number: int, day: str) -> Event:
    return event(
        "police.victim.contact_made", f"{day}T17:00", id=f"k{number}", answers=f"R{number}", channel="telephone"
    )


def test_few_promises_are_told_one_by_one() -> None:
    said = story(known(RECORDED, promise(1, "2026-03-04", "2026-03-06"), kept(1, "2026-03-09")), NAMES)

    assert said.victim == [
        "On 4 March 2026 police promised the victim a contact. It came on 9 March 2026, 3 days late.",
    ]


def test_many_promises_are_counted() -> None:
    """Kept, late, never kept and not due yet."""
    events = [promise(number, f"2026-03-0{number + 3}", "2026-03-09") for number in (1, 2, 3)]
    events.append(promise(4, "2026-03-08", "2026-05-01"))
    said = story(known(RECORDED, *events, kept(1, "2026-03-08"), kept(2, "2026-03-20")), NAMES)

    assert said.victim == [
        "Police promised the victim a contact 4 times: "
        "1 came in time, 1 came late, 1 did not come and 1 still to come.",
    ]


@pytest.mark.parametrize(
    ("letters", "places"),
    [
        (1000, {0, 1, 2, 3}),
        # the two where the case moved, and the first and the last in any case
        (45, {0, 2, 3}),
        (0, {0, 3}),
    ],
)
def test_a_printed_page_has_what_fits_and_where_the_case_moved_first(letters: int, places: set[int]) -> None:
    told = Story([Step("a" * 15, True), Step("b" * 15, False), Step("c" * 15, True), Step("d" * 15, True)])

    assert told.on_a_page(letters) == places


def test_what_is_owed_says_who_owes_it_and_how_late_it_is() -> None:
    """In limbo the taker owes an answer; a promise that is past is late; what has no date stands last."""
    debts = owed(known(RECORDED, promise(1, "2026-03-04", "2026-03-06"), SENT), NAMES)
    said = [(one.agency, one.what, one.late) for one in debts]

    assert said[-1] == ("cps", "Acknowledge the case, which police sent", "")
    assert [(agency, late) for agency, what, late in said if "promise" in what.lower()] == [
        ("police", "3 weeks and 4 days"),
    ]


def lagging(day: str, written: str | None, **fields: Any) -> Event:
    at = None if written is None else datetime.fromisoformat(written)
    return event("police.crime.recorded", day, id=f"{day} {written}", recorded_at=at, **fields)


@pytest.mark.parametrize(
    ("day", "written", "said"),
    [
        ("2026-03-02T10:00", "2026-03-02T10:05", "at once"),
        ("2026-03-02T10:00", "2026-03-02T20:00", "the same day"),
        ("2026-03-02T10:00", "2026-03-07T10:00", "5 days later"),
        # some time on the second, so that it is one day later, or two
        ("2026-03-02", "2026-03-04T12:00", "between 1 day and 12 hours and 2 days and 12 hours later"),
        ("2026-03-02T10:00", None, "not stated"),
    ],
)
def test_how_long_after_it_happened_an_event_was_written_down(day: str, written: str | None, said: str) -> None:
    (lag,) = lags(known(lagging(day, written)).events, NAMES)

    assert lag.written_words == said


def test_who_wrote_down_late_is_summed_up() -> None:
    found = lags(known(lagging("2026-03-02T10:00", "2026-03-07T10:00"), RECORDED).events, NAMES)

    assert summed_up(found) == (
        "Of 2 events, 1 was written down more than a day after happening. "
        "The slowest was written down 5 days later: crime recorded."
    )
    assert summed_up(lags([], NAMES)) == "No agency says when it wrote these events down."
