"""Rebuild all that is derived, from the events alone; for now, or for what was known or had happened at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from throughline.schemas.definitions.domain import Domain
from throughline.sinks.compaction import forget_sorting
from throughline.sinks.feed import check_fed_with_events
from throughline.sinks.schema import meta
from throughline.sinks.store import Store, open_memory_store, open_store
from throughline.sql import one_row, registered, sql
from throughline.streams.join.acts import bar_unlisted
from throughline.streams.join.batch import Progress, settle
from throughline.streams.join.derive import DERIVED
from throughline.streams.join.rules import install_rules, prepare

LINKED = (
    "event_keys",
    "identifiers",
    "joins",
    "plural_events",
    "held_joins",
    "steward_links",
    "resolutions",
    "quarantine_acts",
    "unsettled",
    "unsettled_cases",
    "unsettled_identifiers",
)


def open_domain(store: Store, domain: Domain) -> None:
    """Make the store one of this domain; if its rules have changed, or a migration asks, all is marked to be rebuilt.

    Acts of stewards whom the deployment does not list (any more) leave the events for quarantine.

    Raises StoreError for a store of the shared topics.
    """
    check_fed_with_events(store)
    prepare(store.connection, domain)
    with store.transaction() as connection:
        changed = install_rules(connection, domain) or _is_asked_for(connection)
        barred = bar_unlisted(connection, domain)
        changed = changed or barred
        # of a new store there is nothing to forget
        if barred or (changed and one_row(connection, "select exists(from events)")[0]):
            forget(connection)
            connection.execute("delete from store_meta where key = 'derive'")
    if changed and store.path is not None:
        # the views may have changed with the rules: a log with changes of the schema in it is what DuckDB replays worst
        store.checkpoint()


def _is_asked_for(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a migration since then asks that all be derived again."""
    return meta(connection).get("derive") == "again"


def rebuild(store: Store, domain: Domain, progress: Progress = lambda stage, part: None) -> int:
    """Forget all that is derived and derive it again from `events`; the number of cases."""
    open_domain(store, domain)
    with store.bulk():
        with store.transaction() as connection:
            forget(connection)
        return settle(store, progress)


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop links and derived rows, judge conflicts again, and mark every event as unsettled."""
    for name in (*LINKED, *DERIVED):
        connection.execute(f"delete from {name}")
    connection.execute("insert into event_keys select distinct event_key from events")
    forget_sorting(connection)
    for step in ("recall", "steward_conflicts", "conflicts", "steward_links", "steward_quarantine"):
        connection.execute(sql(__package__, f"accept_sql/{step}"))
    connection.execute("delete from unsettled_cases")
    connection.execute("delete from unsettled_identifiers")
    connection.execute("delete from unsettled")
    connection.execute("insert into unsettled select distinct event_key, true from events where standing = 'stands'")


@contextmanager
def past(
    store: Store,
    domain: Domain,
    *,
    as_of: datetime | None,
    known_at: datetime | None,
    recorded_by: datetime | None = None,
    case_key: int | None = None,
    event_keys: Sequence[int] | None = None,
    later_acts: bool = False,
) -> Iterator[Store]:
    """A store of what had happened by `as_of`, as far as it was known at `known_at` (UTC, naive); gone afterwards.

    With `recorded_by` also only what an agency had written down by then, known here or not; an event that does not say
    when it was written down counts from when it was received.
    A steward's decision made after `as_of` counts only with `later_acts`: an earlier day, as known today.
    What was in quarantine then and has left it since is among the events, with the time at which it was first read.

    With `case_key` it is made in memory, of the events of that case as it is linked now: enough for its timeline,
    unless a steward has unlinked something since. With `event_keys` it is made of those events, whatever they say, and
    of stewards' acts; whoever names them sees to it that they are whole cases. Without either, it is made of all
    events. What is of more than one case is made in a temporary file.
    """
    check_fed_with_events(store)
    with ExitStack() as stack:
        if case_key is None:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="throughline-past-")))
            then = stack.enter_context(open_store(folder / "past.duckdb", write=True))
        else:
            then = stack.enter_context(open_memory_store())
        open_domain(then, domain)
        known = store.connection.execute(
            sql(__package__, "past_sql/known_events"),
            {
                "as_of": as_of,
                "known_at": known_at,
                "recorded_by": recorded_by,
                "case_key": case_key,
                "event_keys": None if event_keys is None else list(event_keys),
                "later_acts": later_acts,
            },
        )
        with then.bulk():
            with then.transaction() as connection:
                for batch in known.to_arrow_reader(100_000):
                    connection.register("known", pa.Table.from_batches([batch]))
                    connection.execute("insert into events by name from known")
                    connection.unregister("known")
            with then.transaction() as connection:
                until = {"known_at": known_at}
                for name, query, parameters in (
                    ("quarantined", "known_refusals", until),
                    ("statements", "known_statements", until | {"recorded_by": recorded_by}),
                ):
                    known = store.connection.execute(sql(__package__, f"past_sql/{query}"), parameters)
                    connection.register("known", known.to_arrow_table())
                    connection.execute(f"insert into {name} by name from known")
                    connection.unregister("known")
                runs = store.connection.execute("from backlog_runs").to_arrow_table()
                with registered(connection, known_runs=runs):
                    connection.execute("insert into backlog_runs from known_runs")
                forget(connection)
                if as_of is not None:
                    connection.execute(sql(__package__, "past_sql/later"), {"as_of": as_of, "later_acts": later_acts})
                    connection.execute("delete from event_keys where event_key not in (select event_key from events)")
            settle(then)
        if as_of is not None:
            then.connection.execute("set variable as_of = ?", [as_of])
        yield then
