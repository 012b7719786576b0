"""Which cases a number leads to, in whatever form it was written."""

from __future__ import annotations

import re
from typing import Any

import duckdb

from throughline.schemas.definitions.domain import Domain
from throughline.sql import sql

_CASE_ID = re.compile(r"c([0-9a-f]{16})", re.IGNORECASE)


def cases_called(connection: duckdb.DuckDBPyConnection, domain: Domain, name: str) -> list[str]:
    """The ids of the cases that `name` leads to: a case id (also an earlier one), an identifier, or kind:value.

    The id of a case that there is leads to that case alone.
    """
    as_id = _CASE_ID.fullmatch(name.strip())
    # written into the text: by a value that is given beside it DuckDB does not skip parts of the table
    if as_id and connection.execute(f"select 1 from case_facts where case_key = {int(as_id[1], 16)}").fetchone():
        return [as_id[0].lower()]
    rows = connection.execute(sql(__package__, "sql/found"), forms_of(domain, name.strip())).fetchall()
    return [str(case_id) for (case_id,) in rows]


def forms_of(domain: Domain, name: str) -> dict[str, Any]:
    """What a name may mean: the parameters of `found.sql`.

    A number is looked for as it was written, and in the normal form of each kind of the domain.
    """
    as_id = _CASE_ID.fullmatch(name)
    begun, _, value = name.partition(":")
    kind = next((one for one in domain.identifiers if one.kind == begun.strip().lower()), None)
    return {
        "key": None if as_id is None else int(as_id[1], 16),
        "values": sorted({name, *(one.normalise_value(name) for one in domain.identifiers)}),
        "kind": "" if kind is None else kind.kind,
        "of_kind": "" if kind is None else kind.normalise_value(value),
    }
