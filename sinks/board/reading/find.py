"""Which cases a number leads to, in whatever form it was written."""

from __future__ import annotations

import duckdb

from throughline.schemas.definitions.domain import Domain
from throughline.sql import sql


def cases_called(connection: duckdb.DuckDBPyConnection, domain: Domain, name: str) -> list[str]:
    """The ids of the cases that `name` leads to: a case id (also an earlier one), an identifier, or kind:value."""
    rows = connection.execute(sql(__package__, "sql/found"), {"names": sorted(forms_of(domain, name))}).fetchall()
    return [str(case_id) for (case_id,) in rows]


def forms_of(domain: Domain, name: str) -> set[str]:
    """What an identifier may be kept as: as it was written, and in the normal form of each kind of the domain."""
    kind, _, value = name.strip().partition(":")
    forms = {name.strip(), name.strip().lower()}
    for one in domain.identifiers:
        if one.kind == kind.strip() and value:
            forms.add(f"{one.kind}:{one.normalise_value(value)}")
        forms.add(one.normalise_value(name))
    return forms - {""}
