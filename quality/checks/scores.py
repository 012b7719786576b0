"""What the runs of the checks on the record make of each feed, month by month, and what was agreed with it.

A score counts checks: 71 is five of seven held. Nothing is weighted, so anybody with the results can count it again.
"""

from __future__ import annotations

from datetime import date, datetime

import duckdb
import pyarrow as pa

from throughline.quality.checks.check import checks_of
from throughline.schemas.definitions.quality import DIMENSIONS, QualityRules
from throughline.sql import cursor_of, make_table, sql


def scores(connection: duckdb.DuckDBPyConnection, rules: QualityRules) -> pa.Table:
    """Scores by month: six rows, one a dimension, for each feed, each agency and all feeds.

    Columns: month (first day), scope (feed, agency, all), name (source, agency, `all feeds`), agency (null for all),
    dimension, made and held (how many checks), score (whole, 0..100; null where no check was made). The last run of
    each desk as of a time in the month counts. `connection` is of a store; reading will do.
    """
    with cursor_of(connection) as cursor:
        attribute(cursor, rules)
        places = [(name, place) for place, name in enumerate(DIMENSIONS)]
        make_table(cursor, "dimensions", "dimension varchar, place integer", places)
        return cursor.execute(sql(__package__, "scores_sql/scores")).to_arrow_table()


def attribute(cursor: duckdb.DuckDBPyConnection, rules: QualityRules) -> None:
    """Make `attributed`: the results that speak for each month, and of which source and agency each is."""
    known = [(one.name, one.of) for one in checks_of(rules).values()]
    make_table(cursor, "check_subjects", "check_name varchar, of varchar", known)
    cursor.execute(sql(__package__, "scores_sql/attributed"))


def service_levels(connection: duckdb.DuckDBPyConnection, rules: QualityRules, as_of: datetime) -> pa.Table:
    """What was agreed with each feed and what came of it, by month.

    Columns: month (first day), source, agency, level (see `schemas.quality_rules.LEVELS`), events (on how many it
    rests), observed and agreed (a share of 1, a count or days, by level), is_least (whether agreed is the least or the
    most), met. Rows are of agreed levels only, where something was observed. `as_of` (UTC, naive) ends the silence of
    the last month. `connection` is of a store; reading will do.
    """
    with cursor_of(connection) as cursor:
        cursor.execute("set variable as_of = ?::timestamp", [as_of])
        days = [one.days for one in rules.service_levels if one.days is not None]
        cursor.execute("set variable recorded_days = ?::integer", [days[0] if days else None])
        agreed = [
            (one.level, source, limit, one.is_least)
            for one in rules.service_levels
            for source, limit in one.agreed.items()
        ]
        columns = "level varchar, source varchar, agreed double, is_least boolean"
        make_table(cursor, "agreed_levels", columns, agreed)
        return cursor.execute(sql(__package__, "scores_sql/service_levels")).to_arrow_table()


def month_before(month: date) -> date:
    """The first day of the month before that of `month`."""
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
