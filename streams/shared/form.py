"""What is shared of a case, and in which form: made from the store's own tables, so that neither can lack a column.

A message of the decision timeline is the whole state of one case. `PARTS` says which rows it has; every column of
these tables is in it, but for `case_key` and `area`, which the message has once, and of events the public ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from throughline.schemas.definitions.topics import SharedName
from throughline.schemas.wire.avro.shared import NAMESPACE, Column, field, field_of, record


@dataclass(frozen=True)
class Part:
    """Rows of a case: the `field` of the message, the `table` that they are kept in, the relation they are read from.

    `public`: the columns that are shared; None: all.
    """

    field: str
    table: str
    rows: str
    name: str
    public: frozenset[str] | None = None


# never: victim, officer, correlation, causation, identifiers; nothing that no public view reads. Of `data` what others
# may see: `shareable_events`
_PUBLIC_OF_EVENTS = frozenset(
    {"event_key", "source", "event_id", "type", "version", "agency", "unit", "sequence", "data"}
    | {"occurred_at", "occurred_precision", "recorded_at", "received_at", "due_at", "effect_at"}
    | {"decision", "reason", "reference", "answers", "about", "holder", "channel", "revised"}
)
FACTS = Part("facts", "case_facts", "case_facts", "Facts")
LISTS = (
    Part("events", "events", "shareable_events", "Event", _PUBLIC_OF_EVENTS),
    Part("holdings", "holding_facts", "holding_facts", "Holding"),
    Part("handoffs", "handoff_facts", "handoff_facts", "Handoff"),
    Part("clocks", "clock_facts", "clock_facts", "Clock"),
    Part("pauses", "pause_facts", "pause_facts", "Pause"),
    Part("contacts", "contact_facts", "contact_facts", "Contact"),
    Part("tellings", "telling_facts", "telling_facts", "Telling"),
    Part("claims", "claim_facts", "claim_facts", "Claim"),
    Part("contradictions", "contradiction_facts", "contradiction_facts", "Contradiction"),
)
PARTS = (FACTS, *LISTS)
_OF_THE_CASE = frozenset({"case_key", "area"})


@dataclass(frozen=True)
class Flat:
    """A message that is one row of a public view: `key` names it.

    `kept` is a table of the store: what is never null there is never null here, nor is one of `always`.
    """

    topic: SharedName
    view: str
    name: str
    key: str
    kept: str
    always: frozenset[str]
    without: frozenset[str] = frozenset()


_CASE = frozenset({"case_id"})
FLAT: tuple[Flat, ...] = (
    # how long one waits depends on the day that it is asked
    Flat("handoffs", "handoffs", "Handoff", "handoff_id", "handoff_facts", _CASE, frozenset({"waiting_seconds"})),
    Flat("alerts", "alerts", "Alert", "alert_id", "alert_rules", frozenset({"alert_id", "since", "subject"})),
    Flat("quarantine", "quarantine", "Quarantined", "quarantine_id", "quarantined", frozenset()),
)
FLAT_OF = {flat.topic: flat for flat in FLAT}

_GROWS = "Grows as the worker reads on in its topics; of two messages of one key the greater version counts."
_VERSION = field("version", "long", _GROWS)


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> list[Column]:
    rows = connection.execute(
        "select column_name, data_type, is_nullable, comment from duckdb_columns() "
        "where table_name = ? and schema_name = 'main' and database_name = current_database() order by column_index",
        [relation],
    ).fetchall()
    return [Column(name, type_, bool(nullable), comment or "") for name, type_, nullable, comment in rows]


def shared_columns(connection: duckdb.DuckDBPyConnection, part: Part) -> list[Column]:
    """The columns of a part that are shared, in the order of the table."""
    return [
        column
        for column in columns_of(connection, part.table)
        if (column.name not in _OF_THE_CASE if part.public is None else column.name in part.public)
    ]


def flat_columns(connection: duckdb.DuckDBPyConnection, flat: Flat) -> list[Column]:
    """The columns of a flat message that come from its view."""
    needed = {column.name for column in columns_of(connection, flat.kept) if not column.is_nullable} | flat.always
    # a column of a view may always be null, says DuckDB
    return [
        Column(column.name, column.type, column.name not in needed, column.comment)
        for column in columns_of(connection, flat.view)
        if column.name not in flat.without
    ]


def made_schema(connection: duckdb.DuckDBPyConnection, topic: SharedName) -> dict[str, Any]:
    """The Avro schema of a shared topic, made from the tables and views of a store."""
    if topic != "decision_timeline":
        flat = FLAT_OF[topic]
        key = [] if flat.key != "handoff_id" else [field("handoff_id", "string", _HANDOFF_ID)]
        fields = [*key, _VERSION, *map(field_of, flat_columns(connection, flat))]
        return record(flat.name, f"{_comment(connection, flat.view)} The key is `{flat.key}`.", fields) | _NAMED
    fields = [
        field("case_id", "string", "Id of the case; the key of the message."),
        _VERSION,
        field("area", "string", "Area (police force code)."),
    ]
    for part in PARTS:
        doc = _comment(connection, part.table)
        rows = record(part.name, doc, [field_of(column) for column in shared_columns(connection, part)])
        fields.append(field(part.field, rows if part is FACTS else {"type": "array", "items": rows}, doc))
    return record("Case", "The whole present state of one case. No names, addresses or free text.", fields) | _NAMED


_NAMED = {"namespace": NAMESPACE}
_HANDOFF_ID = "Case id, a slash and the key of the sending event; the key of the message."


def read_case(connection: duckdb.DuckDBPyConnection) -> str:
    """A SELECT of the messages of the cases in `waiting_cases`: the columns of the schema, and `area`.

    It reads the variable `version`.
    """
    keys = "(select case_key from waiting_cases)"
    names = ", ".join(f"coalesce({part.field}.rows, []) as {part.field}" for part in LISTS)
    joins = "\n".join(
        f"left join (select case_key, list(r order by r) as rows from (select case_key, "
        f"{_struct(shared_columns(connection, part))} as r from {part.rows} where case_key in {keys}) "
        f"group by case_key) {part.field} using (case_key)"
        for part in LISTS
    )
    return (
        f"select {case_id('f.case_key')} as case_id, getvariable('version')::bigint as version, f.area, "
        f"{_struct(shared_columns(connection, FACTS), 'f.')} as facts, {names}\n"
        f"from (from case_facts where case_key in {keys}) f\n{joins}\norder by f.case_key"
    )


def write_part(connection: duckdb.DuckDBPyConnection, part: Part) -> str:
    """An INSERT of the rows of a part from `taken_cases`, which has a message's columns, its case_key and its place.

    Columns that are not shared and must not be null get a neutral value.
    """
    row = part.field if part is FACTS else "r"
    values = {column.name: _kept(column, row) for column in shared_columns(connection, part)}
    for column in columns_of(connection, part.table):
        if column.name in values or column.is_nullable:
            continue
        values[column.name] = column.name if column.name in _NEUTRAL_OF_CASE else _NEUTRAL[column.name]
    values["case_key"] = "case_key"
    source = "taken_cases" if part is FACTS else f"(select *, unnest({part.field}) as r from taken_cases)"
    return f"insert into {part.table} ({', '.join(values)}) select {', '.join(values.values())} from {source}"


# of an event at whose other organisation only the public columns are known
_NEUTRAL = {"identifiers": "[]", "identifier_keys": "[]", "standing": "'stands'"}
_NEUTRAL_OF_CASE = frozenset({"case_key", "area", "origin", "position"})


def sent(column: Column, of: str = "") -> str:
    """A column as it travels."""
    name = f'{of}"{column.name}"'
    if column.type == "UBIGINT":
        return hexadecimal(name)
    return f"{name}::integer" if column.type == "SMALLINT" else name


def hexadecimal(key: str) -> str:
    """A key as 16 hexadecimal digits."""
    return f"lpad(lower(to_hex({key})), 16, '0')"


def case_id(key: str) -> str:
    """A case's key as its public id."""
    return f"'c' || {hexadecimal(key)}"


def _kept(column: Column, row: str) -> str:
    value = f'{row}."{column.name}"'
    return f"('0x' || {value})::ubigint" if column.type == "UBIGINT" else value


def _struct(columns: Sequence[Column], of: str = "") -> str:
    return "{" + ", ".join(f"'{column.name}': {sent(column, of)}" for column in columns) + "}"


def _comment(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    row = connection.execute(
        "select comment from (select table_name as name, comment from duckdb_tables() union all "
        "select view_name, comment from duckdb_views()) where name = ?",
        [relation],
    ).fetchone()
    return "" if row is None or row[0] is None else str(row[0])
