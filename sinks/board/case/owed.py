"""What comes next in a case and who owes it: what is on its way, promises, limits, and decisions still to be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from throughline.sinks.board.case.history import History
from throughline.sinks.board.words.duration import duration_words
from throughline.sinks.board.words.names import Names, lowered


@dataclass(frozen=True)
class Owed:
    """Something that `agency` owes. `due_at` is UTC, null where nothing says by when; `late` how long it is over."""

    agency: str
    what: str
    since: datetime
    precision: str
    due_at: datetime | None
    late: str
    note: str = ""


def owed(history: History, names: Names) -> list[Owed]:
    """What is owed at `history.until`: what is late first, by how long it has been, then by when it is due."""
    limits = list(_limits(history))
    # a promise that is a limit of a standard too is said once
    known = {(one.agency, one.due_at, one.since) for one in limits}
    contacts = [one for one in _contacts(history) if (one.agency, one.due_at, one.since) not in known]
    found = [*_on_the_way(history, names), *contacts, *limits, *_untold(history, names)]
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at or one.since, one.what))


def _late(due: datetime | None, until: datetime) -> str:
    return "" if due is None or due >= until else duration_words((until - due).total_seconds())


def _on_the_way(history: History, names: Names) -> Iterator[Owed]:
    if history.case["state"] != "limbo":
        return
    row = next((one for one in reversed(history.handoffs) if one["received_at"] is None), None)
    if row is not None:
        what = f"Acknowledge the case, which {names.called(row['from_agency'])} sent"
        yield Owed(row["to_agency"], what, row["sent_at"], row["sent_precision"], None, "")


def _contacts(history: History) -> Iterator[Owed]:
    for row in history.contacts:
        if row["state"] in ("open", "broken"):
            asked = "as promised" if row["kind"] == "promised" else "who asked for it"
            late = _late(row["due_at"], history.until)
            what = f"Contact the victim, {asked}"
            yield Owed(row["agency"], what, row["occurred_at"], row["occurred_precision"], row["due_at"], late)


def _limits(history: History) -> Iterator[Owed]:
    for row in history.clocks:
        if row["state"] in ("overdue", "running", "paused"):
            late = _late(row["due_at"], history.until) if row["state"] == "overdue" else ""
            note = "paused" if row["state"] == "paused" else "" if row["confirmed"] else "not confirmed by a source"
            yield Owed(row["owner"], row["title"], row["started_at"], "instant", row["due_at"], late, note)


def _untold(history: History, names: Names) -> Iterator[Owed]:
    for row in history.tellings:
        if row["class"] == "not_told":
            said = names.event(row["type"], {"decision": row["decision"]})
            what = f"Tell the victim of the decision: {lowered(said)}"
            yield Owed(row["agency"], what, row["decided_at"], row["decided_precision"] or "instant", None, "")
