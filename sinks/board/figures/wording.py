"""The words of a figure: its cuts and their values, its outcomes, its numbers, and the sentence that says it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from throughline.schemas.definitions.domain import Domain
from throughline.sinks.board.figures.choice import Choice, offered
from throughline.sinks.board.words.dates import month_words
from throughline.sinks.board.words.duration import duration_words
from throughline.sinks.board.words.names import Names, lowered, raised
from throughline.sinks.measures.answer import BANDS, is_duration
from throughline.sinks.measures.grouping import NOT_STATED
from throughline.sinks.measures.headline import Number
from throughline.sinks.measures.measure import Measure

TITLES = {
    "cases": "Cases",
    "share": "Share",
    "still_open": "Not ended",
    "median_seconds": "Half took",
    "median_least": "At least",
    "median_most": "At most",
    "p90_seconds": "Nine in ten took",
    "longest_seconds": "Longest",
    "least_seconds": "Certain",
    "most_seconds": "At most",
    "least_share": "Certain, share",
    "most_share": "At most, share",
}
_AGENCIES = ("agency", "from_agency", "to_agency", "sent_back_by")


class Wording:
    """The words of one domain for the values of cuts."""

    def __init__(self, names: Names, domain: Domain) -> None:
        self._names = names
        self._facets = {facet.name: facet.labels for facet in domain.facets}
        self._standards = {standard.id: standard.title for standard in domain.standards}
        self._types = domain.types

    def value(self, cut: str, value: str) -> str:
        """A value of a cut for people: `Crown Prosecution Service`, `March 2026`, `Stalking`."""
        if value == NOT_STATED:
            return "Not stated"
        if cut in _AGENCIES:
            return self._names.agency(value)
        if cut == "area":
            return self._names.area(value)
        if cut == "month":
            return month_words(date.fromisoformat(f"{value}-01"))
        if cut in self._facets:
            return self._facets[cut].get(value, value)
        if cut == "standard":
            return self._standards.get(value, value)
        if cut == "decided":
            return self._names.brief(value)
        if cut == "pair":
            return " and ".join(self._names.agency(one) for one in value.split(" and "))
        if cut == "disagreement":
            return self._names.matter(value)
        return raised(value.replace("_", " ")) if cut != "unit" else value

    def said(self, measure: Measure, key: str, value: str | None) -> str:
        """A value of a cut, or an outcome; of a total, which has none, `All`."""
        if key == "outcome":
            return self.outcome(measure, value)
        return "All" if value is None else self.value(key, value)

    def cut(self, chosen: Choice, cut: str, domain: Domain) -> str:
        """The words of a cut within a sentence."""
        return lowered(offered(chosen.measure, domain).get(cut, cut))

    def outcome(self, measure: Measure, value: str | None) -> str:
        """What became of it; of whose time it was, the agency."""
        if value is None:
            return "All"
        if value == NOT_STATED:
            return "Not known"
        title = measure.outcome_title(value)
        return self._names.agency(value) if title == value else raised(title)


def ordered(cut: str, values: list[str]) -> list[str]:
    """Values of a cut in the order that people expect: months and lengths of time in theirs, others as given."""
    if cut == "month":
        return sorted(values)
    if cut == "band":
        return [band for band in (*BANDS, NOT_STATED) if band in values]
    return values


def percent(share: float | None) -> str:
    """A share of 1 in per cent; whole where it is not near an end."""
    if share is None:
        return "not known"
    if share in (0, 1):
        return f"{share:.0%}"
    shown = 100 * share
    return f"{shown:.1f}%" if shown < 1 or shown > 99 else f"{shown:.0f}%"


def number_words(measure: Measure, number: Number) -> str:
    """The one number of a figure."""
    if number.is_hidden:
        return "Hidden"
    if number.value is None:
        return "Not known"
    return duration_words(number.value) if measure.kind == "durations" else percent(number.value)


def of_what(measure: Measure, number: Number) -> str:
    """What the number is of: `of 1,634 promises in 971 cases`."""
    if number.is_hidden:
        return "too few cases to be shown"
    if measure.kind == "times" or number.counted in (None, number.cases):
        return f"{number.cases:,} cases"
    return f"{number.counted:,} {measure.counts} in {number.cases:,} cases"


def between(number: Number) -> str:
    """The interval of a median in words, or nothing."""
    if number.least is None or number.value is None:
        return ""
    most = "no known limit" if number.most is None else duration_words(number.most)
    return f"between {duration_words(number.least)} and {most}"


def column_title(name: str, counts: str, titles: Mapping[str, str] = TITLES) -> str:
    """The head of a number's column; of the earlier of two figures with `, then`."""
    bare = name.removesuffix("_before")
    title = raised(counts) if bare == "counted" else titles.get(bare, bare.replace("_", " "))
    return f"{title}, then" if name != bare else title


def cell(name: str, value: Any) -> str:
    """A number of a table for people."""
    if value is None:
        return "–"
    if "share" in name:
        return percent(value)
    if is_duration(name):
        return duration_words(value)
    return f"{value:,}"
