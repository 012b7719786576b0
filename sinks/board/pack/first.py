"""The first page of the paper: six figures in sentences, what changed since the earlier meeting, what to ask about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from throughline.sinks.board.figures.choice import Choice, measures_of
from throughline.sinks.board.figures.figure import number, rows_of
from throughline.sinks.board.figures.overview import SIX, change_words, questions
from throughline.sinks.board.figures.page import said
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.meeting.since import since as changed_since
from throughline.sinks.board.pack.paper import Number
from throughline.sinks.board.words.dates import date_words
from throughline.sinks.board.words.names import lowered
from throughline.sinks.measures.measure import Measure

HIDDEN = "It rests on a number of cases that is too small to be shown, or that would give such a number away."


def number_of(asked: Asked, measure: Measure) -> Number:
    """The one number of a measure, beside that of the earlier meeting if one is asked for."""
    beside = asked.moment("beside")
    chosen = Choice(measure, (), {}, beside)
    now = said(asked, chosen)
    if number(asked, chosen, asked.as_of).is_hidden:
        return Number(measure.title, "Hidden", "", HIDDEN)
    between = f" With 95% confidence {now['between']}." if now["between"] else ""
    earlier = change = ""
    if beside is not None:
        then = said(asked, chosen, earlier=True)
        on = f"On {date_words(beside, asked.names.zone)}"
        is_hidden = number(asked, chosen, beside).is_hidden
        earlier = f"{on} it was hidden." if is_hidden else f"{on} it was {lowered(then['number'])}, of {then['of']}."
        change = change_words(measure, then["value"], now["value"])
    return Number(measure.title, now["number"], now["says"], f"Of {now['of']}.{between}", earlier, change)


def six(asked: Asked) -> tuple[Number, ...]:
    """The figures of the overview, those of them of which the stores have anything."""
    known = measures_of(asked)
    names = [name for name in SIX if name in known and rows_of(asked, known[name], asked.as_of).num_rows]
    return tuple(number_of(asked, known[name]) for name in names)


def since(asked: Asked) -> tuple[str, ...] | None:
    """What happened to cases since the earlier meeting, as the page of it has it, then the figures that moved.

    Null where none is asked for.
    """
    if asked.moment("beside") is None:
        return None
    days = replace(asked, given={**asked.given, "since": asked.text("beside")})
    sections = changed_since(days).facts["sections"]
    numbers = [number_of(asked, measure) for measure in measures_of(asked).values()]
    moved = [f"{one.title}: {one.sentence} {one.then}" for one in numbers if one.change]
    return (*map(_section, sections), *moved)


def _section(section: Mapping[str, Any]) -> str:
    """`New: 12 cases began (held by an agency: 10; between two agencies: hidden).`"""
    total = _brief(section["total"])
    cases = "case" if section["is_one"] else "cases"
    parts = "; ".join(f"{lowered(row['name'])}: {_brief(row['cases'])}" for row in section["rows"])
    if total == "hidden":
        return f"{section['title']}: hidden{f' ({parts})' if parts else ''}."
    said = f"{section['before']}{total} {cases}{section['after']}"
    return f"{section['title']}: {said}{f' ({parts})' if parts else ''}."


def _brief(cell: str) -> str:
    """A number, or that there are few; of what is hidden for the sake of another no more than that."""
    return cell if cell[:1].isdigit() or cell.startswith("fewer") else "hidden"


def to_ask(asked: Asked) -> tuple[str, ...]:
    """What stands out."""
    return tuple(one["says"] for one in questions(asked, measures_of(asked)))
