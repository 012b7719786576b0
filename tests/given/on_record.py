"""Runs of the checks put on the record of a small store, for what is made of them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from throughline.quality.checks.check import CheckResult, all_checks
from throughline.quality.stewardship.desk import Desk, publish_acts
from throughline.quality.stewardship.run import acts_of_run
from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.store import Store

DESK = Desk("urn:throughline:steward:20:desk", "20")
RMS = "urn:throughline:police:20:rms"
_DIMENSION = {check.name: check.dimension for check in all_checks()}


def result(check: str, subject: str, *, passed: bool = True, observed: float = 0.5) -> CheckResult:
    """A result of a check, with numbers of no interest where none are given."""
    worst = date(2026, 3, 1)
    return CheckResult(check, _DIMENSION[check], subject, passed, observed, 0.25, 3, int(not passed), worst, 40)


def put_on_record(store: Store, folder: Path, as_of: str, results: list[CheckResult], *, desk: Desk = DESK) -> None:
    """A run as of a time, made half an hour later."""
    moment = datetime.fromisoformat(as_of)
    acts = acts_of_run(results, f"run-{moment:%Y%m%d%H%M}", moment)
    publish_acts(store, load_domain(), folder / "steward.jsonl", acts, desk=desk, at=moment.replace(minute=30))
