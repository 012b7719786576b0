"""The steward's page: whether the timeline can be trusted today, what to mend first, and where it stands.

One HTML file that asks no network. It has counts, codes and names of systems, never what a record says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from throughline.quality.checks.check import Check, checks_of
from throughline.quality.checks.scores import service_levels
from throughline.quality.letters.template import amount, rendered
from throughline.schemas.definitions.quality import QualityRules
from throughline.sql import cursor_of, one_row, rows_by_name, sql

FEEDS_SHOWN = 200
STALE_DAYS = 7
"""How old the latest events, and the last run of the checks, may be and still speak for today."""
Row = dict[str, Any]


@dataclass(frozen=True)
class CheckLine:
    """A check in the latest round of runs: how many of its subjects failed, the worst first, and in earlier rounds.

    `subjects` null where it could not be made. `history` is (day that the run asked as of, failing subjects).
    """

    name: str
    dimension: str
    why: str
    do: str
    subjects: int | None
    failing: int
    observed: str
    at_most: str
    failing_subjects: tuple[str, ...]
    history: tuple[tuple[date, int], ...]

    @property
    def bars(self) -> list[tuple[float, float, bool]]:
        """For each run, of a picture 120 by 24: left edge, height (2 where nothing failed), whether anything did."""
        most = max((failing for _, failing in self.history), default=0)
        return [
            (4.0 * place, 2 + (22 * failing / most if failing else 0), failing > 0)
            for place, (_, failing) in enumerate(self.history, 30 - len(self.history))
        ]

    @property
    def told(self) -> str:
        """The history in words, for who does not see the picture."""
        return ", ".join(f"{day:%-d %b %Y}: {failing or 'none'}" for day, failing in self.history)


@dataclass(frozen=True)
class Page:
    """What the page shows: `checks` worst first; tables as rows of the SQL beside it. Times are UTC."""

    as_of: datetime
    latest: datetime
    checked_as_of: datetime | None
    checks: tuple[CheckLine, ...]
    quarantine: tuple[Row, ...]
    conflicts: tuple[Row, ...]
    feeds: tuple[Row, ...]
    feeds_all: int
    missed: tuple[Row, ...]
    results_link: str | None

    @property
    def failing(self) -> list[CheckLine]:
        return [check for check in self.checks if check.failing]

    @property
    def held(self) -> list[CheckLine]:
        return [check for check in self.checks if check.subjects and not check.failing]

    @property
    def not_made(self) -> list[CheckLine]:
        return [check for check in self.checks if not check.subjects]

    @property
    def refused(self) -> int:
        return sum(row["open"] for row in self.quarantine)

    @property
    def in_conflict(self) -> int:
        return sum(row["events"] for row in self.conflicts)

    @property
    def days_old(self) -> int:
        """How many days before the page's clock the latest events are."""
        return max((self.as_of - self.latest).days, 0)

    @property
    def is_trusted(self) -> bool:
        return self.verdict.startswith("Yes")

    @property
    def verdict(self) -> str:
        """The answer to whether the timeline can be trusted today."""
        if self.checked_as_of is None:
            return "Not known: no run of the checks is on the record."
        if self.days_old > STALE_DAYS:
            return f"Not known today: the latest events are {self.days_old} days old."
        behind = (self.as_of - self.checked_as_of).days
        if behind > STALE_DAYS:
            return f"Not known: the last run of the checks is {behind} days old."
        if self.failing:
            return f"Not everywhere: {len(self.failing)} of {len(self.failing) + len(self.held)} checks failed."
        if self.in_conflict or self.missed:
            return f"Yes, as far as the checks see ({len(self.held)} held); what is below is still to be settled."
        return f"Yes, as far as the checks see: all {len(self.held)} held."


def page(
    connection: duckdb.DuckDBPyConnection,
    rules: QualityRules,
    *,
    as_of: datetime,
    latest: datetime,
    results_link: str | None = None,
) -> Page:
    """What the steward's page shows of a store as of `as_of`, its one clock; `latest` is the time of the latest events.

    Both are UTC, naive. What is silent, waits or is late is so at `as_of`.

    `results_link` is where the table of all results can be seen. `connection` is of a store; reading will do.
    """
    with cursor_of(connection) as cursor:
        cursor.execute("set variable now = ?::timestamp", [as_of])
        cursor.execute("set variable as_of = ?::timestamp", [as_of])
        cursor.execute(sql(__package__, "page_sql/last_results"))
        (checked,) = one_row(cursor, "select max(as_of) from last_results")
        found = {
            name: rows_by_name(cursor, sql(__package__, f"page_sql/{name}"))
            for name in ("checks", "history", "quarantine", "conflicts", "feeds")
        }
    levels = service_levels(connection, rules, as_of).to_pylist()
    return Page(
        as_of,
        latest,
        checked,
        _checks(checks_of(rules).values(), found["checks"], found["history"]),
        tuple(found["quarantine"]),
        tuple(found["conflicts"]),
        tuple(found["feeds"][:FEEDS_SHOWN]),
        len(found["feeds"]),
        tuple(row for row in levels if not row["met"] and row["month"] == as_of.date().replace(day=1)),
        results_link,
    )


def page_html(shown: Page) -> str:
    """The page as one HTML file that needs nothing else."""
    return rendered("page.html", page=shown)


def _checks(known: Iterable[Check], checks: Sequence[Row], history: Sequence[Row]) -> tuple[CheckLine, ...]:
    """Worst first, then those that held, then those that could not be made."""
    found = {row["check_name"]: row for row in checks}
    order = {name: place for place, name in enumerate(found)}
    lines = []
    for check in sorted(known, key=lambda one: order.get(one.name, len(order))):
        row = found.get(check.name, {})
        past = tuple((one["day"], one["failing"]) for one in history if one["check_name"] == check.name)
        limit = check.at_most if row.get("at_most") is None else row["at_most"]
        lines.append(
            CheckLine(
                check.name,
                check.dimension,
                check.why,
                check.do,
                row.get("subjects"),
                row.get("failing", 0),
                amount(row.get("observed"), limit),
                amount(limit, limit),
                tuple(row.get("failing_subjects") or ()),
                past,
            )
        )
    return tuple(lines)
