"""What a mapping would make of a file, before anything is published: every column at fault, once for each fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from throughline.errors import DataError
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.entry import MappingProblemsError
from throughline.sources.formats.registry import read_rows
from throughline.sources.mapping.conversion import convert
from throughline.sources.mapping.fit import check_mapping
from throughline.sources.mapping.parts import Mapping
from throughline.sources.tally import Tally
from throughline.sources.workbench.fault import Fault, Faults

_WORDS = 6
_ALLOWED = 24


@dataclass
class DryRun:
    """What a mapping would make of a file; nothing was published.

    `problems` keep it from running at all; `faults` keep rows from being events: a row may have several, and each has
    all its rows. `refused` counts each row once, by what it is refused for. `repeated_ids` are
    events whose id another row has too.
    """

    file: str
    problems: list[str] = field(default_factory=list)
    rows: int = 0
    left_out: int = 0
    events: int = 0
    repeated_ids: int = 0
    types: Counter[str] = field(default_factory=Counter)
    refused: Tally = field(default_factory=Tally)
    faults: list[Fault] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """The report, line by line, for people."""
        yield from (f"cannot run: {problem}" for problem in self.problems)
        for fault in self.faults:
            yield f"{self.file}: {_told(fault)}"
        yield (
            f"{self.rows} rows: {self.events} events, {self.refused.total} refused, "
            f"{self.left_out} rows left out by filters"
        )
        yield from (f"  {count:>9}  {name}" for name, count in sorted(self.types.items()))
        yield from (f"  {count:>9}  refused: {reason}" for reason, count in self.refused.counts.items())
        if self.repeated_ids:
            yield f"  {self.repeated_ids:>9}  events with the id of another row: copies, if they say the same"


def _told(fault: Fault) -> str:
    rows = f"{fault.count:,} {'row' if fault.count == 1 else 'rows'} ({', '.join(map(str, fault.rows))}"
    rows += ", …)" if fault.count > len(fault.rows) else ")"
    where = f" in `{fault.column}`" if fault.column else ""
    said = f"{fault.reason}{where}: {rows}: {fault.detail}"
    if fault.words:
        words = ", ".join(f"`{word}` ({count})" for word, count in list(fault.words.items())[:_WORDS])
        said += f". They say {words}{', …' if len(fault.words) > _WORDS else ''}"
    if fault.allowed:
        allowed = ", ".join(f"`{word}`" for word in fault.allowed[:_ALLOWED])
        said += f". Allowed: {allowed}{', …' if len(fault.allowed) > _ALLOWED else ''}"
    return said


def dry_run(mapping: Mapping, path: Path, domain: Domain) -> DryRun:
    """Read the whole file and say what fits and what does not; publish nothing."""
    report = DryRun(str(path))
    ids: list[pa.ChunkedArray] = []
    try:
        with Faults(domain.rules) as faults:
            for rows in read_rows(path, mapping.reading):
                # a column that is not used keeps a mapping from running, and hides nothing of the others
                unused = [name for name in rows.columns if name not in {*mapping.columns(), *mapping.ignore}]
                checked = replace(mapping, ignore=(*mapping.ignore, *unused))
                found = check_mapping(mapping, rows.columns, domain, path, rows.nested)
                report.problems = list(dict.fromkeys([*report.problems, *map(str, found)]))
                if len(found) > len(unused):
                    return report
                for made in convert([rows], checked, domain, path):
                    batch = made.batch
                    report.rows += made.rows
                    report.left_out += made.left_out
                    report.events += batch.events.num_rows
                    report.types.update(batch.events["type"].to_pylist())
                    report.refused.add(batch.rejects)
                    faults.refused(batch.rejects)
                    ids.append(batch.events["id"])
                faults.look(rows, checked, domain, path)
            report.faults = faults.told()
    except MappingProblemsError as error:
        report.problems += [str(problem) for problem in error.problems]
    except DataError as error:
        report.problems.append(str(error))
    if ids:
        every = pa.chunked_array([chunk for column in ids for chunk in column.chunks], pa.string())
        report.repeated_ids = len(every) - pc.count_distinct(every).as_py()
    return report
