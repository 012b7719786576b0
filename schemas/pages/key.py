"""The keys of a file that people write: each with what it says and an example that a test runs, in one place.

Who reads such a file asks the same declarations which keys there are, and the page about them is made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from throughline.schemas.definitions.entry import Entry, nearest


@dataclass(frozen=True)
class Key:
    """A key: its name, what it says, and an example.

    `example` is a piece of a file, from its outermost key on. It is tried with a `row` (column to text), or with a
    whole `file`; `gives` is what becomes of it, as `part → value`, `refused: reason`, or `left out`.
    """

    name: str
    says: str
    example: str
    gives: str
    row: Mapping[str, str] = field(default_factory=dict)
    file: str = ""


@dataclass(frozen=True)
class Section:
    """The keys that may stand in one place. `where` names the place, `says` what stands there."""

    where: str
    says: str
    keys: tuple[Key, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(key.name for key in self.keys)

    def only(self, entry: Entry, *others: Section, beyond: Iterable[Section] = ()) -> None:
        """Every key that is neither of this place nor of the `others` that stand beside it is a problem. The hint is
        the nearest name, or where a key of that name does stand: the places are `beyond`."""
        here = [name for section in (self, *others) for name in section.names]
        for key in entry.map:
            if key in here:
                continue
            hint = nearest(key, here)
            elsewhere = [section.where for section in beyond if key in section.names]
            if elsewhere and not hint.startswith("Did you"):
                hint = f"It stands under {' and '.join(elsewhere[:3])}."
            entry.fault(key, "is not a key here.", hint)
