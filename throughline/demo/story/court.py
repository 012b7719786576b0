"""From charge to the end of the court case: hearings, witness care, post-charge withdrawal, sentence."""

from __future__ import annotations

from typing import Any

from throughline.demo.story import delays
from throughline.demo.story.case import Case
from throughline.demo.story.contact import tell
from throughline.demo.story.instants import HOUR, instant_text
from throughline.demo.story.investigation import end_bail

MAGISTRATES, CROWN = "B20BL", "C20BI"


def prosecute(case: Case, time: int) -> None:
    """The prosecutor decided to charge at `time`."""
    chance = case.chance
    case.cps("cps.charge.authorised", time + 120, charges=chance.whole(1, 4), offence_group=case.offence)
    taken_in = case.after(time, delays.DECISION_TAKEN_IN)
    case.file("police.pcd.decision_received", taken_in)
    charged = case.after(taken_in, delays.CHARGE)
    ids = {"asn": case.asn, "crime_ref": case.crime_ref}
    if case.urn_from is None:
        case.urn_from = charged
        ids_of_file = {"urn": case.urn} | ({"asn": case.asn} if case.chain else {"crime_ref": case.crime_ref})
        case.publish("police_files", "police.case.urn_allocated", charged - HOUR, ids_of_file, unit=case.unit)
    end_bail(case, charged - 600, "charged")
    charges, remand = chance.whole(1, 4), "conditional_bail" if chance.share(0.8) else "custody"
    event = case.rms(
        "police.suspect.charged", charged, ids, charges=charges, offence_group=case.offence, remand_status=remand
    )
    tell(case, event, charged, 0.85)
    case.police("police.investigation.outcome_assigned", charged + HOUR, decision="1", offence_group=case.offence)
    filed = case.after(charged, delays.CHARGE_FILE)
    case.file("police.case.charge_file_submitted", filed, charge_file_type="initial_charged_file")
    registered = case.after(filed, delays.RECEIPT)
    first_ids = {"court_case_ref": case.court_ref} | (
        {"asn": case.asn} if case.chain else {"urn": case.urn, "cps_case_id": case.cps_case_id}
    )
    case.court("hmcts.case.received", registered, MAGISTRATES, ids=first_ids)
    if chance.share(0.75):
        case.cps("cps.case.status_stated", case.later(registered, 2 * 86_400), holder="hmcts")
    case.ended = _hearings(case, registered)


def _hearings(case: Case, time: int) -> int:
    """First hearing, plea hearing, trial (which may be vacated), sentence; gives the end."""
    chance = case.chance
    crown = case.sexual or chance.share(0.4)
    time = _list(case, time, MAGISTRATES, "first_hearing", delays.FIRST_HEARING.at(chance.next()))
    first = "sent_to_crown_court" if crown else "pleaded_guilty" if chance.share(0.35) else "bail_granted"
    _result(case, time, MAGISTRATES, "first_hearing", first)
    if chance.share(0.14):  # "victims withdrawn after charge" (domain 5 [D1])
        return _discontinue(case, time)
    court = CROWN if crown else MAGISTRATES
    guilty = first == "pleaded_guilty"
    if crown:
        time = _list(case, time, court, "plea_and_trial_preparation", delays.BETWEEN_HEARINGS.at(chance.next()))
        guilty = chance.share(0.35)
        result = "pleaded_guilty" if guilty else "bail_varied"
        _result(case, time, court, "plea_and_trial_preparation", result)
    if not guilty:
        time, guilty = _trial(case, time, court)
        if not guilty:
            return _complete(case, time + HOUR, court, "acquitted", {})
    time = _list(case, time, court, "sentence", delays.BETWEEN_HEARINGS.at(chance.next()))
    months = chance.whole(6, 60) if crown else chance.whole(0, 6)
    sentence = {"custodial_months": months, "specified_offence": case.sexual}
    _result(case, time, court, "sentence", "sentenced", sentence)
    if not case.sexual and chance.share(0.6):
        made = time + HOUR // 2
        case.court(
            "hmcts.order.made",
            made,
            court,
            decision="restraining",
            conditions=["no_contact"],
            effect_at=instant_text(made),
        )
    return _complete(case, time + HOUR, court, "convicted", sentence)


def _trial(case: Case, time: int, court: str) -> tuple[int, bool]:
    chance = case.chance
    required = case.cps("cps.witness.required", case.later(time, 86_400), reference=case.reference())
    got = case.later(time, 2 * 86_400)
    _witness_care(case, "wcu.witness_requirement.received", required, got, 0.95)
    if chance.share(0.6):
        _care(case, "wcu.victim.needs_assessed", case.later(got, 9 * 86_400), needs_found=["special_measures"])
    for _ in range(3):
        listed, wait = case.reference(), delays.TRIAL.at(chance.next())
        time = _list(case, time, court, "trial", wait, listed)
        if not chance.share(0.28):
            break
        reason = chance.one(("no_court_time", "no_court_time", "defence_not_ready", "witness_absent"))
        case.court("hmcts.hearing.vacated", time - 2 * 86_400, court, answers=listed, reasons=[reason])
    case.court("hmcts.trial.started", time, court)
    time += chance.whole(0, 4) * 86_400 + 4 * HOUR
    guilty = chance.share(0.58)
    _result(case, time, court, "trial", "convicted" if guilty else "acquitted")
    return time, guilty


def _list(case: Case, time: int, court: str, hearing: str, wait: int, reference: str | None = None) -> int:
    """A hearing is listed two hours after `time`, for `wait` seconds on; gives when it is held."""
    listed = time + 2 * HOUR
    held = case.later(listed, wait)
    reference, at = reference or case.reference(), instant_text(held)
    event = case.court("hmcts.hearing.listed", listed, court, reference=reference, hearing_type=hearing, hearing_at=at)
    if case.chance.share(0.85):
        received = case.after(listed, delays.WCU_TELLS)
        date = {"hearing_at": instant_text(held)}
        _witness_care(case, "wcu.hearing_date.received", event, received, 0.93, **date)
    return held


def _result(
    case: Case, time: int, court: str, hearing: str, decision: str, sentence: dict[str, Any] | None = None
) -> None:
    """A hearing's result goes to witness care, who tell the victim: two clocks with two owners (right 8)."""
    event = case.court("hmcts.hearing.resulted", time, court, decision=decision, hearing_type=hearing, **sentence or {})
    _inform(case, event, time, court, decision)


def _inform(case: Case, event: str, time: int, court: str, decision: str) -> None:
    """The court informs witness care of an outcome, and they tell the victim."""
    informed = case.after(time, delays.COURT_TO_WCU)
    case.court("hmcts.wcu.informed", informed, court, about=event)
    _witness_care(case, "wcu.hearing_outcome.received", event, informed + 900, 0.9, decision=decision)


def _complete(case: Case, time: int, court: str, decision: str, sentence: dict[str, Any]) -> int:
    event = case.court("hmcts.case.completed", time, court, decision=decision, **sentence)
    _inform(case, event, time, court, decision)
    return time


def _discontinue(case: Case, time: int) -> int:
    chance = case.chance
    withdrawn = case.after(time, delays.WITHDRAW_LATER)
    case.police("police.victim.support_withdrawn", withdrawn, withdrawal_stage="after_charge")
    stopped = case.after(withdrawn, delays.FILE_OUTCOME)
    event = case.cps("cps.case.discontinued", stopped, reasons=["victim_does_not_support"])
    if chance.share(0.7):
        letter = case.after(stopped, delays.LETTER)
        case.cps("cps.victim.letter_sent", letter, about=event, reasons_given=True, channel="letter")
    return stopped


def _care(case: Case, type_: str, time: int, **fields: Any) -> str:
    return case.publish("witness_care", type_, time, case.court_ids(), unit="WM-WCU", **fields)


def _witness_care(case: Case, type_: str, about: str, time: int, share_told: float, **fields: Any) -> None:
    """Witness care learn of an event of another agency and tell the victim of it: a clock of their own."""
    chance = case.chance
    reference = case.reference()
    _care(case, type_, time, reference=reference, about=about, **fields)
    if not chance.share(share_told):
        return
    channel = delays.TELL_CHANNELS.at(chance.next())
    told = case.after(time, delays.WCU_TELLS)
    two_way = channel in ("telephone", "in_person")
    _care(
        case,
        "wcu.victim.told",
        told,
        about=about,
        answers=reference,
        channel=channel,
        two_way=two_way,
        victim=case.victim,
    )
