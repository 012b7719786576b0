"""Section 3 for the reference: who holds the case, what was handed over; and the claims of section 4."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from reference_record import Rules
from reference_time import Event, Row, seconds, span_of, working_days_after


def effect_of(event: Event, rules: Rules) -> Row | None:
    """The first effect of the type whose `when` matches the decision; one without `when` matches always."""
    mine = [row for row in rules.effects if row["type"] == event["type"]]
    for row in sorted(mine, key=lambda row: row["ordinal"]):
        if row["when_decision"] is None or row["when_decision"] == event["decision"]:
            return row
    return None


def steps(history: list[Event], rules: Rules) -> list[Event]:
    """Events with an effect, in order, each with `effect`, `target`, `kind` and `unit`.

    An unknown unit is the last that the same agency stated in an earlier step.
    """
    found = []
    for event in history:
        row = effect_of(event, rules)
        if row is not None:
            effect = {"effect": row["effect"], "target": row["target"], "kind": row["kind"] or "sent"}
            found.append({**event, **effect})

    stated: dict[str, str | None] = {}
    for step in found:
        stated[step["agency"]] = step["unit"] or stated.get(step["agency"])
        step["unit"] = stated[step["agency"]]
    return found


def is_other(step: Event, after: Event) -> bool:
    """Whether another agency acts after, or another unit; an unknown unit is not another."""
    if step["agency"] != after["agency"]:
        return True
    return None not in (step["unit"], after["unit"]) and step["unit"] != after["unit"]


def takes_hold(step: Event) -> bool:
    """Whether the publisher holds the case after the step."""
    return step["effect"] in ("holds", "receives")


def case_holdings(walk: list[Event]) -> list[dict[str, Any]]:
    """Holdings of a case as first and last steps: {first, last or None while it is held, members, unit}.

    `members` are the places of its steps, the one that sends or closes included.
    """
    found: list[dict[str, Any]] = []
    current: dict[str, Any] | None = None
    for step in walk:
        if current is not None and is_other(current["latest"], step):
            # Another acted: the holding had ended, unsaid, at the giver's last step.
            current["last"] = current["latest"]
            current = None
        if current is None and takes_hold(step):
            current = {"first": step, "last": None, "members": set(), "unit": None}
            found.append(current)
        if current is not None:
            current["members"].add(step["place"])
            current["latest"] = step
            current["unit"] = step["unit"] or current["unit"]
            if not takes_hold(step):
                current["last"] = step
                current = None
    return found


def case_handoffs(walk: list[Event]) -> list[tuple[Event, Event | None, bool]]:
    """Handoffs of a case as (step of the giver, step of the taker or None, whether it was sent)."""
    found: list[tuple[Event, Event | None, bool]] = []
    for step, after in pairwise(walk):
        if step["effect"] == "sends":
            found.append((step, after if after["agency"] == step["target"] else None, True))
        elif takes_hold(step) and is_other(step, after):
            found.append((step, after, False))
    if walk and walk[-1]["effect"] == "sends":
        found.append((walk[-1], None, True))
    return found


def holdings_of(history: list[Event], rules: Rules) -> list[Row]:
    """Rows of `holdings` of one case, but for case_key."""
    rows: list[Row] = []
    for position, holding in enumerate(case_holdings(steps(history, rules)), start=1):
        first, last = holding["first"], holding["last"]
        row: Row = {"position": position, "agency": first["agency"], "unit": holding["unit"]}
        row |= {"from_at": first["occurred_at"], "to_at": None, "seconds": None, "working_days": None}
        if last is not None:
            row["to_at"] = last["occurred_at"]
            row["seconds"] = seconds(last["occurred_at"] - first["occurred_at"])
            begun = span_of(first, rules.time_zone).first_date
            ended = span_of(last, rules.time_zone).first_date
            row["working_days"] = working_days_after(begun, ended, rules.bank_holidays)
        row["from_event"] = first["event_key"]
        row["to_event"] = None if last is None else last["event_key"]
        rows.append(row)
    return rows


def handoffs_of(history: list[Event], rules: Rules) -> list[Row]:
    """Rows of `handoffs` of one case, but for case_key; `ended_at` is the first later step that closes.

    `held_seconds` counts from the beginning of the holding that the giver's step is part of (or ends).
    """
    walk = steps(history, rules)
    holdings = case_holdings(walk)
    rows: list[Row] = []
    for position, (sent, received, was_sent) in enumerate(case_handoffs(walk), start=1):
        held = next((one["first"] for one in holdings if sent["place"] in one["members"]), None)
        closing = (step for step in walk if step["place"] > sent["place"] and step["effect"] == "closes")
        ended = next(closing, None)
        limbo: dict[str, float | None] = dict.fromkeys(("seconds", "least", "most"))
        if received is not None:
            gone, come = span_of(sent, rules.time_zone), span_of(received, rules.time_zone)
            limbo["seconds"] = seconds(received["occurred_at"] - sent["occurred_at"])
            limbo["least"] = max(0.0, seconds(come.earliest - gone.latest))
            limbo["most"] = seconds(come.latest - gone.earliest)
        rows.append(
            {
                "position": position,
                "from_agency": sent["agency"],
                "from_unit": sent["unit"],
                "to_agency": sent["target"] if received is None else received["agency"],
                "to_unit": None if received is None else received["unit"],
                "sent_at": sent["occurred_at"],
                "received_at": None if received is None else received["occurred_at"],
                "kind": sent["kind"] if was_sent else "implied",
                "reason": sent["reason"],
                "limbo_seconds": limbo["seconds"],
                "limbo_least_seconds": limbo["least"],
                "limbo_most_seconds": limbo["most"],
                "held_seconds": None if held is None else seconds(sent["occurred_at"] - held["occurred_at"]),
                "ended_at": ended["occurred_at"] if received is None and ended is not None else None,
                "sent_event": sent["id"],
                "received_event": None if received is None else received["id"],
            }
        )
    return rows


def state_of(history: list[Event], rules: Rules) -> Row:
    """What section 3 calls "now": the state of one case after its last step."""
    walk = steps(history, rules)
    row: Row = {
        "opened_at": history[0]["occurred_at"],
        "closed_at": None,
        "state": "unknown",
        "holder_agency": None,
        "holder_unit": None,
        "awaiting_agency": None,
        "holder_since": None,
        "events": len(history),
        "handoffs": len(case_handoffs(walk)),
    }
    if not walk:
        return row
    last = walk[-1]
    if takes_hold(last):
        current = case_holdings(walk)[-1]
        since = current["first"]["occurred_at"]
        holder = {"holder_agency": last["agency"], "holder_unit": current["unit"], "holder_since": since}
        return row | {"state": "held"} | holder
    row["holder_since"] = last["occurred_at"]
    if last["effect"] == "sends":
        return row | {"state": "limbo", "awaiting_agency": last["target"]}
    return row | {"state": "closed", "closed_at": last["occurred_at"]}


def claim_of(event: Event, rules: Rules) -> tuple[bool, str | None]:
    """Whether an event claims anything, and whom it names as holder; nobody ends the claim."""
    if event["holder"] is not None:
        return True, event["holder"]
    effect = effect_of(event, rules)
    if effect is None:
        return False, None
    named = {"holds": event["agency"], "receives": event["agency"], "sends": effect["target"], "closes": None}
    return True, named[effect["effect"]]


def claims_of(history: list[Event], rules: Rules) -> list[Row]:
    """Rows of `claims` of one case, but for case_key; `position` counts them in order."""
    rows: list[Row] = []
    for agency in sorted({event["agency"] for event in history}):
        standing: Row | None = None
        for event in history:
            is_claim, named = claim_of(event, rules)
            if event["agency"] != agency or not is_claim:
                continue
            if standing is not None and standing["claimed_holder"] == named:
                continue
            if standing is not None:
                standing["to_at"] = event["occurred_at"]
            standing = None
            if named is not None:
                standing = {"agency": agency, "claimed_holder": named, "from_at": event["occurred_at"]}
                standing |= {"to_at": None, "event_id": event["id"], "place": event["place"]}
                rows.append(standing)
    rows.sort(key=lambda row: row["place"])
    return [row | {"position": position} for position, row in enumerate(rows, start=1)]


def contradictions_of(history: list[Event], rules: Rules) -> list[Row]:
    """Rows of `contradictions` of one case, but for case_key: overlaps of two agencies' claims that differ.

    Claims are half open: one that ends where another begins does not overlap it; an empty one overlaps none.
    """
    rows: list[Row] = []
    claims = claims_of(history, rules)
    for left in claims:
        for right in claims:
            if left["agency"] >= right["agency"] or left["claimed_holder"] == right["claimed_holder"]:
                continue
            begun = max(left["from_at"], right["from_at"])
            ends = [claim["to_at"] for claim in (left, right) if claim["to_at"] is not None]
            ended = min(ends, default=None)
            if ended is not None and ended <= begun:
                continue
            names, claimed = (
                (left["agency"], right["agency"]),
                (left["claimed_holder"], right["claimed_holder"]),
            )
            kind = "differ"
            if claimed == names:
                kind = "both_claim"
            elif claimed == names[::-1]:
                kind = "each_points_at_other"
            row: Row = {"left_agency": names[0], "right_agency": names[1], "kind": kind}
            row |= {"left_claim": claimed[0], "right_claim": claimed[1], "from_at": begun, "to_at": ended}
            rows.append(row)
    return rows
