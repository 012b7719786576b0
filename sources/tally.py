"""What was refused of what a command read: by reason how many, and where the first of each stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa


@dataclass
class Refused:
    """Records that were refused for one reason: how many, and of the first where it stands and what is wrong."""

    count: int
    where: str
    field: str | None
    detail: str


@dataclass
class Tally:
    """Counts refusals by reason; true where there are any."""

    by_reason: dict[str, Refused] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.by_reason)

    @property
    def total(self) -> int:
        return sum(found.count for found in self.by_reason.values())

    @property
    def counts(self) -> dict[str, int]:
        """How many for each reason, the most frequent first."""
        ordered = sorted(self.by_reason.items(), key=lambda item: (-item[1].count, item[0]))
        return {reason: found.count for reason, found in ordered}

    def add(self, rejects: pa.Table) -> list[str]:
        """Count rejects (REJECTS); the reasons of which these are the first."""
        rows = rejects.select(["reason", "origin", "position", "field", "detail"]).to_pylist()
        return [
            row["reason"]
            for row in rows
            if self.count(row["reason"], f"{row['origin']}:{row['position']}", row["field"], row["detail"])
        ]

    def count(self, reason: str, where: str, of_field: str | None, detail: str) -> bool:
        """Count one; whether it is the first of its reason."""
        found = self.by_reason.setdefault(reason, Refused(0, where, of_field, detail))
        found.count += 1
        return found.count == 1

    def line(self, reason: str) -> str:
        """One reason, for people."""
        found = self.by_reason[reason]
        name = f"`{found.field}`: " if found.field else ""
        return f"{found.count:,} {reason}; the first at {found.where}: {name}{found.detail}"

    def lines(self) -> Iterator[str]:
        """All of them, for people: the most frequent reason first."""
        if self:
            yield f"{self.total:,} not published, because refused:"
        yield from (f"  {self.line(reason)}" for reason in self.counts)
