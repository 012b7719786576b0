"""The reference itself, checked by hand: holdings, handoffs and claims (docs/rules.md, sections 3 and 4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import reference
from histories import event
from small import small_rules

RULES = small_rules()
DAY, HOUR = 86_400.0, 3_600.0


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def only(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """The named columns of each row."""
    return [tuple(row[name] for name in names) for row in rows]


def test_a_file_that_goes_back_and_forth() -> None:
    """Each sending is a handoff, received when the other acts; a return names its reasons."""
    events = [
        event("police.crime.recorded", "2026-03-02T09:00", id="1", unit="CID"),
        event("police.file.sent", "2026-03-03T09:00", id="2", unit="CID"),
        event("cps.file.received", "2026-03-03T15:00", id="3", unit="RASSO"),
        event("cps.file.returned", "2026-03-05T15:00", id="4", unit="RASSO", reason="statement missing"),
        event("police.file.sent", "2026-03-09T15:00", id="5", unit="CID"),
        event("cps.charge.decided", "2026-03-10T15:00", id="6", unit="RASSO", decision="charge"),
    ]

    found = reference.handoffs(events, RULES)

    assert only(found, "sent_event", "received_event", "kind", "reason", "limbo_seconds", "held_seconds") == [
        ("2", "3", "sent", None, 6 * HOUR, DAY),
        ("4", "5", "return", "statement missing", 4 * DAY, 2 * DAY),
        ("5", "6", "sent", None, DAY, None),
    ]
    assert only(reference.holdings(events, RULES), "agency", "from_at", "to_at", "seconds", "working_days") == [
        ("police", at("2026-03-02T09:00"), at("2026-03-03T09:00"), DAY, 1),
        ("cps", at("2026-03-03T15:00"), at("2026-03-05T15:00"), 2 * DAY, 2),
        ("cps", at("2026-03-10T15:00"), None, None, None),
    ]
    (state,) = reference.states(events, RULES)
    assert (state["state"], state["holder_agency"], state["holder_since"]) == (
        "held",
        "cps",
        at("2026-03-10T15:00"),
    )


def test_a_file_sent_twice_before_anyone_answers() -> None:
    """The first sending stays unreceived; it ended the holding, so the second counts none."""
    events = [
        event("police.crime.recorded", "2026-03-02T09:00", id="1"),
        event("police.file.sent", "2026-03-03T09:00", id="2"),
        event("police.file.sent", "2026-03-04T09:00", id="3"),
        event("cps.file.received", "2026-03-05T09:00", id="4"),
    ]

    found = reference.handoffs(events, RULES)

    assert only(found, "sent_event", "to_agency", "received_at", "limbo_seconds", "held_seconds") == [
        ("2", "cps", None, None, DAY),
        ("3", "cps", at("2026-03-05T09:00"), DAY, None),
    ]


def test_a_third_agency_acts_while_the_file_is_on_its_way() -> None:
    """The sending is lost; there is no implied handoff to the third agency, whose holding begins anew."""
    events = [
        event("police.file.sent", "2026-03-03T09:00", id="1", unit="CID"),
        event("advocate.case.taken", "2026-03-04T09:00", id="2", unit="IDVA"),
    ]

    found = reference.handoffs(events, RULES)

    assert only(found, "from_unit", "to_agency", "to_unit", "received_at") == [("CID", "cps", None, None)]
    assert only(reference.holdings(events, RULES), "agency", "unit", "to_at") == [("advocate", "IDVA", None)]


def test_a_plain_log_of_steps_gives_implied_handoffs() -> None:
    """From the giver's last step to the taker's first is limbo; the giver held up to its last step."""
    events = [
        event("police.crime.recorded", "2026-03-02T09:00", id="1", unit="CID"),
        event("police.crime.recorded", "2026-03-02T12:00", id="2", unit="CID"),
        event("police.crime.recorded", "2026-03-03T12:00", id="3", unit="PPU"),
        event("cps.charge.decided", "2026-03-05T12:00", id="4", decision="no_charge"),
    ]

    found = reference.handoffs(events, RULES)

    assert only(found, "from_unit", "to_agency", "to_unit", "kind", "sent_event", "limbo_seconds", "held_seconds") == [
        ("CID", "police", "PPU", "implied", "2", DAY, 3 * HOUR),
        ("PPU", "cps", None, "implied", "3", 2 * DAY, 0.0),
    ]
    assert only(reference.holdings(events, RULES), "unit", "seconds") == [("CID", 3 * HOUR), ("PPU", 0.0)]
    (state,) = reference.states(events, RULES)
    assert (state["state"], state["closed_at"], state["holder_agency"]) == (
        "closed",
        at("2026-03-05T12:00"),
        None,
    )


def test_an_unknown_unit_is_the_last_that_the_agency_stated() -> None:
    """Before any is stated it is unknown, and no other unit than the one stated next."""
    events = [
        event("police.crime.recorded", "2026-03-01T09:00", id="1"),
        event("police.crime.recorded", "2026-03-02T09:00", id="2", unit="CID"),
        event("police.suspect.decided", "2026-03-03T09:00", id="3", decision="nfa"),
        event("police.crime.recorded", "2026-03-04T09:00", id="4"),
        event("advocate.case.taken", "2026-03-05T09:00", id="5", unit="IDVA"),
        event("police.crime.recorded", "2026-03-06T09:00", id="6", unit="PPU"),
    ]

    assert only(reference.holdings(events, RULES), "agency", "unit", "from_event", "to_event") == [
        ("police", "CID", reference.event_key(events[0]), reference.event_key(events[2])),
        ("police", "CID", reference.event_key(events[3]), reference.event_key(events[3])),
        ("advocate", "IDVA", reference.event_key(events[4]), reference.event_key(events[4])),
        ("police", "PPU", reference.event_key(events[5]), None),
    ]


def test_the_decision_chooses_the_effect() -> None:
    """The first effect whose `when` matches counts; a decision that none matches moves nothing."""
    bail = event("police.suspect.decided", "2026-03-02T09:00", id="1", decision="bail")
    refer = event("police.suspect.decided", "2026-03-03T09:00", id="2", decision="refer")
    charge = event("cps.charge.decided", "2026-03-04T09:00", id="3", decision=None)

    assert only(reference.states([bail], RULES), "state") == [("unknown",)]
    assert only(reference.states([bail, refer], RULES), "state", "awaiting_agency") == [("limbo", "cps")]
    assert only(reference.states([bail, refer, charge], RULES), "state", "holder_agency") == [("held", "cps")]
    assert only(reference.handoffs([bail, refer], RULES), "kind", "received_at") == [("referral", None)]


def test_limbo_between_imprecise_ends_is_a_range() -> None:
    """From some time on Monday to Wednesday noon: a day and a half to two and a half."""
    events = [
        event("police.file.sent", "2026-03-02", id="1"),
        event("cps.file.received", "2026-03-04T12:00", id="2"),
    ]

    (found,) = reference.handoffs(events, RULES)

    assert found["limbo_seconds"] == 2.5 * DAY
    assert (found["limbo_least_seconds"], found["limbo_most_seconds"]) == (1.5 * DAY, 2.5 * DAY)


def test_limbo_of_two_things_on_one_day_is_at_least_nothing() -> None:
    """On the day on which the clocks go forward that is nothing to 23 hours."""
    events = [
        event("police.file.sent", "2026-03-29", id="1"),
        event("cps.file.received", "2026-03-29", id="2", recorded_at=at("2026-03-30T00:00")),
    ]
    events[0]["recorded_at"] = at("2026-03-29T00:00")

    (found,) = reference.handoffs(events, RULES)

    assert found["limbo_seconds"] == 0.0
    assert (found["limbo_least_seconds"], found["limbo_most_seconds"]) == (0.0, 23 * HOUR)


def test_claims_end_with_the_next_claim_of_the_same_agency() -> None:
    """Saying the same again changes nothing; closing ends the claim; a stated holder wins over the step."""
    events = [
        event("police.crime.recorded", "2026-03-02T09:00", id="1"),
        event("police.victim.assessed", "2026-03-03T09:00", id="2", holder="police"),
        event("police.file.sent", "2026-03-04T09:00", id="3"),
        event("police.crime.recorded", "2026-03-05T09:00", id="4", holder="advocate"),
        event("police.suspect.decided", "2026-03-06T09:00", id="5", decision="nfa"),
    ]

    assert only(reference.claims(events, RULES), "claimed_holder", "from_at", "to_at", "event_id") == [
        ("police", at("2026-03-02T09:00"), at("2026-03-04T09:00"), "1"),
        ("cps", at("2026-03-04T09:00"), at("2026-03-05T09:00"), "3"),
        ("advocate", at("2026-03-05T09:00"), at("2026-03-06T09:00"), "4"),
    ]


def test_two_agencies_contradict_each_other() -> None:
    """First both say that they hold it, then each says that the other does."""
    events = [
        event("cps.file.received", "2026-03-02T09:00", id="1"),
        event("police.crime.recorded", "2026-03-03T09:00", id="2"),
        event("police.file.sent", "2026-03-04T09:00", id="3"),
        event("cps.file.returned", "2026-03-06T09:00", id="4"),
        event("police.crime.recorded", "2026-03-09T09:00", id="5"),
    ]

    assert only(reference.contradictions(events, RULES), "left_agency", "kind", "from_at", "to_at") == [
        ("cps", "both_claim", at("2026-03-03T09:00"), at("2026-03-04T09:00")),
        ("cps", "each_points_at_other", at("2026-03-06T09:00"), at("2026-03-09T09:00")),
    ]
