"""What a mapping would make of a file, line by line, before anything is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from throughline.errors import DataError
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.entry import MappingProblemsError
from throughline.sources.formats.registry import read_rows
from throughline.sources.mapping.conversion import convert
from throughline.sources.mapping.parts import Mapping

_FAULTS_LISTED = 1000


@dataclass
class DryRun:
    """What a mapping would make of a file; nothing was published.

    `problems` keep it from running at all; `faults` (line, column, reason, detail), the first thousand, keep
    single rows from being events; `reasons` counts all of them. `repeated_ids` are events whose id another
    row has too.
    """

    file: str
    problems: list[str] = field(default_factory=list)
    rows: int = 0
    left_out: int = 0
    events: int = 0
    rejects: int = 0
    repeated_ids: int = 0
    types: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str | None, str, str]] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """The report, line by line, for people."""
        yield from (f"cannot run: {problem}" for problem in self.problems)
        for line, column, reason, detail in self.faults:
            yield f"{self.file}:{line}: {reason}" + (f" in `{column}`" if column else "") + f": {detail}"
        if self.rejects > len(self.faults):
            yield f"… and {self.rejects - len(self.faults)} more"
        yield (
            f"{self.rows} rows: {self.events} events, {self.rejects} rejects, {self.left_out} rows left out by filters"
        )
        yield from (f"  {count:>9}  {name}" for name, count in sorted(self.types.items()))
        yield from (f"  {count:>9}  rejected: {name}" for name, count in sorted(self.reasons.items()))
        if self.repeated_ids:
            yield f"  {self.repeated_ids:>9}  events with the id of another row: copies, if they say the same"


def dry_run(mapping: Mapping, path: Path, domain: Domain) -> DryRun:
    """Read the whole file and say what fits and what does not; publish nothing."""
    report = DryRun(str(path))
    ids: list[pa.ChunkedArray] = []
    try:
        for made in convert(read_rows(path, mapping.reading), mapping, domain, path):
            batch = made.batch
            report.rows += made.rows
            report.left_out += made.left_out
            report.events += batch.events.num_rows
            report.rejects += batch.rejects.num_rows
            report.types.update(batch.events["type"].to_pylist())
            report.reasons.update(batch.rejects["reason"].to_pylist())
            room = _FAULTS_LISTED - len(report.faults)
            for row in batch.rejects.slice(0, room).to_pylist():
                report.faults.append((row["position"], row["field"], row["reason"], row["detail"]))
            ids.append(batch.events["id"])
    except MappingProblemsError as error:
        report.problems = [str(problem) for problem in error.problems]
    except DataError as error:
        report.problems.append(str(error))
    if ids:
        every = pa.chunked_array([chunk for column in ids for chunk in column.chunks], pa.string())
        report.repeated_ids = len(every) - pc.count_distinct(every).as_py()
    return report
