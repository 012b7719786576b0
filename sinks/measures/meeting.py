"""What changed between two meetings: one table for each thing that a board asks about, of two days of one store.

Which numbers are one case is as known today, and so is everything that happened by each day. What was known otherwise
on the first of them, `sinks/board/reading/hindsight.py` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from throughline.errors import UsageError
from throughline.sinks.damage import translated
from throughline.sinks.measures.facts import counting_to
from throughline.sinks.measures.grouping import NOT_STATED
from throughline.sql import registered, sql

SECTIONS = ("new", "ended", "older", "moved", "due", "told")
# a row for each case that is open: at a million of them some hundred megabytes
_LIMITS: dict[str, str | bool | int | float | list[str]] = {
    "python_enable_replacements": "false",
    "memory_limit": "512MB",
    "threads": 1,
}
_NOT_MOVED = pa.array(["older"])


def changes(
    connection: duckdb.DuckDBPyConnection, since: datetime, until: datetime, facets: Sequence[str] = ()
) -> dict[str, pa.Table]:
    """What changed after `since` and by `until` (UTC, naive), by section; all have case_id, outcome, agency, area and
    each of `facets`:

    - `new`: cases that began, the latest first; outcome: how they stand (held, limbo, closed, unknown)
    - `ended`: cases that were not closed and are, the latest first; outcome: was_open, was_new, was_unknown
    - `older`: cases with the same agency (or between the same two) without a break, the oldest first, with their age
      then and now in seconds (outcome: held, limbo); it begins as in `waiting`, and goes on where another unit of the
      agency took over
    - `moved`: all other cases that were open and are; outcome: changed_hands, came_back, into_limbo, out_of_limbo,
      sent_again; and cases that were closed and are open: reopened
    - `due`: what became overdue and is, and what was done late (outcome: overdue, late)
    - `told`: decisions that were made (outcome: told, not_told)

    Every case that was open is in one of `ended`, `older` and `moved`. Raises UsageError where `since` is not before
    `until`, StoreDamaged for a file that cannot be read.
    """
    if since >= until:
        raise UsageError(
            "The first day has to be before the second.", hint="Give the day of the earlier meeting first."
        )
    asked = {"since": since}
    with translated(None):
        then = _standing(connection, since, asked)
        now = _standing(connection, until, asked)
        with counting_to(connection, until):
            known = _table(connection, "known_cases", facets=facets)
            sendings = _table(connection, "sendings", asked)
            told = _table(connection, "told", asked)
    read = {f"{name}_then": table for name, table in then.items()} | {f"{name}_now": one for name, one in now.items()}
    read |= {"known": known, "sendings": sendings}
    with duckdb.connect(config=_LIMITS) as engine, registered(engine, **read):
        made = {name: _table(engine, name, asked) for name in ("new", "ended", "due")}
        stayed = _table(engine, "stayed", asked | {"until": until})
    is_older = pc.is_in(stayed["outcome"], value_set=_NOT_MOVED)
    older = stayed.filter(is_older).drop_columns(["outcome"]).rename_columns({"state": "outcome"})
    older = older.sort_by([("seconds", "descending"), ("case_id", "ascending")])
    moved = stayed.filter(pc.invert(is_older)).sort_by([("since", "descending"), ("case_id", "ascending")])
    by_case = known.drop_columns(["began_at"])
    made |= {"older": older, "moved": moved, "told": told.join(by_case, "case_id", join_type="inner")}
    made["told"] = made["told"].sort_by(
        [("outcome", "ascending"), ("decided_at", "ascending"), ("case_id", "ascending")]
    )
    return {name: made[name] for name in SECTIONS}


def counts(table: pa.Table, cut: str) -> pa.Table:
    """How many cases of a section (see `changes`) there are by one cut: the columns `cut` (null: all) and `cases`."""
    values = pc.fill_null(table[cut].cast(pa.string()), NOT_STATED)
    rows = pa.table({cut: values, "case_id": table["case_id"]})
    by_value = rows.group_by(cut).aggregate([("case_id", "count_distinct")]).sort_by(cut)
    total = pc.count_distinct(table["case_id"]).as_py()
    return pa.table(
        {
            cut: pa.array([None, *by_value[cut].to_pylist()], pa.string()),
            "cases": pa.array([total, *by_value["case_id_count_distinct"].to_pylist()], pa.int64()),
        }
    )


def _standing(
    connection: duckdb.DuckDBPyConnection, day: datetime, asked: Mapping[str, datetime]
) -> dict[str, pa.Table]:
    """How cases stand at a time: those that are open, when others were closed, and what is owed."""
    with counting_to(connection, day):
        return {
            "open": _table(connection, "open_cases"),
            "closings": _table(connection, "closings"),
            "owed": _table(connection, "owed", asked),
        }


def _table(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    asked: Mapping[str, datetime] | None = None,
    facets: Sequence[str] = (),
) -> pa.Table:
    text = sql(__package__, f"meeting_sql/{name}").replace("{waiting}", sql(__package__, "sql/waiting"))
    text = text.replace("{facets}", "".join(f'c."{facet}",\n  ' for facet in facets))
    used = {key: value for key, value in (asked or {}).items() if f"${key}::" in text}
    return connection.execute(text, used or None).to_arrow_table()
