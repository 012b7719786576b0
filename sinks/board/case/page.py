"""`/cases/{case}`: one case, found by its id or by any of its identifiers, now or as it was."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from throughline.sinks.board.case.history import History, Row, history
from throughline.sinks.board.case.lags import Lag, chart, lags, slowest, summed_up
from throughline.sinks.board.case.lanes import lanes
from throughline.sinks.board.case.owed import owed
from throughline.sinks.board.case.story import story
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.page import NotFoundError, Page, Redirect
from throughline.sinks.board.reading.earlier import case_at
from throughline.sinks.board.reading.find import cases_called
from throughline.sinks.board.reading.one_case import show_case
from throughline.sinks.board.words.case import called, where
from throughline.sinks.board.words.duration import duration_words, span_words
from throughline.sinks.board.words.names import Names
from throughline.sql import one_row

_SLOWEST = 8
_OWED = 12
# letters of the story, and things owed, that one printed page has room for
_PRINTED, _OWED_PRINTED = 1500, 5


def case(asked: Asked) -> Page | Redirect:
    """The page of the case that the address names; another of its names leads to the address with its id.

    Raises NotFoundError where nothing is called so.
    """
    name = asked.values["case"]
    found = cases_called(asked.connection, asked.settings.domain, name)
    if not found:
        raise NotFoundError(
            f"No case is called {name}.",
            "Check the number, or give its kind too, as in urn:20PP0012326. A case of which everything was taken back "
            "is shown by `throughline timeline` with --known-at.",
        )
    if len(found) > 1:
        return Redirect(asked.address("/cases", find=name))
    (case_id,) = found
    if case_id != name:
        return Redirect(asked.address(f"/cases/{case_id}"))
    key = int(case_id[1:], 16)
    with ExitStack() as stack:
        connection = asked.connection
        parts: tuple[str, ...] = (case_id,)
        if asked.as_of or asked.known_at or asked.recorded_by:
            then = stack.enter_context(
                case_at(
                    connection,
                    asked.settings.domain,
                    key,
                    as_of=asked.as_of,
                    known_at=asked.known_at,
                    recorded_by=asked.recorded_by,
                )
            )
            connection, parts = then.connection, then.case_ids
        else:
            show_case(connection, key, asked.counted_to)
        part = asked.number("part", 1, most=max(len(parts), 1))
        shown = None
        if parts and asked.counted_to is not None:
            connection.execute("set variable as_of = ?::timestamp", [asked.counted_to])
            shown = history(
                connection, parts[part - 1], asked.counted_to, is_ever_taken_back=_is_ever_taken_back(asked)
            )
    if shown is None:
        return _nothing_yet(asked, case_id)
    return _page(asked, shown, case_id, parts, part)


def _is_ever_taken_back(asked: Asked) -> bool:
    """Whether any source took an event back; few stores have one."""

    def ask() -> bool:
        text = "select exists (from memory.main.events where standing = 'retraction')"
        return bool(one_row(asked.connection, text)[0])

    return asked.kept.get(asked.facts.stamp, "retractions", ask)


def _page(asked: Asked, shown: History, case_id: str, parts: tuple[str, ...], part: int) -> Page:
    names = asked.names
    found = lags(shown.events, names)
    slow = slowest(found, _SLOWEST)
    debts, told = owed(shown, names), story(shown, names)
    heading = called(names, case_id, shown.case["identifiers"])
    return Page(
        "case.html",
        heading,
        {
            "case_id": case_id,
            "case": shown.case,
            "where": where(names, shown.case),
            "numbers": _numbers(shown, names),
            "history": shown,
            "drawing": lanes(shown, names),
            "story": told,
            "printed": told.on_a_page(_PRINTED),
            "owed": debts[:_OWED],
            "owed_printed": _OWED_PRINTED,
            "owed_all": len(debts),
            "lags": slow,
            "lags_said": summed_up(found),
            "lags_drawing": chart(slow) if slow else None,
            "events": [_event(one, names) for one in found],
            "between": _between,
            "pieces": parts,
            "piece": part,
            "asked_for": {name: getattr(asked, name) for name in ("as_of", "known_at", "recorded_by")},
            "is_past": bool(asked.known_at or asked.recorded_by or asked.text("as_of")),
            "days": {name: asked.text(name)[:10] for name in ("as_of", "known_at", "recorded_by")},
        },
        title=f"Case {heading}",
    )


def _nothing_yet(asked: Asked, case_id: str) -> Page:
    """Of a case of which nothing had happened, been written down or received by the time asked for."""
    times = asked.connection.execute(
        "select min(occurred_at), min(coalesce(recorded_at, received_at)), min(received_at) "
        "from events where case_key = ?",
        [int(case_id[1:], 16)],
    ).fetchone()
    happened, recorded, received = times or (None, None, None)
    return Page(
        "nothing_yet.html",
        "Nothing of this case yet",
        {"case_id": case_id, "happened": happened, "recorded": recorded, "received": received},
    )


def _numbers(shown: History, names: Names) -> list[tuple[str, str]]:
    """The numbers by which agencies know the case: those that join cases, in the order of the domain."""
    split = [tuple(one.split(":", 1)) for one in shown.case["identifiers"]]
    return [(names.identifier(kind), value) for kind in names.kinds for of, value in split if of == kind]


def _between(handoff: Row) -> str:
    """How long a handoff was on its way; so far, or until the case was closed, where nobody acknowledged it."""
    if handoff["received_at"] is None:
        return duration_words(handoff["waiting_seconds"] or 0.0)
    return span_words(handoff["limbo_least_seconds"] or 0.0, handoff["limbo_most_seconds"] or 0.0)


def _event(lag: Lag, names: Names) -> dict[str, Any]:
    """An event as a row of the table."""
    row = lag.row
    return {
        "position": row["position"],
        "at": row["occurred_at"],
        "precision": row["occurred_precision"],
        "who": names.agency(row["agency"]),
        "unit": row["unit"],
        "what": lag.what,
        "reason": names.reason(row["type"], row["reason"]),
        "written": lag.written_words,
        "is_usual": not lag.is_slow and lag.shared < 2 * 86_400,
        "written_at": row["recorded_at"],
        "shared": lag.shared_words,
        "received_at": row["received_at"],
        "told_at": row["told_at"],
        "told_precision": row["told_precision"],
        "revised": row["revised"],
        "is_decision": row["is_decision"],
    }
