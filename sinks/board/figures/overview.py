"""`/overview`: six figures that matter, what changed since a meeting, and what to ask about."""

from __future__ import annotations

from typing import Any

from throughline.sinks.board.figures.choice import Choice, measures_of
from throughline.sinks.board.figures.figure import figure, is_empty, months
from throughline.sinks.board.figures.page import said
from throughline.sinks.board.figures.topic import card, first_cuts
from throughline.sinks.board.figures.wording import Wording, percent
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.page import Page
from throughline.sinks.board.words.duration import counted, duration_words
from throughline.sinks.measures.grouping import NOT_STATED
from throughline.sinks.measures.measure import Measure

SIX = ("waiting", "between_agencies", "sent_back", "decisions_told", "promises", "standards_kept")


def overview(asked: Asked) -> Page:
    """The first page."""
    known = measures_of(asked)
    beside = asked.moment("beside")
    cards = []
    for name in SIX:
        if name not in known or is_empty(asked, Choice(known[name], first_cuts(asked, known[name]), {}, None)):
            continue
        made = card(asked, known[name])
        made |= {"earlier": None, "change": ""}
        if beside is not None:
            chosen = Choice(known[name], (), {}, beside)
            made["earlier"] = said(asked, chosen, earlier=True)
            made["change"] = change_words(known[name], made["earlier"]["value"], made["said"]["value"])
        cards.append(made)
    return Page(
        "overview.html",
        "Overview",
        {"cards": cards, "beside_day": asked.text("beside"), "questions": questions(asked, known)},
    )


def change_words(measure: Measure, before: float | None, now: float | None) -> str:
    """By how much the number moved, in words; nothing where it did not."""
    if before is None or now is None:
        return ""
    if measure.kind == "durations":
        if abs(now - before) < 3600:
            return ""
        return f"{duration_words(abs(now - before))} {'longer' if now > before else 'shorter'}."
    points = abs(round(100 * (now - before)))
    if points == 0:
        return ""
    return f"{counted(points, 'percentage point')} {'more' if now > before else 'less'}."


def questions(asked: Asked, known: dict[str, Measure]) -> list[dict[str, str]]:
    """What stands out, each in a sentence that leads to it: no judgement, only where to look first."""
    wording = Wording(asked.names, asked.settings.domain)
    return [*_longest_pair(asked, known, wording), *_untold(asked, known, wording), *_unusual(asked, known, wording)]


def _longest_pair(asked: Asked, known: dict[str, Measure], wording: Wording) -> list[dict[str, str]]:
    measure = known.get("between_agencies")
    if measure is None:
        return []
    cuts = ("from_agency", "to_agency")
    pairs = [
        row
        for row in figure(asked, Choice(measure, cuts, {}, None)).to_pylist()
        if row["from_agency"] and row["to_agency"] and row["median_seconds"] is not None
    ]
    if not pairs:
        return []
    row = max(pairs, key=lambda row: row["median_seconds"])
    giver, taker = (wording.value(cut, row[cut]) for cut in cuts)
    address = asked.address(
        f"/figures/{measure.name}", by="month", from_agency=row["from_agency"], to_agency=row["to_agency"]
    )
    says = (
        f"Cases wait longest between {giver} and {taker}: half for more than {duration_words(row['median_seconds'])}."
    )
    return [{"says": says, "address": address}]


def _untold(asked: Asked, known: dict[str, Measure], wording: Wording) -> list[dict[str, str]]:
    measure = known.get("decisions_told")
    if measure is None:
        return []
    rows = [
        row
        for row in figure(asked, Choice(measure, ("agency",), {}, None)).to_pylist()
        if row["agency"] not in (None, NOT_STATED) and row["outcome"] == "not_told" and row["share"] is not None
    ]
    if not rows:
        return []
    row = max(rows, key=lambda row: row["share"])
    who = wording.value("agency", row["agency"])
    address = asked.address(f"/figures/{measure.name}", by="decided", agency=row["agency"])
    return [
        {"says": f"Victims were never told of {percent(row['share'])} of the decisions of {who}.", "address": address}
    ]


def _unusual(asked: Asked, known: dict[str, Measure], wording: Wording) -> list[dict[str, str]]:
    """Figures of which the last whole month is beyond what is usual. Of an earlier day that is left out: every month of
    every figure takes as long as the rest of the page, and the pages of the figures show it."""
    found: list[dict[str, str]] = []
    if asked.text("as_of") or asked.known_at:
        return found
    # of those shown above alone: their rows are read already
    for measure in (known[name] for name in SIX if name in known):
        series = months(asked, Choice(measure, (), {}, None))
        if series.variation is None:
            continue
        judged: list[Any] = [one for one in series.months if one.is_whole and one.number.value is not None]
        if series.variation.signals[-1] == "beyond":
            month = wording.value("month", judged[-1].month)
            says = f"{measure.title}: {month} was beyond what is usual."
            found.append({"says": says, "address": asked.address(f"/figures/{measure.name}", by="month")})
    return found
