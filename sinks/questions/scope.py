"""What a query may read: the public views alone, judged on the tree that DuckDB's own parser makes of it.

DuckDB has no rights of its own: whoever may run SQL on a store reads every table of it. So what is not known to be
harmless is refused: each relation must be a public view (or a CTE that no relation of the store is called as), and each
table function one of a short list; a part of the tree of an unknown kind is refused with the rest. `events` is read
without what events say and whom they name (`public_events.sql`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

import duckdb

from throughline.errors import QueryError
from throughline.sql import sql as sql_file

_EVENTS, _PUBLIC = "events", "public_events"
PUBLIC_EVENTS = sql_file(__package__, _PUBLIC)
_TABLE_FUNCTIONS = {"generate_series", "json_each", "json_tree", "range", "unnest"}
# plans of a statement: they hold the least and greatest values of its columns
_SCALARS_THAT_SHOW_TABLES = {"json_serialize_plan"}
# what makes rows of nothing, or of other parts of the tree, which are judged for themselves
_HARMLESS = {"CTE", "EMPTY", "EXPRESSION_LIST", "JOIN", "PIVOT", "SUBQUERY"}


def in_scope(connection: duckdb.DuckDBPyConnection, sql: str, views: Collection[str]) -> str:
    """The one SELECT that `sql` is, which reads nothing of the store but `views`, and of `events` what is public.

    Raises QueryError for one that reads more.
    """
    tree = _parsed(connection, sql, views)
    ctes = {str(cte["key"]).lower() for node in _nodes(tree) for cte in _ctes(node)}
    database, relations = _relations(connection)
    open_names = {view.lower() for view in views} | (ctes - relations)
    reads_events = False
    for node in _nodes(tree):
        # every reference to rows has these three, and nothing else has
        if {"type", "alias", "sample"} <= node.keys():
            if _EVENTS not in ctes and _is_events(node):
                node |= {"table_name": _PUBLIC, "alias": node["alias"] or _EVENTS}
                reads_events = True
                continue
            _check_rows(node, open_names, database, views)
        elif str(node.get("function_name", "")).lower() in _SCALARS_THAT_SHOW_TABLES:
            raise _refused(f"`{node['function_name']}` shows more than the public views.", views)
    if not reads_events:
        return sql
    connection.execute(PUBLIC_EVENTS)
    row = connection.execute("select json_deserialize_sql(?::json)", [json.dumps(tree)]).fetchone()
    assert row is not None
    return str(row[0])


def _is_events(node: dict[str, Any]) -> bool:
    """Whether it is the table `events`, by its name alone."""
    is_named = node["type"] == "BASE_TABLE" and str(node["table_name"]).lower() == _EVENTS
    return is_named and not node.get("catalog_name") and not node.get("schema_name")


def _parsed(connection: duckdb.DuckDBPyConnection, sql: str, views: Collection[str]) -> Any:
    row = connection.execute("select json_serialize_sql(?::varchar)", [sql]).fetchone()
    assert row is not None
    try:
        tree = json.loads(row[0])
    except RecursionError:
        raise _refused("The query is nested too deeply.", views) from None
    if tree["error"] or len(tree["statements"]) != 1:
        raise _refused("Only a SELECT can be held to the public views.", views)
    return tree


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of a tree, however deep."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _ctes(node: dict[str, Any]) -> list[dict[str, Any]]:
    found = node.get("cte_map")
    return found["map"] if isinstance(found, dict) else []


def _relations(connection: duckdb.DuckDBPyConnection) -> tuple[str, set[str]]:
    """The name of the store's database, and every name that can stand for rows without being made by the query."""
    rows = connection.execute(
        "select current_database(), lower(table_name) from duckdb_tables() "
        "union all select current_database(), lower(view_name) from duckdb_views()"
    ).fetchall()
    return str(rows[0][0]).lower(), {name for _, name in rows}


def _check_rows(node: dict[str, Any], open_names: set[str], database: str, views: Collection[str]) -> None:
    kind = node["type"]
    if kind == "BASE_TABLE":
        place = (str(node.get("catalog_name", "")).lower(), str(node.get("schema_name", "")).lower())
        is_here = place[0] in ("", database) and place[1] in ("", "main")
        if not is_here or str(node["table_name"]).lower() not in open_names:
            raise _refused(f"`{node['table_name']}` is not a public view.", views)
    elif kind == "TABLE_FUNCTION":
        function = node.get("function")
        name = str(function.get("function_name", "")) if isinstance(function, dict) else ""
        if name.lower() not in _TABLE_FUNCTIONS:
            raise _refused(f"`{name}` reads more than the public views.", views)
    elif kind == "SHOW_REF":
        # `describe` and `summarize` have a query in it, which is judged like any other; `show tables` has a name
        if node.get("table_name"):
            raise _refused("`SHOW` lists more than the public views.", views)
    elif kind not in _HARMLESS:
        raise _refused(f"Rows of the kind {kind} are not of the public views.", views)


def _refused(what: str, views: Collection[str]) -> QueryError:
    listed = ", ".join(f"`{view}`" for view in sorted(views))
    return QueryError(what, hint=f"Public views: {listed}. An operator may add --tables.")
