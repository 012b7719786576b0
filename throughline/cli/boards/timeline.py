"""`timeline`, `handoffs` and `delays`: what the store says of a case, and of the time between agencies."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import click

from throughline.cli.terminal.options import (
    as_of_option,
    domain_of,
    domain_option,
    format_option,
    known_at_option,
    recorded_by_option,
    store_option,
)
from throughline.cli.terminal.writing import write_answer
from throughline.errors import DataError
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.questions.case import case_id, case_of
from throughline.sinks.questions.query import Format
from throughline.sinks.store import Store, open_store
from throughline.streams.join.rebuild import past


@click.command(short_help="Show the timeline of a case, found by any identifier.")
@click.argument("case")
@store_option
@domain_option
@as_of_option
@known_at_option
@recorded_by_option
@format_option
def timeline(
    case: str,
    store_path: Path,
    domain: Domain | None,
    as_of: datetime | None,
    known_at: datetime | None,
    recorded_by: datetime | None,
    format_: Format | None,
) -> None:
    """Show the timeline of a CASE. Give its id or any of its identifiers (kind:value, or the value alone).

    Example: throughline timeline urn:20PP0012324 --known-at 2026-03-01
    """
    with ExitStack() as stack:
        store = stack.enter_context(open_store(store_path, write=False))
        is_past = as_of is not None or known_at is not None or recorded_by is not None
        try:
            key = case_of(store.connection, case)
        except DataError:
            if not is_past:
                raise
            # what it was known by then may have been corrected or taken back since
            chosen = domain_of(store, domain)
            then = stack.enter_context(past(store, chosen, as_of=as_of, known_at=known_at, recorded_by=recorded_by))
            write_answer(
                then.connection, "timeline", format_, 10_000, case_ids=[case_id(case_of(then.connection, case))]
            )
            return
        keys = [key]
        whole = store
        if is_past:
            events = store.connection.execute("select event_key from events where case_key = ?", [key]).fetchall()
            chosen = domain_of(store, domain)
            store = stack.enter_context(
                past(store, chosen, as_of=as_of, known_at=known_at, recorded_by=recorded_by, case_key=key)
            )
            # its identifiers may not have been joined yet: then the case was several
            found = store.connection.execute(
                "select distinct case_key from events "
                "where case_key is not null and event_key in (select unnest(?::ubigint[]))",
                [[event for (event,) in events]],
            ).fetchall()
            keys = [found_key for (found_key,) in found]
        write_answer(store.connection, "timeline", format_, 10_000, case_ids=[case_id(one) for one in keys])
        if not keys:
            click.echo(_why_empty(whole, key), err=True)


def _why_empty(store: Store, key: int) -> str:
    """What is known of a case of which nothing had happened, been received or written down by the time asked for."""
    row = store.connection.execute(
        "select count(*), min(occurred_at), min(received_at), min(coalesce(recorded_at, received_at)) "
        "from events where case_key = ?",
        [key],
    ).fetchone()
    assert row is not None
    events, happened, received, recorded = row
    return (
        f"Nothing of this case yet. Of its {events} events the first happened {happened:%Y-%m-%d %H:%M}, was written "
        f"down {recorded:%Y-%m-%d %H:%M} and received {received:%Y-%m-%d %H:%M} (UTC).\n--as-of goes by when events "
        "happened, --recorded-by by when their agencies wrote them down, --known-at by when they were received here."
    )


@click.command(short_help="List handoffs, the longest in limbo first.")
@store_option
@as_of_option
@format_option
@click.option("--rows", type=click.IntRange(1), default=30, show_default=True, help="How many rows a table shows.")
def handoffs(store_path: Path, as_of: datetime | None, format_: Format | None, rows: int) -> None:
    """List handoffs, the longest in limbo first. Those not received are counted up to the latest event.

    Example: throughline handoffs --store cases.duckdb
    """
    with open_store(store_path, write=False) as store:
        _ask(store, as_of)
        write_answer(store.connection, "handoffs", format_, rows)


@click.command(short_help="Show how long each pair of agencies waits.")
@store_option
@as_of_option
@format_option
def delays(store_path: Path, as_of: datetime | None, format_: Format | None) -> None:
    """Show how long handoffs take for each pair of agencies. Those not received count as censored, not as nothing.

    Example: throughline delays --as-of 2026-03-31 --store cases.duckdb
    """
    with open_store(store_path, write=False) as store:
        _ask(store, as_of)
        write_answer(store.connection, "delays", format_, 200)


def _ask(store: Store, as_of: datetime | None) -> None:
    """Let the views count to `as_of`, and nothing later, rather than to the latest event."""
    store.connection.execute("set variable as_of = ?::timestamp", [as_of])
