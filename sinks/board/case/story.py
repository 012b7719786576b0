"""The same case in sentences, in the order in which it happened: a pure function of its rows.

Only what rows say is said: who, when and for how long; codes by the labels of the domain; no free text, no persons.
What no event says is told as that, not as if it had not happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from throughline.sinks.board.case.history import History, Row
from throughline.sinks.board.words.dates import on_words
from throughline.sinks.board.words.duration import counted, duration_words, span_words
from throughline.sinks.board.words.names import Names, lowered, raised

_DAY = 86_400.0
# more contacts of one kind than this are counted, not told one by one
_TOLD_ALONE = 2


class Step(NamedTuple):
    """What is told of one day (or month): `says` is a sentence or several, `is_main` where the case moved."""

    says: str
    is_main: bool


@dataclass(frozen=True)
class Story:
    """`way` is what became of the case, `victim` what the victim was promised, `limits` what was due: sentences."""

    way: list[Step] = field(default_factory=list)
    victim: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)

    def on_a_page(self, letters: int) -> set[int]:
        """Places in `way` of the steps that matter most and fit, with all the rest, into so many letters.

        Those in which the case moved come first; the first and the last step always fit.
        """
        room = letters - sum(map(len, (*self.victim, *self.limits)))
        by_weight = sorted(range(len(self.way)), key=lambda place: (not self.way[place].is_main, place))
        fitting = {0, len(self.way) - 1} if self.way else set()
        for place in by_weight:
            room -= len(self.way[place].says)
            if room < 0:
                break
            fitting.add(place)
        return fitting


class _Told(NamedTuple):
    """A sentence that begins after its date; `rank` orders what happened at one time."""

    at: datetime
    precision: str
    rank: int
    says: str


_BEGINNING, _DECISION, _HANDOFF, _CONTRADICTION, _ENDING = range(5)


def story(history: History, names: Names) -> Story:
    """The story of the case, counted to `history.until`."""
    told = sorted(_sentences(history, names), key=lambda one: (one.at, one.rank))
    way = []
    for when, group in groupby(told, key=lambda one: on_words(one.at, names.zone, one.precision)):
        sentences = list(group)
        first, *others = (one.says for one in sentences)
        says = " ".join([f"{raised(when)} {first}", *(raised(one) for one in others)])
        way.append(Step(says, any(one.rank in (_BEGINNING, _HANDOFF, _ENDING) for one in sentences)))
    if not history.is_closed:
        way.append(Step(_present(history, names), is_main=True))
    return Story(way, _contacts(history, names), _limits(history.clocks))


def _sentences(history: History, names: Names) -> Iterator[_Told]:
    if history.events:
        first = history.events[0]
        began = f"the case began, with {names.called(first['agency'])}: {lowered(names.event(first['type'], first))}."
        yield _Told(first["occurred_at"], first["occurred_precision"], _BEGINNING, began)
    for row in history.tellings:
        precision = row["decided_precision"] or "instant"
        yield _Told(row["decided_at"], precision, _DECISION, _decision(row, names))
    for row in history.handoffs:
        at, precision = row["sent_at"], row["sent_precision"]
        if row["kind"] == "implied" and row["received_at"] is not None:
            at, precision = row["received_at"], row["received_precision"]
        yield _Told(at, precision, _HANDOFF, _handoff(row, history, names))
    for row in history.contradictions:
        if row["seconds"] >= _DAY:
            yield _Told(row["from_at"], "instant", _CONTRADICTION, _contradiction(row, names))
    if history.is_closed:
        closed, began_at = history.case["closed_at"], history.case["opened_at"]
        after = duration_words((closed - began_at).total_seconds())
        yield _Told(closed, "instant", _ENDING, f"the case was closed, {after} after it began.")


def _handoff(row: Row, history: History, names: Names) -> str:
    giver, taker = names.called(row["from_agency"]), names.called(row["to_agency"])
    if giver == taker:
        units = " to ".join(f"unit {unit}" for unit in (row["from_unit"], row["to_unit"]) if unit)
        return f"{giver} passed it {f'from {units}' if ' to ' in units else 'to another unit'}{_held(row)}."
    if row["kind"] == "implied":
        return f"it was with {taker}: no event says that {giver} sent it."
    is_return = any(
        (row["to_agency"], row["from_agency"]) == (one["from_agency"], one["to_agency"])
        for one in history.handoffs
        if one["position"] < row["position"]
    )
    kind = "" if row["kind"] == "sent" else f" ({row['kind'].replace('_', ' ')})"
    reason = _reason_of(row, history, names)
    given = f" The reason given: {lowered(reason)}." if reason else ""
    return f"{giver} sent it {'back ' if is_return else ''}to {taker}{kind}{_held(row)}{_waiting(row)}.{given}"


def _held(row: Row) -> str:
    held = row["held_seconds"]
    return f", after {duration_words(held)}" if held is not None and held >= _DAY else ""


def _waiting(row: Row) -> str:
    """What became of something sent: taken the same day, after so long, or by nobody."""
    if row["received_at"] is not None:
        least, most = row["limbo_least_seconds"] or 0.0, row["limbo_most_seconds"] or 0.0
        if most < _DAY:
            return ""
        if least < _DAY:
            return f"; nobody acknowledged it for up to {duration_words(most)}"
        return f"; nobody acknowledged it for {span_words(least, most)}"
    waiting = duration_words(row["waiting_seconds"] or 0.0)
    if row["ended_at"] is not None:
        return f"; nobody had acknowledged it when the case was closed, {waiting} later"
    return f"; nobody has acknowledged it since, for {waiting} so far"


def _decision(row: Row, names: Names) -> str:
    who = names.called(row["agency"])
    if row["decision"] is None:
        did = f"{who} recorded: {lowered(names.event(row['type'], row))}"
    else:
        did = f"{who} decided: {lowered(names.decision(row['type'], row['decision']))}"
    return f"{did}. {_telling(row, names)}"


def _telling(row: Row, names: Names) -> str:
    if row["class"] == "not_told" or row["told_at"] is None:
        return "No event says that the victim was told."
    late = " It had taken effect before that." if row["class"] == "after_effect" else ""
    by = f" by {names.called(row['told_by'])}" if row["told_by"] and row["told_by"] != row["agency"] else ""
    if {row["decided_precision"], row["told_precision"]} - {"instant", None}:
        return (
            f"The victim was told{by} {on_words(row['told_at'], names.zone, row['told_precision'] or 'instant')}.{late}"
        )
    lag = row["lag_seconds"] or 0.0
    if lag < 0:
        return f"The victim had been told{by} {duration_words(-lag)} before."
    return f"The victim was told{by} {'within a day' if lag < _DAY else duration_words(lag) + ' later'}.{late}"


def _contradiction(row: Row, names: Names) -> str:
    left, right = names.called(row["left_agency"]), names.called(row["right_agency"])
    return (
        f"{left} said that the case was with {names.called(row['left_claim'])}, and {right} said that it was with "
        f"{names.called(row['right_claim'])}; this {'has lasted' if row['to_at'] is None else 'lasted'} "
        f"{duration_words(row['seconds'])}."
    )


def _present(history: History, names: Names) -> str:
    """Where the case is now."""
    case = history.case
    since = case["holder_since"]
    if case["state"] == "unknown" or since is None:
        return "No event says who has the case now."
    lasted = duration_words((history.until - since).total_seconds())
    if case["state"] == "limbo":
        taker = names.called(case["awaiting_agency"])
        return f"The case is between agencies: on its way to {taker} for {lasted} so far."
    unit = f", unit {case['holder_unit']}" if case["holder_unit"] else ""
    start = on_words(since, names.zone).removeprefix("on ")
    return f"The case has been with {names.called(case['holder_agency'])}{unit} since {start}, for {lasted} so far."


def _contacts(history: History, names: Names) -> list[str]:
    """Contacts promised and asked for: a few one by one, many counted."""
    said: list[str] = []
    rows = sorted(history.contacts, key=lambda row: (row["kind"], row["agency"], row["occurred_at"]))
    for (kind, agency), group in groupby(rows, key=lambda row: (row["kind"], row["agency"])):
        contacts, who = list(group), names.called(agency)
        asked = (
            f"{who} promised the victim a contact" if kind == "promised" else f"the victim asked {who} for a contact"
        )
        if len(contacts) > _TOLD_ALONE:
            said.append(f"{raised(asked)} {len(contacts)} times: {_outcomes(contacts)}.")
            continue
        for row in contacts:
            when = raised(on_words(row["occurred_at"], names.zone, row["occurred_precision"]))
            said.append(f"{when} {asked}. {_outcome(row, names.zone)}")
    return said


def _outcome(row: Row, zone: ZoneInfo) -> str:
    due = row["due_at"]
    if row["state"] == "kept":
        return "It came in time."
    if row["state"] == "late":
        late = duration_words((row["answered_at"] - due).total_seconds())
        return f"It came {on_words(row['answered_at'], zone)}, {late} late."
    if row["state"] == "open":
        return "It has not come yet." if due is None else f"It is due {on_words(due, zone)}."
    return f"It was due {on_words(due, zone)}, and no event says that it came."


def _outcomes(rows: Sequence[Row]) -> str:
    count = {state: sum(row["state"] == state for row in rows) for state in ("kept", "late", "broken", "open")}
    words = {"kept": "came in time", "late": "came late", "broken": "did not come", "open": "still to come"}
    return listed([f"{count[state]} {words[state]}" for state in words if count[state]])


def _limits(clocks: Sequence[Row]) -> list[str]:
    """Of the limits that applied, how many were kept, and which were not."""
    done = [row for row in clocks if row["state"] in ("met", "late", "overdue", "unclear")]
    if not done:
        return []
    met = sum(row["state"] == "met" for row in done)
    said = [f"{counted(len(done), 'limit')} applied, and {met} {'was' if met == 1 else 'were'} met."]
    for state, words in (("overdue", "Overdue"), ("late", "Met late")):
        titles = list(dict.fromkeys(lowered(row["title"]) for row in done if row["state"] == state))
        if titles:
            said.append(f"{words}: {'; '.join(titles)}.")
    return said


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _reason_of(handoff: Row, history: History, names: Names) -> str | None:
    """The reasons of the event that sent it, by their labels."""
    if handoff["reason"] is None:
        return None
    for row in history.events:
        if row["occurred_at"] == handoff["sent_at"] and row["reason"] == handoff["reason"]:
            return names.reasons(row["type"], row["reason"])
    return str(handoff["reason"]).replace("_", " ")
