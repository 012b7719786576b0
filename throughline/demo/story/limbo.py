"""What is lost between police and prosecutor: each points at the other, or nobody holds the case."""

from __future__ import annotations

from throughline.demo.story import delays
from throughline.demo.story.case import Case
from throughline.demo.story.instants import DAY
from throughline.demo.story.outcome import close


def each_points_at_other(case: Case, time: int) -> None:
    """Each states that the other has the case: "hiding behind each other" (F30)."""
    first = case.days_on(time, 6, 31)
    ids = {"crime_ref": case.crime_ref}
    case.rms("police.case.status_stated", first, ids, holder="cps")
    second = case.days_on(first, 1, 16)
    case.cps("cps.case.status_stated", second, holder="police")


def silent_end(case: Case, time: int, request: str) -> None:
    """No answer from police: the prosecutor closes the request, nobody holds the case, few victims hear."""
    chance = case.chance
    for number, days in ((1, 31), (2, 61)):
        if chance.share(0.7):
            case.cps("cps.action_plan.chased", case.later(time, days * DAY), chase_no=number)
    finalised = case.after(time, delays.SILENCE)
    case.cps("cps.pcd.admin_finalised", finalised, reasons=["no_police_response"], reference=request)
    if chance.share(0.4):
        later = case.days_on(finalised, 5, 65)
        ids = {"crime_ref": case.crime_ref}
        case.rms("police.case.status_stated", later, ids, holder="cps")
    if chance.share(0.4):
        close(case, case.days_on(finalised, 30, 180), "15", "insufficient_evidence")
