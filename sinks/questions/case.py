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
        _explain_absence(connection, wanted)
        raise DataError(
            f"No case is called `{wanted}`.",
            hint='Give a case id, or an identifier as `throughline query "select identifiers from cases"` shows it.',
        )
    if len(found) > 1:
        ids = ", ".join(case_id(key) for (key,) in found[:5])
        raise DataError(f"`{wanted}` names {len(found)} cases ({ids}).", hint="Give the kind too, as kind:value.")
    return int(found[0][0])


def _explain_absence(connection: duckdb.DuckDBPyConnection, wanted: str) -> None:
    """Raise DataError where there are events with the identifier `wanted` of which none stands."""
    counted = connection.execute(
        """
        select
          count(distinct event_key) filter (standing = 'conflict'),
          count(distinct event_key) filter (event_key in (select event_key from events where standing = 'retraction'))
        from events
        where standing <> 'stands'
          and len(list_filter(identifiers, lambda i: i.value = $name or i.kind || ':' || i.value = $name)) > 0
        """,
        {"name": wanted},
    ).fetchone()
    contested, taken_back = counted or (0, 0)
    if contested:
        raise DataError(
            f"`{wanted}` has no timeline: several contents were published of {contested} of its events, "
            "and none stands.",
            hint="`throughline conflicts list` shows them. A steward decides which content stands.",
        )
    if taken_back:
        raise DataError(
            f"`{wanted}` has no timeline: its source took back what it had published of it.",
            hint='`throughline query "from revisions"` shows what was said before.',
        )


def case_id(case_key: int) -> str:
    """The public id of a case: `c` and its key in 16 hexadecimal digits."""
    return f"c{case_key:016x}"
