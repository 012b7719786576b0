"""The measures for the reference: what each of `sinks/measures` counts, in plain Python, as it stood at a time.

It shares no code with `sinks/` and uses no SQL. Which events are one case is as known today; what happened after
`as_of` had not. Each function takes one case (`history`, its events in order) and gives the rows that it adds, with
the columns that the measure's SQL has but for `case_id`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from reference_holder import contradictions_of, handoffs_of, holdings_of, state_of, steps, takes_hold
from reference_measures_owed import counts_of_contact, owed, promises, standards_kept
from reference_record import Hash, Rules, accepted, case_id, histories_of
from reference_time import Event, Row, local_date, seconds

FILES = ("submission", "resubmission", "charge_file", "early_advice", "action_plan_response", "sent")


def handoffs_by(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """Handoffs sent by then; what was received or ended later had not been."""
    rows = [row for row in handoffs_of(history, rules) if row["sent_at"] <= as_of]
    for row in rows:
        for name in ("received_at", "ended_at"):
            if row[name] is not None and row[name] > as_of:
                row[name] = None
    return rows


def waiting(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """The state of the case after its last step by then; its unit is all that is known of the holding."""
    past = [event for event in history if event["occurred_at"] <= as_of]
    if not past or (now := state_of(past, rules))["state"] not in ("held", "limbo"):
        return []
    since, agency, unit = now["holder_since"], now["holder_agency"] or now["awaiting_agency"], None
    if now["state"] == "held":
        begun = [one for one in holdings_of(history, rules) if one["from_at"] <= as_of]
        unit = begun[-1]["unit"]
    row = {"counted_at": since, "agency": agency, "unit": unit, "outcome": now["state"]}
    return [row | {"seconds": seconds(as_of - since)}]


def between_agencies(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """Handoffs to another agency, received or not."""
    return [
        {
            "counted_at": row["sent_at"],
            "agency": row["from_agency"],
            "unit": row["from_unit"],
            "seconds": seconds((row["received_at"] or row["ended_at"] or as_of) - row["sent_at"]),
            "ended": row["received_at"] is not None,
            "from_agency": row["from_agency"],
            "to_agency": row["to_agency"],
            "handoff": row["kind"],
        }
        for row in handoffs_by(history, rules, as_of)
        if row["from_agency"] != row["to_agency"]
    ]


def held(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """Holdings that had begun."""
    rows = []
    for one in holdings_of(history, rules):
        if one["from_at"] <= as_of:
            has_ended = one["to_at"] is not None and one["to_at"] <= as_of
            row = {"counted_at": one["from_at"], "agency": one["agency"], "unit": one["unit"], "ended": has_ended}
            rows.append(row | {"seconds": seconds((one["to_at"] if has_ended else as_of) - one["from_at"])})
    return rows


def whose_time(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """Step by step: who had the case between one step and the next, and whether that was contested meanwhile."""
    opened, closed = history[0]["occurred_at"], state_of(history, rules)["closed_at"]
    until = as_of if closed is None else min(closed, as_of)
    walk = steps(history, rules)
    disputes = contradictions_of(history, rules)

    def had(moment: datetime) -> tuple[str, set[str]]:
        """Whose the time after a moment was, and everybody who may have had it."""
        before = [step for step in walk if step["occurred_at"] <= moment]
        whose, named = "nobody", set[str]()
        if before:
            last = before[-1]
            after = walk[len(before)] if len(before) < len(walk) else None
            if last["effect"] == "sends":
                named = {last["agency"], last["target"]}
            elif takes_hold(last):
                changes = after is not None and (
                    after["agency"] != last["agency"]
                    or (None not in (after["unit"], last["unit"]) and after["unit"] != last["unit"])
                )
                named = {last["agency"], after["agency"]} if after is not None and changes else {last["agency"]}
            if named:
                whose = "limbo" if len(named) == 2 else next(iter(named))
        for one in disputes:
            if one["from_at"] <= moment and (one["to_at"] is None or moment < one["to_at"]):
                whose = "contested"
                named |= {one["left_claim"], one["right_claim"]}
        return whose, named

    edges = {opened, until} | {step["occurred_at"] for step in walk}
    edges |= {one[name] for one in disputes for name in ("from_at", "to_at") if one[name] is not None}
    least: dict[str, timedelta] = {}
    most: dict[str, timedelta] = {}
    for begin, end in pairwise(sorted(edge for edge in edges if opened <= edge <= until)):
        whose, named = had(begin)
        least[whose] = least.get(whose, timedelta()) + (end - begin)
        for name in named | ({whose} & {"contested", "limbo", "nobody"}):
            most[name] = most.get(name, timedelta()) + (end - begin)
    return [
        {
            "counted_at": opened,
            "agency": None,
            "unit": None,
            "outcome": name,
            "least": seconds(least.get(name, timedelta())),
            "most": seconds(length),
        }
        for name, length in most.items()
    ]


def sent_back(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """Files sent to another agency, and the next thing said between the two."""
    spoken = [
        row
        for row in handoffs_by(history, rules, as_of)
        if row["from_agency"] != row["to_agency"] and row["kind"] != "implied"
    ]
    closed = state_of(history, rules)["closed_at"]
    rows = []
    for place, sent in enumerate(spoken):
        if sent["kind"] not in FILES:
            continue
        two = {sent["from_agency"], sent["to_agency"]}
        reply = next((one for one in spoken[place + 1 :] if {one["from_agency"], one["to_agency"]} == two), None)
        if reply is not None and reply["from_agency"] == sent["to_agency"]:
            outcome = "sent_back" if reply["kind"] == "return" else "answered"
        elif sent["received_at"] is None:
            outcome = "no_receipt"
        elif reply is None and closed is not None and sent["received_at"] <= closed <= as_of:
            outcome = "answered"
        else:
            outcome = "no_answer"
        returned = sum(
            one["kind"] == "return" and {one["from_agency"], one["to_agency"]} == two for one in spoken[:place]
        )
        row = {"counted_at": sent["sent_at"], "agency": sent["from_agency"], "unit": sent["from_unit"]}
        rows.append(row | {"outcome": outcome, "round": ("first", "second", "third or later")[min(returned, 2)]})
    return rows


def return_reasons(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """A row for each reason of a return."""
    rows = []
    for one in handoffs_by(history, rules, as_of):
        if one["kind"] == "return" and one["from_agency"] != one["to_agency"]:
            row = {"counted_at": one["sent_at"], "agency": one["to_agency"], "unit": one["to_unit"]}
            row |= {"sent_back_by": one["from_agency"], "outcome": "stated" if one["reason"] else "not_stated"}
            rows += [row | {"reason": reason} for reason in (one["reason"] or "not stated").split("; ")]
    return rows


def decisions_told(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """A row for each decision by then, told by then or not."""
    rows = []
    for event in history:
        if not rules.kind_of(event, "is_decision") or event["occurred_at"] > as_of:
            continue
        told = [one for one in history if one["about"] == event["id"] and rules.kind_of(one, "contact") == "told"]
        outcome = "not_told"
        if told and told[0]["occurred_at"] <= as_of:
            outcome = "told"
            if event["effect_at"] is not None:
                in_time = told[0]["occurred_at"] <= event["effect_at"]
                outcome = "before_effect" if in_time else "after_effect"
        row = {"counted_at": event["occurred_at"], "agency": event["agency"], "unit": event["unit"]}
        rows.append(row | {"outcome": outcome, "decided": event["type"]})
    return rows


def contradictions(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """Those that had begun."""
    rows = []
    for one in contradictions_of(history, rules):
        if one["from_at"] <= as_of:
            has_ended = one["to_at"] is not None and one["to_at"] <= as_of
            row = {"counted_at": one["from_at"], "agency": None, "unit": None, "ended": has_ended}
            row["seconds"] = seconds((one["to_at"] if has_ended else as_of) - one["from_at"])
            pair = f"{one['left_agency']} and {one['right_agency']}"
            rows.append(row | {"pair": pair, "disagreement": one["kind"]})
    return rows


def withdrawals(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """The last word of the victim by then."""
    past = [event for event in history if event["occurred_at"] <= as_of]
    if not past:
        return []
    words = [event["type"].rsplit(".", 1)[-1] for event in past]
    outcome = "supports"
    if "withdrawn" in words:
        after = words[len(words) - words[::-1].index("withdrawn") :]
        outcome = "resumed" if "resumed" in after else "withdrew"
    return [{"counted_at": history[0]["occurred_at"], "agency": None, "unit": None, "outcome": outcome}]


def before_withdrawal(history: list[Event], rules: Rules, as_of: datetime) -> list[Row]:
    """What had happened before the first event by which the victim withdrew."""
    past = [event for event in history if event["occurred_at"] <= as_of]
    withdrawn = next((event for event in past if event["type"].endswith("withdrawn")), None)
    if withdrawn is None:
        return []
    when = withdrawn["occurred_at"]
    four_weeks_ago = when - timedelta(days=28)
    walk = steps(history, rules)
    sent = [row for row in handoffs_of(history, rules) if row["sent_at"] < when]
    # it lies between two agencies after its last step before then, until the next
    last = next((step for step in reversed(walk) if step["occurred_at"] < when), None)
    in_limbo = False
    if last is not None:
        after = walk[walk.index(last) + 1] if walk[-1] is not last else None
        target = last["target"] if last["effect"] == "sends" else None
        if takes_hold(last) and after is not None:
            target = after["agency"]
        in_limbo = target is not None and target != last["agency"]
    had = {
        "a promise of contact that was not kept in time": counts_of_contact(history, rules, as_of, when),
        "four weeks without a word from anybody": history[0]["occurred_at"] <= four_weeks_ago
        and not any(
            rules.kind_of(event, "contact") in ("made", "told", "agreed")
            and four_weeks_ago <= event["occurred_at"] < when
            for event in history
        ),
        "a decision that the victim was not told of": any(
            row["occurred_at"] < when
            and rules.kind_of(row, "is_decision")
            and not any(
                one["occurred_at"] < when
                for one in [
                    other
                    for other in history
                    if other["about"] == row["id"] and rules.kind_of(other, "contact") == "told"
                ][:1]
            )
            for row in history
        ),
        "a file that was sent back": any(row["kind"] == "return" for row in sent),
        "a case that lay between two agencies": in_limbo,
        "three or more changes of hands": len(sent) >= 3,
    }
    row = {"counted_at": when, "agency": withdrawn["agency"], "unit": None}
    return [row | {"before": name, "outcome": "had" if is_so else "had_not"} for name, is_so in had.items()]


MEASURES: dict[str, Callable[[list[Event], Rules, datetime], list[Row]]] = {
    one.__name__: one
    for one in (
        *(waiting, between_agencies, held, whose_time, sent_back, return_reasons, decisions_told, promises),
        *(standards_kept, contradictions, owed, withdrawals, before_withdrawal),
    )
}


def measured(events: list[Event], rules: Rules, as_of: datetime, hash_of: Hash) -> dict[str, list[dict[str, Any]]]:
    """The rows of every measure by its name, with `case_id`, `area` and `month`."""
    histories = histories_of(accepted(events, rules, hash_of)[0], rules)
    return {
        name: [
            row
            | {
                "case_id": case_id(key),
                "area": history[0]["area"],
                "month": f"{local_date(row['counted_at'], rules.time_zone):%Y-%m}",
            }
            for key, history in histories.items()
            for row in rows_of(history, rules, as_of)
        ]
        for name, rows_of in MEASURES.items()
    }
