"""A run of the checks of quality as acts of a steward: one event for each check and subject."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from throughline.quality.checks.check import CheckResult
from throughline.quality.stewardship.desk import Act

CHECKED = "steward.quality.checked"
_MILLIONTHS = 1_000_000
# as large as a value may be in an event: beyond it, it is that much
_MOST = 2**53


def acts_of_run(results: Sequence[CheckResult], run_id: str, as_of: datetime) -> list[Act]:
    """The acts that state the results of a run; `as_of` is UTC, naive."""
    return [Act(CHECKED, _said(one, run_id, as_of)) for one in results]


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
