"""Whether the figures can be relied on: the checks, how whole the data are, what is silent, what is in quarantine."""

from __future__ import annotations

from typing import Any

from throughline.quality.letters.page import Page
from throughline.quality.letters.template import plain, spaced
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.pack.paper import Line, Reliance, Table
from throughline.sinks.board.pages.trust import trust
from throughline.sinks.board.words.dates import moment_words
from throughline.sinks.board.words.duration import counted, duration_words

# the longest silent; the workbook and the board have every feed
_FEEDS = 12
_DAY = 86_400


def reliance(asked: Asked) -> Reliance:
    """What the steward's page says, without its pictures and its list of things to do."""
    found = trust(asked).facts
    shown: Page = found["page"]
    return Reliance(
        shown.verdict,
        _says(asked, shown),
        tuple(one for one in (_whole(asked, found["coverage"]), _silent(asked, shown), _quarantine(shown)) if one),
    )


def _says(asked: Asked, shown: Page) -> tuple[str, ...]:
    checked = shown.checked_as_of
    made = [] if checked is None else [f"The checks were made as of {moment_words(checked, asked.names.zone)}."]
    for check in shown.failing:
        made.append(
            f"{spaced(check.name)}: {check.observed} where at most {check.at_most} is expected; "
            f"{check.failing} of {check.subjects} failed. {check.why.replace('`', '')}"
        )
    if shown.in_conflict:
        made.append(
            f"Of {counted(shown.in_conflict, 'event')} there are copies that say different things: none of them counts "
            "until a steward decides."
        )
    if not shown.quarantine:
        made.append("Nothing is in quarantine.")
    return tuple(made)


def _whole(asked: Asked, coverage: list[dict[str, Any]]) -> Table | None:
    if not coverage:
        return None
    lines = [
        Line(
            (
                asked.names.agency(row["agency"]),
                row["figure"],
                _shown(row),
                row["there"],
                row["needed"],
            )
        )
        for row in coverage
    ]
    heads = ("Agency", "Figure", "Shown", "There", "Needed")
    return Table(
        "How whole the data are: of what an agency should have published, how much is there", heads, 3, tuple(lines)
    )


def _shown(row: dict[str, Any]) -> str:
    said = "Withheld" if row["is_withheld"] else "Yes"
    return f"{said}; {counted(row['months'], 'month')} too thin" if row["months"] else said


def _silent(asked: Asked, shown: Page) -> Table | None:
    if not shown.feeds:
        return None
    lines = [
        Line(
            (
                asked.names.feed(row["source"]),
                "–" if row["silent_days"] is None else duration_words(row["silent_days"] * _DAY),
                plain(row["sequence_gaps"]),
            )
        )
        for row in shown.feeds[:_FEEDS]
    ]
    left = shown.feeds_all - len(lines)
    note = f"{counted(left, 'more feed')} {'is' if left == 1 else 'are'} not in this table." if left else ""
    return Table(
        "Which systems are silent, the longest first",
        ("System", "Silent for", "Numbers missing"),
        1,
        tuple(lines),
        note,
    )


def _quarantine(shown: Page) -> Table | None:
    if not shown.quarantine:
        return None
    lines = [
        Line((spaced(row["reason"]), f"{row['open']:,}", _age(row["oldest_days"]), f"{row['discarded']:,}"))
        for row in shown.quarantine
    ]
    heads = ("Reason", "Records", "The oldest for", "Discarded")
    return Table(
        "What is in quarantine now: records that were not accepted, and count in no figure", heads, 1, tuple(lines)
    )


def _age(days: float | None) -> str:
    return "–" if days is None else duration_words(max(days, 0) * _DAY)
