"""Between police and prosecutor: submissions, triage, reviews and decisions."""

from __future__ import annotations

from typing import Any

from throughline.demo.story import delays
from throughline.demo.story.action_plan import action_plan
from throughline.demo.story.case import Case
from throughline.demo.story.chance import Delay
from throughline.demo.story.court import prosecute
from throughline.demo.story.instants import DAY, HOUR
from throughline.demo.story.limbo import each_points_at_other, silent_end
from throughline.demo.story.outcome import close, prosecutor_declines, withdraw

REVIEWS = {
    "red": ("red_3_hours", delays.REVIEW_RED),
    "green_priority": ("within_5_days", delays.REVIEW_5),
    "green": ("within_28_days", delays.REVIEW_28),
}


def seek_charge(case: Case, time: int) -> None:
    """From the file to the charging decision and what comes of it."""
    chance = case.chance
    if case.theme == "rape" and chance.share(0.4):
        time = _early_advice(case, time)
    draw = chance.next()
    priority = "red" if draw < 0.08 else "green_priority" if draw < 0.2 else "green"
    request = case.reference()
    common: dict[str, Any] = {"decision": priority, "file_type": "pcd"}
    case.file("police.pcd.requested", time, reference=request, submission_no=1, due_at=case.due(time, 28), **common)
    accepted = _triage(case, time, request, priority)
    if accepted is None:
        return
    _consult(case, accepted, request, priority)


def _early_advice(case: Case, time: int) -> int:
    reference = case.reference()
    case.file("police.early_advice.requested", time, reference=reference, file_type="early_advice")
    got = case.after(time, delays.RECEIPT)
    ids = {"cps_case_id": case.cps_case_id, "mg3_ref": case.mg3_ref}
    case.cps("cps.early_advice.requested", got, ids, reference=reference, answers=reference, cps_unit="rasso")
    given = case.after(got, delays.EARLY_ADVICE)
    case.cps("cps.early_advice.given", given, answers=reference, cps_unit="rasso")
    received = case.after(given, delays.TAKE_IN)
    case.file("police.early_advice.received", received, answers=reference)
    return case.days_on(received, 5, 65)


def _register(case: Case, time: int, request: str, number: int, priority: str) -> int:
    """The request reaches the prosecutor, who registers it under numbers of their own."""
    chance = case.chance
    quick = priority == "red"
    got = time + 600 if quick else case.after(time, delays.RECEIPT)
    ids = case.cps_ids(got) | {"mg3_ref": case.mg3_ref, "pcd_request_id": str(97_000_000 + case.serial * 8 + number)}
    case.cps(
        "cps.pcd.received",
        got,
        ids,
        decision=priority,
        reference=request,
        answers=request,
        submission_no=number,
        cps_unit="rasso" if case.sexual else "magistrates",
        da_flag_cps=case.domestic if chance.share(0.85) else not case.domestic,
    )
    return got


def _triage(case: Case, sent: int, request: str, priority: str) -> int | None:
    """Triage until the request is accepted (gives when) or the story ends there."""
    chance = case.chance
    quick = priority == "red"
    for number in range(1, 6):
        got = _register(case, sent, request, number, priority)
        time = got + 1_200 if quick else case.after(got, delays.TRIAGE)
        share = delays.FIRST_TRIAGE_NOT_ACCEPTED if number == 1 else delays.LATER_TRIAGE_NOT_ACCEPTED
        if not chance.share(share):
            case.cps("cps.pcd.triaged", time, decision="accept", reference=request, submission_no=number)
            return time
        reasons = (
            [delays.RED_REASONS.at(chance.next())] if quick else chance.some(delays.TRIAGE_REASONS, chance.whole(1, 3))
        )
        case.cps(
            "cps.pcd.triaged",
            time,
            decision="reject",
            reasons=sorted(reasons),
            reference=request,
            due_at=case.due(time, 1 if quick else chance.one((14, 21, 28))),
            submission_no=number,
        )
        noticed = case.after(time, delays.TAKE_IN)
        taken_in = chance.share(0.8)
        if taken_in:
            case.file("police.pcd.rejection_received", noticed, answers=request)
        if chance.share(0.25):
            each_points_at_other(case, time)
        if chance.share(0.11):
            silent_end(case, time, request)
            return None
        sent = case.after(noticed if taken_in else time, delays.RESUBMIT)
        case.file(
            "police.file.resubmitted",
            sent,
            submission_no=number + 1,
            file_type="pcd",
            decision=priority,
            reference=request,
            answers=request,
        )
    return None


def _consult(case: Case, accepted: int, request: str, priority: str) -> None:
    chance = case.chance
    review, delay = REVIEWS[priority]
    quick = priority == "red"
    start = accepted + 300 if quick else case.after(accepted, delays.ALLOCATE_REVIEW)
    case.cps("cps.pcd.allocated", start, decision=review, reference=request)
    earliest = start
    supplied: list[tuple[str, str]] = []
    for consultation in range(1, 5):
        time = max(_reviewed(case, start, delay, quick), earliest + HOUR)
        if case.withdraws is not None and consultation == 1:
            _withdrawn(case, start, request)
            return
        case.cps("cps.pcd.reviewed", time - 900, consultation_no=consultation, charging_test="full_code_test")
        if consultation == 4 or not chance.share((0.5, 0.3, 0.15)[consultation - 1]):
            _decide(case, time, request, consultation, "threshold_test" if quick else "full_code_test")
            return
        answered = action_plan(case, time, request, consultation, supplied)
        if answered is None:
            return
        (start, earliest), delay, quick = answered, delays.REVIEW_28, False


def _withdrawn(case: Case, start: int, request: str) -> None:
    """The victim withdraws while the prosecutor has the file, which then decides or closes the request."""
    chance = case.chance
    time = case.later(start, int(chance.next() * 18 * DAY))
    told = case.days_on(time, 1, 9)
    if chance.share(0.7):
        decided = case.cps(
            "cps.pcd.decided",
            told,
            decision="nfa_evidential",
            charging_test="full_code_test",
            reference=request,
            consultation_no=1,
            reasons=["victim_does_not_support"],
        )
        if chance.share(0.6):
            letter = case.after(told, delays.LETTER)
            case.cps("cps.victim.letter_sent", letter, about=decided, reasons_given=True, channel="letter")
    else:
        case.cps("cps.pcd.admin_finalised", told, reasons=["police_withdrew"], reference=request)
    withdraw(case, time, "awaiting_charging_decision", told)


def _reviewed(case: Case, start: int, delay: Delay, quick: bool) -> int:
    seconds = delay.at(case.chance.next())
    return start + seconds if quick else case.later(start, seconds)


def _decide(case: Case, time: int, request: str, consultation: int, test: str) -> None:
    chance = case.chance
    decision = delays.CHARGING[case.theme].at(chance.next())
    grounds = {"nfa_evidential": ["insufficient_evidence"], "nfa_public_interest": ["public_interest"]}
    decided = case.cps(
        "cps.pcd.decided",
        time,
        decision=decision,
        charging_test=test,
        reference=request,
        consultation_no=consultation,
        reasons=grounds.get(decision, []),
        decided_by_role="prosecutor",
    )
    if decision == "charge":
        prosecute(case, time)
    elif decision == "oocd":
        taken_in = case.after(time, delays.DECISION_TAKEN_IN)
        case.file("police.pcd.decision_received", taken_in, answers=request)
        close(case, case.later(taken_in, 9 * DAY), "8", "other")
    else:
        prosecutor_declines(case, decided, time, decision == "nfa_public_interest")
