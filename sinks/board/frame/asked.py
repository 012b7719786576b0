"""What was asked of a page: the stores as they are, the times, and the filters that stand in the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from urllib.parse import urlencode

import duckdb

from throughline.errors import UsageError
from throughline.sinks.board.access.declaration import Visit
from throughline.sinks.board.access.rights import Need
from throughline.sinks.board.frame.settings import Settings
from throughline.sinks.board.reading.kept import Kept
from throughline.sinks.board.reading.present import Facts
from throughline.sinks.board.words.dates import end_of_day, end_of_last
from throughline.sinks.board.words.names import Names

TIMES = ("as_of", "known_at", "recorded_by")
PARTS = ("page", "after", "before")
"""Which part of a list is asked for: by its number, or by the key of the row before it or after it."""


def elsewhere(part: Mapping[str, object]) -> dict[str, object]:
    """Another part of the same list, for the address: what asked for this one is taken out of it."""
    return {**dict.fromkeys(PARTS), **part}


@dataclass(frozen=True)
class Asked:
    """One request: `connection` is its own, reads every view, and counts to `as_of` where that is not null.

    Of cases, lists are made of its view `visible_cases`: those that the visitor may see. `visit` is None where
    nothing stands before the board.

    `path` is the address, `values` what stands in it by name, `given` the query string (the last value of each name).
    `is_of_figures` and `can_be_as_known` are those of its place.
    """

    path: str
    values: Mapping[str, str]
    given: Mapping[str, str]
    connection: duckdb.DuckDBPyConnection
    facts: Facts
    names: Names
    settings: Settings
    kept: Kept
    visit: Visit | None = None
    is_of_figures: bool = False
    can_be_as_known: bool = False

    @cached_property
    def as_of(self) -> datetime | None:
        """To which open intervals are counted: what the address says, else the settings, else null (UTC, naive).

        A figure as it was known at a time is counted to that time, unless the address says another.
        """
        asked, last = self.moment("as_of"), self.facts.last_at
        if asked is None and self.can_be_as_known and self.known_at is not None and last is not None:
            return min(self.known_at, last)
        if asked or self.settings.as_of or last is None or not (self.is_of_figures or self.can_be_as_known):
            return asked or self.settings.as_of
        return end_of_last(self.settings.count_to, last, self.names.zone)

    @cached_property
    def known_at(self) -> datetime | None:
        """What had been received by then; null for everything."""
        return self.moment("known_at")

    @cached_property
    def recorded_by(self) -> datetime | None:
        """What its agency had written down by then; null for everything."""
        return self.moment("recorded_by")

    @property
    def counted_to(self) -> datetime | None:
        """The time to which everything is counted: `as_of`, or the latest event; null for stores without one."""
        return self.as_of or self.facts.last_at

    def text(self, name: str) -> str:
        """A filter of the address, without blanks around it; empty where it is not given."""
        return self.given.get(name, "").strip()

    def number(self, name: str, default: int, *, least: int = 1, most: int = 1_000_000) -> int:
        """A whole number of the address. Raises UsageError for anything else."""
        said = self.text(name)
        if not said:
            return default
        if not said.isdecimal() or not least <= int(said[:10]) <= most:
            raise UsageError(f"`{name}` is `{said}`, and has to be a whole number from {least:,} to {most:,}.")
        return int(said)

    def choice(self, name: str, known: Mapping[str, str]) -> str:
        """A filter that has to be one of `known`; empty where it is not given. Raises UsageError for anything else."""
        said = self.text(name)
        if said and said not in known:
            raise UsageError(f"`{name}` is `{said}`, and has to be one of: {', '.join(known)}.")
        return said

    def may(self, need: Need) -> bool:
        """Whether the visitor may see pages that need this, for links to them."""
        return self.visit is None or self.visit.may(need)

    @property
    def filters(self) -> dict[str, str]:
        """What stands in the address but for times and the part of a list: for another page of the same figure."""
        return {name: value for name, value in self.given.items() if value and name not in (*TIMES, *PARTS)}

    def look_at(self, case_ids: Iterable[str]) -> None:
        """Put on the record that the visitor looks at these cases, before they are shown. Raises LooksError."""
        if self.visit is not None:
            self.visit.look_at(case_ids)

    def address(self, path: str | None = None, /, **changed: object) -> str:
        """This page, or another one, with the same filters but those that are `changed` (null takes one out).

        To another page only the times go along.
        """
        kept = {name: value for name, value in self.given.items() if value and (path is None or name in TIMES)}
        kept |= {name: "" if value is None else str(value) for name, value in changed.items()}
        query = urlencode({name: value for name, value in kept.items() if value})
        return f"{path or self.path}?{query}" if query else path or self.path

    def moment(self, name: str) -> datetime | None:
        """A time of the address (UTC, naive): a day is its end, where the domain is. Raises UsageError for no time."""
        said = self.text(name)
        if not said:
            return None
        try:
            if len(said) == len("2026-03-12"):
                # a day is asked for as a whole: up to its end, where the domain is
                return end_of_day(date.fromisoformat(said), self.names.zone)
            moment = datetime.fromisoformat(said)
            return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        except (ValueError, OverflowError):
            raise UsageError(
                f"`{name}` is `{said}`, which is not a date.", hint="Write it as 2026-03-12, or 2026-03-12T14:30:00Z."
            ) from None
