"""Checks of what has been accepted: measures by SQL, judged by expectations.

A check is one entry of `checks.yaml` and one file in `measures/`, whose rows have the columns subject (a source, an
agency, a pair …), period (the day that a week or month begins with, or null), n (on how many events it rests), k (how
many of them are at fault, if counted) and value (what is judged). Rules are of the domain, none is in the code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow as pa

from throughline.errors import DataError
from throughline.quality.checks.expectations import Expectation, Outcome, judge
from throughline.quality.checks.suites import REQUIRED, VALUES, judge_suite, suites_of, view_suites
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.entry import Problems, read_entry
from throughline.schemas.definitions.identifier import PSEUDONYM
from throughline.schemas.definitions.quality import DIMENSIONS, QualityRules, load_quality_rules
from throughline.sql import cursor_of, make_table, one_row, sql

_CATALOGUE = "Publish the event again under a new id, or widen the catalogue: it was narrowed since the event came."
_VIEWS = "`throughline verify`, then `throughline rebuild`; if it stays, report it as a fault of the software."


OF = ("source", "agency", "agencies", "type", "types", "area", "view")
"""What the subject of a check begins with, so whose its results are."""


@dataclass(frozen=True)
class Check:
    """One check: its dimension, the most that its value may be, why it is made, what to do, and of what it is.

    `unit` is that of the value where it is no share of 1; `asks` what its agency is asked for, where `do` is nothing
    that an agency could do.
    """

    name: str
    dimension: str
    at_most: float
    why: str
    do: str
    of: str = "source"
    unit: str = ""
    asks: str = ""

    @property
    def expectation(self) -> Expectation:
        """What the column `value` of its measure is judged by."""
        limit = {"column": "value", "max_value": self.at_most}
        return Expectation(self.name, self.dimension, "expect_column_values_to_be_between", limit)


@dataclass(frozen=True)
class CheckResult:
    """What a check found for one subject: the worst of its periods.

    `observed` is what was found then, of `events` events, and should be `at_most`; `at_fault` of them were counted, if
    events are what is counted; `failed` of `periods` are over it.
    """

    check: str
    dimension: str
    subject: str
    success: bool
    observed: float
    at_most: float
    periods: int
    failed: int
    period: date | None
    events: int
    at_fault: int | None = None


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
            given.only("check", "of", "at_most", "unit", "why", "do", "asks")
            limit = given.number("at_most")
            of = given.choice("of", OF, needed=False) or "source"
            said = (given.text("check"), dimension, limit, given.text("why"), given.text("do"), of)
            unit = given.text("unit", needed=limit >= 1)
            found.append(Check(*said, unit=unit, asks=given.text("asks", needed=False)))
    problems.raise_any()
    return tuple(found)


@cache
def release_checks() -> tuple[Check, ...]:
    """The checks of this release, those of the catalogue and of the public views among them."""
    catalogue = (
        Check(REQUIRED, "completeness", 0.0, "A field that the catalogue requires is not there.", _CATALOGUE, "type"),
        Check(VALUES, "validity", 0.0, "A value that the catalogue does not list.", _CATALOGUE, "type"),
    )
    views = (
        Check(one.name, one.dimension, 0.0, f"What `{suite.subject}` always keeps to.", _VIEWS, "view")
        for suite in view_suites()
        for one in suite.expectations
    )
    return (*all_checks(), *catalogue, *views)


def checks_of(rules: QualityRules) -> dict[str, Check]:
    """Every check by its name: those of this release, and what agencies wrote."""
    written = (Check(one.check, one.dimension, one.at_most, one.why, one.do, "type") for one in rules.expectations)
    return {one.name: one for one in (*release_checks(), *written)}


def run_checks(connection: duckdb.DuckDBPyConnection, domain: Domain, as_of: datetime | None) -> list[CheckResult]:
    """Make every check; one result for each of its subjects, those that fail first.

    `connection` is of a store, for reading will do; `as_of` (UTC, naive) is the time of asking, by default that of the
    latest event but the last few, which may lie wrongly in the future. Raises DataError.
    """
    rules = load_quality_rules(domain)
    results = [*judged_measures(connection, domain, rules, as_of), *_judged_suites(connection, domain, rules)]
    return sorted(results, key=lambda one: (one.success, DIMENSIONS.index(one.dimension), one.check, one.subject))


def judged_measures(
    connection: duckdb.DuckDBPyConnection, domain: Domain, rules: QualityRules, as_of: datetime | None
) -> list[CheckResult]:
    """The results of the checks that are measures, without the suites: what patterns over many events tell."""
    measured = measured_frames(connection, domain, rules, as_of)
    outcomes = _outcomes([check.expectation for check, _ in measured], [frame["value"] for _, frame in measured])
    return [
        result
        for (check, frame), outcome in zip(measured, outcomes, strict=True)
        for result in _judged(check, frame, outcome)
    ]


def _outcomes(expectations: list[Expectation], values: list[pa.ChunkedArray]) -> list[Outcome]:
    """What became of each expectation on its values, judged as columns of one frame, filled up with nulls.

    A frame for each would take ten times as long.
    """
    longest = max(map(len, values), default=0)
    columns = [f"value_{place}" for place in range(len(values))]
    frame = pa.table(
        {
            name: pa.concat_arrays([*one.chunks, pa.nulls(longest - len(one), pa.float64())])
            for name, one in zip(columns, values, strict=True)
        }
    )
    asked = [
        replace(one, arguments={**one.arguments, "column": name})
        for one, name in zip(expectations, columns, strict=True)
    ]
    return judge(frame.to_pandas(), asked, with_rows=True)


def measured_frames(
    connection: duckdb.DuckDBPyConnection, domain: Domain, rules: QualityRules, as_of: datetime | None
) -> list[tuple[Check, pa.Table]]:
    """Each check with what its measure gives: subject, period (day or null), n (events), value; no value is null.

    A check whose limit the rules set for some of its subjects comes once for each limit, as its `at_most`.
    """
    with cursor_of(connection) as cursor:
        observe(cursor, domain, rules, as_of or as_of_checked(connection))
        return [part for check in all_checks() for part in _by_limit(check, _measure(cursor, check), rules)]


def _by_limit(check: Check, measured: pa.Table, rules: QualityRules) -> list[tuple[Check, pa.Table]]:
    limits = [rules.limit(check.name, subject, check.at_most) for subject in measured["subject"].to_pylist()]
    return [
        (replace(check, at_most=most), measured.filter(pa.array([limit == most for limit in limits])))
        for most in dict.fromkeys(limits)
    ]


def as_of_checked(connection: duckdb.DuckDBPyConnection) -> datetime:
    """The time of asking where none is given: of the latest event but the last few, which may lie in the future.

    UTC, naive. Raises DataError for a store without events.
    """
    found: datetime | None
    (found,) = one_row(
        connection,
        "select quantile_disc(coalesce(recorded_at, occurred_at), 0.9995) from dated_events where case_key is not null",
    )
    if found is None:
        raise DataError(
            "The store has no events to check.", hint="`throughline replay PATH --store FILE` brings some in."
        )
    return found


def observe(cursor: duckdb.DuckDBPyConnection, domain: Domain, rules: QualityRules, as_of: datetime) -> None:
    """Make what the measures read: `observed`, what the rules say as tables, `as_of` (UTC, naive) and `zone`."""
    cursor.execute("set variable as_of = ?::timestamp", [as_of])
    cursor.execute("set variable zone = ?", [domain.time_zone])
    cursor.execute(sql(__package__, "measures/observed"))
    cursor.execute("set variable pseudonym = ?", [PSEUDONYM.pattern])
    numbers = [
        (kind.type, name, rules.most[field.unit])
        for kind in domain.types.values()
        for name, field in kind.fields.items()
        if field.unit is not None and field.unit in rules.most
    ]
    for name, columns, rows in (
        ("step_orders", "earlier varchar, later varchar", list(rules.orders)),
        ("happens_once", "type varchar", [(one,) for one in rules.once]),
        ("case_beginnings", "type varchar", [(one,) for one in rules.begins]),
        ("office_agencies", "agency varchar", [(one,) for one in rules.office_agencies]),
        ("numbers_most", "type varchar, field varchar, most double", numbers),
        ("agreed_fields", "type varchar, field varchar, decision varchar", list(rules.agreed)),
    ):
        make_table(cursor, name, columns, rows)


def _measure(cursor: duckdb.DuckDBPyConnection, check: Check) -> pa.Table:
    measure = sql(__package__, f"measures/{check.name}")
    return cursor.execute(
        f"select subject, period, n::bigint as n, k::bigint as k, value::double as value from ({measure}) "
        "where value is not null order by all"
    ).to_arrow_table()


def _judged_suites(connection: duckdb.DuckDBPyConnection, domain: Domain, rules: QualityRules) -> list[CheckResult]:
    """The results of the suites: each expectation once, its `observed` the share of rows that are not as expected."""
    results = []
    types = {name for (name,) in connection.execute("select distinct type from events").fetchall()}
    for suite in suites_of(domain, rules):
        if suite.subject in domain.types and suite.subject not in types:
            continue  # a question for each type of the catalogue would be most of the time
        for expectation, outcome in zip(suite.expectations, judge_suite(connection, suite), strict=True):
            if not outcome.rows:
                continue  # nothing was looked at
            most = round(1 - float(expectation.arguments.get("mostly", 1)), 6)
            results.append(
                CheckResult(
                    expectation.name,
                    expectation.dimension,
                    suite.subject_of(expectation),
                    outcome.success,
                    outcome.failed / outcome.rows,
                    most,
                    1,
                    int(not outcome.success),
                    None,
                    outcome.rows,
                    outcome.failed,
                )
            )
    return results


def _judged(check: Check, measured: pa.Table, outcome: Outcome) -> list[CheckResult]:
    failed = set(outcome.failed_rows)
    rows = measured.to_pylist()
    by_subject: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        by_subject.setdefault(row["subject"], []).append(place)
    results = []
    for subject, places in by_subject.items():
        worst = max((rows[place] for place in places), key=lambda row: float(row["value"]))
        over = len(failed.intersection(places))
        results.append(
            CheckResult(
                check.name,
                check.dimension,
                subject,
                over == 0,
                worst["value"],
                check.at_most,
                len(places),
                over,
                worst["period"],
                worst["n"],
                worst["k"],
            )
        )
    return results
