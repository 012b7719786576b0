"""Which agency a source belongs to: by the list of the deployment, else by the form of the source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

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
