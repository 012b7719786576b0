"""The reference itself, checked by hand: contacts, tellings and delays (docs/rules.md, sections 4 and 6)."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any

import reference
from histories import event
from reference_contacts import kaplan_meier
from reference_time import Event
from small import small_rules

RULES = small_rules()
DAY = 86_400.0


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def promise(**fields: Any) -> Event:
    return event("police.update.promised", "2026-03-02T09:00", id="p", due_at=at("2026-03-05T17:00"), **fields)


def state(kind: str, events: list[Event], as_of: str = "2026-03-10") -> tuple[Any, ...]:
    """State and answer of the only contact of a kind."""
    (row,) = [row for row in reference.contacts(events, RULES, at(as_of)) if row["kind"] == kind]
    return row["state"], row["answered_by"]


def test_a_promise_is_broken_when_its_time_has_passed() -> None:
    """Not at that time, and not by an attempt, by what came before it, or by another agency."""
    others = [
        event("police.call.made", "2026-03-02T08:00", id="before"),
        event("police.call.attempted", "2026-03-03T09:00", id="tried"),
        event("cps.victim.told", "2026-03-04T09:00", id="cps"),
    ]

    assert state("promised", [promise()], "2026-03-05T17:00") == ("open", None)
    assert state("promised", [promise(), *others], "2026-03-05T17:00:00.000001") == ("broken", None)


def test_a_promise_is_kept_by_the_first_that_names_it() -> None:
    """A call that names it counts, though one that names nothing came first; else the first counts."""
    plain = event("police.call.made", "2026-03-03T09:00", id="plain")
    named = event("cps.victim.told", "2026-03-05T17:00", id="named", answers="A")
    stray = event("police.call.made", "2026-03-02T12:00", id="stray", answers="B")

    assert state("promised", [promise(reference="A"), stray, plain, named]) == ("kept", "named")
    assert state("promised", [promise(reference="A"), stray, plain]) == ("kept", "plain")
    assert state("promised", [promise(), stray]) == ("broken", None)
    early = event("police.call.made", "2026-03-01T09:00", id="early", answers="A")
    assert state("promised", [promise(reference="A"), early, plain]) == ("broken", None), "its answer is known"


def test_a_promise_answered_after_its_time_is_late() -> None:
    """By a microsecond."""
    call = event("police.call.made", "2026-03-05T17:00:00.000001", id="c")

    assert state("promised", [promise(), call]) == ("late", "c")


def test_an_advocates_request_is_not_answered_by_an_advocate() -> None:
    """But by any other agency."""
    asked = event("advocate.update.requested", "2026-03-02T09:00", id="q", reference="Q")
    advocate = event("advocate.call.made", "2026-03-03T09:00", id="a")
    prosecutor = event("cps.victim.told", "2026-03-04T09:00", id="c")

    assert state("requested", [asked, advocate]) == ("open", None)
    assert state("requested", [asked, advocate, prosecutor]) == ("kept", "c")


def test_a_victim_may_be_told_before_it_is_decided() -> None:
    """The lag is negative then, and kept; the first telling counts."""
    told = event("police.victim.told", "2026-03-01T09:00", id="t1", about="d", channel="phone")
    again = event("cps.victim.told", "2026-03-04T09:00", id="t2", about="d")
    decided = event("police.suspect.decided", "2026-03-02T09:00", id="d", decision="bail")

    (found,) = reference.tellings([told, decided, again], RULES)

    assert (found["told_event"], found["lag_seconds"], found["class"]) == ("t1", -DAY, "told")
    assert [row["told_at"] for row in reference.timeline([told, decided, again], RULES)] == [
        None,
        at("2026-03-01T09:00"),
        None,
    ]


def test_told_before_or_after_the_decision_takes_effect() -> None:
    """At that very time is in time."""
    decided = event(
        "police.suspect.decided",
        "2026-03-02T09:00",
        id="d",
        decision="bail",
        effect_at=at("2026-03-03T09:00"),
    )
    in_time = event("police.victim.told", "2026-03-03T09:00", id="t", about="d")
    too_late = event("police.victim.told", "2026-03-03T09:01", id="t", about="d")
    called = event("police.call.made", "2026-03-02T10:00", id="c")

    classes = [
        reference.tellings([decided, *others], RULES)[0]["class"] for others in ([in_time], [too_late], [called])
    ]

    assert classes == ["before_effect", "after_effect", "not_told"]


def test_what_is_still_on_its_way_counts_among_the_delays() -> None:
    """Of four, one took a day, one three; one is two days on its way, one was closed after half a day.

    At one day three are at risk, two thirds remain; at three days one is at risk, and none remains.
    """
    events: list[Event] = []
    sent = {"1": "2026-03-02", "2": "2026-03-02", "3": "2026-03-08", "4": "2026-03-02"}
    for case, day in sent.items():
        named = {"identifiers": {"urn": case}}
        events.append(event("police.file.sent", day + "T00:00", id="s" + case, **named))
    events += [
        event("cps.file.received", "2026-03-03T00:00", id="r1", identifiers={"urn": "1"}),
        event("cps.file.received", "2026-03-05T00:00", id="r2", identifiers={"urn": "2"}),
        event("police.suspect.decided", "2026-03-02T12:00", id="c", decision="nfa", identifiers={"urn": "4"}),
    ]

    (found,) = reference.delays(events, RULES, at("2026-03-10"))

    assert found == {
        "from_agency": "police",
        "to_agency": "cps",
        "cases": 4,
        "handoffs": 4,
        "median": 3 * DAY,
        "p90": 3 * DAY,
        "censored": 2,
    }


def test_a_share_that_is_never_reached_has_no_duration() -> None:
    """With half of them lost the median is the last received, if half or fewer remain then."""
    half, tenth = Fraction(1, 2), Fraction(1, 10)
    durations = [(1.0, True), (2.0, True), (9.0, False), (9.0, False)]

    assert kaplan_meier(durations, half) == 2.0
    assert kaplan_meier(durations, tenth) is None
    assert kaplan_meier([(float(n), True) for n in range(1, 11)], tenth) == 9.0
    assert kaplan_meier([(1.0, False), (1.0, True)], half) == 1.0, "at risk at its own duration"
