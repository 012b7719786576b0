"""What the address asks of a figure: by what it is cut, to what it is held, and beside which day it is put."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from throughline.errors import UsageError
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.measures.measure import BAND, CUTS, Measure, load_measures

BY = ("by", "then_by")


@dataclass(frozen=True)
class Choice:
    """`cuts` (none, one or two), `where` (cut -> value), `beside`: the earlier time to compare with, or null."""

    measure: Measure
    cuts: tuple[str, ...]
    where: Mapping[str, str]
    beside: datetime | None

    @property
    def key(self) -> tuple[object, ...]:
        """What tells its rows from those of another choice."""
        return (self.measure.name, tuple(sorted(self.where.items())))


def measures_of(asked: Asked) -> dict[str, Measure]:
    """The measures of the domain, read once."""
    return asked.kept.get(asked.facts.stamp, "measures", lambda: load_measures(asked.settings.domain))


def offered(measure: Measure, domain: Domain) -> dict[str, str]:
    """What a figure can be cut by or held to, and the words for it, in the order of a form."""
    found = {**measure.cuts, **{facet.name: facet.title for facet in domain.facets}, **CUTS}
    return {**found, **BAND} if measure.has_age else found


def choice(asked: Asked, measure: Measure) -> Choice:
    """Raises UsageError, naming the part of the address, for what the measure does not offer."""
    known = offered(measure, asked.settings.domain)
    cuts = [cut for name in BY if (cut := asked.choice(name, known))]
    if len(set(cuts)) < len(cuts):
        raise UsageError(f"The figure is cut by `{cuts[0]}` twice.", hint="Choose another second cut, or none.")
    where = {name: asked.text(name) for name in (*known, "outcome") if asked.text(name)}
    return Choice(measure, tuple(cuts), where, asked.moment("beside"))
