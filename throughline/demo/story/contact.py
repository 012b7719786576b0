"""Contact with the victim: updates, promises, requests, and decisions told late, one-way or never."""

from __future__ import annotations

from throughline.demo.story import delays
from throughline.demo.story.case import Case
from throughline.demo.story.instants import DAY


def tell(case: Case, about: str, time: int, share: float) -> None:
    """In that share of cases, police tell the victim of an event."""
    chance = case.chance
    if not chance.share(share):
        return
    told = case.after(time, delays.TELL)
    channel = delays.TELL_CHANNELS.at(chance.next())
    two_way = channel in ("telephone", "in_person")
    case.of_victim(
        "police.victim.told", told, about=about, channel=channel, two_way=two_way, reasons_given=chance.share(0.5)
    )


def tell_no_further_action(case: Case, about: str, time: int) -> None:
    """The end of the case: late, by e-mail or letter, or never (F07, F19)."""
    chance = case.chance
    if chance.share(0.27):
        return
    channel = delays.NFA_CHANNELS.at(chance.next())
    two_way = channel in ("telephone", "in_person")
    case.of_victim(
        "police.victim.told",
        case.after(time, delays.TELL_NFA),
        about=about,
        channel=channel,
        two_way=two_way,
        reasons_given=chance.share(0.4),
        vrr_explained=chance.share(0.45),
        support_offered=chance.share(0.3),
        questions_invited=two_way and chance.share(0.5),
        account_code=chance.one(("insufficient_evidence", "insufficient_evidence", "public_interest")),
    )


def contacts(case: Case) -> None:
    """Everything between police and victim that is no telling, from the recording to the end of the case."""
    chance = case.chance
    until = case.until if case.ended is None else min(case.ended, case.until)
    time = case.after(case.recorded, delays.FIRST_CONTACT)
    while time < until:
        what = chance.next()
        if what < 0.5:
            _update(case, time, {})
        elif what < 0.72:
            _promise(case, time)
        elif what < 0.93:
            _request(case, time)
        else:
            outcome = chance.one(("no_answer", "message_left"))
            case.police(
                "police.victim.contact_attempted",
                time,
                channel="telephone",
                direction="outbound",
                attempt_outcome=outcome,
            )
        time = case.after(time, delays.BETWEEN_CONTACTS)
    _officer_changes(case, until)


def _update(case: Case, time: int, answers: dict[str, str]) -> None:
    chance = case.chance
    channel = delays.UPDATE_CHANNELS.at(chance.next())
    case.police(
        "police.victim.contact_made",
        time,
        channel=channel,
        direction="outbound",
        purpose="reply" if answers else "update" if chance.share(0.7) else "request",
        initiated_by="police",
        next_step_stated=chance.share(0.4),
        expected_date_stated=chance.share(0.2),
        two_way=channel in ("telephone", "in_person"),
        victim=case.victim,
        **answers,
    )


def _promise(case: Case, time: int) -> None:
    """Less than half are kept in time: "many failed promises of communication" (F03)."""
    chance = case.chance
    days = chance.whole(2, 10)
    reference = case.reference()
    due = case.due(time, days)
    case.of_victim(
        "police.victim.contact_promised",
        time,
        reference=reference,
        due_at=due,
        channel="telephone",
        promised_to="victim",
    )
    kept = chance.next()
    if kept < 0.46:
        _update(case, case.later(time, int(chance.next() * (days - 1) * DAY)), {"answers": reference})
    elif kept < 0.68:
        _update(case, case.later(time, (days + chance.whole(2, 25)) * DAY), {"answers": reference})


def _request(case: Case, time: int) -> None:
    """The victim rings, and rings again (F04, F05)."""
    chance = case.chance
    for _ in range(chance.whole(1, 3)):
        reference = case.reference()
        channel = chance.one(("telephone", "email"))
        case.of_victim(
            "police.victim.contact_requested", time, reference=reference, due_at=case.due(time, 3), channel=channel
        )
        answered = chance.next()
        if answered < 0.52:
            _update(case, case.after(time, delays.ANSWER), {"answers": reference})
            return
        if answered < 0.7:
            case.police(
                "police.victim.contact_attempted",
                time + 60,
                channel="telephone",
                direction="inbound",
                attempt_outcome="mailbox_full",
            )
        time = case.days_on(time, 1, 10)


def _officer_changes(case: Case, until: int) -> None:
    """Officers who leave, and whether the victim hears of it (F23); absences without cover (F05, F06)."""
    chance = case.chance
    before: str | None = None
    for start, officer in reversed(case.officers):
        if before is not None and case.recorded < start < until:
            changed = case.police(
                "police.officer.reassigned",
                start,
                from_officer=before,
                officer_role="officer_in_case",
                reasons=[chance.one(("moved_post", "workload", "absence"))],
                handover_note=chance.share(0.4),
            )
            tell(case, changed, start, 0.4)
        before = officer
    if chance.share(0.2):
        away = case.days_on(case.recorded, 10, 100)
        back = case.later(away, chance.whole(7, 30) * DAY)
        if back < until:
            reference = case.reference()
            cover = {"cover_officer": case.officers[-1][1]} if chance.share(0.35) else {}
            case.police("police.officer.absence_started", away, reference=reference, reasons=["leave"], **cover)
            case.police("police.officer.absence_ended", back, answers=reference)
