"""The public views of a store as Markdown, from the comments that they carry in the store itself."""

from __future__ import annotations

import duckdb

from throughline.schemas.pages.markdown import anchor, code, page, table
from throughline.sinks.schema import public_schema

PAGE = "tables.md"


def table_pages(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The page of public views by its path under `docs/`; `connection` is that of a store."""
    public = sorted(public_schema().views)
    commented = "select view_name, comment from duckdb_views() where view_name in (select unnest(?))"
    views = dict(connection.execute(commented, [public]).fetchall())
    columns: dict[str, list[tuple[str, str, str]]] = {name: [] for name in public}
    for view, name, type_, comment in connection.execute(
        """
        select table_name, column_name, data_type, comment
        from duckdb_columns()
        where table_name in (select unnest(?))
        order by table_name, column_index
        """,
        [public],
    ).fetchall():
        columns[view].append((code(name), code(str(type_).lower()), comment or ""))
    contents = table(
        ("View", "A row is"),
        ((f"[`{name}`](#{anchor(name)})", (views[name] or "").removeprefix("One row per ")) for name in public),
    )
    return {
        PAGE: page(
            "Public views",
            "What a store shows. Names and columns are versioned; the tables behind them are not, and may "
            "change. Times are UTC. Views that depend on the day they are asked read the variable `as_of`: "
            "`set variable as_of = timestamp '2026-03-31 17:00'`. Where it is not set, it is the time of the "
            "latest event that had happened when it was received. `cases` has a column for each facet of the domain: "
            "here those of England and Wales.",
            contents,
            *(
                f"## {name}\n\n{views[name]}\n\n{table(('Column', 'Type', 'Meaning'), columns[name])}"
                for name in public
            ),
        )
    }
