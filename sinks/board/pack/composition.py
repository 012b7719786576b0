"""The paper composed: from the stores, as they are asked, to what it says."""

from __future__ import annotations

from throughline.errors import DataError, UsageError
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.pack.chapter import chapters
from throughline.sinks.board.pack.first import since, six, to_ask
from throughline.sinks.board.pack.paper import Paper
from throughline.sinks.board.pack.reliance import reliance
from throughline.sinks.board.words.dates import date_words, moment_words
from throughline.sinks.disclosure.marker import FOR_CASE_WORKERS


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
        first=six(asked),
        since=since(asked),
        questions=to_ask(asked),
        chapters=chapters(asked),
        reliance=reliance(asked),
    )
