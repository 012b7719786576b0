"""One line for what the store derived: equal for equal sets of rows in any order, and only for those.

For each relation below: the number of rows and the two sums of the halves of the MD5 of a row's canonical
text. Sums do not depend on the order, and count every copy of a row. The line is the SHA-256 of all of them.

Canonical text of a row: its columns in alphabetical order, each as text (times as ISO 8601, UTC) and ended by U+001F;
null is U+001E N; in text U+001E is written U+001E R and U+001F U+001E U; lists are sorted and written as JSON.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import duckdb

from throughline.sinks.damage import translated
from throughline.sql import one_row


@dataclass(frozen=True)
class Digested:
    """A public table: the stored rows behind it, less the columns that say how a row came here.

    Columns `since` were added later: where one is null, a row's text is what it was before there was the column. A
    table that is `new` counts only once it has rows.
    """

    table: str
    rows: str
    where: str = "true"
    without: frozenset[str] = frozenset()
    since: frozenset[str] = frozenset()
    new: bool = False


# The stored rows rather than the views: a view counts to `as_of`, and its position follows from the rows.
TABLES: tuple[Digested, ...] = (
    # to when events reach follows from when they were received, and what is a backlog from how it was published
    Digested("cases", "case_facts", since=frozenset({"facets"}), without=frozenset({"reached_at", "backlog"})),
    Digested(
        "timeline",
        "dated_events",
        where="case_key is not null",
        # event_key and identifier_keys follow from other columns; what is in a case stands, and retracts nothing
        without=frozenset(
            {"received_at", "origin", "position", "event_key", "identifier_keys", "standing", "retracts"}
        ),
        since=frozenset({"revised"}),
    ),
    Digested("holdings", "holding_facts"),
    Digested("handoffs", "handoff_facts"),
    Digested("clocks", "clock_facts"),
    Digested("pause_facts", "pause_facts", new=True),
    Digested("contacts", "contact_facts"),
    Digested("tellings", "telling_facts"),
    Digested("claims", "claim_facts"),
    Digested("contradictions", "contradiction_facts"),
    Digested("revisions", "revisions", without=frozenset({"received_at", "case_id"}), new=True),
    Digested(
        "conflicts",
        "quarantined",
        where="reason = 'conflict'",
        # the content has its hash here; all else follows from it, or says which copy came first
        without=frozenset(
            {"quarantine_id", "reason", "field", "detail", "type", "event_key"}
            | {"origin", "position", "received_at", "raw", "headers"}
        ),
        new=True,
    ),
)


def digest(*connections: duckdb.DuckDBPyConnection, tables: tuple[Digested, ...] = TABLES) -> str:
    """The line: 64 hexadecimal digits. Raises StoreDamaged where a block of the file cannot be read.

    Of several stores that share no case, such as those of the partitions of a log, it is that of one with all cases.
    """
    lines = "".join(f"{name}={value}\n" for name, value in digest_by_table(*connections, tables=tables).items())
    return hashlib.sha256(lines.encode()).hexdigest()


def digest_by_table(*connections: duckdb.DuckDBPyConnection, tables: tuple[Digested, ...] = TABLES) -> dict[str, str]:
    """`rows:sum:sum` for each public table, in the order of `tables`: where two stores differ."""
    with translated(None):
        sums = [_sums_of_all(connection, tables) for connection in connections]
    lines = {table: _line([of_one[table] for of_one in sums]) for table in tables}
    return {table.table: line for table, line in lines.items() if not table.new or not line.startswith("0:")}


def _line(sums: list[tuple[int, int, int]]) -> str:
    return ":".join(str(sum(part)) for part in zip(*sums, strict=True))


def _sums_of_all(
    connection: duckdb.DuckDBPyConnection, tables: tuple[Digested, ...]
) -> dict[Digested, tuple[int, int, int]]:
    columns: dict[str, list[tuple[str, str]]] = {}
    # once for all: DuckDB looks through every view of the store for it
    for table, name, type_ in connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'main' "
        "and database_name = current_database() order by column_name"
    ).fetchall():
        columns.setdefault(table, []).append((name, type_))
    return {table: _sums(connection, table, columns[table.rows]) for table in tables}


def _sums(
    connection: duckdb.DuckDBPyConnection, table: Digested, columns: list[tuple[str, str]]
) -> tuple[int, int, int]:
    texts = ", ".join(
        f"coalesce({text}, chr(30) || 'N'), chr(31)"
        if name not in table.since
        else f"coalesce('{name}' || {text} || chr(31), '')"
        for name, text in ((name, _text(name, type_)) for name, type_ in columns if name not in table.without)
    )
    # md5_number once and its halves, rather than both halves by two digests: the digest is the dearest part
    rows, low, high = one_row(
        connection,
        f"""
        select
          count(*),
          coalesce(sum((number & 18446744073709551615::uhugeint)::ubigint), 0)::hugeint,
          coalesce(sum((number >> 64)::ubigint), 0)::hugeint
        from (select md5_number(concat({texts})) as number from main."{table.rows}" where {table.where})
        """,
    )
    return rows, low, high


def _text(name: str, type_: str) -> str:
    column = f'"{name}"'
    if type_ == "VARCHAR":
        return f"replace(replace({column}, chr(30), chr(30) || 'R'), chr(31), chr(30) || 'U')"
    if type_.endswith("[]"):
        # JSON escapes control characters, so neither separator can be in it
        return f"to_json(list_sort({column}, 'asc', 'nulls last'))::varchar"
    if type_ in ("DOUBLE", "FLOAT"):
        # there is one zero, not two
        return f"({column} + 0.0)::varchar"
    return f"{column}::varchar"
