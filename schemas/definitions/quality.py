"""What a domain says of quality: orders of steps, limits, what was agreed with agencies, how whole a figure has to be.

Read from `quality.yaml` of the domain directory, which may be missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.entry import Entry, Problems, read_entry
from throughline.schemas.definitions.yaml_lines import plain

DIMENSIONS = ("completeness", "uniqueness", "consistency", "timeliness", "validity", "accuracy")
"""Of the Government Data Quality Framework (2020)."""


@dataclass(frozen=True)
class AgencyExpectation:
    """What an agency wrote of one of its types: an expectation by its name in Great Expectations, with its arguments.

    `at_most` is the share of events that may be otherwise.
    """

    check: str
    type: str
    dimension: str
    expect: str
    arguments: Mapping[str, Any]
    at_most: float
    why: str
    do: str


LEVELS = {
    "recorded_in_time": "share of instants written down within some days of when they happened",
    "refused": "share of the records received that could not be accepted",
    "numbers_missing": "numbers missing in the sequence of the source",
    "silence_days": "longest time without an event, in days",
}
"""What can be agreed with a feed for a month; the first is the least, the others the most that may be."""


@dataclass(frozen=True)
class ServiceLevel:
    """What is agreed with feeds: `level` is one of LEVELS, `agreed` its limit by source ('' for every other).

    `days` is within how many days an event is to be written down, for `recorded_in_time` alone.
    """

    level: str
    is_least: bool
    agreed: Mapping[str, float]
    days: int | None = None


_KEYS = (
    *("orders", "begins", "limits", "expectations", "office_agencies", "most", "agreed", "once"),
    *("service_levels", "figures"),
)
FIGURES = ("delays", "contacts", "tellings", "clocks")
_PRECISIONS = ("instant", "day", "month")


@dataclass(frozen=True)
class FigureRule:
    """A figure is shown where `at_least` this share of what it rests on is there, its times of `precision` or finer."""

    figure: str
    at_least: float
    precision: str


@dataclass(frozen=True)
class QualityRules:
    """What a domain says.

    `orders`: pairs of types (earlier, later); `begins`: types; `limits`: check -> subject ('' for all) -> limit;
    `office_agencies`: those of office hours; `most`: unit of a number -> the most it can be; `agreed`: (type, field,
    decision or null) that are to be stated; `once`: types that an export says once of a case.
    """

    orders: tuple[tuple[str, str], ...]
    begins: tuple[str, ...]
    limits: Mapping[str, Mapping[str, float]]
    expectations: tuple[AgencyExpectation, ...] = ()
    office_agencies: tuple[str, ...] = ()
    most: Mapping[str, float] = field(default_factory=dict)
    agreed: tuple[tuple[str, str, str | None], ...] = ()
    service_levels: tuple[ServiceLevel, ...] = ()
    once: tuple[str, ...] = ()

    def limit(self, check: str, subject: str, at_most: float) -> float:
        """The most that the value of a check may be for a subject; `at_most` where the domain says nothing of it."""
        own = self.limits.get(check, {})
        return own.get(subject, own.get("", at_most))


def load_quality_rules(domain: Domain) -> QualityRules:
    """The rules of a domain. Raises DomainProblemsError with file, line and key of each thing that is wrong."""
    problems = Problems()
    entry = read_entry(domain.path / "quality.yaml", problems, needed=False)
    entry.only(*_KEYS)
    limits = entry.under("limits")
    rules = QualityRules(
        _orders(entry, domain),
        entry.names("begins", domain.types),
        {check: limits.under(check).numbers(0.0) for check in limits.map},
        _expectations(entry, domain),
        entry.names("office_agencies", domain.agencies or ()),
        entry.under("most").numbers(0.0),
        _agreed(entry, domain),
        _service_levels(entry),
        entry.names("once", domain.types),
    )
    problems.raise_any()
    return rules


def load_figure_rules(domain: Domain) -> tuple[FigureRule, ...]:
    """The figures that the domain withholds. Raises DomainProblemsError as above.

    By themselves: they are read whenever a store is opened, also with a catalogue that lacks types of the checks.
    """
    problems = Problems()
    rules = tuple(_figures(read_entry(domain.path / "quality.yaml", problems, needed=False)))
    problems.raise_any()
    return rules


def _orders(entry: Entry, domain: Domain) -> tuple[tuple[str, str], ...]:
    pairs = []
    for pair in entry.map.get("orders") or ():
        if not isinstance(pair, list) or len(pair) != 2 or not all(one in domain.types for one in pair):
            entry.fault("orders", f"{pair!r} is not a pair of types of the catalogue.", "Write [earlier, later].")
            continue
        pairs.append((pair[0], pair[1]))
    return tuple(pairs)


def _expectations(entry: Entry, domain: Domain) -> tuple[AgencyExpectation, ...]:
    found = []
    for given in entry.entries("expectations"):
        ours = ("check", "type", "dimension", "expect", "at_most", "why", "do")
        found.append(
            AgencyExpectation(
                given.text("check"),
                given.choice("type", domain.types),
                given.choice("dimension", DIMENSIONS),
                given.text("expect"),
                {name: plain(value) for name, value in given.map.items() if name not in ours},
                given.number("at_most", 0.0),
                given.text("why"),
                given.text("do"),
            )
        )
    return tuple(found)


def _agreed(entry: Entry, domain: Domain) -> tuple[tuple[str, str, str | None], ...]:
    found: list[tuple[str, str, str | None]] = []
    for given in entry.entries("agreed"):
        given.only("type", "fields", "decision")
        kind = domain.types.get(given.text("type"))
        if kind is None:
            given.fault("type", f"`{given.map.get('type')}` is not a type of the catalogue.")
            continue
        decision = given.text("decision", needed=False) or None
        found += [(kind.type, name, decision) for name in given.names("fields", kind.fields)]
    return tuple(found)


def _service_levels(entry: Entry) -> tuple[ServiceLevel, ...]:
    found: dict[str, ServiceLevel] = {}
    for given in entry.entries("service_levels"):
        given.only("level", "days", "at_least", "at_most", "feeds")
        level = given.choice("level", LEVELS)
        is_least = level == "recorded_in_time"
        limit = given.number("at_least" if is_least else "at_most")
        if level in found:
            given.fault("level", f"`{level}` stands twice.")
        days = given.whole("days", 7) if is_least else None
        found[level] = ServiceLevel(level, is_least, {"": limit, **given.under("feeds").numbers()}, days)
    return tuple(found.values())


def _figures(entry: Entry) -> Iterator[FigureRule]:
    seen: set[str] = set()
    for given in entry.entries("figures"):
        given.only("figure", "at_least", "precision")
        least = given.map.get("at_least")
        if isinstance(least, bool) or not isinstance(least, int | float) or not 0 <= least <= 1:
            given.fault("at_least", f"{least!r} is not a share.", "Write a number from 0 to 1.")
            continue
        figure = given.choice("figure", FIGURES)
        if figure in seen:
            given.fault("figure", f"`{figure}` stands twice.")
            continue
        seen.add(figure)
        yield FigureRule(figure, float(least), given.choice("precision", _PRECISIONS))
