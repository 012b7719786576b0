"""Section 5 for the reference: what is owed by when, and whether it was done."""

from __future__ import annotations

from dataclasses import astuple
from datetime import datetime, timedelta
from typing import Any

from reference_record import Rules
from reference_time import (
    MICROSECOND,
    Event,
    Row,
    Span,
    due,
    elapsed_between,
    span,
    span_of,
    unmoved_due_date,
)


def plays(event: Event, role: str, standard: Row, rules: Rules) -> bool:
    """Whether an event is of a type (and decision, where one is named) that has this role in a standard."""
    return any(
        row["standard"] == standard["standard"]
        and row["version"] == standard["version"]
        and row["role"] == role
        and row["type"] == event["type"]
        and row["when_decision"] in (None, event["decision"])
        for row in rules.standard_events
    )


def matches(start: Event, stop: Event, match: str) -> bool:
    """Whether a stop answers a start of the same case."""
    if match == "case":
        return True
    if match == "about":
        return bool(stop["about"] == start["id"])
    if start["reference"] is None:
        return False
    named = stop["reference"] if stop["answers"] is None else stop["answers"]
    return bool(named == start["reference"])


def is_in_force(standard: Row, start: Event, rules: Rules) -> bool:
    """Whether a standard is on, and the local date of the start (the first it can be) lies in its dates."""
    day = span_of(start, rules.time_zone).first_date
    if not standard["enabled"]:
        return False
    if standard["effective_from"] is not None and day < standard["effective_from"]:
        return False
    return standard["effective_to"] is None or day <= standard["effective_to"]


def starts_of(standard: Row, history: list[Event], rules: Rules) -> list[Event]:
    """Starts of a standard in one case; where it runs once, the first or, if not in force then, none."""
    starts = [event for event in history if plays(event, "start", standard, rules)]
    if standard["once"]:
        starts = starts[:1]
    return [event for event in starts if is_in_force(standard, event, rules)]


def end_of_clock(standard: Row, start: Event, history: list[Event], rules: Rules) -> tuple[Event | None, bool]:
    """The event that ends a clock, and whether it cancels: the first after the start that does either.

    An event that does both stops it.
    """
    for event in history[start["place"] :]:
        if plays(event, "stop", standard, rules) and matches(start, event, standard["match"]):
            return event, False
        if plays(event, "cancel", standard, rules):
            return event, True
    return None, False


def allowance(standard: Row, start: Event, history: list[Event]) -> tuple[float | None, str]:
    """Amount and unit that a standard allows; no amount where the start names the due time, or nothing does.

    The enhanced amount counts where the last known `enhanced` of the case, up to and with the start, is true.
    """
    if standard["due_field"]:
        return None, "hours"
    known = [e["enhanced"] for e in history[: start["place"]] if e["enhanced"] is not None]
    if known and known[-1] and standard["enhanced_amount"] is not None:
        return standard["enhanced_amount"], standard["enhanced_unit"]
    if standard["amount"] is not None:
        return standard["amount"], standard["unit"]
    return None, "hours"


def pauses_of(
    standard: Row, start: Event, stop: Event | None, history: list[Event], rules: Rules
) -> tuple[list[tuple[Event, Event]], Event | None]:
    """Closed pauses of a clock, and the event that opened one that is open still.

    Between start and stop, neither included. A pause that is open when the clock ends, ends there.
    """
    until = len(history) if stop is None else stop["place"] - 1
    closed: list[tuple[Event, Event]] = []
    opened: Event | None = None
    for event in history[start["place"] : until]:
        if opened is None and plays(event, "pause", standard, rules):
            opened = event
        elif opened is not None and plays(event, "resume", standard, rules):
            closed.append((opened, event))
            opened = None
    if opened is not None and stop is not None:
        closed.append((opened, stop))
        opened = None
    return closed, opened


def clock(standard: Row, start: Event, history: list[Event], rules: Rules) -> dict[str, Any]:
    """One clock with what does not depend on the day it is asked (`due_at` without a pause that is open)."""
    stop, is_cancelled = end_of_clock(standard, start, history, rules)
    amount, unit = allowance(standard, start, history)
    closed, opened = pauses_of(standard, start, stop, history, rules)
    zone, off = rules.time_zone, rules.bank_holidays
    begun = span_of(start, zone)

    paused: timedelta | int
    spans = [(span_of(first, zone), span_of(last, zone)) for first, last in closed]
    if unit == "hours":
        paused = sum((last.earliest - first.earliest for first, last in spans), timedelta())
        paused_amount = paused / timedelta(hours=1)
    else:
        ends = [((p.earliest, p.first_date), (q.earliest, q.first_date)) for p, q in spans]
        paused = int(sum(elapsed_between(unit, p, q, off) for p, q in ends))
        paused_amount = float(paused)

    due_at = due_latest = None
    if standard["due_field"]:
        assert isinstance(paused, timedelta)
        due_at = due_latest = start["due_at"] and start["due_at"] + paused
    elif amount is not None:
        due_at = due(unit, amount, (begun.earliest, begun.first_date), paused, zone, off)
        due_latest = due(unit, amount, (begun.latest, begun.last_date), paused, zone, off)
    return {
        "standard": standard["standard"],
        "version": standard["version"],
        "start_event": start["id"],
        "started_at": start["occurred_at"],
        "stop_event": None if stop is None else stop["id"],
        "stopped_at": None if stop is None else stop["occurred_at"],
        "cancelled": is_cancelled,
        "amount": amount,
        "unit": unit,
        "due_at": due_at,
        "due_latest": due_latest,
        "paused": paused_amount,
        "paused_since": None if opened is None else opened["occurred_at"],
        "begun": begun,
        "ended": None if stop is None else span_of(stop, zone),
        "stood_still": None if opened is None else span_of(opened, zone),
    }


def clock_state(one: dict[str, Any], as_of: datetime) -> str:
    """`state` of a clock at `as_of`."""
    ended: Span | None = one["ended"]
    if ended is not None:
        if one["cancelled"]:
            return "cancelled"
        if one["due_at"] is None:
            return "measured"
        is_instant = ended.earliest == ended.latest
        last_moment = ended.latest if is_instant else ended.latest - MICROSECOND
        if last_moment <= one["due_at"]:
            return "met"
        return "late" if ended.earliest > one["due_latest"] else "unclear"
    if one["stood_still"] is not None:
        return "paused"
    if one["due_at"] is None:
        return "running"
    return "overdue" if as_of > one["due_latest"] else "running"


def earlier(one: Span, now: Span) -> Span:
    """An imprecise time of which only the part before now counts."""
    return Span(*(min(theirs, ours) for theirs, ours in zip(astuple(one), astuple(now), strict=True)))


def clocks_of(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """Rows of `clocks` of one case, but for case_key: facts, and `state`, elapsed and `overdue` at `as_of`.

    What happened after `as_of` had not started, stopped, paused or moved on a clock then.
    `elapsed`, its least and most, `paused` and `overdue` are in `unit` (months in days).
    """
    zone, off = rules.time_zone, rules.bank_holidays
    history = [event for event in history if event["occurred_at"] <= as_of]
    rows: list[Row] = []
    for standard in rules.standards:
        for start in starts_of(standard, history, rules):
            one = clock(standard, start, history, rules)
            begun: Span = one.pop("begun")
            state = clock_state(one, as_of)
            now = span(as_of, "instant", zone)
            until: Span = one.pop("ended") or (earlier(one["stood_still"], now) if one["stood_still"] else now)
            del one["stood_still"]
            unit, amount, paused = one["unit"], one["amount"], one["paused"]
            from_first, from_last = (begun.earliest, begun.first_date), (begun.latest, begun.last_date)
            to_first, to_last = (until.earliest, until.first_date), (until.latest, until.last_date)

            elapsed = max(0.0, elapsed_between(unit, from_first, to_first, off) - paused)
            least = max(0.0, elapsed_between(unit, from_last, to_first, off) - paused)
            most = max(0.0, elapsed_between(unit, from_first, to_last, off) - paused)
            overdue = None
            if amount is None and one["due_at"] is not None:
                past = (until.earliest - one["due_at"]).total_seconds() / 3600
                overdue = 0.0 if state in ("met", "running") else max(0.0, past)
            if amount is not None:
                if unit == "months":
                    amount = (unmoved_due_date(unit, amount, begun.first_date, off) - begun.first_date).days
                overdue = 0.0 if state in ("met", "running") else max(0.0, elapsed - amount)
            one |= {"state": state, "elapsed": elapsed, "elapsed_least": least, "elapsed_most": most}
            rows.append(one | {"overdue": overdue})
    return rows
