"""Between police and prosecutor: submissions, triage, action plans, decisions, and what is lost."""

from __future__ import annotations

from typing import Any

from throughline.demo import delays
from throughline.demo.case import Case
from throughline.demo.chance import Delay
from throughline.demo.court import prosecute
from throughline.demo.instants import DAY, HOUR
from throughline.demo.outcome import close, prosecutor_declines, withdraw

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
    case.file(
        "police.pcd.requested", time, reference=request, submission_no=1, due_at=case.due(time, 28), **common
    )
    accepted = _triage(case, time, request, priority)
    if accepted is None:
        return
    _consult(case, accepted, request, priority)


def _early_advice(case: Case, time: int) -> int:
    chance = case.chance
    reference = case.reference()
    case.file("police.early_advice.requested", time, reference=reference, file_type="early_advice")
    got = case.later(time, delays.RECEIPT.at(chance.next()))
    ids = {"cps_case_id": case.cps_case_id, "mg3_ref": case.mg3_ref}
    case.publish(
        "cps_cases",
        "cps.early_advice.requested",
        got,
        ids,
        unit=case.cps_unit,
        reference=reference,
        answers=reference,
        cps_unit="rasso",
    )
    given = case.later(got, delays.EARLY_ADVICE.at(chance.next()))
    case.cps("cps.early_advice.given", given, answers=reference, cps_unit="rasso")
    received = case.later(given, delays.TAKE_IN.at(chance.next()))
    case.file("police.early_advice.received", received, answers=reference)
    return case.later(received, int((5 + 60 * chance.next()) * DAY))


def _register(case: Case, time: int, request: str, number: int, priority: str) -> int:
    """The request reaches the prosecutor, who registers it under numbers of their own."""
    chance = case.chance
    quick = priority == "red"
    got = time + 600 if quick else case.later(time, delays.RECEIPT.at(chance.next()))
    ids = case.cps_ids(got) | {
        "mg3_ref": case.mg3_ref,
        "pcd_request_id": str(97_000_000 + case.serial * 8 + number),
    }
    case.publish(
        "cps_cases",
        "cps.pcd.received",
        got,
        ids,
        unit=case.cps_unit,
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
        time = got + 1_200 if quick else case.later(got, delays.TRIAGE.at(chance.next()))
        share = delays.FIRST_TRIAGE_NOT_ACCEPTED if number == 1 else delays.LATER_TRIAGE_NOT_ACCEPTED
        if not chance.share(share):
            case.cps("cps.pcd.triaged", time, decision="accept", reference=request, submission_no=number)
            return time
        reasons = (
            [delays.RED_REASONS.at(chance.next())]
            if quick
            else chance.some(delays.TRIAGE_REASONS, chance.whole(1, 3))
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
        noticed = case.later(time, delays.TAKE_IN.at(chance.next()))
        taken_in = chance.share(0.8)
        if taken_in:
            case.file("police.pcd.rejection_received", noticed, answers=request)
        if chance.share(0.25):
            _each_points_at_other(case, time)
        if chance.share(0.11):
            _silent_end(case, time, request)
            return None
        sent = case.later(noticed if taken_in else time, delays.RESUBMIT.at(chance.next()))
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


def _each_points_at_other(case: Case, time: int) -> None:
    """Each states that the other has the case: "hiding behind each other" (F30)."""
    chance = case.chance
    first = case.later(time, int((6 + 25 * chance.next()) * DAY))
    ids = {"crime_ref": case.crime_ref}
    case.publish("police_rms", "police.case.status_stated", first, ids, unit=case.unit, holder="cps")
    second = case.later(first, int((1 + 15 * chance.next()) * DAY))
    case.cps("cps.case.status_stated", second, holder="police")


def _silent_end(case: Case, time: int, request: str) -> None:
    """No answer from police: the prosecutor closes the request, nobody holds the case, few victims hear."""
    chance = case.chance
    for number, days in ((1, 31), (2, 61)):
        if chance.share(0.7):
            case.cps("cps.action_plan.chased", case.later(time, days * DAY), chase_no=number)
    finalised = case.later(time, delays.SILENCE.at(chance.next()))
    case.cps("cps.pcd.admin_finalised", finalised, reasons=["no_police_response"], reference=request)
    if chance.share(0.4):
        later = case.later(finalised, int((5 + 60 * chance.next()) * DAY))
        ids = {"crime_ref": case.crime_ref}
        case.publish("police_rms", "police.case.status_stated", later, ids, unit=case.unit, holder="cps")
    if chance.share(0.4):
        close(
            case, case.later(finalised, int((30 + 150 * chance.next()) * DAY)), "15", "insufficient_evidence"
        )


def _consult(case: Case, accepted: int, request: str, priority: str) -> None:
    chance = case.chance
    review, delay = REVIEWS[priority]
    quick = priority == "red"
    start = accepted + 300 if quick else case.later(accepted, delays.ALLOCATE_REVIEW.at(chance.next()))
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
        answered = _action_plan(case, time, request, consultation, supplied)
        if answered is None:
            return
        (start, earliest), delay, quick = answered, delays.REVIEW_28, False


def _withdrawn(case: Case, start: int, request: str) -> None:
    """The victim withdraws while the prosecutor has the file, which then decides or closes the request."""
    chance = case.chance
    time = case.later(start, int(chance.next() * 18 * DAY))
    told = case.later(time, int((1 + 8 * chance.next()) * DAY))
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
            letter = case.later(told, delays.LETTER.at(chance.next()))
            case.cps("cps.victim.letter_sent", letter, about=decided, reasons_given=True, channel="letter")
    else:
        case.cps("cps.pcd.admin_finalised", told, reasons=["police_withdrew"], reference=request)
    withdraw(case, time, "awaiting_charging_decision", told)


def _reviewed(case: Case, start: int, delay: Delay, quick: bool) -> int:
    seconds = delay.at(case.chance.next())
    return start + seconds if quick else case.later(start, seconds)


def _action_plan(
    case: Case, time: int, request: str, consultation: int, supplied: list[tuple[str, str]]
) -> tuple[int, int] | None:
    """An action plan; gives when police answered and when the answer was allocated, None if there was none.

    `supplied` holds what police sent for earlier plans (category, event id). Some of that is asked for again.
    """
    chance = case.chance
    plan = case.reference()
    wanted: list[tuple[str, str | None]] = [(kind, None) for kind in chance.some(delays.ITEM_CATEGORIES, 4)]
    for kind, event in supplied:
        if chance.share(0.35) and all(kind != other for other, _ in wanted):
            wanted.append((kind, event))
    case.cps(
        "cps.action_plan.issued",
        time,
        reference=plan,
        items=len(wanted),
        due_at=case.due(time, 28),
        consultation_no=consultation,
        answers=request,
    )
    references = []
    for kind, sent_before in wanted:
        item = case.reference()
        references.append(item)
        again = {} if sent_before is None else {"about": sent_before}
        case.cps(
            "cps.action_plan.item_requested",
            time + 60,
            reference=item,
            item_category=kind,
            due_at=case.due(time, chance.one((14, 21, 28, 42))),
            **again,
        )
    seen = case.later(time, delays.TAKE_IN.at(chance.next()))
    if chance.share(0.85):
        case.file("police.action_plan.received", seen, answers=plan, items=len(wanted))
    if chance.share(0.2):
        _each_points_at_other(case, time)
    if chance.share(0.1):
        _silent_end(case, time, request)
        return None
    last = seen
    for item, (kind, sent_before) in zip(references, wanted, strict=True):
        done = case.later(time, delays.ITEM.at(chance.next()))
        if sent_before is not None or chance.share(0.07):  # "already sent"
            case.file(
                "police.action_plan.disputed",
                done,
                answers=item,
                item_category=kind,
                reasons=["already_supplied"],
            )
            if chance.share(0.6):
                cancelled = case.later(done, 4 * DAY)
                case.cps(
                    "cps.action_plan.item_cancelled",
                    cancelled,
                    answers=item,
                    item_category=kind,
                    reasons=["already_supplied"],
                )
                last = max(last, cancelled)
                continue
            done = case.later(done, 6 * DAY)
        last = max(last, done)
        sent = case.file("police.action_plan.item_supplied", done, answers=item, item_category=kind)
        supplied.append((kind, sent))
    if last > time + 40 * DAY:
        case.cps("cps.action_plan.chased", case.later(time, 31 * DAY), answers=plan, chase_no=1)
    answered = last + HOUR
    case.file("police.action_plan.responded", answered, answers=plan, outstanding_items=0)
    allocated = case.later(answered, delays.ALLOCATE_REVIEW.at(chance.next()))
    case.cps("cps.pcd.allocated", allocated, decision="within_28_days", reference=request)
    return answered, allocated


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
        taken_in = case.later(time, delays.DECISION_TAKEN_IN.at(chance.next()))
        case.file("police.pcd.decision_received", taken_in, answers=request)
        close(case, case.later(taken_in, 9 * DAY), "8", "other")
    else:
        prosecutor_declines(case, decided, time, decision == "nfa_public_interest")
