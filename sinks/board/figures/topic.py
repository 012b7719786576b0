"""`/waiting`, `/handoffs` …: the figures of one topic, each with its number and its chart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from throughline.sinks.board.figures.chart import chart
from throughline.sinks.board.figures.choice import Choice, measures_of
from throughline.sinks.board.figures.figure import figure
from throughline.sinks.board.figures.page import said
from throughline.sinks.board.figures.wording import Wording
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.page import Page
from throughline.sinks.measures.measure import Measure

TOPICS = {
    "waiting": ("Waiting", "Who holds cases now, for how long, and whose time it was."),
    "handoffs": ("Handoffs", "What agencies send one another, how long it takes, and what comes back."),
    "promises": ("Promises and telling", "What victims were promised, and what they were told."),
    "standards": ("Standards", "Time limits that are owed, and whether they are kept."),
    "withdrawal": ("Withdrawal", "Victims who withdrew, and what came before."),
}
# by what each figure is cut where nobody has chosen: what a board asks first
FIRST_CUT = {
    "waiting": ("band",),
    "between_agencies": ("from_agency", "to_agency"),
    "held": ("agency",),
    "sent_back": ("round",),
    "return_reasons": ("reason",),
    "decisions_told": ("agency",),
    "promises": ("agency",),
    "standards_kept": ("agency",),
    "contradictions": ("disagreement",),
    "owed": ("agency",),
    "withdrawals": ("offence_group",),
    "before_withdrawal": ("before",),
}


def topic(name: str) -> Callable[[Asked], Page]:
    """The page of one topic."""
    title, lead = TOPICS[name]

    def show(asked: Asked) -> Page:
        shown = [card(asked, one) for one in measures_of(asked).values() if one.page == name]
        return Page("topic.html", title, {"lead": lead, "cards": shown})

    return show


def card(asked: Asked, measure: Measure) -> dict[str, Any]:
    """A figure in brief: its number in a sentence, its chart by the cut that is asked first, and where it leads."""
    cuts = first_cuts(asked, measure)
    chosen = Choice(measure, cuts, {}, None)
    wording = Wording(asked.names, asked.settings.domain)
    given = dict(zip(("by", "then_by"), cuts, strict=False))
    return {
        "measure": measure,
        "said": said(asked, chosen),
        "chart": chart(asked, chosen, figure(asked, chosen), wording),
        "address": asked.address(f"/figures/{measure.name}", **given),
    }


def first_cuts(asked: Asked, measure: Measure) -> tuple[str, ...]:
    """By what the figure is cut where nobody has chosen, of what the domain has."""
    return tuple(cut for cut in FIRST_CUT.get(measure.name, ()) if _has(asked, measure, cut))


def _has(asked: Asked, measure: Measure, cut: str) -> bool:
    facets = {facet.name for facet in asked.settings.domain.facets}
    return cut in measure.cuts or cut in ("agency", "unit", "area", "month", "band") or cut in facets
