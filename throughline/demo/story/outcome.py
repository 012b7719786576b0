"""How a case ends before charge: withdrawal, no further action by police or prosecutor, and reviews of it."""

from __future__ import annotations

from throughline.demo.story import delays
from throughline.demo.story.case import Case
from throughline.demo.story.contact import tell_no_further_action
from throughline.demo.story.instants import HOUR
from throughline.demo.story.investigation import end_bail


def withdraw(case: Case, time: int, stage: str, filed_after: int = 0) -> int:
    """The victim no longer supports the case: filed as outcome 16 or 14, after both times; gives the end."""
    chance = case.chance
    reason = delays.WITHDRAWAL_REASONS_POLICE.at(chance.next())
    case.of_victim(
        "police.victim.support_withdrawn",
        time,
        withdrawal_stage=stage,
        reasons=[reason],
        statement_taken=chance.share(0.6),
    )
    code = "14" if stage == "at_report" and chance.share(0.4) else "16"
    filed = case.after(max(time, filed_after), delays.FILE_OUTCOME)
    return close(case, filed, code, "victim_does_not_support")


def close(case: Case, time: int, code: str, ground: str) -> int:
    """Police assign a final outcome and tell the victim, or do not; gives the time."""
    chance = case.chance
    end_bail(case, time - HOUR, "nfa")
    assigned = case.police(
        "police.investigation.outcome_assigned",
        time,
        decision=code,
        decided_by_role=chance.one(("sergeant", "inspector", "constable")),
        reasons=[ground],
        offence_group=case.offence,
    )
    tell_no_further_action(case, assigned, time)
    if code == "15" and chance.share(0.08):
        _police_review(case, assigned, case.days_on(time, 10, 70))
    case.ended = time
    return time


def _police_review(case: Case, about: str, time: int) -> None:
    """The Victims' Right to Review, asked of police."""
    chance = case.chance
    reference = case.reference()
    case.police("police.vrr.requested", time, reference=reference, about=about)
    if chance.share(0.85):
        acknowledged = case.days_on(time, 1, 17)
        case.police("police.vrr.acknowledged", acknowledged, answers=reference, channel="email")
    decision = "upheld" if chance.share(0.85) else "overturned"
    decided = case.days_on(time, 18, 63)
    case.police("police.vrr.decided", decided, decision=decision, answers=reference, about=about)


def prosecutor_declines(case: Case, decided: str, time: int, public_interest: bool) -> int:
    """The prosecutor decided on no further action: letter, police outcome, review by the prosecutor."""
    chance = case.chance
    if chance.share(0.84):
        letter = case.after(time, delays.LETTER)
        given, explained = chance.share(0.7), chance.share(0.85)
        case.cps(
            "cps.victim.letter_sent",
            letter,
            about=decided,
            reasons_given=given,
            vrr_explained=explained,
            channel="letter",
        )
    taken_in = case.after(time, delays.DECISION_TAKEN_IN)
    case.file("police.pcd.decision_received", taken_in)
    ground = "public_interest" if public_interest else "insufficient_evidence"
    filed = case.after(taken_in, delays.FILE_OUTCOME)
    ended = close(case, filed, "9" if public_interest else "15", ground)
    if chance.share(0.14):
        asked = case.days_on(ended, 4, 74)
        reference = case.reference()
        case.cps("cps.vrr.requested", asked, reference=reference, about=decided)
        answered = case.days_on(asked, 15, 65)
        result = "upheld" if chance.share(0.84) else "overturned"
        case.cps("cps.vrr.decided", answered, decision=result, answers=reference, about=decided)
    return ended
