"""The reference itself, checked by hand: what is owed by when (docs/rules.md, section 5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import reference
from histories import event
from reference_time import Event, months_on
from small import small_rules

RULES = small_rules()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def clocks(standard: str, events: list[Event], as_of: str = "2026-06-01") -> list[dict[str, Any]]:
    """Rows of one standard."""
    return [row for row in reference.clocks(events, RULES, at(as_of)) if row["standard"] == standard]


def crime(when: str = "2026-03-02T09:00", id: str = "1", **fields: Any) -> Event:
    return event("police.crime.recorded", when, id=id, **fields)


def test_hours_are_real_hours_over_the_night_on_which_the_clocks_go_forward() -> None:
    """Thirty-six hours from half past eleven at night."""
    (found,) = clocks("TOLD-HOURS", [crime("2026-03-28T23:30")])

    assert found["due_at"] == at("2026-03-30T11:30")


def test_calendar_days_end_with_the_local_day() -> None:
    """Seven days from a Monday in winter time end on a Monday in summer time, 23:59:59.999999 local time."""
    (found,) = clocks("FILE-DAYS", [event("police.file.sent", "2026-03-23T10:00", id="1")])

    assert found["due_at"] == at("2026-03-30T22:59:59.999999")


@pytest.mark.parametrize(
    ("decided", "version", "due_at"),
    [
        ("2026-04-02T16:00", "2026", "2026-04-09T22:59:59.999999"),  # Maundy Thursday: Tue, Wed, Thu
        ("2026-03-31T23:00", "2026", "2026-04-08T22:59:59.999999"),  # local midnight, 1 April: Thu, Tue, Wed
        ("2026-03-31T22:59", "2025", "2026-04-09T22:59:59.999999"),  # a minute before: five days
    ],
)
def test_working_days_over_easter_by_the_version_in_force_on_the_local_day(
    decided: str, version: str, due_at: str
) -> None:
    """Good Friday (3 April 2026) and Easter Monday are none; the day of the decision is day 0."""
    events = [event("police.suspect.decided", decided, id="1", decision="bail")]

    (found,) = clocks("TOLD-WORKING", events)

    assert (found["version"], found["due_at"]) == (version, at(due_at))


def test_months_end_on_the_last_day_where_there_is_no_such_day() -> None:
    """Two months from New Year's Eve is the end of February; allowed are 59 days."""
    events = [crime("2025-12-31T12:00"), event("cps.charge.decided", "2026-03-02T09:00", id="2")]

    (found,) = clocks("DECIDED-MONTHS", events)

    assert found["due_at"] == at("2026-02-28T23:59:59.999999")
    assert (found["state"], found["elapsed"], found["overdue"]) == ("late", 61.0, 2.0)
    assert months_on(at("2024-12-31").date(), 14) == at("2026-02-28").date()


def test_a_standard_that_runs_once_runs_for_the_first_start() -> None:
    """A crime recorded again opens no second clock of it."""
    events = [crime(), crime("2026-03-05T09:00", id="2")]

    assert len(clocks("DECIDED-MONTHS", events)) == 1
    assert len(clocks("TOLD-HOURS", events)) == 2


def test_enhanced_rights_shorten_the_clock_if_known_by_the_start() -> None:
    """The last that is known counts; what is learnt later does not."""
    known = event("police.victim.assessed", "2026-03-01T09:00", id="a", enhanced=True)
    silent = event("police.victim.assessed", "2026-03-01T10:00", id="b", enhanced=None)
    withdrawn = event("police.victim.assessed", "2026-03-01T11:00", id="c", enhanced=False)
    later = event("police.victim.assessed", "2026-03-02T10:00", id="d", enhanced=True)

    amounts = [
        clocks("TOLD-HOURS", [crime(), *others])[0]["amount"]
        for others in ([known], [known, silent], [known, withdrawn], [later])
    ]

    assert amounts == [12, 12, 36, 36]


def test_a_clock_stands_still_while_it_is_paused() -> None:
    """Wednesday to Friday moves the due day by two; a second pause before the resume changes nothing."""
    events = [
        event("police.file.sent", "2026-03-02T10:00", id="1"),
        event("police.inquiry.paused", "2026-03-04T09:00", id="2"),
        event("police.inquiry.paused", "2026-03-05T09:00", id="3"),
        event("police.inquiry.resumed", "2026-03-06T18:00", id="4"),
        event("cps.file.received", "2026-03-12T09:00", id="5"),
    ]

    (found,) = clocks("FILE-DAYS", events)

    assert (found["paused"], found["due_at"]) == (2.0, at("2026-03-11T23:59:59.999999"))
    assert (found["state"], found["elapsed"], found["overdue"]) == ("late", 8.0, 1.0)


def test_a_pause_that_is_open_stops_the_count() -> None:
    """Paused after three hours: three hours, however late it is asked; then it goes on from there."""
    events = [crime(), event("police.inquiry.paused", "2026-03-02T12:00", id="2")]
    resumed = event("police.inquiry.resumed", "2026-03-04T12:00", id="3")

    (found,) = clocks("TOLD-HOURS", events, "2026-03-10")
    assert (found["state"], found["elapsed"], found["overdue"]) == ("paused", 3.0, 0.0)
    assert (found["due_at"], found["paused_since"]) == (at("2026-03-03T21:00"), at("2026-03-02T12:00"))

    (found,) = clocks("TOLD-HOURS", [*events, resumed], "2026-03-05T12:00")
    assert (found["state"], found["elapsed"], found["paused"]) == ("running", 27.0, 48.0)
    assert found["due_at"] == at("2026-03-05T21:00")


def test_a_pause_that_is_open_when_the_clock_stops_ends_there() -> None:
    """It is paused time like any other, and moves the due time."""
    events = [
        crime(),
        event("police.inquiry.paused", "2026-03-02T12:00", id="2"),
        event("police.victim.told", "2026-03-05T12:00", id="3"),
    ]

    (found,) = clocks("TOLD-HOURS", events)

    assert (found["state"], found["elapsed"], found["paused"]) == ("met", 3.0, 72.0)
    assert (found["due_at"], found["paused_since"]) == (at("2026-03-06T21:00"), None)


@pytest.mark.parametrize(
    ("as_of", "state", "elapsed", "paused", "due_at"),
    [
        ("2026-03-02T11:00", "running", 2.0, 0.0, "2026-03-03T21:00"),
        ("2026-03-03T12:00", "paused", 3.0, 0.0, "2026-03-03T21:00"),
        ("2026-03-04T13:00", "running", 4.0, 48.0, "2026-03-05T21:00"),
        ("2026-03-05T12:00", "paused", 9.0, 48.0, "2026-03-05T21:00"),
        ("2026-03-06T18:00", "met", 9.0, 72.0, "2026-03-06T21:00"),
    ],
)
def test_a_clock_counts_the_pauses_up_to_the_day_that_is_asked(
    as_of: str, state: str, elapsed: float, paused: float, due_at: str
) -> None:
    """Paused for 48 hours, and again until it stops: as of each day only what was paused and over by then counts."""
    events = [
        crime(),
        event("police.inquiry.paused", "2026-03-02T12:00", id="2"),
        event("police.inquiry.resumed", "2026-03-04T12:00", id="3"),
        event("police.inquiry.paused", "2026-03-04T18:00", id="4"),
        event("police.victim.told", "2026-03-05T18:00", id="5"),
    ]

    (found,) = clocks("TOLD-HOURS", events, as_of)

    assert (found["state"], found["elapsed"], found["paused"]) == (state, elapsed, paused)
    assert found["due_at"] == at(due_at)


def test_a_clock_is_cancelled_before_it_is_stopped() -> None:
    """What comes first in order counts."""
    told = event("police.victim.told", "2026-03-03T09:00", id="2")
    early = event("police.complaint.withdrawn", "2026-03-02T12:00", id="3")
    late = event("police.complaint.withdrawn", "2026-03-03T09:01", id="4")

    (found,) = clocks("TOLD-HOURS", [crime(), told, early])
    assert (found["state"], found["stopped_at"], found["stop_event"]) == (
        "cancelled",
        at("2026-03-02T12:00"),
        "3",
    )
    (found,) = clocks("TOLD-HOURS", [crime(), told, late])
    assert (found["state"], found["stopped_at"], found["elapsed"]) == ("met", at("2026-03-03T09:00"), 24.0)


def test_a_stop_must_name_what_it_is_about() -> None:
    """Telling of the one decision does not stop the clock of the other."""
    events = [
        event("police.suspect.decided", "2026-03-02T09:00", id="d1", decision="bail"),
        event("police.suspect.decided", "2026-03-03T09:00", id="d2", decision="nfa"),
        event("police.victim.told", "2026-03-04T09:00", id="t", about="d2"),
    ]

    found = clocks("TOLD-WORKING", events)

    assert [(row["start_event"], row["stop_event"]) for row in found] == [("d1", None), ("d2", "t")]


def test_a_stop_answers_a_reference_or_repeats_it() -> None:
    """`answers` counts before `reference`; a start without one is never stopped."""
    returned = event("cps.file.returned", "2026-03-02T09:00", id="r", reference="A")
    nothing = event("cps.file.returned", "2026-03-02T09:00", id="n")
    other = event("police.victim.told", "2026-03-03T09:00", id="o", reference="A", answers="B")
    repeats = event("police.file.sent", "2026-03-04T09:00", id="s", reference="A")
    answers = event("police.call.made", "2026-03-05T09:00", id="c", answers="A")

    found = clocks("ACTION-WORKING", [returned, nothing, other, answers])
    assert {row["start_event"]: row["stop_event"] for row in found} == {"r": "c", "n": None}
    found = clocks("ACTION-WORKING", [returned, other, answers, repeats])
    assert [row["stop_event"] for row in found] == ["s"]


def test_a_due_time_set_for_the_case() -> None:
    """A promise is due when it says; what is over is counted in hours past that time."""
    promise = event("police.update.promised", "2026-03-02T09:00", id="p", reference="A", due_at=at("2026-03-05T17:00"))
    call = event("police.call.made", "2026-03-05T17:00", id="c", answers="A")

    (found,) = clocks("PROMISE-DUE", [promise, call])
    assert (found["due_at"], found["state"], found["overdue"]) == (at("2026-03-05T17:00"), "met", 0.0)
    assert [row["state"] for row in clocks("PROMISE-DUE", [promise], "2026-03-05T17:00")] == ["running"]
    assert [row["state"] for row in clocks("PROMISE-DUE", [promise], "2026-03-05T17:00:01")] == ["overdue"]
    assert [row["overdue"] for row in clocks("PROMISE-DUE", [promise], "2026-03-06T18:00")] == [25.0]


def test_a_clock_without_a_limit_measures() -> None:
    """In hours."""
    taken = event("advocate.case.taken", "2026-03-02T09:00", id="1")
    decided = event("cps.charge.decided", "2026-03-04T10:30", id="2")

    (found,) = clocks("ADVOCATE-MEASURED", [taken, decided])

    assert (found["state"], found["due_at"], found["elapsed"]) == ("measured", None, 49.5)
    assert [row["state"] for row in clocks("ADVOCATE-MEASURED", [taken])] == ["running"]


def test_imprecise_ends_may_leave_it_unclear() -> None:
    """A crime of some time on Monday, told on Tuesday at one: 13 to 37 hours, where 36 are allowed."""
    events = [crime("2026-03-02"), event("police.victim.told", "2026-03-03T13:00", id="2")]

    (found,) = clocks("TOLD-HOURS", events)

    assert (found["due_at"], found["due_latest"]) == (at("2026-03-03T12:00"), at("2026-03-04T12:00"))
    assert (found["state"], found["overdue"]) == ("unclear", 1.0)
    assert (found["elapsed_least"], found["elapsed"], found["elapsed_most"]) == (13.0, 37.0, 37.0)


def test_a_day_that_ends_with_the_due_day_is_in_time() -> None:
    """Received on the seventh day, at whatever hour."""
    sent = event("police.file.sent", "2026-03-02T10:00", id="1")

    (found,) = clocks("FILE-DAYS", [sent, event("cps.file.received", "2026-03-09", id="2")])
    assert (found["state"], found["elapsed"], found["overdue"]) == ("met", 7.0, 0.0)
    (found,) = clocks("FILE-DAYS", [sent, event("cps.file.received", "2026-03-10", id="2")])
    assert (found["state"], found["elapsed"], found["overdue"]) == ("late", 8.0, 1.0)


def test_a_standard_that_is_switched_off_does_not_run() -> None:
    """Nor one before its first day."""
    assert clocks("SWITCHED-OFF", [crime()]) == []
    assert clocks("FILE-DAYS", [event("police.file.sent", "2024-12-31T23:59", id="1")]) == []
