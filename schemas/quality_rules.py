"""What checks of quality need to know of a domain: orders of steps, where a case begins, limits, service levels.

Read from `quality.yaml` of the domain directory, which may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from throughline.schemas.domain import Domain
from throughline.schemas.yaml_entry import Entry, Problems, read_entry

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


@dataclass(frozen=True)
class QualityRules:
    """`orders`: pairs of types (earlier, later); `begins`: types; `limits`: check -> subject ('' for all) -> limit."""

    orders: tuple[tuple[str, str], ...]
    begins: tuple[str, ...]
    limits: Mapping[str, Mapping[str, float]]
    service_levels: tuple[ServiceLevel, ...] = ()


def load_quality_rules(domain: Domain) -> QualityRules:
    """The rules of a domain. Raises DomainProblemsError with file, line and key of each thing that is wrong."""
    problems = Problems()
    entry = read_entry(domain.path / "quality.yaml", problems, needed=False)
    entry.only("orders", "begins", "limits", "service_levels")
    rules = QualityRules(
        _orders(entry, domain), entry.names("begins", domain.types), _limits(entry), _service_levels(entry)
    )
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


def _service_levels(entry: Entry) -> tuple[ServiceLevel, ...]:
    found: dict[str, ServiceLevel] = {}
    for given in entry.entries("service_levels"):
        given.only("level", "days", "at_least", "at_most", "feeds")
        level = given.choice("level", LEVELS)
        is_least = level == "recorded_in_time"
        limit = _number(given, "at_least" if is_least else "at_most")
        feeds = given.entry("feeds")
        own = {} if feeds is None else {source: _number(feeds, source) for source in feeds.map}
        if level in found:
            given.fault("level", f"`{level}` stands twice.")
        days = given.whole("days", 7) if is_least else None
        found[level] = ServiceLevel(level, is_least, {"": limit, **own}, days)
    return tuple(found.values())


def _number(entry: Entry, key: str) -> float:
    value = entry.map.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        entry.fault(key, f"{value!r} is not a number.", f"Write `{key}: number`.")
        return 0.0
    return float(value)
