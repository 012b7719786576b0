"""What a store is fed with: events, or the shared topics of stores that are.

A store of shared topics has no identifiers of events and nothing to derive from: to rebuild it, or feed events into
it, would lose what it has.
"""

from __future__ import annotations

import duckdb

from throughline.errors import StoreError
from throughline.sinks.schema import meta, set_meta
from throughline.sinks.store import Store
from throughline.sql import one_row

_FED_BY = "fed_by"
_SHARED = "shared topics"


def is_of_shared_topics(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the store is fed with the shared topics."""
    return meta(connection).get(_FED_BY) == _SHARED


def check_fed_with_events(store: Store) -> None:
    """Raise StoreError for a store of shared topics."""
    if is_of_shared_topics(store.connection):
        raise StoreError(
            f"`{store.path}` is filled from the shared topics: it holds what is public, and not the events behind it.",
            hint="Use a store that holds the events. To refill this one, delete it and run `throughline sink` again.",
        )


def feed_with_shared_topics(store: Store) -> None:
    """Note that the store is fed with the shared topics. Raises StoreError for one that holds events of its own."""
    if is_of_shared_topics(store.connection):
        return
    kept = "select (select count(*) from events) + (select count(*) from quarantined) + count(*) from log_positions"
    if one_row(store.connection, kept)[0]:
        raise StoreError(
            f"`{store.path}` is filled from events: shared topics need a store of their own.",
            hint="Name another file with --store.",
        )
    with store.transaction() as connection:
        set_meta(connection, _FED_BY, _SHARED)
