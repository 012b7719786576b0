"""The report of a crime and the first weeks: log, record, officer, assessments, accounts."""

from __future__ import annotations

from throughline.demo.story import delays
from throughline.demo.story.case import Case
from throughline.demo.story.instants import DAY, HOUR, day_text, instant_text

SHARED_LOG = "LOG-99999-99999999"
"""An incident number that many cases carry (one operation, logged once): a hub, which must join nothing."""


def report(case: Case, in_shared_log: bool) -> None:
    """From the report to the recorded crime and what follows it at once; sets `recorded`."""
    chance = case.chance
    reported = case.reported
    channel = "call_101" if case.non_recent else delays.REPORT_CHANNELS.at(chance.next())
    officer = case.officer(reported)
    incident = {"incident_ref": case.incident_ref}
    case.rms(
        "police.incident.logged",
        reported,
        incident,
        officer=officer,
        reported_at=instant_text(reported),
        channel=channel,
        offence_group=case.offence,
        non_recent=case.non_recent,
    )
    grade = "scheduled" if case.non_recent else chance.one(("immediate", "priority", "priority", "scheduled"))
    case.rms("police.incident.graded", reported + 600, incident, officer=officer, grade=grade)
    if channel == "front_counter":
        seen = reported + 900 + int(chance.next() * 4 * HOUR)
        arrived = instant_text(reported)
        case.rms(
            "police.front_counter.attended",
            seen,
            incident,
            officer=officer,
            arrived_at=arrived,
            seen_at=instant_text(seen),
        )
    case.recorded = recorded = reported + 1_200 + delays.RECORD.at(chance.next())
    case.rms(
        "police.crime.recorded",
        recorded,
        {
            "crime_ref": case.crime_ref,
            "incident_ref": [case.incident_ref, SHARED_LOG] if in_shared_log else case.incident_ref,
            "victim_ref": case.victim,
        },
        officer=officer,
        offence_group=case.offence,
        reported_at=instant_text(reported),
        da_flag_police=case.domestic if chance.share(0.92) else not case.domestic,
        non_recent=case.non_recent,
        anonymity_protected=case.sexual,
        victim=case.victim,
    )
    _duties(case)
    _accounts(case)


def _duties(case: Case) -> None:
    """What the Victims' Code and good practice ask for in the first days, and what of it is done."""
    chance, recorded = case.chance, case.recorded
    if chance.share(0.8):
        case.of_victim("police.victim.confirmation_sent", recorded + 3_000, channel="email")
    if chance.share(0.9 if case.domestic else 0.45):
        grade = chance.one(("standard", "medium", "medium", "high"))
        time = recorded + 2_400
        case.police("police.risk.assessed", time, risk_tool="dash", risk_grade=grade, elaborated=chance.share(0.4))
        if grade == "high" and chance.share(0.7):
            reference = case.reference()
            time = case.later(time, DAY)
            case.police("police.marac.referred", time, risk_grade=grade, reference=reference)
            if chance.share(0.8):
                case.police("police.marac.heard", case.later(time, 16 * DAY), answers=reference)
    if chance.share(0.7):
        basis = "serious_crime" if case.sexual or case.domestic else "persistently_targeted"
        enhanced = case.sexual or case.domestic or chance.share(0.6)
        case.of_victim("police.victim.enhanced_rights_decided", recorded + 3_600, enhanced=enhanced, reasons=[basis])
    if chance.share(0.6):
        time = case.after(recorded, delays.CODE_STEP)
        case.of_victim("police.victim.needs_assessed", time, enhanced=True)
    if chance.share(0.45):
        time = case.after(recorded, delays.CODE_STEP)
        case.police("police.victim.code_explained", time, explanation_method=chance.one(("spoken", "link")))
    if chance.share(0.4):
        time = case.after(recorded, delays.CODE_STEP)
        case.of_victim(
            "police.victim.contact_agreement_set",
            time,
            frequency_days=28,
            due_at=case.due(time, 28),
            preferred_channel=delays.UPDATE_CHANNELS.at(chance.next()),
        )
    delay = delays.ALLOCATE_NON_RECENT if case.non_recent else delays.ALLOCATE
    allocated = case.after(recorded, delay)
    if (case.sexual and chance.share(0.85)) or chance.share(0.35):
        _to_public_protection(case, allocated)
    team = "public_protection" if case.unit.endswith("PP") else "investigation"
    role = "officer_in_case"
    case.police("police.officer.allocated", allocated, officer_role=role, non_recent=case.non_recent, team_type=team)


def _to_public_protection(case: Case, time: int) -> None:
    chance = case.chance
    sent = max(case.recorded + HOUR, time - DAY)
    to_unit = case.area + "PP"
    case.police(
        "police.case.transferred", sent, to_unit=to_unit, reasons=["specialist_needed"], handover_note=chance.share(0.4)
    )
    case.unit = to_unit
    received = case.after(sent, delays.TAKE_OVER)
    if chance.share(0.85):
        case.police("police.case.received", received, officer_role="officer_in_case")


def _accounts(case: Case) -> None:
    """The victim tells it again and again (F25): to an officer who responds, then in an interview."""
    chance = case.chance
    if not case.non_recent and chance.share(0.8):
        time = case.reported + 2 * HOUR
        case.police("police.victim.account_taken", time, decision="response", account_medium="written")
    if case.withdraws == "at_report":
        return
    stage = "abe" if case.sexual else "statement"
    taken = case.after(case.recorded, delays.ACCOUNT)
    for _ in range(3):
        reference = case.reference()
        made = max(case.recorded + 600, taken - 5 * DAY)
        slot = {"slot_start": instant_text(taken)} if chance.share(0.7) else {}  # others: "just a date" (F15)
        case.police(
            "police.victim.appointment_scheduled",
            made,
            reference=reference,
            appointment_type=stage,
            appointment_day=day_text(taken),
            **slot,
        )
        kept = chance.next()
        if kept < 0.68:
            case.police("police.victim.appointment_kept", taken, answers=reference, appointment_type=stage)
            medium = "video" if stage == "abe" else "written"
            case.police("police.victim.account_taken", taken + HOUR, decision=stage, account_medium=medium)
            if chance.share(0.65):
                case.police("police.victim.vps_offered", taken + 2 * HOUR, consent_given=chance.share(0.6))
            return
        cancelled = "police.victim.appointment_cancelled", taken - 2 * HOUR
        missed = "police.victim.appointment_missed", taken + HOUR
        type_, time = cancelled if kept < 0.92 else missed
        case.police(type_, time, answers=reference, changed_by="police", reasons=["operational_demand"])
        taken = case.days_on(taken, 7, 21)
