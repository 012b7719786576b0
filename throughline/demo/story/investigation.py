"""What police do before they ask for a charging decision: evidence, arrest, bail, orders, further crimes."""

from __future__ import annotations

from throughline.demo.story import delays
from throughline.demo.story.case import Case
from throughline.demo.story.chance import Mix
from throughline.demo.story.contact import tell
from throughline.demo.story.instants import DAY, HOUR, day_text, instant_text

EVIDENCE = Mix({"cctv": 1.0, "phone": 1, "social_media": 1, "witness": 1, "medical": 1})


def investigate(case: Case, ends: int) -> None:
    """What happens between the recording and `ends`, when the file is ready or the investigation stops."""
    chance = case.chance
    identified = case.recorded + HOUR
    if chance.share(0.9):
        case.police("police.suspect.identified", identified, suspects=1)
        arrest = case.after(case.recorded, delays.ARREST)
        share = delays.DA_ARRESTED if case.domestic else delays.OTHER_ARRESTED
        if arrest < ends and chance.share(share / 0.9):
            _arrest(case, arrest, ends)
        elif chance.share(0.6):
            _interview(case, case.later(case.recorded, (ends - case.recorded) // 2))
    _evidence(case, ends)
    if not case.sexual and chance.share(0.22):
        _order(case, ends)
    if not case.sexual and chance.share(0.2):
        _further_crime(case, ends)
    time = case.later(case.recorded, 28 * DAY)
    while time < ends and time < case.until:
        if chance.share(0.6):
            finding = chance.one(("on_track", "lines_outstanding", "lines_outstanding", "victim_update_overdue"))
            case.police("police.investigation.supervised", time, supervision_type="periodic", findings=[finding])
        time = case.days_on(time, 30, 80)


def end_bail(case: Case, time: int, reason: str) -> None:
    """Bail, if there is any, ends."""
    if case.bail_reference is not None:
        ids = {"asn": case.asn, "crime_ref": case.crime_ref}
        ended = case.rms(
            "police.bail.ended", time, ids, reasons=[reason], answers=case.bail_reference, effect_at=instant_text(time)
        )
        case.bail_reference = None
        if reason != "charged":
            tell(case, ended, time, 0.6)


def _arrest(case: Case, time: int, ends: int) -> None:
    chance = case.chance
    ids = {"asn": case.asn, "crime_ref": case.crime_ref}
    arrested = case.rms("police.suspect.arrested", time, ids, suspects=1)
    tell(case, arrested, time, 0.72)
    if case.chain or chance.share(0.5):  # a force may give the URN at arrest
        case.urn_from = time
        ids_of_file = {"urn": case.urn, "asn": case.asn}
        if not case.chain:
            ids_of_file["crime_ref"] = case.crime_ref
        case.publish("police_files", "police.case.urn_allocated", time + HOUR, ids_of_file, unit=case.unit)
    _interview(case, time + 5 * HOUR)
    released = time + 9 * HOUR
    if chance.share(0.62):
        conditions = ["no_contact", "exclusion_zone"] if chance.share(0.6) else ["no_contact"]
        sought = chance.share(0.4)
        event = case.rms(
            "police.suspect.released", released, ids, decision="bail", conditions=conditions, victim_view_sought=sought
        )
        case.bail_reference = case.reference()
        imposed = case.rms(
            "police.bail.imposed",
            released,
            ids,
            decision="further_investigation",
            conditions=conditions,
            bail_start_date=day_text(released),
            bail_until=case.due(released, 90),
            reference=case.bail_reference,
        )
        tell(case, imposed, released, 0.7)
        _run_bail(case, released, ends)
    else:
        event = case.rms("police.suspect.released", released, ids, decision="rui")
    tell(case, event, released, 0.6)


def _run_bail(case: Case, start: int, ends: int) -> None:
    """Bail is extended every three months, or slips into release under investigation."""
    chance = case.chance
    if chance.share(0.2):
        case.police("police.bail.breached", case.later(start, 30 * DAY), sought_by="victim")
    for months, authority in ((3, "inspector"), (6, "superintendent")):
        time = case.later(start, (months * 30 - 2) * DAY)
        if time >= ends or time > case.until:
            return
        if chance.share(0.35):
            end_bail(case, time, "converted_to_rui")
            case.police("police.suspect.released", time + HOUR, decision="rui")
            return
        case.police(
            "police.bail.extended",
            time,
            bail_until=case.due(start, (months + 3) * 30),
            due_at=case.due(start, (months + 3) * 30),
            extension_authority=authority,
            reference=case.bail_reference,
        )
    time = case.later(start, 268 * DAY)
    if time < ends:
        end_bail(case, time, "expired")


def _interview(case: Case, time: int) -> None:
    interviewed = case.police("police.suspect.interviewed", time, under_caution=True)
    tell(case, interviewed, time, 0.6)


def _evidence(case: Case, ends: int) -> None:
    chance = case.chance
    for kind in chance.some(EVIDENCE, 2):
        opened = case.later(case.recorded, int(chance.next() * 20 * DAY))
        reference = case.reference()
        case.police("police.evidence.line_opened", opened, reference=reference, evidence_type=kind)
        closed = case.days_on(opened, 3, 83)
        if closed > ends:
            continue
        if chance.share(0.72):
            case.police("police.evidence.collected", closed, answers=reference, evidence_type=kind)
        elif kind == "cctv":
            case.police("police.evidence.lost", closed, answers=reference, evidence_type=kind, reasons=["overwritten"])
        else:
            case.police(
                "police.evidence.discounted", closed, answers=reference, evidence_type=kind, reasons=["not_relevant"]
            )
    if chance.share(0.3):  # "1 year after me reporting the offence, CPS wanted my phone records" (F36)
        reference = case.reference()
        time = case.days_on(case.recorded, 5, 65)
        case.police("police.device.requested", time, reference=reference, device_owner="victim")
        taken = case.later(time, 5 * DAY)
        case.police("police.device.taken", taken, answers=reference, device_owner="victim")
        if chance.share(0.6):
            back = case.days_on(taken, 20, 220)
            case.police("police.device.returned", back, answers=reference, device_owner="victim")


def _order(case: Case, ends: int) -> None:
    """A non-molestation order, and its breaches (F58)."""
    chance = case.chance
    granted = case.days_on(case.recorded, 4, 29)
    ids = {"order_ref": case.order_ref}
    both = {"order_ref": case.order_ref, "crime_ref": case.crime_ref}
    expires = case.due(granted, 365)
    case.court(
        "hmcts.order.made", granted, "B20FC", ids=ids, decision="nmo", conditions=["no_contact"], expires_at=expires
    )
    served = case.days_on(granted, 1, 10)
    case.rms("police.order.served", served, both, decision="nmo", on_pnc=chance.share(0.7))
    breached = served
    for _ in range(chance.whole(0, 3)):
        breached = case.days_on(breached, 5, 65)
        reference = case.reference()
        case.rms(
            "police.order.breach_reported",
            breached,
            both,
            decision="nmo",
            reference=reference,
            reported_at=instant_text(breached),
            sought_by=chance.one(("victim", "victim", "advocate")),
        )
        if chance.share(0.7):
            acted = case.later(breached, int(chance.next() * 12 * DAY))
            action = chance.one(("arrest", "warning", "nfa", "nfa"))
            case.rms("police.order.breach_actioned", acted, both, decision=action, answers=reference)


def _further_crime(case: Case, ends: int) -> None:
    """Another crime against the same victim: linked weeks later, or never (F21, F44)."""
    chance = case.chance
    time = case.recorded + int((3 + 40 * chance.next()) * DAY)
    if time > ends:
        return
    crime_ref = f"{case.area}/{800_000 + case.serial}/{day_text(time)[2:4]}"
    incident_ref = f"LOG-8{case.serial:04d}-{day_text(time).replace('-', '')}"
    case.rms(
        "police.incident.logged",
        time,
        {"incident_ref": incident_ref},
        reported_at=instant_text(time),
        channel="call_999",
        offence_group=case.offence,
    )
    case.rms(
        "police.crime.recorded",
        time + 6 * HOUR,
        {"crime_ref": crime_ref, "incident_ref": incident_ref, "victim_ref": case.victim},
        offence_group=case.offence,
        reported_at=instant_text(time),
        da_flag_police=case.domestic,
        victim=case.victim,
    )
    if chance.share(0.55):
        linked = min(case.days_on(time, 2, 42), max(ends - HOUR, time + DAY))
        ids = {"crime_ref": [case.crime_ref, crime_ref], "victim_ref": case.victim}
        case.rms("police.crime.linked", linked, ids, link_type="same_victim", link_basis="officer_judgement")
        return
    time = case.days_on(time, 10, 70)
    case.rms(
        "police.investigation.outcome_assigned", time, {"crime_ref": crime_ref}, decision=chance.one(("15", "16", "18"))
    )
