"""Advocates, in two services: referral, support, and what they ask of police and prosecutor."""

from __future__ import annotations

from typing import Any

from throughline.demo.story import delays
from throughline.demo.story.case import Case
from throughline.demo.story.instants import DAY

ROLES = {"rape": "isva", "other_sexual": "isva", "domestic_abuse": "idva", "stalking_harassment": "isac"}


def support(case: Case) -> None:
    """What advocates record of the case, if the victim has one: about two in three."""
    chance = case.chance
    by_police = chance.share(0.55)
    if not by_police and not chance.share(0.25):
        return
    _Advocate(case, by_police).tell()


class _Advocate:
    """The advocate's side of a case: the own reference, and which others it happens to hold."""

    def __init__(self, case: Case, by_police: bool) -> None:
        self.case, self.by_police = case, by_police
        self.role = ROLES[case.theme]
        stalking = self.role == "isac"
        self.system = "stalking_advocacy" if stalking else "isva_idva"
        self.unit = "ISAC-01" if stalking else "ISVA-IDVA-02"
        self.ref = f"{'SA' if stalking else 'CA'}-9{case.serial:06d}"
        # The stalking service keeps days only for a part of its records.
        self.days_only = 0.3 if stalking else 0.12

    def add(self, type_: str, time: int, ids: dict[str, Any] | None = None, **fields: Any) -> str:
        case, ids = self.case, ids or {"advocate_ref": self.ref}
        said = {"unit": self.unit, **fields, "victim": case.victim}
        return case.publish(self.system, type_, time, ids, day_only=case.chance.share(self.days_only), **said)

    def tell(self) -> None:
        case, chance = self.case, self.case.chance
        time = case.after(case.recorded, delays.REFERRAL)
        reference = case.reference()
        ids: dict[str, Any] = {"advocate_ref": self.ref}
        if self.by_police:
            numbers = {"crime_ref": case.crime_ref, "referral_ref": case.referral_ref}
            case.rms(
                "police.victim.referral_made",
                time,
                numbers,
                support_type=self.role,
                consent_given=True,
                reference=reference,
            )
            ids["referral_ref"] = case.referral_ref
            time = case.later(time, DAY // 2)
        sender = "police" if self.by_police else chance.one(("self", "self", "health", "other_service"))
        self.add(
            "advocate.referral.received",
            time,
            ids,
            reference=reference,
            referral_source=sender,
            advocate_role=self.role,
        )
        if chance.share(0.08):
            declined = case.later(time, 6 * DAY)
            reason = chance.one(("not_contactable", "victim_declined", "capacity"))
            self.add("advocate.referral.declined", declined, answers=reference, reasons=[reason])
            return
        self.add("advocate.referral.accepted", time + 3_600, answers=reference, advocate_role=self.role)
        reached = case.after(time, delays.ADVOCATE_REACHES)
        self.add(
            "advocate.first_contact.made", reached, answers=reference, channel="telephone", advocate_role=self.role
        )
        ids = {"advocate_ref": self.ref} | self._crime_ref()
        about = {"advocate_role": self.role, "offence_group": case.offence}
        self.add("advocate.case.opened", reached + 1_800, ids, **about, consent_given=True)
        if chance.share(0.7):
            plan = ["safety_planning", "emotional_support", "liaison_with_police"]
            self.add("advocate.support_plan.set", case.later(reached, 5 * DAY), plan_elements=plan)
        self._run(reached)

    def _crime_ref(self) -> dict[str, str]:
        """The crime number as the victim read it out: with spaces, not at all, or a placeholder."""
        case = self.case
        draw = case.chance.next()
        if draw < 0.1:
            return {"crime_ref": "UNKNOWN"}
        known = 0.25 if self.by_police else 0.7
        if case.chain or draw > 0.1 + known:
            return {}
        return {"crime_ref": case.crime_ref.replace("/", " / ") if draw < 0.2 else case.crime_ref}

    def _run(self, start: int) -> None:
        case, chance = self.case, self.case.chance
        ended = case.until if case.ended is None else case.ended
        time = case.after(start, delays.BETWEEN_SUPPORT)
        while time < min(ended + 30 * DAY, case.until):
            what = chance.next()
            if what < 0.66:
                self.add("advocate.contact.made", time, channel="telephone", direction="outbound", two_way=True)
            elif what < 0.74:
                self.add("advocate.contact.attempted", time, channel="telephone", attempt_outcome="no_answer")
            elif what < 0.93:
                self._ask(time)
            else:
                kind = chance.one(("no_contact", "no_contact", "workload_remark", "safety", "disbelief"))
                self.add("advocate.concern.raised", time, concern_type=kind, concern_agency="police")
            time = case.after(time, delays.BETWEEN_SUPPORT)
        if case.withdraws is not None and case.ended is not None and chance.share(0.6):
            reason = delays.WITHDRAWAL_REASONS.at(chance.next())
            told = max(start + DAY, ended - 10 * DAY)
            stage = case.withdraws
            self.add("advocate.victim.support_withdrawn", told, withdrawal_stage=stage, reasons=[reason])
        if case.sexual and chance.share(0.3):
            reference = case.reference()
            wanted = case.later(start, 14 * DAY)
            self.add("advocate.therapy.wanted", wanted, reference=reference)
            if chance.share(0.6):
                why = chance.one(("criminal_justice_advice", "waiting_list", "waiting_list"))
                self.add("advocate.therapy.deferred", wanted + 5 * DAY, answers=reference, reasons=[why])
        if case.ended is not None:
            closed = case.days_on(max(ended, start), 20, 70)
            self.add("advocate.case.closed", closed, reasons=[chance.one(("completed", "needs_met", "disengaged"))])

    def _ask(self, time: int) -> None:
        """The advocate asks who has the case. Half of the answers name the other agency (F30)."""
        case, chance = self.case, self.case.chance
        reference = case.reference()
        asked = "police" if chance.share(0.8) else "cps"
        self.add(
            "advocate.update.requested",
            time,
            reference=reference,
            topic="charging_decision",
            from_agency=asked,
            due_at=case.due(time, 5),
            channel="email",
        )
        if not chance.share(0.55):
            return
        told = asked if chance.share(0.5) else "cps" if asked == "police" else "police"
        answered = case.days_on(time, 0.5, 14.5)
        channel = chance.one(("email", "telephone"))
        self.add(
            "advocate.update.received",
            answered,
            answers=reference,
            from_agency=asked,
            told_holder=told,
            channel=channel,
        )
