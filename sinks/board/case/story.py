"""The same case in sentences, in the order in which it happened: a pure function of its rows.

Only what rows say is said: who, when and for how long; codes by the labels of the domain; no free text, no persons.
What no event says is told as that, not as if it had not happened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import NamedTuple

from throughline.sinks.board.case.history import History, Row
from throughline.sinks.board.words.dates import date_of, on_words
from throughline.sinks.board.words.duration import counted, duration_words, span_words
from throughline.sinks.board.words.names import Names, lowered, raised

_DAY = 86_400.0
# more of one kind than this are counted, not told one by one
_TOLD_ALONE = 2


@dataclass(frozen=True)
class Story:
    """`way` is what became of the case, `victim` what the victim was promised and told, `limits` what was due."""

    way: list[str] = field(default_factory=list)
    victim: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)


class _Told(NamedTuple):
    at: datetime
    rank: int
    say: Callable[[], str]


class _Dates:
    """Says a date without its year where the sentence before had the same."""

    def __init__(self, names: Names) -> None:
        self._zone = names.zone
        self._year = 0

    def on(self, at: datetime, precision: str | None = "instant") -> str:
        """`on 12 March 2026`, and `on 14 March` after it."""
        precision = precision or "instant"
        year = date_of(at, self._zone, precision).year
        said = on_words(at, self._zone, precision)
        if year == self._year and said.count(str(year)) == 1:
            said = said.removesuffix(f" {year}")
        self._year = year
        return said


def story(history: History, names: Names) -> Story:
    """The story of the case, counted to `history.until`."""
    dates = _Dates(names)
    told: list[_Told] = []
    if history.events:
        first = history.events[0]
        told.append(_Told(first["occurred_at"], 0, partial(_beginning, first, names, dates)))
    told += [_Told(row["decided_at"], 1, partial(_decision, row, names, dates)) for row in history.tellings]
    told += [_Told(row["sent_at"], 2, partial(_handoff, row, history, names, dates)) for row in history.handoffs]
    told += [
        _Told(row["from_at"], 3, partial(_contradiction, row, names, dates))
        for row in history.contradictions
        if row["seconds"] >= _DAY
    ]
    way = [one.say() for one in sorted(told, key=lambda one: (one.at, one.rank))]
    way.append(_end(history, names, dates))
    return Story(way, _contacts(history, names, _Dates(names)), _limits(history.clocks))


def _beginning(row: Row, names: Names, dates: _Dates) -> str:
    when = dates.on(row["occurred_at"], row["occurred_precision"])
    return f"The case began {when}, with {names.called(row['agency'])}: {lowered(_phrase(row, names))}."


def _handoff(row: Row, history: History, names: Names, dates: _Dates) -> str:
    giver, taker = names.called(row["from_agency"]), names.called(row["to_agency"])
    if row["kind"] == "implied":
        when = dates.on(row["received_at"] or row["sent_at"], row["received_precision"] or row["sent_precision"])
        return f"{raised(when)} it was with {taker}: no event says that {giver} sent it."
    is_return = any(
        (row["to_agency"], row["from_agency"]) == (one["from_agency"], one["to_agency"])
        for one in history.handoffs
        if one["position"] < row["position"]
    )
    kind = "" if row["kind"] == "sent" else f" ({row['kind'].replace('_', ' ')})"
    held = row["held_seconds"]
    after = f", after {duration_words(held)}" if held is not None and held >= _DAY else ""
    when = dates.on(row["sent_at"], row["sent_precision"])
    sent = f"{raised(when)} {giver} sent it {'back ' if is_return else ''}to {taker}{kind}{after}"
    reason = _reason_of(row, history, names)
    given = f" The reason given: {lowered(reason)}." if reason else ""
    return f"{sent}{_waiting(row, names)}.{given}"


def _waiting(row: Row, names: Names) -> str:
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


def _decision(row: Row, names: Names, dates: _Dates) -> str:
    when = raised(dates.on(row["decided_at"], row["decided_precision"]))
    who = names.called(row["agency"])
    what = names.event(row["type"], {"decision": row["decision"]}) if row["decision"] is None else ""
    said = lowered(what or names.decision(row["type"], row["decision"]))
    return f"{when} {who} decided: {said}. {_telling(row, names, dates)}"


def _telling(row: Row, names: Names, dates: _Dates) -> str:
    if row["class"] == "not_told" or row["told_at"] is None:
        return "No event says that the victim was told."
    late = " It had taken effect before that." if row["class"] == "after_effect" else ""
    by = f" by {names.called(row['told_by'])}" if row["told_by"] and row["told_by"] != row["agency"] else ""
    if {row["decided_precision"], row["told_precision"]} - {"instant", None}:
        return f"The victim was told{by} {dates.on(row['told_at'], row['told_precision'])}.{late}"
    lag = row["lag_seconds"] or 0.0
    if lag < 0:
        return f"The victim had been told{by} {duration_words(-lag)} before."
    return f"The victim was told{by} {'the same day' if lag < _DAY else duration_words(lag) + ' later'}.{late}"


def _contradiction(row: Row, names: Names, dates: _Dates) -> str:
    left, right = names.called(row["left_agency"]), names.called(row["right_agency"])
    since = dates.on(row["from_at"]).removeprefix("on ")
    lasted = duration_words(row["seconds"])
    return (
        f"For {lasted} from {since}, {left} said that the case was with {names.called(row['left_claim'])}, "
        f"and {right} said that it was with {names.called(row['right_claim'])}."
    )


def _end(history: History, names: Names, dates: _Dates) -> str:
    """Where the case is now."""
    case = history.case
    since = case["holder_since"]
    if case["state"] == "closed":
        ended = case["closed_at"]
        lasted = duration_words((ended - case["opened_at"]).total_seconds())
        return f"The case was closed {dates.on(ended)}, {lasted} after it began."
    if case["state"] == "unknown" or since is None:
        return "No event says who has the case now."
    lasted = duration_words((history.until - since).total_seconds())
    if case["state"] == "limbo":
        return (
            f"The case is between agencies: on its way to {names.called(case['awaiting_agency'])} for {lasted} so far."
        )
    unit = f", unit {case['holder_unit']}" if case["holder_unit"] else ""
    start = dates.on(since).removeprefix("on ")
    return f"The case has been with {names.called(case['holder_agency'])}{unit} since {start}, for {lasted} so far."


def _contacts(history: History, names: Names, dates: _Dates) -> list[str]:
    """Contacts promised and asked for: a few one by one, many counted."""
    said: list[str] = []
    rows = sorted(history.contacts, key=lambda row: (row["kind"], row["agency"], row["occurred_at"]))
    for (kind, agency), group in groupby(rows, key=lambda row: (row["kind"], row["agency"])):
        contacts = list(group)
        who = names.called(agency)
        if len(contacts) > _TOLD_ALONE:
            asked = (
                f"{raised(who)} promised the victim a contact"
                if kind == "promised"
                else f"The victim asked {who} for a contact"
            )
            said.append(f"{asked} {len(contacts)} times: {_outcomes(contacts)}.")
            continue
        for row in contacts:
            when = raised(dates.on(row["occurred_at"], row["occurred_precision"]))
            asked = (
                f"{who} promised the victim a contact"
                if kind == "promised"
                else f"the victim asked {who} for a contact"
            )
            said.append(f"{when} {asked}. {_outcome(row, dates)}")
    return said


def _outcome(row: Row, dates: _Dates) -> str:
    if row["state"] == "kept":
        return "It came in time."
    if row["state"] == "late":
        late = duration_words((row["answered_at"] - row["due_at"]).total_seconds())
        return f"It came {dates.on(row['answered_at'])}, {late} late."
    if row["state"] == "open":
        return "It has not come yet." if row["due_at"] is None else f"It is due {dates.on(row['due_at'])}."
    return f"It was due {dates.on(row['due_at'])}, and no event says that it came."


def _outcomes(rows: Sequence[Row]) -> str:
    count = {state: sum(row["state"] == state for row in rows) for state in ("kept", "late", "broken", "open")}
    words = {"kept": "came in time", "late": "came late", "broken": "did not come", "open": "still to come"}
    return listed([f"{count[state]} {words[state]}" for state in words if count[state]])


def _limits(clocks: Sequence[Row]) -> list[str]:
    """Of the limits that applied, how many were kept, and which were not."""
    done = [row for row in clocks if row["state"] in ("met", "late", "overdue", "unclear")]
    missed = [row for row in done if row["state"] in ("late", "overdue")]
    if not done:
        return []
    met = sum(row["state"] == "met" for row in done)
    said = [f"{counted(len(done), 'limit')} applied, and {met} {'was' if met == 1 else 'were'} met."]
    for state, words in (("overdue", "Overdue"), ("late", "Met late")):
        titles = list(dict.fromkeys(lowered(row["title"]) for row in missed if row["state"] == state))
        if titles:
            said.append(f"{words}: {'; '.join(titles)}.")
    return said


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _phrase(row: Row, names: Names) -> str:
    return names.event(row["type"], row)


def _reason_of(handoff: Row, history: History, names: Names) -> str | None:
    """The reasons of the event that sent it, by their labels."""
    if handoff["reason"] is None:
        return None
    for row in history.events:
        if row["occurred_at"] == handoff["sent_at"] and row["reason"] == handoff["reason"]:
            return names.reasons(row["type"], row["reason"])
    return str(handoff["reason"]).replace("_", " ")
