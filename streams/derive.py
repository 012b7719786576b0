"""Derive what the timeline shows, for the cases that changed or for all, from the same SQL model files."""

from __future__ import annotations

import duckdb

from throughline.sql import sql

# in the order in which they read one another; the second is the table of the store that the model fills
MODELS: tuple[tuple[str, bool], ...] = (
    ("case_events", False),
    ("steps", False),
    ("held_steps", False),
    ("holding_facts", True),
    ("handoff_facts", True),
    ("case_facts", True),
    ("contact_facts", True),
    ("telling_facts", True),
    ("claim_facts", True),
    ("contradiction_facts", True),
    ("clock_events", False),
    ("clock_runs", False),
    ("clock_pauses", False),
    ("clock_facts", True),
)

DERIVED = tuple(name for name, kept in MODELS if kept)


def derive(connection: duckdb.DuckDBPyConnection) -> None:
    """Derive the cases in `cases_to_derive` (case_key ubigint) anew, inside the caller's transaction.

    Each model is one SELECT over the models before it: inside a model their names mean the rows of these cases only,
    because a temporary table hides the store's table of the same name. What a case had before is deleted, so a case
    that lost all its events (to a merge, or a conflict) is gone.
    """
    row = connection.execute("select current_database()").fetchone()
    assert row is not None
    store = f'"{row[0]}".main'
    for name, kept in MODELS:
        if kept:
            connection.execute(f"delete from {store}.{name} where case_key in (from cases_to_derive)")
        connection.execute(f"create or replace temp table {name} as {sql(__package__, f'models/{name}')}")
        if kept:
            connection.execute(f"insert into {store}.{name} from temp.{name}")
    for name, _ in MODELS:
        connection.execute(f"drop table temp.{name}")
