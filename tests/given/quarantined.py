"""What a store says after records were judged again, to be compared with one that never refused them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, settings

from throughline.sinks.digest import digest
from throughline.sinks.store import Store

MORNING = datetime.fromisoformat("2026-07-01T06:00")
SOME = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


def state(store: Store) -> dict[str, Any]:
    """What the store says, and what stands where: nothing of it may tell that a record was once refused."""
    queries = {
        "events": "select event_key, origin, position, received_at, standing from events order by all",
        "quarantined": "select quarantine_id, reason, origin, position, received_at, raw from quarantined order by all",
    }
    return {name: store.connection.execute(query).fetchall() for name, query in queries.items()} | {
        "digest": digest(store.connection)
    }
