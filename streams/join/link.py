"""Link identifiers to cases: connected components, with hubs left out and stewards' decisions applied.

Only the neighbourhood of what changed is computed again, from its pairs alone, so that the result depends on the
set of accepted events and not on the order in which they came (docs/rules.md, section 2).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from throughline.sql import one_row, sql


def link(connection: duckdb.DuckDBPyConnection) -> None:
    """Give every unsettled event its case, move events whose case changed, and note the cases to derive.

    Reads `unsettled` and `unsettled_identifiers` and empties them; adds to `unsettled_cases`. Runs inside the
    caller's transaction.
    """
    run = connection.execute
    run(sql(__package__, "link_sql/arrivals"))
    run(sql(__package__, "link_sql/changed"))
    run(sql(__package__, "link_sql/crowds"))
    run(sql(__package__, "link_sql/plural"))
    if one_row(connection, "select exists(from reopened)")[0] or _is_in_doubt(connection):
        _regroup(connection)
    else:
        run("create or replace temp table components (identifier_key ubigint, case_key ubigint)")
        run(
            "create or replace temp table to_place as "
            "select event_key, identifier_keys, null::ubigint as old_key from linking"
        )
    run(sql(__package__, "link_sql/place"))
    run("delete from unsettled")
    run("delete from unsettled_identifiers")


def _regroup(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the components around the reopened identifiers again; `to_place` has the events to be given a case."""
    run = connection.execute
    run("create or replace temp table near as from joins limit 0")
    run(sql(__package__, "link_sql/edges"))
    # where the reopened identifiers led before hubs are decided: a hub leaves its old case behind
    run(
        "create or replace temp table before as "
        "select distinct case_key from mentioned semi join reopened using (identifier_key)"
    )
    run(sql(__package__, "link_sql/hubs"))
    if one_row(connection, "select exists(from hub_changes)")[0]:
        run(sql(__package__, "link_sql/turned"))
    if _is_in_doubt(connection):
        run(sql(__package__, "link_sql/held"))
    run(sql(__package__, "link_sql/neighbourhood"))
    members = run("select identifier_key from members order by identifier_key").to_arrow_table()
    edges = run("select left_key, right_key from member_edges").to_arrow_table()
    found = components(members, edges)
    # copied first: a join on an Arrow column of 64-bit keys would be pushed into Arrow, which cannot hold them
    connection.register("found", found)
    run("create or replace temp table components as from found")
    connection.unregister("found")
    run(sql(__package__, "link_sql/assign"))
    if run("select 1 from hub_changes where not is_hub limit 1").fetchone():
        run(sql(__package__, "link_sql/ceased"))


def _is_in_doubt(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether what is `touched` bears on what one event may not join by itself."""
    found = one_row(
        connection,
        "select exists(from plural_events semi join touched using (identifier_key)) "
        "or exists(from held_joins where left_key in (from touched) or right_key in (from touched))",
    )
    return bool(found[0])


def prepare_edges(connection: duckdb.DuckDBPyConnection, keys: Sequence[int]) -> None:
    """Make two views on this connection, which may be one that only reads: `edges`, every pair of one of `keys` that
    stands together, and `ties`, those of them that join.

    Shape: (left_key, right_key ubigint), the lesser left; pairs that stewards linked are there whatever they join.
    """
    connection.execute(
        "create or replace temp table near as "
        "from joins where left_key in (select unnest($1::ubigint[])) or right_key in (select unnest($1::ubigint[]))",
        [list(keys)],
    )
    connection.execute(sql(__package__, "link_sql/edges"))


def components(members: pa.Table, edges: pa.Table) -> pa.Table:
    """Connected components of a graph, each named by its least member.

    Shapes: `members` (identifier_key uint64, ascending and distinct), `edges` (left_key, right_key uint64, both in
    members) -> (identifier_key uint64, case_key uint64).
    """
    keys = members.column("identifier_key").to_numpy()
    if len(keys) == 0:
        return pa.table({"identifier_key": keys, "case_key": keys})
    left = np.searchsorted(keys, edges.column("left_key").to_numpy())
    right = np.searchsorted(keys, edges.column("right_key").to_numpy())
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(len(keys), len(keys)))
    _, label = connected_components(graph, directed=False)
    # members ascend, so the first of a component is its least
    _, first = np.unique(label, return_index=True)
    return pa.table({"identifier_key": keys, "case_key": keys[first][label]})
