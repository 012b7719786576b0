"""What a domain says of quality: steps in one order only, where a case begins, limits, how whole a figure has to be.

Read from `quality.yaml` of the domain directory, which may be missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from throughline.schemas.domain import Domain
from throughline.schemas.yaml_entry import Entry, Problems, read_entry

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
    """`orders`: pairs of types (earlier, later); `begins`: types; `limits`: check -> subject ('' for all) -> limit."""

    orders: tuple[tuple[str, str], ...]
    begins: tuple[str, ...]
    limits: Mapping[str, Mapping[str, float]]


def load_quality_rules(domain: Domain) -> QualityRules:
    """The rules of a domain. Raises DomainProblemsError with file, line and key of each thing that is wrong."""
    problems = Problems()
    entry = read_entry(domain.path / "quality.yaml", problems, needed=False)
    entry.only("orders", "begins", "limits", "figures")
    rules = QualityRules(_orders(entry, domain), entry.names("begins", domain.types), _limits(entry))
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


def _limits(entry: Entry) -> dict[str, dict[str, float]]:
    limits: dict[str, dict[str, float]] = {}
    given = entry.entry("limits")
    for check in () if given is None else given.map:
        assert given is not None
        by_subject = given.entry(check)
        for subject, limit in () if by_subject is None else by_subject.map.items():
            if isinstance(limit, bool) or not isinstance(limit, int | float):
                given.fault(check, f"{limit!r} is not a number.", "Write `subject: number`.")
                continue
            limits.setdefault(check, {})[str(subject)] = float(limit)
    return limits


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
