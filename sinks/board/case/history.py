"""Everything that is shown of one case: rows of the public views, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from throughline.sql import one_row, rows_by_name, sql

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


def history(connection: duckdb.DuckDBPyConnection, case_id: str, until: datetime) -> History | None:
    """The history of a case, counted to `until`; null where there is no such case."""
    found = rows_by_name(connection, sql(__package__, "sql/case"), {"case_id": case_id})
    if not found:
        return None
    rows: dict[str, list[Row]] = {
        part: list(rows_by_name(connection, sql(__package__, f"sql/{part}"), {"case_id": case_id})) for part in PARTS
    }
    # the view compares every statement with the one before it, and few stores have a retraction
    (retractions,) = one_row(connection, "select count(*) from memory.main.events where standing = 'retraction'")
    taken_back = (
        rows_by_name(connection, sql(__package__, "sql/taken_back"), {"case_id": case_id}) if retractions else []
    )
    return History(case=found[0], until=until, taken_back=list(taken_back), **rows)
