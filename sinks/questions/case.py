"""Find a case: by its id, or by any identifier that leads to it."""

from __future__ import annotations

import duckdb

from throughline.errors import DataError


def case_of(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    """The key of the case called `name`: its id (also one from before a merge), `kind:value`, or a value alone.

    Raises DataError where nothing, or more than one case, is called so.
    """
    wanted = name.strip()
    # every identifier a case ever had resolves to it, because case ids are keys of identifiers
    found = connection.execute(
        """
        select distinct case_key
        from (
          select case_key from case_facts where 'c' || lpad(lower(to_hex(case_key)), 16, '0') = lower($name)
          union all
          select case_key from identifiers
          where not is_hub
            and ('c' || lpad(lower(to_hex(identifier_key)), 16, '0') = lower($name)
              or kind || ':' || value = $name or value = $name)
        )
        order by case_key
        """,
        {"name": wanted},
    ).fetchall()
    if not found:
        raise DataError(
            f"No case is called `{wanted}`.",
            hint='Give a case id, or an identifier as `throughline query "select identifiers from cases"` shows it.',
        )
    if len(found) > 1:
        ids = ", ".join(case_id(key) for (key,) in found[:5])
        raise DataError(f"`{wanted}` names {len(found)} cases ({ids}).", hint="Give the kind too, as kind:value.")
    return int(found[0][0])


def case_id(case_key: int) -> str:
    """The public id of a case: `c` and its key in 16 hexadecimal digits."""
    return f"c{case_key:016x}"
