"""Everything that is shown of one case: rows of the public views, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from throughline.sql import rows_by_name, sql

Row = Mapping[str, Any]
PARTS = ("events", "holdings", "handoffs", "contradictions", "contacts", "tellings", "clocks")


@dataclass(frozen=True)
class History:
    """One case. Each part has the rows of the SQL file of its name; times are UTC without a zone.

    `until` is the time to which open intervals are counted.
    """

    case: Row
    events: list[Row]
    taken_back: list[Row]
    holdings: list[Row]
    handoffs: list[Row]
    contradictions: list[Row]
    contacts: list[Row]
    tellings: list[Row]
    clocks: list[Row]
    until: datetime

    @property
    def is_closed(self) -> bool:
        return bool(self.case["state"] == "closed")


def history(
    connection: duckdb.DuckDBPyConnection, case_id: str, until: datetime, *, is_ever_taken_back: bool = True
) -> History | None:
    """The history of a case, counted to `until`; null where there is no such case.

    `is_ever_taken_back` says whether a source took any event back: to look for those of a case takes as long as all the
    rest, since the view compares every statement with the one before it.
    """
    found = rows_by_name(connection, sql(__package__, "sql/case"), {"case_id": case_id})
    if not found:
        return None
    rows: dict[str, list[Row]] = {
        part: list(rows_by_name(connection, sql(__package__, f"sql/{part}"), {"case_id": case_id})) for part in PARTS
    }
    rows["tellings"] = _with_events(rows["tellings"], rows["events"])
    taken_back = []
    if is_ever_taken_back:
        taken_back = rows_by_name(connection, sql(__package__, "sql/taken_back"), {"case_id": case_id})
    return History(case=found[0], until=until, taken_back=list(taken_back), **rows)


def _with_events(tellings: list[Row], events: list[Row]) -> list[Row]:
    """The tellings, each with what the event that decided says: the timeline is worked out once for both."""
    of = {row["position"]: row for row in events}
    made: list[Row] = []
    for row in tellings:
        event = of.get(row["position"], {})
        said = {
            "decided_precision": event.get("occurred_precision"),
            "told_precision": event.get("told_precision"),
            "reason": event.get("reason"),
        }
        made.append({**row, **said})
    return made
