"""Runs of the checks put on the record of a small store, for what is made of them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from england_wales import england_wales

from throughline.quality.checks.check import CheckResult, all_checks
from throughline.quality.stewardship.desk import Desk
from throughline.quality.stewardship.run import publish_results
from throughline.sinks.store import Store

RMS = "urn:throughline:police:20:rms"
_DIMENSION = {check.name: check.dimension for check in all_checks()}


def result(
    check: str, subject: str, *, passed: bool = True, observed: float = 0.5, at_most: float = 0.25
) -> CheckResult:
    """A result of a check, with numbers of no interest where none are given."""
    worst = date(2026, 3, 1)
    return CheckResult(check, _DIMENSION[check], subject, passed, observed, at_most, 3, int(not passed), worst, 40)


def put_on_record(store: Store, folder: Path, as_of: str, results: list[CheckResult], *, area: str = "20") -> None:
    """A run of the desk of an area as of a time, made half an hour later."""
    moment = datetime.fromisoformat(as_of)
    desk = Desk(store, england_wales(), folder / "steward.jsonl", area, moment.replace(minute=30))
    publish_results(desk, results, f"run-{moment:%Y%m%d%H%M}", moment)
