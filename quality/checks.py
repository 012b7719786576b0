"""Checks of what has been accepted: measures by SQL, judged by expectations.

A check is one entry of `checks.yaml` and one file in `measures/`, whose rows have the columns subject (a source, an
agency, a pair …), period (the day that a week or month begins with, or null), n (on how many events it rests), k (how
many of them are at fault, if counted) and value (what is judged). Rules are of the domain, none is in the code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow as pa

from throughline.errors import DataError
from throughline.quality.expectations import Expectation, judge
from throughline.schemas.domain import Domain
from throughline.schemas.quality_rules import QualityRules, load_quality_rules
from throughline.schemas.yaml_entry import Problems, read_entry
from throughline.sql import sql

DIMENSIONS = ("completeness", "uniqueness", "consistency", "timeliness", "validity", "accuracy")
"""Of the Government Data Quality Framework (2020)."""
OF = ("source", "agency", "agencies", "types", "area")
"""What the subject of a check begins with, so whose its results are."""


@dataclass(frozen=True)
class Check:
    """One check: its dimension, the most that its value may be, why it is made, what to do, and of what it is."""

    name: str
    dimension: str
    at_most: float
    why: str
    do: str
    of: str = "source"


@dataclass(frozen=True)
class CheckResult:
    """What a check found for one subject: the worst of its periods.

    `observed` is what was found then, of `events` events, and should be `at_most`; `failed` of `periods` are over it.
    """

    check: str
    dimension: str
    subject: str
    success: bool
    observed: float | None
    at_most: float
    periods: int
    failed: int
    period: date | None
    events: int


@cache
def all_checks() -> tuple[Check, ...]:
    """The checks of this release, by dimension. Raises DomainProblemsError where checks.yaml does not hold together."""
    problems = Problems()
    path = Path(str(files(__package__) / "checks.yaml"))
    entry = read_entry(path, problems)
    entry.only(*DIMENSIONS)
    found = []
    for dimension in DIMENSIONS:
        for given in entry.entries(dimension):
            given.only("check", "of", "at_most", "why", "do")
            limit = given.map.get("at_most")
            if isinstance(limit, bool) or not isinstance(limit, int | float):
                given.fault("at_most", f"{limit!r} is not a number.")
                continue
            of = given.choice("of", OF, needed=False) or "source"
            found.append(Check(given.text("check"), dimension, float(limit), given.text("why"), given.text("do"), of))
    problems.raise_any()
    return tuple(found)


def run_checks(connection: duckdb.DuckDBPyConnection, domain: Domain, as_of: datetime | None) -> list[CheckResult]:
    """Make every check; one result for each of its subjects, those that fail first.

    `connection` is of a store, for reading will do; `as_of` (UTC, naive) is the time of asking, by default that of the
    latest event but the last few, which may lie wrongly in the future. Raises DataError.
    """
    rules = load_quality_rules(domain)
    cursor = connection.cursor()
    try:
        observe(cursor, rules, as_of or as_of_checked(connection))
        measured = {check: _measure(cursor, check) for check in all_checks()}
    finally:
        cursor.close()
    results = [result for check, rows in measured.items() for result in _judged(check, rows, rules)]
    return sorted(results, key=lambda one: (one.success, DIMENSIONS.index(one.dimension), one.check, one.subject))


def as_of_checked(connection: duckdb.DuckDBPyConnection) -> datetime:
    """The time of asking where none is given: of the latest event but the last few, which may lie in the future.

    UTC, naive. Raises DataError for a store without events.
    """
    row = connection.execute(
        "select quantile_disc(coalesce(recorded_at, occurred_at), 0.9995) from dated_events where case_key is not null"
    ).fetchone()
    if row is None or row[0] is None:
        raise DataError(
            "The store has no events to check.", hint="`throughline replay PATH --store FILE` brings some in."
        )
    found: datetime = row[0]
    return found


def observe(cursor: duckdb.DuckDBPyConnection, rules: QualityRules, as_of: datetime) -> None:
    """Make what the measures read: `observed`, `step_orders`, `case_beginnings`, and `as_of` (UTC, naive)."""
    cursor.execute(sql(__package__, "measures/observed"))
    cursor.execute("set variable as_of = ?::timestamp", [as_of])
    for name, columns, rows in (
        ("step_orders", "earlier varchar, later varchar", list(rules.orders)),
        ("case_beginnings", "type varchar", [(one,) for one in rules.begins]),
    ):
        cursor.execute(f"create or replace temp table {name} ({columns})")
        if rows:
            cursor.executemany(f"insert into {name} values ({', '.join('?' * len(rows[0]))})", rows)


def _measure(cursor: duckdb.DuckDBPyConnection, check: Check) -> pa.Table:
    measure = sql(__package__, f"measures/{check.name}")
    return cursor.execute(
        f"select subject, period, n::bigint as n, value::double as value from ({measure}) "
        "where value is not null order by all"
    ).to_arrow_table()


def _judged(check: Check, measured: pa.Table, rules: QualityRules) -> list[CheckResult]:
    own = rules.limits.get(check.name, {})
    limit = own.get("", check.at_most)
    by_limit: dict[float, list[int]] = {}
    for place, subject in enumerate(measured.column("subject").to_pylist()):
        by_limit.setdefault(own.get(subject, limit), []).append(place)
    results = []
    for most, places in by_limit.items():
        frame = measured.take(places).to_pandas()
        expectation = Expectation(
            check.name, "expect_column_values_to_be_between", {"column": "value", "max_value": most}
        )
        (outcome,) = judge(frame, [expectation], with_rows=True)
        failed = set(outcome.failed_rows)
        for subject, rows in frame.groupby("subject").groups.items():
            worst = max(rows, key=lambda row: frame.at[row, "value"])
            period = frame.at[worst, "period"]
            over = len(failed.intersection(rows))
            value = float(frame.at[worst, "value"])
            results.append(
                CheckResult(
                    check.name,
                    check.dimension,
                    str(subject),
                    over == 0,
                    None if math.isnan(value) else value,
                    most,
                    len(rows),
                    over,
                    period if isinstance(period, date) else None,
                    int(frame.at[worst, "n"]),
                )
            )
    return results
