"""Published official totals beside the counts of a store, by a mapping of the columns of the published table.

A mapping is YAML: `measure` (agency, types), `period` (from, to: local days, inclusive), `value` (column), `area`
(column, and values: name to area, for names that the domain writes otherwise) or `group` (column, field of the event,
values: name to values of that field; of all areas together), and `tolerance`, a share of 1 within which a count agrees.
Those that ship stand in the folder `official` of the domain; the published tables do not.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from throughline.errors import DataError
from throughline.quality.reconciliation.differences import Difference, differing
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.entry import Entry, Problems, read_entry
from throughline.sql import sql


@dataclass(frozen=True)
class OfficialTable:
    """What a published table counts, and by what: `parts` are areas, or values of `field`, by the name in `column`."""

    title: str
    agency: str
    types: tuple[str, ...]
    from_day: date
    to_day: date
    value: str
    column: str
    field: str | None
    parts: Mapping[str, tuple[str, ...]]
    tolerance: float


@dataclass(frozen=True)
class Compared:
    """What differs, how many rows of the table were compared, and the names of those that could not be."""

    differences: tuple[Difference, ...]
    compared: int
    left_out: tuple[str, ...]


def load_official(path: Path, domain: Domain) -> OfficialTable:
    """A mapping file. Raises DomainProblemsError with file, line and key of each thing that is wrong."""
    problems = Problems()
    entry = read_entry(path, problems)
    entry.only("title", "measure", "period", "value", "area", "group", "tolerance")
    measure, period, value = (_needed(entry, key) for key in ("measure", "period", "value"))
    area, group = entry.entry("area"), entry.entry("group")
    by = area or group
    if by is None or (area and group):
        entry.fault(None, "counts by `area` or by `group`, one of the two.")
    tolerance = entry.map.get("tolerance", 0)
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 <= tolerance < 1:
        entry.fault("tolerance", f"{tolerance!r} is not a share.", "Write a number from 0 to 1.")
        tolerance = 0
    from_day, to_day = period.day("from"), period.day("to")
    if from_day is None or to_day is None or to_day < from_day:
        period.fault("to", "is no period with `from`.", "Write from: YYYY-MM-DD, to: YYYY-MM-DD.")
    named = None if by is None else by.entry("values")
    parts = {} if named is None else {name: named.texts(name, needed=True) for name in named.map}
    if area:
        parts = {name: (code,) for code, name in (domain.areas or {}).items()} | parts
    table = OfficialTable(
        entry.text("title"),
        measure.text("agency"),
        measure.names("types", domain.types, needed=True),
        from_day or date.min,
        to_day or date.max,
        value.text("column"),
        "" if by is None else by.text("column"),
        group.text("field") if group else None,
        parts,
        float(tolerance),
    )
    problems.raise_any()
    return table


def _needed(entry: Entry, key: str) -> Entry:
    found = entry.entry(key)
    if found is None:
        entry.fault(key, "is missing.", f"Write `{key}: {{…}}`.")
        return Entry(entry.map, entry.file, key, Problems())
    return found


def read_totals(path: Path, table: OfficialTable) -> dict[str, float]:
    """The totals of a published CSV by the name in the mapping's column. Raises DataError with line and column."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            for column in (table.column, table.value):
                if column not in (rows.fieldnames or ()):
                    raise DataError(
                        "There is no such column.",
                        file=path,
                        line=1,
                        field=column,
                        hint=f"The file has: {', '.join(rows.fieldnames or ())}.",
                    )
            return {row[table.column]: _number(row[table.value], path, rows.line_num, table.value) for row in rows}
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The totals cannot be read: {error}.", file=path, hint="Give a CSV file in UTF-8.") from error


def _number(text: str | None, path: Path, line: int, column: str) -> float:
    try:
        return float((text or "").replace(",", ""))
    except ValueError:
        raise DataError(f"{text!r} is not a number.", file=path, line=line, field=column) from None


def compare_official(
    connection: duckdb.DuckDBPyConnection, domain: Domain, table: OfficialTable, totals: Mapping[str, float]
) -> Compared:
    """The totals beside the counts of the store: areas that the store has nothing of at all are left out.

    A count is of events recorded in the period, by the local day of the domain.
    """
    zone = ZoneInfo(domain.time_zone)
    begin, end = _midnight(table.from_day, zone), _midnight(table.to_day + timedelta(days=1), zone)
    given = {"types": list(table.types), "begin": begin, "end": end, "field": table.field}
    counted: dict[str, int] = dict(connection.execute(sql(__package__, "official"), given).fetchall())
    known = {name: parts for name, parts in table.parts.items() if table.field or counted.keys() & set(parts)}
    found = {name: sum(counted.get(part, 0) for part in known[name]) for name in totals if name in known}
    rows = [
        (table.agency, f"{table.title}: {name}", table.from_day, table.to_day, totals[name], float(count))
        for name, count in sorted(found.items())
        if abs(count - totals[name]) > table.tolerance * totals[name]
    ]
    left_out = tuple(sorted(totals.keys() - found.keys()))
    return Compared(tuple(differing(rows, "below_official", "above_official")), len(found), left_out)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The beginning of a local day, UTC, naive."""
    return datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)
