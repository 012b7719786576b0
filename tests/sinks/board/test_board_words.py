"""How the board says dates, durations and names."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from england_wales import england_wales
from joined import small_domain

from throughline.sinks.board.words.case import called, where
from throughline.sinks.board.words.dates import date_words, moment_words, on_words
from throughline.sinks.board.words.duration import duration_words, span_words
from throughline.sinks.board.words.names import Names

LONDON = ZoneInfo("Europe/London")
MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.mark.parametrize(
    ("at", "precision", "said"),
    [
        ("2026-03-12T14:15", "instant", "12 March 2026 at 2.15pm"),
        # summer time: the clocks of the domain, not UTC
        ("2026-06-12T14:15", "instant", "12 June 2026 at 3.15pm"),
        ("2026-06-12T23:30", "instant", "13 June 2026 at 12.30am"),
        ("2026-03-12T09:00", "instant", "12 March 2026 at 9am"),
        ("2026-03-12T12:00", "instant", "12 March 2026 at midday"),
        ("2026-03-12T00:00", "instant", "12 March 2026 at midnight"),
        # a label is never converted, and never a midnight
        ("2026-06-12T00:00", "day", "12 June 2026"),
        ("2026-03-01T00:00", "month", "March 2026"),
        ("2026-03-01T00:00", "7 days", "1 to 7 March 2026"),
        ("2026-02-27T00:00", "7 days", "27 February to 5 March 2026"),
        ("2025-12-30T00:00", "4 days", "30 December 2025 to 2 January 2026"),
        ("2026-03-12T00:00", "1 day", "12 March 2026"),
        ("2025-11-01T00:00", "3 months", "November 2025 to January 2026"),
    ],
)
def test_a_time_is_said_as_precisely_as_it_is_known(at: str, precision: str, said: str) -> None:
    assert moment_words(datetime.fromisoformat(at), LONDON, precision) == said


@pytest.mark.parametrize(
    ("precision", "said"),
    [
        ("instant", "on 2 March 2026"),
        ("day", "on 2 March 2026"),
        ("month", "in March 2026"),
        ("3 days", "between 2 and 4 March 2026"),
    ],
)
def test_a_date_within_a_sentence(precision: str, said: str) -> None:
    at = datetime.fromisoformat("2026-03-02T10:00")

    assert on_words(at, LONDON, precision) == said
    assert date_words(at, LONDON, "instant") == "2 March 2026"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "less than a minute"),
        (59, "less than a minute"),
        (MINUTE, "1 minute"),
        (59 * MINUTE + 59, "59 minutes"),
        (HOUR, "1 hour"),
        (3 * HOUR + 20 * MINUTE, "3 hours and 20 minutes"),
        (DAY + 5 * HOUR, "1 day and 5 hours"),
        (3 * DAY + 23 * HOUR, "3 days"),
        (14 * DAY, "2 weeks"),
        (23 * DAY, "3 weeks and 2 days"),
        (364 * DAY, "52 weeks"),
        (365 * DAY, "1 year"),
        (365 * DAY + 8 * DAY, "1 year and 1 week"),
        (-5, "less than a minute"),
    ],
)
def test_a_duration_is_rounded_down_to_two_units(seconds: int, said: str) -> None:
    """What is said to have lasted so long, did."""
    assert duration_words(seconds) == said


def test_bounds_that_are_said_alike_are_said_once() -> None:
    assert span_words(2 * DAY, 4 * DAY) == "between 2 days and 4 days"
    assert span_words(4 * DAY, 4 * DAY + HOUR) == "4 days"


def test_things_are_called_as_the_domain_calls_them() -> None:
    names = Names(england_wales())

    assert names.agency("cps") == "Crown Prosecution Service"
    assert names.called("cps") == "the CPS"
    assert names.area("20") == "West Midlands"
    assert names.identifier("urn") == "Unique reference number of a case file"
    assert names.feed("urn:throughline:police:20:rms") == "Police (West Midlands, rms)"
    assert (
        names.feed("urn:throughline:police:20:rms cps.pcd.received") == "Police (West Midlands, rms) cps.pcd.received"
    )
    assert names.event("cps.pcd.decided", {"decision": "nfa_evidential"}) == (
        "CPS decision: no further action: evidential stage"
    )
    assert names.event("cps.pcd.decided", {}) == "CPS decision: not stated"
    assert names.reason("cps.pcd.triaged", "No MG3; No DV checklist") == "No MG3; No DV checklist"
    assert "steward" not in names.agencies


def test_what_a_domain_does_not_name_is_said_as_words() -> None:
    """The same words serve a domain without labels, and a store that knows more than its domain."""
    names = Names(small_domain())

    assert names.event("police.unheard_of", {}) == "Police unheard of"
    assert names.agency("coast_guard") == "Coast guard"
    assert names.feed("plain system") == "plain system"


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ({"state": "held", "holder_agency": "cps", "holder_unit": "WM"}, "Crown Prosecution Service, unit WM"),
        ({"state": "limbo", "awaiting_agency": "police"}, "To Police"),
        ({"state": "closed"}, "Closed"),
        ({"state": "unknown"}, "Nobody says who has it"),
    ],
)
def test_where_a_case_is(case: dict[str, str], said: str) -> None:
    assert where(Names(england_wales()), {"holder_unit": None} | case) == said


def test_a_case_is_called_by_the_number_that_stands_first_in_the_domain() -> None:
    names = Names(england_wales())

    assert called(names, "c1", ["crime_ref:20/1/26", "urn:20PP0000126"]) == "URN 20PP0000126"
    assert called(names, "c1", []) == "c1"
