"""Which mapping a file is read by: the first whose pattern its name has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from throughline.errors import MappingError
from throughline.sources.formats.registry import event_format
from throughline.sources.mapping.parts import Mapping


@dataclass(frozen=True)
class Route:
    """Names of the form `pattern` (`*`, `?` and `[…]`, no matter the case) are read by `mapping`; by none: they hold
    events."""

    pattern: str
    mapping: Mapping | None

    def takes(self, name: str) -> bool:
        return fnmatchcase(name.lower(), self.pattern.lower())


def route_of(path: Path, routes: Sequence[Route]) -> Route:
    """The route of a file: the first that takes its name; where none does, that of event files.

    Raises MappingError for a file that no route takes and that is no event file by its ending.
    """
    for one in routes:
        if one.takes(path.name):
            return one
    if event_format(path) is not None:
        return Route(path.name, None)
    hint = "Give --mapping 'PATTERN=FILE' with a pattern that it has, and put the file back."
    raise MappingError("has a name that no pattern of a mapping takes", file=path, hint=hint)
