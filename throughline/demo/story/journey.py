"""The way of one case through the agencies, from the report to where it stands at `until`."""

from __future__ import annotations

from throughline.demo.story import delays
from throughline.demo.story.case import Case
from throughline.demo.story.charging import seek_charge
from throughline.demo.story.contact import contacts
from throughline.demo.story.crime_report import report
from throughline.demo.story.investigation import investigate
from throughline.demo.story.outcome import close, withdraw
from throughline.demo.story.support import support

POLICE_CLOSE = 0.34  # of the cases that the victim goes on with


def journey(case: Case, in_shared_log: bool) -> None:
    """Publish everything that happens in the case."""
    chance = case.chance
    report(case, in_shared_log)
    stage = case.withdraws
    if stage == "at_report":
        withdraw(case, case.after(case.recorded, delays.WITHDRAW_EARLY), stage)
    elif stage == "investigation":
        time = case.after(case.recorded, delays.WITHDRAW_LATER)
        investigate(case, time)
        withdraw(case, time, stage)
    else:
        ready = case.after(case.recorded, delays.INVESTIGATE)
        investigate(case, ready)
        if stage is None and chance.share(POLICE_CLOSE):
            code = chance.one(("15", "15", "18", "21"))
            ground = "identification" if code == "18" else "insufficient_evidence"
            close(case, ready, code, ground)
        else:
            seek_charge(case, ready)
    contacts(case)
    support(case)
