"""Whether an identifier is well-formed, quickly: the events of a case repeat the same few numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

# The normal forms that were found well-formed are kept, up to this many per kind.
_KEPT = 500_000


@dataclass
class IdentifierRule:
    """One kind of identifier: its normal form, and whether that is well-formed (a placeholder is: it never
    links)."""

    kind: str
    normal_form: Callable[[str], str]
    well_formed: Callable[[str], bool]
    known: set[str] = field(default_factory=set)

    def normal(self, value: str) -> str | None:
        """The normal form of a value, or None if that is not well-formed."""
        if value in self.known:
            return value
        normal = self.normal_form(value)
        if not normal or not self.well_formed(normal):
            return None
        if len(self.known) >= _KEPT:
            self.known.clear()
        self.known.add(normal)
        return normal

    def are_normal(self, values: pa.Array) -> np.ndarray:
        """Which values are well-formed as they stand."""
        known, normal = self.known, self.normal
        return np.fromiter(
            (value in known or normal(value) == value for value in values.to_pylist()),
            dtype=bool,
            count=len(values),
        )
