"""The measures of what is promised and owed, for the reference (see `reference_measures.py`)."""

from __future__ import annotations

from datetime import datetime, timedelta

from reference_clocks import clock, clock_state, starts_of
from reference_contacts import answer_to
from reference_record import Rules
from reference_time import Event, Row, seconds

WEEK = timedelta(days=7)


def contacts_by(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """Promises and requests by then, answered by then or not: the event, its kind, when it was answered, its state."""
    rows: list[Row] = []
    for event in history:
        kind = rules.kind_of(event, "contact")
        if kind not in ("promised", "requested") or event["occurred_at"] > as_of:
            continue
        answer = answer_to(event, history, rules)
        answered_at = answer["occurred_at"] if answer is not None and answer["occurred_at"] <= as_of else None
        due_at = event["due_at"]
        if answered_at is not None:
            state = "kept" if due_at is None or answered_at <= due_at else "late"
        else:
            state = "broken" if due_at is not None and due_at < as_of else "open"
        rows.append({"event": event, "kind": kind, "answered_at": answered_at, "state": state})
    return rows


def clocks_by(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """Clocks that had started by then, each with its standard, its start and its state at that time."""
    rows: list[Row] = []
    for standard in rules.standards:
        for start in starts_of(standard, history, rules):
            one = clock(standard, start, history, rules)
            if start["occurred_at"] > as_of:
                continue
            if one["stopped_at"] is not None and one["stopped_at"] > as_of:
                one |= {"stopped_at": None, "ended": None}
            if one["paused_since"] is not None and one["paused_since"] > as_of:
                one["stood_still"] = None
            rows.append({"of": standard, "start": start, "state": clock_state(one, as_of), **one})
    return rows


def promises(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """Promises with their state."""
    return [
        {
            "counted_at": one["event"]["occurred_at"],
            "agency": one["event"]["agency"],
            "unit": one["event"]["unit"],
            "outcome": one["state"],
        }
        for one in contacts_by(history, rules, as_of)
        if one["kind"] == "promised"
    ]


def standards_kept(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """Clocks with a due time that nothing called off."""
    return [
        {
            "counted_at": one["started_at"],
            "agency": one["of"]["owner"],
            "unit": None,
            "outcome": one["state"],
            "standard": one["standard"],
            "source": "confirmed" if one["of"]["confirmed"] else "unconfirmed",
        }
        for one in clocks_by(history, rules, as_of)
        if one["due_at"] is not None and one["state"] not in ("measured", "cancelled")
    ]


def owed(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """What runs and is due by a week from then; what a clock asks for is not asked for twice."""
    rows: list[Row] = []
    taken: set[int] = set()

    def owe(due_at: datetime, is_overdue: bool, **row: str | None) -> None:
        if due_at <= as_of + WEEK:
            late = seconds(max(as_of - due_at, timedelta())) if is_overdue else 0.0
            outcome = "overdue" if is_overdue else "this_week"
            rows.append({"counted_at": due_at, "outcome": outcome, "seconds": late, **row})

    for one in clocks_by(history, rules, as_of):
        if one["state"] not in ("running", "overdue") or one["due_at"] is None:
            continue
        kind = rules.kind_of(one["start"], "contact")
        owes = {"promised": "promise", "requested": "request"}.get(kind, "time limit")
        if owes != "time limit":
            taken.add(one["start"]["place"])
        owner, title = one["of"]["owner"], one["of"]["title"]
        owe(one["due_at"], one["state"] == "overdue", agency=owner, unit=None, owes=owes, what=title)
    for one in contacts_by(history, rules, as_of):
        event = one["event"]
        if one["state"] not in ("open", "broken") or event["due_at"] is None or event["place"] in taken:
            continue
        is_promise = one["kind"] == "promised"
        by = {name: event[name] if is_promise else None for name in ("agency", "unit")}
        owes = "promise" if is_promise else "request"
        owe(event["due_at"], one["state"] == "broken", owes=owes, what="Contact with the victim", **by)
    return rows


def counts_of_contact(history: list[Event], rules: Rules, as_of: datetime, when: datetime) -> bool:
    """Whether a promise made before `when` and due before it had not been kept in time."""
    return any(
        one["kind"] == "promised"
        and one["event"]["occurred_at"] < when
        and one["event"]["due_at"] is not None
        and one["event"]["due_at"] < when
        and (one["answered_at"] is None or one["answered_at"] > one["event"]["due_at"])
        for one in contacts_by(history, rules, as_of)
    )
