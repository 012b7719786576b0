"""Acts of stewards that a store has already, once the deployment lists others than it did, or began to list any.

What is not listed is refused as it comes in (schemas/acceptance/owner.py). A store that took it in before has it in its
events: it goes to quarantine, whole, where it would stand if it came today (docs/decisions/0033).
"""

from __future__ import annotations

import hashlib
import json

import duckdb
import pyarrow as pa

from throughline.errors import UsageError
from throughline.schemas.acceptance.admission import admit
from throughline.schemas.acceptance.events import EVENTS
from throughline.schemas.acceptance.owner import Stewards
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.quarantine import records as quarantine
from throughline.sinks.schema import meta, set_meta
from throughline.sql import sql


def bar_unlisted(connection: duckdb.DuckDBPyConnection, domain: Domain) -> bool:
    """Put acts of unlisted stewards into quarantine, inside the caller's transaction; whether there were any.

    All that is derived must then be forgotten. `store_meta.stewards` is the SHA-256 of the list that the events were
    last judged by: while it stays, nothing is read.

    Raises UsageError where stewards were listed for the store, and this domain lists none at all: it is another folder.
    """
    stewards = domain.stewards
    wanted, before = _hash(stewards), meta(connection).get("stewards")
    if before == wanted:
        return False
    set_meta(connection, "stewards", wanted)
    found = connection.execute(
        "select rowid, source, area, officer from events "
        "where list_contains($agencies, agency) or list_contains($acts, type)",
        {"agencies": sorted(stewards.agencies), "acts": sorted(stewards.acts)},
    ).fetchall()
    barred = [row for row, *said in found if stewards.fault(*said) is not None]
    if not barred:
        return False
    if not stewards.desks and before is not None:
        raise UsageError(
            "The store has acts of stewards that its deployment lists, and this domain lists none.",
            hint="Name the domain folder that has the list in sources.yaml: --domain, or THROUGHLINE_DOMAIN.",
        )
    connection.execute("create or replace temp table barred as select unnest(?::bigint[]) as event_row", [barred])
    stated = connection.execute(sql(__package__, "accept_sql/barred_acts")).to_arrow_table()
    refused = admit(stated.select(EVENTS.names).cast(EVENTS), domain.rules).rejects
    times = stated["received_at"].cast(pa.timestamp("us"))
    quarantine.record(connection, refused.append_column("received_at", times))
    connection.execute(sql(__package__, "accept_sql/bar_acts"))
    return True


def _hash(stewards: Stewards) -> str:
    desks = {
        source: [None if desk.areas is None else sorted(desk.areas), sorted(desk.officers)]
        for source, desk in stewards.desks.items()
    }
    said = json.dumps([sorted(stewards.agencies), sorted(stewards.acts), desks], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
