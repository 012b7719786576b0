"""Compare snapshots of a system with those that were read in earlier runs.

What a snapshot said is kept in the store. What is said to have happened between two snapshots, and what is taken back
because one lacks it, follows from all that are kept: it is made again from the earliest one that a run brings, and what
no longer follows is taken away. So the order of the files, and how they were grouped over runs, makes no difference.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pyarrow as pa

from throughline.schemas.acceptance.events import EVENTS, Batch
from throughline.schemas.acceptance.rows import join_batches
from throughline.sinks.store import Store
from throughline.sources.mapping.parts import Mapping
from throughline.sources.mapping.snapshots import Snapshots
from throughline.sql import one_row, registered, sql
from throughline.streams.join.accept import Counts, settle_standing
from throughline.streams.join.batch import Received, stamped, take

_EARLIER = ("seen", "stated", "unsure")


def compare(
    store: Store, mapping: Mapping, snapshots: Snapshots, received_at: Received, note: Callable[[str], None]
) -> Counts:
    """Keep what `snapshots` gathered, and bring what follows from it into the store; `settle` must follow.

    Only what was read by a mapping of the same meaning is compared; `note` is told where there was another. Counts are
    of what is new.
    """
    since, meaning = snapshots.since, mapping.meaning
    if since is None:
        return Counts()
    with store.transaction() as connection:
        connection.execute("set variable mapping = ?", [meaning])
        connection.execute("set variable since = ?", [since])
        for name, table in snapshots.gathered():
            connection.register("gathered_now", table)
            connection.execute(f"create or replace temp table gathered_{name} as from gathered_now")
            connection.unregister("gathered_now")
        (other,) = one_row(connection, sql(__package__, "snapshot_sql/otherwise"), [meaning, mapping.source])
        if other is not None:
            note(
                f"The snapshots of {mapping.source} until {other} were read by another mapping, by this one before it "
                "was changed, or by an earlier version. They are not compared with these: give the last of them "
                "again, so that what changed since is found."
            )
        given = {"mapping": meaning, "since": since}
        earlier = {
            name: connection.execute(
                query := sql(__package__, f"snapshot_sql/earlier_{name}"),
                given if "$since" in query else {"mapping": meaning},
            ).to_arrow_table()
            for name in _EARLIER
        }
        connection.execute(sql(__package__, "snapshot_sql/keep"))
        snapshots.recall(earlier)
        return _replace(connection, snapshots, received_at)


def _replace(connection: duckdb.DuckDBPyConnection, snapshots: Snapshots, received_at: Received) -> Counts:
    """Put what follows now in place of what followed before."""
    found = join_batches(list(snapshots.differences(takes_back=False)))
    with registered(connection, found_claims=found.events):
        connection.execute(sql(__package__, "snapshot_sql/compared"))
        fresh = connection.execute(
            "select f.* from found_claims f semi join fresh_claims c "
            "on c.event_key = event_key_of(f.area, f.source, f.id) and c.content_hash = content_hash_of(f) "
            "and c.revision = f.revision"
        ).to_arrow_table()
    if one_row(connection, "select count(*) from lost_claims")[0]:
        connection.execute(sql(__package__, "snapshot_sql/unsay"))
        settle_standing(connection)
        connection.execute(sql(__package__, "snapshot_sql/unsaid"))
    events: pa.Table = fresh.select(EVENTS.names).cast(EVENTS)
    counts = take(connection, stamped(Batch(events, found.rejects), received_at))
    connection.execute(sql(__package__, "snapshot_sql/noted"))
    return counts
