"""The monthly letter to an agency: its scores, what was agreed with it, its three worst problems and how to mend them.

A page, in words for people who run a feed and not for who runs Throughline; it blames nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from throughline.errors import DataError, UsageError
from throughline.quality.checks.check import Check, checks_of
from throughline.quality.checks.scores import attribute, month_before, scores, service_levels
from throughline.quality.letters.template import agreed, amount, month_name, observed, plain, rendered
from throughline.schemas.definitions.quality import DIMENSIONS, QualityRules
from throughline.sql import cursor_of, one_row, rows_by_name, sql

PROBLEMS = 3
_LEVELS_SHOWN = 8
_LEVELS = {
    "recorded_in_time": "Written down in time",
    "refused": "Records refused",
    "numbers_missing": "Numbers missing",
    "silence_days": "Longest silence",
}


@dataclass(frozen=True)
class ScoreLine:
    """A dimension this month and the month before: `82`, or `not measured`; `counted` is `9 of 11 checks held`."""

    dimension: str
    score: str
    counted: str
    before: str


@dataclass(frozen=True)
class LevelLine:
    """A service level of one feed in the month."""

    source: str
    level: str
    observed: str
    agreed: str
    met: bool


@dataclass(frozen=True)
class Problem:
    """A check that failed, by its worst result; `others` more subjects of the agency fail it too."""

    check: str
    subject: str
    observed: str
    at_most: str
    seen: str
    others: int
    why: str
    do: str


@dataclass(frozen=True)
class Letter:
    """What a letter says. `month` is the first day; of `levels`, those missed come first."""

    agency: str
    agency_name: str
    month: date
    scores: tuple[ScoreLine, ...]
    levels: tuple[LevelLine, ...]
    levels_met: int
    levels_all: int
    problems: tuple[Problem, ...]
    problems_all: int
    sender: str
    ask: str

    @property
    def month_name(self) -> str:
        return month_name(self.month)

    @property
    def month_before(self) -> str:
        return month_name(month_before(self.month))

    @property
    def levels_left(self) -> int:
        return self.levels_all - len(self.levels)


def letter(
    connection: duckdb.DuckDBPyConnection,
    rules: QualityRules,
    agency: str,
    month: date,
    *,
    as_of: datetime,
    sender: str,
    ask: str,
) -> Letter:
    """What the letter to `agency` for `month` (its first day) says.

    `sender` is who writes, `ask` whom to ask: roles, or addresses of them. `connection` is of a store; reading will do.

    Raises UsageError for an agency that the store does not know, DataError where no run of the checks speaks for that
    month.
    """
    named = connection.execute("select name, role from agencies where agency = ?", [agency]).fetchone()
    if named is None or named[1] == "steward":
        known = "select string_agg(agency, ', ' order by agency) from agencies where role <> 'steward'"
        raise UsageError(f"No agency `{agency}` publishes here.", hint=f"Known: {one_row(connection, known)[0]}.")
    scored = [
        row for row in scores(connection, rules).to_pylist() if row["scope"] == "agency" and row["name"] == agency
    ]
    now, before = (
        {row["dimension"]: row for row in scored if row["month"] == when} for when in (month, month_before(month))
    )
    if not now:
        raise DataError(
            f"No run of the checks speaks for {agency} in {month_name(month)}.",
            hint="`throughline quality run --as-of DAY` puts one on the record, as of a day of that month.",
        )
    levels = [
        row
        for row in service_levels(connection, rules, as_of).to_pylist()
        if row["agency"] == agency and row["month"] == month
    ]
    levels.sort(key=lambda row: (row["met"], row["level"], row["source"]))
    problems = _problems(connection, rules, agency, month)
    return Letter(
        agency,
        named[0],
        month,
        tuple(_score_line(name, now, before) for name in DIMENSIONS),
        tuple(_level_line(row) for row in levels[:_LEVELS_SHOWN]),
        sum(row["met"] for row in levels),
        len(levels),
        tuple(_problem(row, checks_of(rules)) for row in problems[:PROBLEMS]),
        len(problems),
        sender,
        ask,
    )


def letter_html(said: Letter) -> str:
    """The letter as one HTML page that needs nothing else, and prints on one page."""
    return rendered("letter.html", letter=said)


def _problems(
    connection: duckdb.DuckDBPyConnection, rules: QualityRules, agency: str, month: date
) -> list[dict[str, Any]]:
    with cursor_of(connection) as cursor:
        attribute(cursor, rules)
        cursor.execute("set variable agency = ?::varchar", [agency])
        cursor.execute("set variable month = ?::date", [month])
        return rows_by_name(cursor, sql(__package__, "problems"))


def _score_line(dimension: str, now: dict[str, Any], before: dict[str, Any]) -> ScoreLine:
    row = now[dimension]
    return ScoreLine(
        dimension.capitalize(),
        _score(row),
        f"{row['held']} of {row['made']} checks held" if row["made"] else "no check could be made",
        _score(before.get(dimension)),
    )


def _score(row: dict[str, Any] | None) -> str:
    return "not measured" if row is None or row["score"] is None else str(row["score"])


def _level_line(row: dict[str, Any]) -> LevelLine:
    return LevelLine(row["source"], _LEVELS[row["level"]], observed(row), agreed(row), row["met"])


def _problem(row: dict[str, Any], known: dict[str, Check]) -> Problem:
    check = known[row["check_name"]]
    seen = f"{row['events_seen']:,} events looked at"
    if row["worst_period"] is not None:
        seen += (
            f", worst in {month_name(row['worst_period'])}; {row['failed_periods']} of {row['periods']} periods over"
        )
    return Problem(
        check.name,
        row["subject"],
        _measured(row["observed"], row["at_most"], check),
        _measured(row["at_most"], row["at_most"], check),
        seen,
        row["subjects"] - 1,
        check.why,
        check.asks or check.do,
    )


def _measured(value: float, limit: float, check: Check) -> str:
    """`40 %`; what is no share has its unit: `5 times the usual scatter`."""
    return f"{plain(value)} {check.unit}" if check.unit else amount(value, limit)
