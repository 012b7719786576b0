"""Action plans: what the prosecutor asks for, what police send, and what is asked for again."""

from __future__ import annotations

from typing import Any

from throughline.demo.story import delays
from throughline.demo.story.case import Case
from throughline.demo.story.instants import DAY, HOUR
from throughline.demo.story.limbo import each_points_at_other, silent_end


def action_plan(
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
        again: dict[str, Any] = {} if sent_before is None else {"about": sent_before}
        due = case.due(time, chance.one((14, 21, 28, 42)))
        case.cps("cps.action_plan.item_requested", time + 60, reference=item, item_category=kind, due_at=due, **again)
    seen = case.after(time, delays.TAKE_IN)
    if chance.share(0.85):
        case.file("police.action_plan.received", seen, answers=plan, items=len(wanted))
    if chance.share(0.2):
        each_points_at_other(case, time)
    if chance.share(0.1):
        silent_end(case, time, request)
        return None
    last = seen
    for item, (kind, sent_before) in zip(references, wanted, strict=True):
        done = case.after(time, delays.ITEM)
        if sent_before is not None or chance.share(0.07):  # "already sent"
            already = ["already_supplied"]
            case.file("police.action_plan.disputed", done, answers=item, item_category=kind, reasons=already)
            if chance.share(0.6):
                cancelled = case.later(done, 4 * DAY)
                case.cps("cps.action_plan.item_cancelled", cancelled, answers=item, item_category=kind, reasons=already)
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
    allocated = case.after(answered, delays.ALLOCATE_REVIEW)
    case.cps("cps.pcd.allocated", allocated, decision="within_28_days", reference=request)
    return answered, allocated
