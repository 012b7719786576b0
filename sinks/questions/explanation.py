"""What is wrong with a query, where, and which name was perhaps meant."""

from __future__ import annotations

import re
from difflib import get_close_matches

import duckdb

from throughline.errors import QueryError
from throughline.sinks.schema import public_schema
from throughline.sql import cursor_of

QUERY_HINT = "Give one SELECT, for example: select * from cases limit 10"

_UNKNOWN_TABLE = re.compile(r'Table with name "?(?P<name>[^\s"]+)"? does not exist|Referenced table "(?P<other>[^"]+)"')
_UNKNOWN_COLUMN = re.compile(r'Referenced column "([^"]+)" not found|does not have a column named "([^"]+)"')
_PLACE = re.compile(r"\n\nLINE (\d+): (.*)\n( *)\^", re.DOTALL)


def explained(connection: duckdb.DuckDBPyConnection, sql: str, error: duckdb.Error) -> QueryError:
    """DuckDB's error as a QueryError: its first sentence, line and column (from 1), and the nearest names."""
    text = str(error)
    sentence = re.sub(r"^[A-Z][\w ]*Error: ", "", text.splitlines()[0] if text else type(error).__name__)
    return QueryError(f"{sentence.rstrip('.!')}.{_place(sql, text)}", hint=_nearest(connection, sql, text))


def _place(sql: str, text: str) -> str:
    found = _PLACE.search(text)
    if found is None:
        return ""
    number, shown, caret = int(found[1]), found[2], len(found[3]) - len(f"LINE {found[1]}: ")
    lines = sql.splitlines()
    line = lines[number - 1] if number <= len(lines) else ""
    # DuckDB shows a window of a long line, with dots where it cut
    window = shown.removeprefix("...").removesuffix("...")
    at = max(line.find(window), 0) + caret - (3 if shown.startswith("...") else 0)
    return f" Line {number}, column {at + 1}:\n  {shown}\n  {' ' * caret}^"


def _nearest(connection: duckdb.DuckDBPyConnection, sql: str, text: str) -> str:
    try:
        columns = (
            cursor_of(connection)
            .execute("select table_name, column_name from duckdb_columns() where not internal and schema_name = 'main'")
            .fetchall()
        )
    except duckdb.Error:
        return QUERY_HINT
    tables = sorted({table for table, _ in columns})
    if unknown := _UNKNOWN_TABLE.search(text):
        near = get_close_matches((unknown["name"] or unknown["other"]).lower(), tables, 3, 0.5)
        meant = f"Perhaps {_listed(near)}. " if near else ""
        return f"{meant}Public views: {_listed(sorted(public_schema().views))}."
    if unknown := _UNKNOWN_COLUMN.search(text):
        words = set(re.findall(r"\w+", sql.lower()))
        if "public_events" in words:
            words.discard("events")  # its name in the query
        here = sorted({column for table, column in columns if table in words})
        near = get_close_matches((unknown[1] or unknown[2]).lower(), here, 3, 0.5)
        meant = f"Perhaps {_listed(near)}. " if near else ""
        return f"{meant}Columns: {_listed(here)}." if here else QUERY_HINT
    return QUERY_HINT


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
