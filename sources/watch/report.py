"""What became of a file, and the report that stands beside it. It says where and why rows were refused, never what they
hold."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from throughline.sources.tally import Tally

ENDING = ".report.json"
_ROWS = 1000


@dataclass
class Report:
    """`outcome`: `taken`, `known` (the content was taken before) or `failed`; `why` says why it failed, or of what it
    is a copy. `content` is the SHA-256 of the file, `meaning` the hash of what its mapping says.

    Of the records that were `read`, events are `new` or were `known`, rows were `refused` (by reason; `rows` has the
    first thousand) or `left_out` by filters.
    """

    file: str
    content: str
    size: int
    mapping: str | None = None
    meaning: str | None = None
    outcome: str = "taken"
    why: str | None = None
    read: int = 0
    new: int = 0
    known: int = 0
    left_out: int = 0
    types: Counter[str] = field(default_factory=Counter)
    refused: Tally = field(default_factory=Tally)
    rows: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def refuse(self, rejects: pa.Table) -> None:
        """Count and list rows that were refused (REJECTS)."""
        self.read += rejects.num_rows
        self.refused.add(rejects)
        for row in rejects.slice(0, max(0, _ROWS - len(self.rows))).to_pylist():
            self.rows.append({key: row[key] for key in ("position", "reason", "field", "detail")})

    @property
    def line(self) -> str:
        """One line for people."""
        said = f"{self.outcome} {self.file}: {self.read:,} read, {self.new:,} new, {self.known:,} known"
        if self.refused:
            said += f", {self.refused.total:,} refused"
        return said + "." + (f" {' '.join(self.why.split())}" if self.why else "")

    def write(self, path: Path) -> None:
        """Put the report where it belongs, whole or not at all. Raises OSError."""
        said = {
            "file": self.file,
            "outcome": self.outcome,
            "why": self.why,
            "content": self.content,
            "bytes": self.size,
            "mapping": self.mapping,
            "meaning": self.meaning,
            "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "read": self.read,
            "new": self.new,
            "known": self.known,
            "left_out": self.left_out,
            "types": dict(sorted(self.types.items())),
            "refused": self.refused.counts,
            "rows": self.rows,
            "rows_not_listed": self.refused.total - len(self.rows),
            "notes": self.notes,
        }
        unfinished = path.with_name(f".{path.name}.part")
        with unfinished.open("w", encoding="utf-8") as file:
            # a name that is not UTF-8 is written in escapes
            json.dump(said, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)


def said_of(report: Path) -> dict[str, Any]:
    """What a report says; nothing where there is none, or it cannot be read."""
    try:
        said = json.loads(report.read_bytes())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def wholly_taken(folder: Path) -> dict[tuple[str, str | None], str]:
    """By content and mapping the name of a file that was taken with every row of it, as the reports in `folder` say."""
    found = {}
    for report in sorted(folder.glob(f"*{ENDING}")):
        said = said_of(report)
        if said.get("outcome") == "taken" and not said.get("refused"):
            found[str(said.get("content")), said.get("meaning")] = report.name.removesuffix(ENDING)
    return found
