"""Which agency a source belongs to: by the list of the deployment, else by the form of the source.

From which sources stewards act, who they are and for which areas is said by the list alone (docs/decisions/0033).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.reject import Reject

# Owners of sources that were looked up are kept, up to this many.
_KEPT = 100_000


@dataclass(frozen=True)
class Owners:
    """`listed` has the agency of a source, `patterns` the forms of an agency's sources, in the order of agencies: the
    first that a whole source has counts. With `only_listed` a source that is not listed is nobody's to use."""

    patterns: tuple[tuple[re.Pattern[str], str], ...] = ()
    listed: Mapping[str, str] = field(default_factory=dict)
    only_listed: bool = False
    _known: dict[str, str | None] = field(default_factory=dict, repr=False, compare=False)

    @property
    def bind_nothing(self) -> bool:
        """Whether any agency may use any source."""
        return not (self.patterns or self.listed or self.only_listed)

    def of(self, source: str) -> str | None:
        """The agency that the source belongs to; None: to nobody in particular."""
        try:
            return self._known[source]
        except KeyError:
            pass
        owner = self.listed.get(source)
        if owner is None and not self.only_listed:
            owner = next((agency for pattern, agency in self.patterns if pattern.fullmatch(source)), None)
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[source] = owner
        return owner


@dataclass(frozen=True)
class Desk:
    """A source that stewards act from: in these areas (None: any), and by the persons with these keyed pseudonyms."""

    areas: frozenset[str] | None
    officers: frozenset[str]


@dataclass(frozen=True)
class Stewards:
    """Whose acts count: `agencies` are those of stewards, `acts` the types of what only they do, `desks` what
    the deployment lists, by source. What is not listed counts for nothing."""

    agencies: frozenset[str] = frozenset()
    acts: frozenset[str] = frozenset()
    desks: Mapping[str, Desk] = field(default_factory=dict)

    def bind(self, type_: str, agency: str) -> bool:
        """Whether an event is one of a steward."""
        return agency in self.agencies or type_ in self.acts

    def among(self, types: pa.Array | pa.ChunkedArray, agencies: pa.Array | pa.ChunkedArray) -> pa.Array:
        """`bind` for each of many events."""
        of_agencies = pc.is_in(agencies, pa.array(sorted(self.agencies), pa.string()))
        return pc.or_(of_agencies, pc.is_in(types, pa.array(sorted(self.acts), pa.string())))

    def fault(self, source: str, area: str, officer: str | None) -> Reject | None:
        """Why what this source says for stewards of the area counts for nothing, or None. An act that names nobody is
        judged by its source alone."""
        desk = self.desks.get(source)
        if not self.desks:
            return _unlisted("source", f"the deployment lists no stewards, so nothing that they do counts: {_REMEDY}")
        if desk is None:
            return _unlisted("source", f"stewards do not act from this source: {_REMEDY}")
        if desk.areas is not None and area not in desk.areas:
            return _unlisted("partitionkey", f"stewards do not act from this source in this area: {_REMEDY}")
        if officer is not None and officer not in desk.officers:
            return _unlisted("data.officer", f"nobody of this pseudonym acts from this source: {_REMEDY}")
        return None


_REMEDY = "if it is right, list it under `stewards` in sources.yaml, and replay the quarantine"


def _unlisted(name: str, detail: str) -> Reject:
    return Reject("unlisted_steward", name, detail)
