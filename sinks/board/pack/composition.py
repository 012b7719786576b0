"""The paper composed: from the stores, as they are asked, to what it says."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from throughline.errors import DataError, UsageError
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.settings import Settings
from throughline.sinks.board.pack.chapter import chapters
from throughline.sinks.board.pack.first import since, six, to_ask
from throughline.sinks.board.pack.paper import Paper
from throughline.sinks.board.pack.reliance import reliance
from throughline.sinks.board.reading.kept import Kept
from throughline.sinks.board.reading.present import Facts
from throughline.sinks.board.words.dates import date_of, date_words, moment_words
from throughline.sinks.board.words.names import Names
from throughline.sinks.disclosure.marker import FOR_CASE_WORKERS


def asked_for(
    connection: duckdb.DuckDBPyConnection, facts: Facts, settings: Settings, *, as_of: str | None, beside: str | None
) -> Asked:
    """What the paper asks of the stores: days (or times) as the address of a page has them, the latest event if none.

    No clock is asked, so that the same stores give the same paper.
    """
    last_at = facts.last_at
    given = {name: text for name, text in (("as_of", as_of), ("beside", beside)) if text is not None}
    asked = Asked("", {}, given, connection, facts, Names(settings.domain), replace(settings, as_of=last_at), Kept())
    counted_to = asked.counted_to
    return asked if counted_to is None else replace(asked, settings=replace(asked.settings, now=lambda: counted_to))


def paper(asked: Asked) -> Paper:
    """The paper counted to `asked.as_of`, beside the meeting that `asked` names, if it does.

    Raises DataError for stores without an event, UsageError for an earlier meeting that is not earlier.
    """
    counted_to, received = asked.counted_to, asked.facts.received_at
    if counted_to is None or received is None:
        raise DataError("There is no event in the store, so there is nothing to count.")
    beside = asked.moment("beside")
    if beside is not None and beside >= counted_to:
        raise UsageError(
            "The earlier meeting (--beside) is not before the day that is counted to.", hint="Name an earlier day."
        )
    zone = asked.names.zone
    areas = [row[0] for row in asked.connection.execute("select distinct area from cases").fetchall()]
    threshold = asked.settings.domain.disclosure.threshold
    facts = [
        ("Areas" if len(areas) > 1 else "Area", "; ".join(sorted(map(asked.names.area, areas)))),
        ("Counted to", moment_words(counted_to, zone)),
        ("As known at", moment_words(received, zone)),
        ("Beside the meeting of", "No earlier meeting" if beside is None else date_words(beside, zone)),
        (
            "Small numbers",
            "Shown" if asked.settings.register is None else f"Counts of fewer than {threshold} cases are hidden",
        ),
    ]
    return Paper(
        title="Paper for the board",
        subtitle=asked.names.title,
        day=f"Counted to {date_words(counted_to, zone)}",
        facts=tuple(facts),
        marking=FOR_CASE_WORKERS if asked.settings.register is None else "",
        counted_to=counted_to,
        last_day=date_of(counted_to, zone),
        first=six(asked),
        since=since(asked),
        questions=to_ask(asked),
        chapters=chapters(asked),
        reliance=reliance(asked),
    )
