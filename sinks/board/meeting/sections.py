"""What of a meeting is shown: its sections with their words, the two days, and what changed between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from throughline.errors import UsageError
from throughline.sinks.board.figures.choice import measures_of
from throughline.sinks.board.figures.wording import Wording
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.reading.hindsight import Hindsight, hindsight
from throughline.sinks.measures.meeting import changes
from throughline.sinks.store import Store

_FIRST = {"outcome": "What became of them", "agency": "Agency"}


@dataclass(frozen=True)
class Section:
    """`title` is its heading; `says` its sentence, with `{cases}` for their number; `outcomes` are their words.

    A case may be in several parts of the cuts that are `overlapping`.
    """

    title: str
    says: str
    outcomes: dict[str, str]
    overlapping: frozenset[str] = frozenset()


# of what a case may have several times
_OFTEN = frozenset({"outcome", "agency"})
_STATES = {"held": "Held by an agency", "limbo": "Between two agencies"}
SECTIONS = {
    "new": Section(
        "New", "{cases} began", {**_STATES, "closed": "Closed already", "unknown": "Nobody is known to hold it"}
    ),
    "ended": Section(
        "Ended",
        "{cases} ended",
        {"was_open": "Open then", "was_new": "Begun since", "was_unknown": "Nobody was known to hold it then"},
    ),
    "older": Section("Grown older", "{cases} did not move, and grew older", _STATES),
    "moved": Section(
        "Moved",
        "{cases} moved",
        {
            "changed_hands": "Held by another agency",
            "came_back": "Went elsewhere and came back",
            "into_limbo": "Came to lie between two agencies",
            "out_of_limbo": "Taken by an agency",
            "sent_again": "Sent again, and not taken",
            "reopened": "Closed then, and opened again",
        },
    ),
    "due": Section(
        "Overdue and put right",
        "In {cases} something became overdue, or was done late",
        {"overdue": "Became overdue", "late": "Done, but late"},
        _OFTEN,
    ),
    "told": Section(
        "Decisions",
        "In {cases} something was decided that the victim is to be told",
        {"told": "The victim was told", "not_told": "The victim was not told"},
        _OFTEN,
    ),
}
KINDS = {
    "received": "Received late",
    "corrected": "Stated otherwise",
    "joined": "Joined cases",
    "answered": "Answers what came before",
    "linked": "A steward linked or unlinked",
    "resolved": "A steward settled a conflict",
}


@dataclass(frozen=True)
class Days:
    """The ends of the two days (UTC, naive)."""

    since: datetime
    until: datetime


def days_of(asked: Asked) -> Days | None:
    """The two days; the second is that of the page, or of the latest event. None where the first is not given."""
    first, second = asked.moment("since"), asked.moment("until") or asked.counted_to
    if first is None or second is None:
        return None
    if first >= second:
        raise UsageError(
            "The meeting is not before the day to which the page counts.",
            hint="Choose an earlier day for the meeting, or a later one to count to.",
        )
    return Days(first, second)


def of_days(asked: Asked) -> dict[str, str]:
    return {"since": asked.text("since"), "until": asked.text("until")}


def cuts_of(asked: Asked) -> dict[str, str]:
    return {**_FIRST, "area": "Area", **{facet.name: facet.title for facet in asked.settings.domain.facets}}


def changes_of(asked: Asked, days: Days) -> dict[str, pa.Table]:
    facets = [facet.name for facet in asked.settings.domain.facets]
    return asked.kept.get(
        asked.facts.stamp,
        ("changes", days),
        lambda: changes(asked.connection, days.since, days.until, facets),
    )


def value_words(words: Wording, name: str, cut: str, value: str) -> str:
    if cut == "outcome":
        return SECTIONS[name].outcomes.get(value, value)
    return KINDS.get(value, value) if cut == "kind" else words.value(cut, value)


def hindsight_of(asked: Asked, days: Days) -> Hindsight:
    now = Store(asked.connection, Path("the stores"), is_writable=False)
    return asked.kept.get(
        asked.facts.stamp,
        ("hindsight", days.since),
        lambda: hindsight(now, asked.settings.domain, measures_of(asked).values(), days.since),
    )
