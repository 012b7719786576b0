"""What is found in a store: what stands in quarantine and was counted on the way in, and the checks of quality."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from pathlib import Path

from bench.bad_data.kind import Line, domain, written
from throughline.quality.checks.check import CheckResult, judged_measures
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.quality import load_quality_rules
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.replay import replay

RECEIVED_AT = datetime(2026, 7, 1)  # noqa: DTZ001 - UTC without zone, as the store keeps times
AS_OF = datetime(2026, 7, 2)  # noqa: DTZ001

# By how many times its scatter a count must have grown to be a finding, and by how many times a value observed.
_SCATTERS = 3
_TIMES = 1.5

_COUNTS = """
select
  'refused: ' || reason as "check",
  case
    when reason = 'conflict' then 'uniqueness'
    when reason like 'missing_%' then 'completeness'
    else 'validity'
  end as dimension,
  coalesce(source, 'not readable') as subject,
  count(*) as records
from quarantine group by all
union all
select 'copies', 'uniqueness', source, duplicates from sources
union all
select 'sequence gaps', 'completeness', source, sequence_gaps from sources
union all
select 'contradictions: ' || kind, 'consistency', left_agency || ' - ' || right_agency, count(*)
from contradictions group by all
order by all
"""


@dataclass(frozen=True)
class Finding:
    """That a count stands or a check fails. `size` is the count, or the value observed; `is_count` says which."""

    check: str
    dimension: str
    subject: str
    size: float
    is_count: bool

    def exceeds(self, before: Finding | None) -> bool:
        """Whether it stands now and did not before, or is larger by more than its scatter."""
        if self.is_count:
            return self.scatters_above(before) >= _SCATTERS
        return before is None or (self.size > 0 and self.size >= _TIMES * before.size)

    def scatters_above(self, before: Finding | None) -> float:
        """By how many times its scatter the size is above that before."""
        size = 0.0 if before is None else before.size
        return (self.size - size) / sqrt(size + 1)


@dataclass(frozen=True)
class Found:
    """The findings in one store by check and subject, and how many checks were made (a subject of each counts)."""

    findings: dict[tuple[str, str], Finding]
    checks: int

    def beyond(self, before: Found) -> list[Finding]:
        """Those that exceed what was found before, checks of quality first, then those furthest above it."""

        def order(one: Finding) -> tuple[bool, float, str, str]:
            return one.is_count, -one.scatters_above(known.get((one.check, one.subject))), one.check, one.subject

        known = before.findings
        return sorted((one for key, one in self.findings.items() if one.exceeds(known.get(key))), key=order)


def greatest(founds: Iterable[Found]) -> Found:
    """Every finding at the greatest size that it has in any of them: what clean populations show by chance."""
    most: dict[tuple[str, str], Finding] = {}
    checks = 0
    for found in founds:
        checks = max(checks, found.checks)
        for key, one in found.findings.items():
            if key not in most or one.size > most[key].size:
                most[key] = one
    return Found(most, checks)


def findings(store: Store, of: Domain, as_of: datetime) -> Found:
    """Everything that counts and checks say of a store."""
    store.connection.execute("set variable as_of = ?::timestamp", [as_of])
    counted = [
        Finding(check, dimension, subject, float(size), is_count=True)
        for check, dimension, subject, size in store.connection.execute(_COUNTS).fetchall()
        if size
    ]
    # not the suites of the catalogue: admission has kept to it
    results = judged_measures(store.connection, of, load_quality_rules(of), as_of)
    failing = [
        Finding(one.check, one.dimension, one.subject, _size(one), is_count=False) for one in results if not one.success
    ]
    return Found({(one.check, one.subject): one for one in [*counted, *failing]}, len(counted) + len(results))


def _size(result: CheckResult) -> float:
    """The value observed; of a check that has none, how often it failed."""
    return float(result.failed if result.observed is None else result.observed)


def found_in(lines: Iterable[Line]) -> Found:
    """What is found after the lines were replayed into a fresh store."""
    with tempfile.TemporaryDirectory(prefix="throughline-bad-data-") as folder, open_memory_store() as store:
        file = Path(folder) / "events.jsonl"
        file.write_bytes(written(lines))
        replay(store, domain(), [file], received_at=RECEIVED_AT)
        return findings(store, domain(), AS_OF)
