"""The case that a reader was asked for, read from the stores once: the views of the schema `one_case` show it alone.

What is stored of the case goes into temporary tables of the reader's connection, which every part of its page reads. A
store has millions of rows to look through, a case has a few dozen; and of a small table DuckDB also plans a question
sooner than of a large one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import duckdb

from throughline.sinks.schema import make_views
from throughline.sql import one_row

ONE_CASE = "one_case"
# what is stored of each case, and shown of one; the rest of its tables no page of a case reads
_OF_CASES = (
    "events",
    "holding_facts",
    "handoff_facts",
    "contact_facts",
    "telling_facts",
    "clock_facts",
    "pause_facts",
    "contradiction_facts",
)
# these cost as much to read as all the others of an event, and no view of `_VIEWS` has them
_LEFT_OUT = ("identifiers", "identifier_keys", "version", "area", "victim", "officer", "correlation", "causation")
_VIEWS = (
    "as_at",
    "dated_events",
    "cases",
    "timeline",
    "holdings",
    "handoffs",
    "contradictions",
    "contacts",
    "tellings",
    "clocks",
)
# a time that is known to a month or to several stands for any of its days; the calendar has two centuries
_DAYS_AROUND = timedelta(days=400)


def make_one_case(
    connection: duckdb.DuckDBPyConnection,
    rules: Iterable[str],
    views: Mapping[str, str],
    make_macros: Callable[[], None],
) -> None:
    """Make the schema over what `show_case` reads and the tables of `rules`; `views` are texts by name."""
    connection.execute(f"create schema {ONE_CASE}")
    _read(connection, None, None)
    for table in ("case_facts", "restated", "calendar", *_OF_CASES):
        connection.execute(f"create view {ONE_CASE}.{table} as from temp.main.shown_{table}")
    for table in rules:
        if table != "calendar":
            connection.execute(f"create view {ONE_CASE}.{table} as from memory.main.{table}")
    connection.execute(f"use memory.{ONE_CASE}")
    make_macros()
    make_views(connection, {name: views[name] for name in _VIEWS})


def show_case(connection: duckdb.DuckDBPyConnection, case_key: int, as_of: datetime | None) -> None:
    """Let the names of a connection of `open_together` show this case alone, counted to `as_of` (UTC, naive)."""
    connection.execute("set variable as_of = ?::timestamp", [as_of])
    _read(connection, int(case_key), as_of)
    connection.execute(f"use memory.{ONE_CASE}")


def _read(connection: duckdb.DuckDBPyConnection, case_key: int | None, as_of: datetime | None) -> None:
    """Read the case into the temporary tables, in the place of an earlier one; with None they are made empty."""
    # written into the text: by a value that is given beside it DuckDB does not skip parts of a table
    chosen = "false" if case_key is None else f"case_key = {case_key}"
    _shown(connection, "case_facts", chosen)
    found = connection.execute("select opened_at, last_at, events from temp.main.shown_case_facts").fetchone()
    opened_at, last_at, count = found or (None, None, 0)
    for table in _OF_CASES:
        if table == "events":
            _read_events(connection, chosen, opened_at, last_at, count)
        else:
            _shown(connection, table, chosen)
    _shown(connection, "restated", "event_key in (select event_key from temp.main.shown_events)")
    days = "false"
    if opened_at is not None:
        ends = (opened_at - _DAYS_AROUND, max(last_at, as_of or last_at) + _DAYS_AROUND)
        days = "day between '{:%Y-%m-%d}'::date and '{:%Y-%m-%d}'::date".format(*ends)
    _shown(connection, "calendar", days)


def _read_events(connection: duckdb.DuckDBPyConnection, chosen: str, opened_at: Any, last_at: Any, count: int) -> None:
    """Read the events of the case: those between its first and its last, for events lie about in the order in which
    they came, and all of a store where these are not as many as its case has."""
    if count:
        lived = f"{chosen} and occurred_at between '{opened_at}' and '{last_at}'"
        if _shown(connection, "events", lived, _LEFT_OUT) == count:
            return
    _shown(connection, "events", chosen, _LEFT_OUT)


def _shown(connection: duckdb.DuckDBPyConnection, table: str, condition: str, left_out: tuple[str, ...] = ()) -> int:
    """Read rows of a table into its temporary one; how many."""
    columns = f"* exclude ({', '.join(left_out)})" if left_out else "*"
    (count,) = one_row(
        connection,
        f"create or replace temp table shown_{table} as select {columns} from memory.main.{table} where {condition}",
    )
    return int(count)
