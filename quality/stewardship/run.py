"""A run of the checks of quality on the record: one action for each check and subject."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import pyarrow as pa

from throughline.quality.checks.check import Check, CheckResult, as_of_checked, run_checks
from throughline.quality.stewardship.desk import Action, Desk
from throughline.schemas.definitions.steward import CHECKED

RESULTS = pa.schema(
    {
        "place": pa.int64(),
        "check": pa.string(),
        "dimension": pa.string(),
        "subject": pa.string(),
        "success": pa.bool_(),
        "observed": pa.float64(),
        "at_most": pa.float64(),
        "periods": pa.int64(),
        "failed": pa.int64(),
        "period": pa.date32(),
        "events": pa.int64(),
        "at_fault": pa.int64(),
        "why": pa.string(),
        "do": pa.string(),
    }
)
"""Results of checks as CheckResult has them, in order of `place`, each with why it is made and what to do."""
_MILLIONTHS = 1_000_000
# as large as a value may be in an event: beyond it, it is that much
_MOST = 2**53


def run_on_record(desk: Desk, as_of: datetime | None = None) -> tuple[str, list[CheckResult]]:
    """Make every check and publish each result; the id of the run, and the results.

    `as_of` is UTC, naive; by default as `run_checks` has it. Raises what that raises, and `Desk.publish`.
    """
    as_of = as_of or as_of_checked(desk.store.connection)
    results = run_checks(desk.store.connection, desk.domain, as_of)
    run_id = f"run-{desk.at:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    publish_results(desk, results, run_id, as_of)
    return run_id, results


def results_table(results: Sequence[CheckResult], known: Mapping[str, Check]) -> pa.Table:
    """RESULTS of a run; `known` are the checks by name."""
    rows = [
        asdict(one) | {"place": place, "why": known[one.check].why, "do": known[one.check].do}
        for place, one in enumerate(results)
    ]
    return pa.Table.from_pylist(rows, RESULTS)


def publish_results(desk: Desk, results: Sequence[CheckResult], run_id: str, as_of: datetime) -> None:
    """Put the results of a run on the record; `as_of` is UTC, naive. See `Desk.publish`."""
    desk.publish([Action(CHECKED, _said(one, run_id, as_of)) for one in results])


def _said(result: CheckResult, run_id: str, as_of: datetime) -> dict[str, Any]:
    said = {
        "run_id": run_id,
        "checked_as_of": f"{as_of.isoformat()}Z",
        "check_name": result.check,
        "dimension": result.dimension,
        "subject": result.subject,
        "passed": result.success,
        "observed_millionths": _millionths(result.observed),
        "limit_millionths": _millionths(result.at_most),
        "periods": result.periods,
        "failed_periods": result.failed,
        "worst_period": None if result.period is None else result.period.isoformat(),
        "events_seen": result.events,
    }
    return {name: value for name, value in said.items() if value is not None}


def _millionths(value: float | None) -> int | None:
    if value is None or math.isnan(value):
        return None
    return int(max(-_MOST, min(_MOST, round(min(value, _MOST) * _MILLIONTHS))))
