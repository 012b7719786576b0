"""The rules of the join a second time: `docs/rules.md` in plain Python, row by row, slow and plain.

It shares no code with `streams/` and uses no SQL, so that a slip in one is not repeated in the other. Every
function takes the events as they were read (any order, with copies and conflicts; dicts with the columns of
EVENTS and `received_at`, naive UTC datetimes) and returns a sorted list of dicts. The sections are in
`reference_record.py` (1, 2), `reference_holder.py` (3, claims), `reference_contacts.py` (4, 6), `reference_facets.py`
(4, what a case is about) and `reference_clocks.py` (5).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from reference_clocks import clocks_of
from reference_contacts import contacts_of, delays_of, tellings_of
from reference_facets import about, facets_of
from reference_holder import claims_of, contradictions_of, handoffs_of, holdings_of, state_of
from reference_record import (
    Hash,
    Rules,
    accepted,
    case_id,
    cases_of,
    content_hash,
    event_key,
    histories_of,
    identifier_cases,
    key64,
)
from reference_time import Event, Row

NEVER = datetime.fromisoformat("0001-01-01")

__all__ = [
    "Rules",
    "abouts",
    "accepted",
    "all_tables",
    "case_id",
    "cases",
    "claims",
    "clocks",
    "contacts",
    "content_hash",
    "contradictions",
    "delays",
    "event_key",
    "handoffs",
    "holdings",
    "identifiers",
    "key64",
    "latest_time",
    "states",
    "tellings",
    "timeline",
]


def _histories(events: list[Event], rules: Rules, hash_of: Hash) -> dict[int, list[Event]]:
    return histories_of(accepted(events, rules, hash_of)[0], rules)


def _rows_per_case(
    histories: dict[int, list[Event]], rows_of: Callable[[list[Event]], list[Row]], *sorted_by: str
) -> list[Row]:
    """Rows of every case with its `case_key`, sorted by that and the columns named."""
    rows = [{"case_key": key, **row} for key, history in histories.items() for row in rows_of(history)]
    return sorted(rows, key=lambda row: (row["case_key"], *(row[name] for name in sorted_by)))


def latest_time(events: list[Event], rules: Rules, hash_of: Hash = content_hash) -> datetime:
    """`as_of` where none is given: the latest stated `occurred_at` of any event of a case that had happened when it was
    received; of any event at all where none had."""
    histories = _histories(events, rules, hash_of)
    of_cases = [event for history in histories.values() for event in history]
    skew = timedelta(days=rules.ahead_days)
    happened = [event for event in of_cases if event["occurred_at"] <= event["received_at"] + skew]
    return max((event["occurred_at"] for event in happened or of_cases), default=NEVER)


def cases(events: list[Event], rules: Rules, hash_of: Hash = content_hash) -> dict[int, int]:
    """Case key by event key, of every accepted event but stewards' acts."""
    return cases_of(accepted(events, rules, hash_of)[0], rules)


def identifiers(events: list[Event], rules: Rules, hash_of: Hash = content_hash) -> list[Row]:
    """area, kind, value and case_key of every identifier that links and is no hub."""
    keys = identifier_cases(accepted(events, rules, hash_of)[0], rules)
    return [
        {"area": area, "kind": kind, "value": value, "case_key": case_key}
        for (area, kind, value), case_key in sorted(keys.items())
    ]


def states(events: list[Event], rules: Rules, hash_of: Hash = content_hash) -> list[Row]:
    """One row per case: when opened and closed, its state, holder and since when, counts, and what it is about."""
    return _rows_per_case(
        _histories(events, rules, hash_of),
        lambda history: [state_of(history, rules) | {"facets": facets_of(history, rules) or None}],
    )


def abouts(events: list[Event], rules: Rules, as_of: datetime | None = None, hash_of: Hash = content_hash) -> list[Row]:
    """One row per case: each facet's value at `as_of` (section 4)."""
    histories, at = _histories(events, rules, hash_of), as_of or latest_time(events, rules, hash_of)
    return _rows_per_case(histories, lambda history: [about(history, rules, at)])


def timeline(events: list[Event], rules: Rules, hash_of: Hash = content_hash) -> list[Row]:
    """One row per event of a case, without the summary; `told_at` for decisions."""
    names = (
        "occurred_at",
        "occurred_precision",
        "recorded_at",
        "received_at",
        "agency",
        "unit",
        "source",
        "type",
    )

    def rows_of(history: list[Event]) -> list[Row]:
        told = {row["position"]: row["told_at"] for row in tellings_of(history, rules)}
        return [
            {"position": event["place"]}
            | {name: event[name] for name in (*names, "decision")}
            | {"told_at": told.get(event["place"]), "event_id": event["id"], "revised": event["revised"]}
            for event in history
        ]

    return _rows_per_case(_histories(events, rules, hash_of), rows_of, "position")


def _by_then(rows: list[Row], at: datetime, begun: str, ended: str, *gone: str, **instead: str) -> list[Row]:
    """Rows that had begun at `at`; of what ended later, the end (`ended`, `gone`) is not known, or `instead` is."""
    unknown = dict.fromkeys((ended, *gone)) | instead
    return [row if row[ended] is None or row[ended] <= at else row | unknown for row in rows if row[begun] <= at]


def holdings(
    events: list[Event], rules: Rules, as_of: datetime | None = None, hash_of: Hash = content_hash
) -> list[Row]:
    """One row per unbroken interval in which one agency and unit held the case, as far as `as_of` (section 3)."""
    histories, at = _histories(events, rules, hash_of), as_of or latest_time(events, rules, hash_of)
    rows = _rows_per_case(histories, lambda history: holdings_of(history, rules), "position")
    return _by_then(rows, at, "from_at", "to_at", "seconds", "working_days")


def handoffs(
    events: list[Event], rules: Rules, as_of: datetime | None = None, hash_of: Hash = content_hash
) -> list[Row]:
    """One row per change of holder, acknowledged or not, sent by `as_of` (section 3)."""
    histories, at = _histories(events, rules, hash_of), as_of or latest_time(events, rules, hash_of)
    rows = _rows_per_case(histories, lambda history: handoffs_of(history, rules), "position")
    arrival = ("received_event", "limbo_seconds", "limbo_least_seconds", "limbo_most_seconds")
    return _by_then(_by_then(rows, at, "sent_at", "received_at", *arrival), at, "sent_at", "ended_at")


def contacts(
    events: list[Event], rules: Rules, as_of: datetime | None = None, hash_of: Hash = content_hash
) -> list[Row]:
    """One row per communication with the victim, with its answer and `state` at `as_of` (section 4)."""
    histories, at = _histories(events, rules, hash_of), as_of or latest_time(events, rules, hash_of)
    return _rows_per_case(histories, lambda history: contacts_of(history, rules, at), "position")


def tellings(
    events: list[Event], rules: Rules, as_of: datetime | None = None, hash_of: Hash = content_hash
) -> list[Row]:
    """One row per decision made by `as_of` that the victim is to be told of, with its first telling (section 4)."""
    histories, at = _histories(events, rules, hash_of), as_of or latest_time(events, rules, hash_of)
    rows = _rows_per_case(histories, lambda history: tellings_of(history, rules), "position")
    telling = ("told_by", "told_event", "channel", "lag_seconds")
    return _by_then(rows, at, "decided_at", "told_at", *telling, **{"class": "not_told"})


def claims(events: list[Event], rules: Rules, hash_of: Hash = content_hash) -> list[Row]:
    """One row per interval in which an agency says the same of who holds the case (section 4)."""
    histories = _histories(events, rules, hash_of)
    return _rows_per_case(histories, lambda history: claims_of(history, rules), "position")


def contradictions(
    events: list[Event], rules: Rules, as_of: datetime | None = None, hash_of: Hash = content_hash
) -> list[Row]:
    """One row per interval, begun by `as_of`, in which two agencies name different holders (section 4)."""
    histories, at = _histories(events, rules, hash_of), as_of or latest_time(events, rules, hash_of)
    names = ("left_agency", "right_agency", "from_at")
    rows = _rows_per_case(histories, lambda history: contradictions_of(history, rules), *names)
    return _by_then(rows, at, "from_at", "to_at")


def clocks(events: list[Event], rules: Rules, as_of: datetime | None = None, hash_of: Hash = content_hash) -> list[Row]:
    """One row per standard running for one start event, with its state at `as_of` (section 5)."""
    histories, at = _histories(events, rules, hash_of), as_of or latest_time(events, rules, hash_of)
    names = ("standard", "version", "started_at", "start_event")
    return _rows_per_case(histories, lambda history: clocks_of(history, rules, at), *names)


def delays(events: list[Event], rules: Rules, as_of: datetime | None = None, hash_of: Hash = content_hash) -> list[Row]:
    """One row per pair of agencies: how long from sent to received, those on their way too (section 6)."""
    histories, at = _histories(events, rules, hash_of), as_of or latest_time(events, rules, hash_of)
    return delays_of(histories, rules, at)


def all_tables(
    events: list[Event], rules: Rules, as_of: datetime | None = None, hash_of: Hash = content_hash
) -> dict[str, Any]:
    """Every table by name, for tests that compare two sets of events; `cases` is a dict, the others lists."""
    _, conflicts = accepted(events, rules, hash_of)
    at = as_of or latest_time(events, rules, hash_of)
    return {
        "conflicts": conflicts,
        "cases": cases(events, rules, hash_of),
        "identifiers": identifiers(events, rules, hash_of),
        "states": states(events, rules, hash_of),
        "abouts": abouts(events, rules, at, hash_of),
        "timeline": timeline(events, rules, hash_of),
        "holdings": holdings(events, rules, at, hash_of),
        "handoffs": handoffs(events, rules, at, hash_of),
        "clocks": clocks(events, rules, at, hash_of),
        "contacts": contacts(events, rules, at, hash_of),
        "tellings": tellings(events, rules, at, hash_of),
        "claims": claims(events, rules, hash_of),
        "contradictions": contradictions(events, rules, at, hash_of),
        "delays": delays(events, rules, at, hash_of),
    }
