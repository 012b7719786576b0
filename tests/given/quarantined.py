"""What stands in quarantine, and what a store says after records were judged again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
from hypothesis import HealthCheck, settings

from throughline.sinks.digest import digest
from throughline.sinks.quarantine.records import QuarantinedRecord, prepare_groups, show
from throughline.sinks.store import Store

MORNING = datetime.fromisoformat("2026-07-01T06:00")
SOME = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class QuarantineGroup:
    """How many records of one source stand in quarantine for one reason; times are UTC.

    `records` counts those that are open: what a steward discarded is in `discarded` alone. `assigned` has how many of
    the open ones each assignee (role, and pseudonym if one person is meant) is to see to. `first_received_at` is that
    of the oldest open record; of all, where none is open.
    """

    reason: str
    source: str | None
    records: int
    discarded: int
    assigned: dict[str, int]
    first_received_at: datetime
    last_received_at: datetime


def groups(connection: duckdb.DuckDBPyConnection) -> list[QuarantineGroup]:
    """What stands in quarantine by reason and source, the largest group first."""
    prepare_groups(connection)
    rows = connection.execute(
        "select reason, source, open, discarded, assigned, first_received_at, last_received_at from quarantine_groups"
    ).fetchall()
    return [
        QuarantineGroup(reason, source, open_, discarded, {one["to"]: one["records"] for one in assigned}, first, last)
        for reason, source, open_, discarded, assigned, first, last in rows
    ]


def records(
    connection: duckdb.DuckDBPyConnection, *, reason: str | None = None, source: str | None = None
) -> list[QuarantinedRecord]:
    """Records without their content, by origin and position, of one reason and source if given."""
    found = connection.execute(
        "select quarantine_id from quarantined where coalesce($reason, reason) = reason "
        "and ($source is null or source = $source) order by origin, position, quarantine_id",
        {"reason": reason, "source": source},
    ).fetchall()
    return [show(connection, quarantine_id) for (quarantine_id,) in found]


def state(store: Store) -> dict[str, Any]:
    """What the store says, and what stands where: nothing of it may tell that a record was once refused."""
    queries = {
        "events": "select event_key, origin, position, received_at, standing from events order by all",
        "quarantined": "select quarantine_id, reason, origin, position, received_at, raw from quarantined order by all",
    }
    return {name: store.connection.execute(query).fetchall() for name, query in queries.items()} | {
        "digest": digest(store.connection)
    }
