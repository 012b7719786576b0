"""The rules of a domain, in the store: what the SQL models read beside the events."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import date

import duckdb
import pyarrow as pa

from throughline.schemas.definitions.calendar import calendar
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.rule_tables import rule_tables
from throughline.sinks.feed import is_of_shared_topics
from throughline.sinks.schema import fit_views, meta, set_meta
from throughline.sql import one_row, sql

RULE_TABLES = (
    "domain",
    "event_types",
    "effects",
    "standards",
    "standard_events",
    "identifier_kinds",
    "joins_nothing",
    "agencies",
    "alert_rules",
    "facets",
    "facet_values",
    "facet_statements",
    "figure_rules",
    "shareable_fields",
    "calendar",
)
# read when a view is asked: a change of these leaves all that is derived as it is
_READ_BY_VIEWS = ("figure_rules", "facet_values", "shareable_fields")


def prepare(connection: duckdb.DuckDBPyConnection, domain: Domain) -> None:
    """Set what the SQL of this package reads on this connection: macros, the time zone, the kinds that link."""
    connection.execute("set variable time_zone = ?", [domain.time_zone])
    linking, nothing = linking_forms(domain)
    connection.execute("set variable linking_form = ?", [linking])
    connection.execute("set variable joins_nothing = ?", [nothing])
    connection.execute("set variable joins_alone = ?", [domain.limits.joins_alone])
    connection.execute(sql(__package__, "keys"))
    connection.execute(sql(__package__, "models/macros"))


def linking_forms(domain: Domain) -> tuple[str, str]:
    """Two forms (RE2), of the whole of `kind:value` and of a value: an identifier links if it has the first, and not
    the second. One that nothing has is empty."""
    kinds = [f"{re.escape(k.kind)}:(?:{k.links_as or '.*'})" for k in domain.identifiers if k.links]
    return _any_of(kinds), _any_of(f"(?:{form})" for form in domain.joins_nothing)


def _any_of(forms: Iterable[str]) -> str:
    text = "|".join(forms)
    return f"(?si)(?:{text})" if text else ""


def install_rules(connection: duckdb.DuckDBPyConnection, domain: Domain) -> bool:
    """Write the rules of `domain` into the store; whether all that is derived has to be rebuilt for them.

    Runs inside the caller's transaction. `store_meta.rules` (JSON: name of each table to the SHA-256 of its rows, and
    the version of the schema that they were written under) tells which tables need no second look.
    """
    tables, found = _tables(domain), meta(connection)
    kept = json.loads(found.get("rules", "{}"))
    wanted = {"schema": found["schema_version"], **{name: _hash(table) for name, table in tables.items()}}
    if kept == wanted:
        return False
    # a migration may have given a table columns that it has not filled
    is_comparable = kept.get("schema") == wanted["schema"]
    changed = False
    for name, table in tables.items():
        if (is_comparable and kept.get(name) == wanted[name]) or _holds(connection, name, table):
            continue
        changed = changed or name not in _READ_BY_VIEWS
        connection.register("given", table)
        if name == "shareable_fields" and not is_of_shared_topics(connection):
            connection.execute(sql(__package__, "shown_otherwise"))
        connection.execute(f"delete from {name}")
        connection.execute(f"insert into {name} by name from given")
        connection.unregister("given")
        if name == "facets":
            fit_views(connection)
    set_meta(connection, "rules", json.dumps(wanted))
    return changed


def _hash(table: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return hashlib.sha256(sink.getvalue()).hexdigest()


def _holds(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> bool:
    """Whether the table of the store has these rows and no other."""
    if one_row(connection, f"select count(*) from {name}")[0] != table.num_rows:
        return False
    if not table.num_rows:
        return True
    connection.register("given", table)
    # copied, so that both sides have the types of the store
    connection.execute(f"create or replace temp table given_rules as from {name} limit 0")
    connection.execute("insert into given_rules by name from given")
    connection.unregister("given")
    # of as many rows, so that it need not be asked the other way round
    (others,) = one_row(connection, f"select count(*) from (from {name} except all from given_rules)")
    connection.execute("drop table given_rules")
    return bool(others == 0)


def _tables(domain: Domain) -> dict[str, pa.Table]:
    named = pa.Table.from_pylist(
        [
            {
                "name": domain.name,
                "title": domain.title,
                "type_prefix": domain.type_prefix,
                "time_zone": domain.time_zone,
                "second_person": domain.second_person,
                "ahead_days": domain.limits.ahead_days,
                "joins_alone": domain.limits.joins_alone,
            }
        ]
    )
    # a clock may fall due after the latest time that an event may have
    first, last = domain.limits.earliest, date(domain.limits.latest.year + 5, 12, 31)
    tables = {"domain": named, **rule_tables(domain), "calendar": calendar(domain, first, last)}
    return {name: tables[name] for name in RULE_TABLES if name in tables}
