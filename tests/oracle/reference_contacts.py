"""Section 4 (contacts, what was told) and section 6 (delays) for the reference."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from fractions import Fraction

from reference_holder import handoffs_of
from reference_record import Rules
from reference_time import MICROSECOND, Event, Row, seconds


def answer_to(contact: Event, history: list[Event], rules: Rules) -> Event | None:
    """What answered a promise or a request: the first after it that names its reference.

    Where nothing made or told in the case (before or after) does: the first after it that answers nothing by
    name, by the same agency for a promise, by any but an advocate for a request.
    """
    answers = [event for event in history if rules.kind_of(event, "contact") in ("made", "told")]
    later = [event for event in answers if event["place"] > contact["place"]]
    reference = contact["reference"]
    if reference is not None and any(event["answers"] == reference for event in answers):
        return next((event for event in later if event["answers"] == reference), None)
    for event in later:
        if event["answers"] is None:
            if rules.kind_of(contact, "contact") == "promised":
                fits = event["agency"] == contact["agency"]
            else:
                fits = rules.role(event["agency"]) != "advocate"
            if fits:
                return event
    return None


def contact_state(contact: Event, kind: str, answer: Event | None, as_of: datetime) -> str:
    """`state` of a contact at `as_of`."""
    if kind == "attempted":
        return "tried"
    if kind not in ("promised", "requested"):
        return "done"
    due_at = contact["due_at"]
    if answer is not None:
        return "kept" if due_at is None or answer["occurred_at"] <= due_at else "late"
    return "broken" if due_at is not None and due_at < as_of else "open"


def contacts_of(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """Rows of `contacts` of one case, but for case_key; `position` is the place of the event in the case.

    What lies after `as_of` is no contact yet, and answers none.
    """
    rows: list[Row] = []
    for event in history:
        kind = rules.kind_of(event, "contact")
        if kind is None or event["occurred_at"] > as_of:
            continue
        answer = answer_to(event, history, rules) if kind in ("promised", "requested") else None
        if answer is not None and answer["occurred_at"] > as_of:
            answer = None
        row: Row = {"position": event["place"], "kind": kind, "event_id": event["id"]}
        for name in ("agency", "unit", "occurred_at", "occurred_precision", "channel", "reference", "due_at"):
            row[name] = event[name]
        row["answered_at"] = None if answer is None else answer["occurred_at"]
        row["answered_by"] = None if answer is None else answer["id"]
        row["state"] = contact_state(event, kind, answer, as_of)
        rows.append(row)
    return rows


def telling_class(told: Event | None, effect_at: datetime | None) -> str:
    """Whether the victim knew in time."""
    if told is None:
        return "not_told"
    if effect_at is None:
        return "told"
    return "before_effect" if told["occurred_at"] <= effect_at else "after_effect"


def tellings_of(history: list[Event], rules: Rules) -> list[Row]:
    """One row per decision that the victim is to be told of, but for case_key; told_at may lie before it."""
    rows: list[Row] = []
    for event in history:
        if not rules.kind_of(event, "is_decision"):
            continue
        telling = (
            other for other in history if other["about"] == event["id"] and rules.kind_of(other, "contact") == "told"
        )
        told = next(telling, None)
        row: Row = {"position": event["place"], "event_key": event["event_key"], "event_id": event["id"]}
        row["decided_at"] = event["occurred_at"]
        row["told_at"] = None if told is None else told["occurred_at"]
        row["told_by"] = None if told is None else told["agency"]
        row["told_event"] = None if told is None else told["id"]
        row["channel"] = None if told is None else told["channel"]
        row["lag_seconds"] = None if told is None else seconds(told["occurred_at"] - event["occurred_at"])
        row["class"] = telling_class(told, event["effect_at"])
        rows.append(row)
    return rows


def kaplan_meier(durations: list[tuple[float, bool]], share: Fraction) -> float | None:
    """The smallest duration at which the estimate of "not yet received" is at or below `share`; null if none.

    A duration is (seconds, whether it was received); one censored at a duration is still at risk there.
    """
    remaining = Fraction(1)
    for moment in sorted({length for length, was_received in durations if was_received}):
        at_risk = sum(length >= moment for length, _ in durations)
        received = sum(length == moment and was_received for length, was_received in durations)
        remaining *= 1 - Fraction(received, at_risk)
        if remaining <= share:
            return moment
    return None


def delays_of(histories: dict[int, list[Event]], rules: Rules, as_of: datetime) -> list[Row]:
    """Rows of `delays`: one per giver and taker, which may be the same agency.

    Of the handoffs sent by `as_of`, as they are known now: what arrived or ended later is counted to it.
    """
    pairs: dict[tuple[str, str], list[tuple[int, float, bool]]] = defaultdict(list)
    for case_key, history in histories.items():
        for handoff in handoffs_of(history, rules):
            if handoff["sent_at"] > as_of:
                continue
            was_received = handoff["received_at"] is not None and handoff["received_at"] <= as_of
            until = handoff["received_at"] if was_received else min(handoff["ended_at"] or as_of, as_of)
            length = max(0.0, (until - handoff["sent_at"]) // MICROSECOND / 1_000_000)
            pairs[handoff["from_agency"], handoff["to_agency"]].append((case_key, length, was_received))
    rows: list[Row] = []
    for (giver, taker), handoffs in sorted(pairs.items()):
        durations = [(length, was_received) for _, length, was_received in handoffs]
        rows.append(
            {
                "from_agency": giver,
                "to_agency": taker,
                "cases": len({case_key for case_key, _, _ in handoffs}),
                "handoffs": len(handoffs),
                "median": kaplan_meier(durations, Fraction(1, 2)),
                "p90": kaplan_meier(durations, Fraction(1, 10)),
                "censored": sum(not was_received for _, was_received in durations),
            }
        )
    return rows
