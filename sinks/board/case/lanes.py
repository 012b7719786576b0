"""The swim lanes of a case as SVG: for each agency what it held, what was on its way to it, and its events; beneath
them contradictions, contacts promised to the victim, and limits that were missed or still run.

A pure function of rows. Nothing is told by colour alone: held is a full bar, on its way a hatched one, never
acknowledged a hatched one with a broken outline, an event a dot, a decision a diamond, several events a number.
An end that is known to a day or a month only is drawn as wide and pale as it is uncertain.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from throughline.sinks.board.case.axis import Axis, axis_over, bounds
from throughline.sinks.board.case.history import History, Row
from throughline.sinks.board.case.svg import drawing, element, text, wrapped
from throughline.sinks.board.words.duration import counted
from throughline.sinks.board.words.names import Names

WIDTH, GUTTER = 960.0, 150.0
_LANE, _ROW, _LIMIT, _NOTE, _TOP = 58.0, 24.0, 29.0, 18.0, 30.0
_BAR, _DOTS = 12.0, 42.0
# events that would stand closer than this are one mark with a number
_APART = 20.0
_CLOCKS, _CONTACTS = 6, 4
_BAR_HEIGHT = 16.0


_Bounds = tuple[datetime, datetime]


class Lane(NamedTuple):
    """A strip of the drawing: its label, its height, and what is drawn in it."""

    label: str
    height: float
    marks: list[Markup]
    is_small: bool = False


def lanes(history: History, names: Names) -> Markup:
    """The drawing."""
    axis = axis_over(*_extent(history, names), GUTTER, WIDTH - 14, names.zone)
    agencies = _agencies(history)
    tops = {agency: _TOP + place * _LANE for place, agency in enumerate(agencies)}
    parts: list[Markup] = []
    for agency, top in tops.items():
        parts += _label(names.agency(agency), top, _LANE)
        parts += [_holding(row, axis, top, history) for row in history.holdings if row["agency"] == agency]
        parts += _dots([row for row in history.events if row["agency"] == agency], axis, top, names)
    for row in history.handoffs:
        parts += _handoff(row, axis, tops, history)
    bottom = _TOP + len(agencies) * _LANE
    for lane in _strips(history, axis, names, bottom):
        parts += [*_label(lane.label, bottom, lane.height, is_small=lane.is_small), *lane.marks]
        bottom += lane.height
    parts = [_hatching(), *_grid(axis, bottom), *parts]
    if not history.is_closed:
        x = axis.place(history.until)
        parts.append(element("line", x1=x, x2=x, y1=_TOP - 6, y2=bottom, class_="until"))
    return drawing(WIDTH, bottom + 8, *parts, title="The case over time", desc=described(history, names), id_="lanes")


def described(history: History, names: Names) -> str:
    """What the drawing shows, in a sentence or two; the tables beneath it say all of it."""
    missed = sum(row["state"] in ("overdue", "late") for row in history.clocks)
    return (
        f"A lane for each of {counted(len(_agencies(history)), 'agency').replace('agencys', 'agencies')}: "
        f"{', '.join(names.agency(one) for one in _agencies(history))}. "
        f"{counted(len(history.events), 'event')}, {counted(len(history.holdings), 'holding')}, "
        f"{counted(len(history.handoffs), 'handoff')}, {counted(len(history.contradictions), 'contradiction')}, "
        f"{counted(len(history.contacts), 'contact')} promised or asked for, {counted(missed, 'limit')} missed. "
        "The tables on this page say the same."
    )


def _extent(history: History, names: Names) -> tuple[datetime, datetime]:
    ends = [bounds(row["occurred_at"], row["occurred_precision"], names.zone) for row in history.events]
    first = min((early for early, _ in ends), default=history.until)
    last = max((late for _, late in ends), default=history.until)
    return first, last if history.is_closed else max(last, history.until)


def _agencies(history: History) -> list[str]:
    """Every agency of the case, in the order in which it first acts or is sent something."""
    first: dict[str, datetime] = {}
    seen = [(row["occurred_at"], row["agency"]) for row in history.events]
    seen += [(row["sent_at"], row["to_agency"]) for row in history.handoffs]
    for at, agency in sorted(seen, key=lambda one: one[0]):
        first.setdefault(agency, at)
    return list(first)


def _grid(axis: Axis, bottom: float) -> list[Markup]:
    return [
        element(
            "g",
            element("line", x1=x, x2=x, y1=_TOP - 8, y2=bottom, class_="grid"),
            text(x, 14.0, words, class_="tick", text_anchor="start" if x < GUTTER + 30 else "middle"),
        )
        for x, words in axis.ticks()
    ]


def _label(words: str, top: float, height: float, *, is_small: bool = False) -> list[Markup]:
    lines, step = (wrapped(words, 26, 2), 12) if is_small else (wrapped(words, 20, 3 if height >= _LANE else 1), 15)
    first = top + (height - step * len(lines)) / 2 + step - 3
    kind = "small" if is_small else "lane"
    said = [text(0.0, first + step * place, line, class_=kind) for place, line in enumerate(lines)]
    rule = element("line", x1=0.0, x2=WIDTH, y1=top, y2=top, class_="rule")
    return [rule, *said]


def _holding(row: Row, axis: Axis, top: float, history: History) -> Markup:
    starts = bounds(row["from_at"], row["from_precision"], axis.zone)
    to_at = row["to_at"]
    ends = (history.until, history.until) if to_at is None else bounds(to_at, row["to_precision"], axis.zone)
    return element("g", *_bar(axis, top + _BAR, starts, ends, "held"))


def _bar(axis: Axis, y: float, starts: _Bounds, ends: _Bounds, kind: str, height: float = _BAR_HEIGHT) -> list[Markup]:
    """A bar over what is certain, and paler ones over what each end may have been."""
    certain = (axis.place(starts[1]), axis.place(ends[0]))
    possible = (axis.place(starts[0]), axis.place(ends[1]))
    made = []
    if possible[1] - possible[0] > certain[1] - certain[0] + 1.5:
        made.append(_rect(possible[0], y, possible[1], height, f"{kind} pale"))
    if certain[1] >= certain[0]:
        made.append(_rect(certain[0], y, certain[1], height, kind))
    return made


def _rect(x1: float, y: float, x2: float, height: float, kind: str) -> Markup:
    return element("rect", x=x1, y=y, width=max(x2 - x1, 2.0), height=height, class_=kind)


def _handoff(row: Row, axis: Axis, tops: dict[str, float], history: History) -> list[Markup]:
    """What is on its way stands, hatched, in the lane of the agency that is to take it."""
    if row["kind"] == "implied":
        return []
    sent = bounds(row["sent_at"], row["sent_precision"], axis.zone)
    received, ended = row["received_at"], row["ended_at"]
    if received is not None:
        ends = bounds(received, row["received_precision"], axis.zone)
    else:
        ends = (ended or history.until,) * 2
    giver, taker = tops.get(row["from_agency"]), tops[row["to_agency"]]
    kind = "limbo" if received is not None else "limbo lost"
    made = _bar(axis, taker + _BAR, sent, ends, kind)
    if giver is not None and giver != taker:
        x, is_down = axis.place(sent[0]), taker > giver
        start, end = (
            (giver + _BAR + _BAR_HEIGHT, taker + _BAR) if is_down else (giver + _BAR, taker + _BAR + _BAR_HEIGHT)
        )
        tip = -6 if is_down else 6
        made.append(element("line", x1=x, x2=x, y1=start, y2=end, class_="sent"))
        made.append(element("path", d=f"M{x:.1f} {end:.1f}l-4 {tip}h8z", class_="arrow"))
    return made


def _dots(rows: Sequence[Row], axis: Axis, top: float, names: Names) -> list[Markup]:
    """A mark for each event; one with a number where several stand too close to be told apart."""
    made: list[Markup] = []
    bins: dict[int, list[tuple[float, float, Row]]] = {}
    for row in rows:
        early, late = (axis.place(one) for one in bounds(row["occurred_at"], row["occurred_precision"], axis.zone))
        bins.setdefault(int((early - axis.left) // _APART), []).append((early, late, row))
    for place, some in bins.items():
        left = axis.left + place * _APART
        if len(some) > 1:
            made += _several(left + _APART / 2, top + _DOTS, len(some))
        else:
            early, late, row = some[0]
            made += _one(early, late, left, top + _DOTS, is_decision=bool(row["is_decision"]))
    return made


def _several(x: float, y: float, count: int) -> list[Markup]:
    return [
        element("rect", x=x - 9, y=y - 8, width=18.0, height=15.0, rx=7, class_="event many"),
        text(x, y + 3.5, str(count), class_="many", text_anchor="middle"),
    ]


def _one(early: float, late: float, left: float, y: float, *, is_decision: bool) -> list[Markup]:
    """One event: as wide as its time is uncertain, and within its place, so that it covers no other mark."""
    made = [] if late - early < 3 else [_rect(early, y - 2, late, 4.0, "event pale")]
    middle = min(max((early + late) / 2 if made else early, left + 5), left + _APART - 5)
    if is_decision:
        return [*made, element("path", d=f"M{middle:.1f} {y - 6:.1f}l6 6l-6 6l-6 -6z", class_="event decision")]
    return [*made, element("circle", cx=middle, cy=y, r=4, class_="event")]


def _strips(history: History, axis: Axis, names: Names, top: float) -> list[Lane]:
    """Contradictions, contacts and limits, each where there is any."""
    made: list[Lane] = []

    def add(label: str, rows: list[list[Markup]]) -> None:
        made.append(Lane(label, max(_ROW * len(rows), _ROW), [mark for row in rows for mark in row]))

    def below() -> float:
        return top + sum(lane.height for lane in made)

    if history.contradictions:
        y = below() + 6
        add(
            "Contradictions",
            [
                [
                    m
                    for row in history.contradictions
                    for m in _interval(axis, y, row["from_at"], row["to_at"], history, "clash")
                ]
            ],
        )
    if history.contacts:
        y = below()
        levels = _levels(history.contacts, history)
        add(
            "Contact with victim",
            [
                [mark for row in level for mark in _contact(axis, y + _ROW * place + 6, row, history)]
                for place, level in enumerate(levels[:_CONTACTS])
            ],
        )
        if left := sum(len(level) for level in levels[_CONTACTS:]):
            made.append(Lane(f"and {counted(left, 'contact')} more", _NOTE, [], is_small=True))
    limits = [row for row in history.clocks if row["state"] in ("overdue", "running", "paused", "late")]
    for row in limits[:_CLOCKS]:
        y = below() + 9
        made.append(Lane(row["title"], _LIMIT, _clock(axis, y, row, history), is_small=True))
    if left := len(limits[_CLOCKS:]):
        made.append(Lane(f"and {counted(left, 'limit')} more", _NOTE, [], is_small=True))
    return made


def _interval(axis: Axis, y: float, start: datetime, end: datetime | None, history: History, kind: str) -> list[Markup]:
    until = end or history.until
    return _bar(axis, y, (start, start), (until, until), kind, 11.0)


def _levels(rows: Sequence[Row], history: History) -> list[list[Row]]:
    """Contacts one beneath the other where they overlap."""
    levels: list[list[Row]] = []
    for row in sorted(rows, key=lambda one: one["occurred_at"]):
        for level in levels:
            before = level[-1]
            if (before["answered_at"] or history.until) <= row["occurred_at"]:
                level.append(row)
                break
        else:
            levels.append([row])
    return levels


def _contact(axis: Axis, y: float, row: Row, history: History) -> list[Markup]:
    """From when it was promised to when it came; a tick where it was due."""
    made = _interval(axis, y, row["occurred_at"], row["answered_at"], history, f"contact {row['state']}")
    return made + _due(axis, y, row["due_at"], history)


def _clock(axis: Axis, y: float, row: Row, history: History) -> list[Markup]:
    """From its start to its stop: pale to where it was due, full beyond."""
    end = row["stopped_at"] or history.until
    due = min(row["due_at"], end)
    made = _bar(axis, y, (row["started_at"],) * 2, (due, due), "clock within", 11.0)
    if row["state"] in ("overdue", "late") and end > due:
        made += _bar(axis, y, (due, due), (end, end), "clock over", 11.0)
    return made + _due(axis, y, row["due_at"], history)


def _due(axis: Axis, y: float, due: datetime | None, history: History) -> list[Markup]:
    if due is None or not axis.first <= due <= axis.last:
        return []
    x = axis.place(due)
    return [element("line", x1=x, x2=x, y1=y - 3, y2=y + 14, class_="due")]


def _hatching() -> Markup:
    """The pattern of what is on its way: lines at 45 degrees."""
    ground = element("rect", width=8, height=8, class_="hatched")
    lines = element("path", d="M-2 2L2 -2M0 8L8 0M6 10L10 6", class_="hatch")
    begin, end = Markup('<pattern id="way" width="8" height="8" patternUnits="userSpaceOnUse">'), Markup("</pattern>")
    return element("defs", begin + ground + lines + end)
