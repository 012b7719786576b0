"""Reconciliation: what should be there and is not, agency by agency, with what to do about it.

A difference is one entry of `reconciliation.yaml` and one file in `reconciliation/`, whose rows have the columns
agency, subject (a source, a pair of agencies, a type), from_day and to_day, expected and found. Rows that agree are no
difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from throughline.quality.checks.check import all_checks, as_of_checked, observe
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.entry import Problems, read_entry
from throughline.schemas.definitions.quality import QualityRules, load_quality_rules
from throughline.schemas.wire.manifest import Manifest
from throughline.sql import cursor_of, registered, sql

_SILENT = pa.schema({"subject": pa.string()})
_SENT = pa.schema({"source": pa.string(), "type": pa.string(), "day": pa.date32(), "events": pa.int64()})
_REACH = pa.schema({"source": pa.string(), "from_day": pa.date32(), "to_day": pa.date32()})
_OF_STORE = ("receipts_missing", "not_told", "numbers_missing", "feed_silent")


@dataclass(frozen=True)
class Difference:
    """What differs; `expected` and `found` count events (for `feed_silent` days), both days are inclusive."""

    difference: str
    agency: str | None
    subject: str
    from_day: date
    to_day: date
    expected: float
    found: float
    why: str
    do: str


@cache
def advice() -> dict[str, tuple[str, str]]:
    """Each kind of difference: why it matters, and what to do. Raises DomainProblemsError for a broken file."""
    problems = Problems()
    entry = read_entry(Path(str(files(__package__) / "differences.yaml")), problems)
    entry.only("differences")
    found = {given.text("difference"): (given.text("why"), given.text("do")) for given in entry.entries("differences")}
    problems.raise_any()
    return found


def reconcile(
    connection: duckdb.DuckDBPyConnection, domain: Domain, *, manifests: Sequence[Manifest] = (), as_of: datetime | None
) -> list[Difference]:
    """What differs in a store, by kind, agency and day; of several manifests the later one counts where they overlap.

    `connection` may be for reading only; `as_of` (UTC, naive) is the time of asking, by default that of the latest
    event but the last few. Raises DataError for a store without events.
    """
    as_of = as_of or as_of_checked(connection)
    rules = load_quality_rules(domain)
    with cursor_of(connection) as cursor:
        observe(cursor, domain, rules, as_of)
        _find_silent(cursor, rules)
        found = [one for name in _OF_STORE for one in _differences(cursor, name, name, name)]
        if manifests:
            _register(cursor, manifests)
            found += _differences(cursor, "manifest", "sent_not_here", "here_not_sent")
    return found


def _find_silent(cursor: duckdb.DuckDBPyConnection, rules: QualityRules) -> None:
    """Make `silent`: the subjects of the check `sources_silent` that are over their limit."""
    (check,) = (one for one in all_checks() if one.name == "sources_silent")
    measured = cursor.execute(
        f"select subject, value from ({sql('throughline.quality.checks', 'measures/sources_silent')})"
    ).fetchall()
    over = [
        (subject,)
        for subject, value in measured
        if value is not None and value > rules.limit(check.name, subject, check.at_most)
    ]
    _make(cursor, "silent", _SILENT, over)


def differing(
    rows: Iterable[tuple[str | None, str, date, date, float, float]], fewer: str, more: str
) -> list[Difference]:
    """Of rows (agency, subject, from_day, to_day, expected, found) those that differ, as `fewer` or `more` is found."""
    known = advice()
    return [
        Difference(fewer if row[5] < row[4] else more, *row, *known[fewer if row[5] < row[4] else more])
        for row in rows
        if row[4] != row[5]
    ]


def _differences(cursor: duckdb.DuckDBPyConnection, name: str, fewer: str, more: str) -> list[Difference]:
    query = sql(__package__, name)
    rows = cursor.execute(
        f"select agency, subject, from_day, to_day, expected::double, found::double from ({query}) "
        "order by agency, from_day, to_day, subject"
    ).fetchall()
    return differing(rows, fewer, more)


def _register(cursor: duckdb.DuckDBPyConnection, manifests: Sequence[Manifest]) -> None:
    """Make `sent` and `reach` of manifests, for the query."""
    sent = {
        (one.source, one.type, one.day): one.events
        for manifest in manifests
        for one in manifest.sent
        if manifest.complete_from is None or one.day >= manifest.complete_from
    }
    reach: dict[str, tuple[date, date]] = {}
    for source, _, day in sent:
        first, last = reach.get(source, (day, day))
        reach[source] = min(first, day), max(last, day)
    _make(cursor, "sent", _SENT, [(*key, events) for key, events in sent.items()])
    _make(cursor, "reach", _REACH, [(source, *days) for source, days in reach.items()])


def _make(cursor: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> None:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)]
    with registered(cursor, given=pa.Table.from_arrays(arrays, schema=schema)):
        cursor.execute(f"create or replace temp table {name} as from given")
