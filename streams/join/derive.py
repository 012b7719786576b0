"""Derive what the timeline shows, for the cases that changed or for all, from the same SQL model files."""

from __future__ import annotations

from typing import Literal

import duckdb

from throughline.sql import sql

# Whether a model's rows are kept in the store's table of its name, and whether later models read them too.
Kept = Literal["no", "yes", "and read"]

# in the order in which they read one another
MODELS: tuple[tuple[str, Kept], ...] = (
    ("case_records", "no"),
    ("rules", "no"),
    ("case_events", "no"),
    ("days", "no"),
    ("steps", "no"),
    ("holding_facts", "and read"),
    ("handoff_facts", "and read"),
    ("case_facets", "no"),
    ("case_facts", "yes"),
    ("contact_facts", "yes"),
    ("telling_facts", "yes"),
    ("claim_facts", "and read"),
    ("contradiction_facts", "yes"),
    ("live_standards", "no"),
    ("clock_roles", "no"),
    ("clock_starts", "no"),
    ("clock_ends", "no"),
    ("clock_pauses", "no"),
    ("clock_terms", "no"),
    ("pause_facts", "yes"),
    ("clock_facts", "yes"),
)

DERIVED = tuple(name for name, kept in MODELS if kept != "no")


def derive(connection: duckdb.DuckDBPyConnection) -> None:
    """Rebuild the cases in `cases_to_derive` (case_key ubigint), inside the caller's transaction.

    Each model is one SELECT over the models before it: inside a model their names mean the rows of these cases only,
    because a temporary table hides the store's table of the same name. What a case had before is deleted, so a case
    that lost all its events (to a merge, or a conflict) is gone.
    """
    row = connection.execute("select current_database()").fetchone()
    assert row is not None
    store = f'"{row[0]}".main'
    for name, kept in MODELS:
        model = sql(__package__, f"models/{name}")
        if kept != "no":
            connection.execute(f"delete from {store}.{name} where case_key in (from cases_to_derive)")
        if kept == "yes":
            connection.execute(f"insert into {store}.{name} {model}")
            continue
        connection.execute(f"create or replace temp table {name} as {model}")
        if kept == "and read":
            connection.execute(f"insert into {store}.{name} from temp.{name}")
    for name, kept in MODELS:
        if kept != "yes":
            connection.execute(f"drop table temp.{name}")
