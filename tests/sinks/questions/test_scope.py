"""A query reads the public views alone, whatever its author tries; an operator's reads the tables too."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from throughline.errors import QueryError
from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.questions.query import query
from throughline.sinks.schema import public_schema
from throughline.sinks.store import Store, open_store
from throughline.streams.join.replay import replay

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "examples"
SECRET = "v-5ec2e7aa"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store in which events name a victim, and records stand in quarantine, whole."""
    path = tmp_path_factory.mktemp("store") / "cases.duckdb"
    with open_store(path, write=True) as store:
        replay(store, load_domain(), [EXAMPLES / "events.jsonl", EXAMPLES / "faults.jsonl"])
        with store.transaction() as connection:
            connection.execute("update events set victim = ?", [SECRET])
    with open_store(path, write=False) as store:
        yield store


def asked(store: Store, sql: str, *, with_tables: bool = False) -> str:
    out = io.StringIO()
    query(store.connection, sql, out=out, format="csv", views=None if with_tables else public_schema().views)
    return out.getvalue()


# what somebody would try who wants the victim, the content of events, or what refused records say
ATTEMPTS = [
    "select victim from events",
    "FROM Events",
    'from "EVENTS"',
    "table events",
    "from 'events'",
    "from main.events",
    "from cases.main.events",
    "from cases.events",
    "select raw from quarantined",
    "select 1 where (select max(victim) from events) > ''",
    "select (from events select max(victim))",
    "from cases where case_id in (select victim from events)",
    "from cases c, lateral (select victim from events) e",
    "from cases positional join events",
    "select case_id from cases union all select victim from events",
    "select 1 order by (select victim from events limit 1)",
    "select 1 limit (select count(*) from events where victim like 'v-5%')",
    "select distinct on ((select max(victim) from events)) 1",
    "select row_number() over (order by (select max(victim) from events)) from cases",
    "select row_number() over w from cases window w as (order by (select max(victim) from events))",
    "from cases qualify row_number() over (partition by (select max(victim) from events)) = 1",
    "select list_transform([1], lambda x: (select max(victim) from events))",
    "with t as (from events) from t",
    "with t as materialized (select victim from events) from t",
    "with recursive t as (select victim from events union all select victim from t where false) from t",
    # a CTE called as the table, in another part of the query
    "with events as (select 1 as victim) select * from events",
    "select * from (with events as (select 1) from events), (select victim from main.events)",
    "select (with events as (select 1 as victim) select victim from events), (select max(victim) from events)",
    "with duckdb_tables as (select 1) from duckdb_tables",
    "select * from (values (1)) t(a) join events on true",
    "pivot events on victim in ('x') using count(*)",
    "unpivot (select victim from events) on victim",
    "from (pivot events on victim in ('x') using count(*))",
    "summarize events",
    "describe events",
    "show events",
    "from (summarize events)",
    "from (describe select victim from events)",
    "show tables",
    "show all tables",
    "show databases",
    "from query_table('events')",
    "from query_table(['events'])",
    "from query('select victim from events')",
    "from json_execute_serialized_sql(json_serialize_sql('select victim from events'))",
    "select json_serialize_plan('select max(victim) from events', optimize := true)",
    "from summary(events)",
    "from histogram('events', victim)",
    "from histogram_values('events', victim)",
    "from pragma_storage_info('events')",
    "from pragma_table_info('events')",
    "from seq_scan('events')",
    "from duckdb_table_sample('events')",
    "from duckdb_columns()",
    "from duckdb_tables",
    "from duckdb_settings()",
    "from duckdb_logs",
    "from information_schema.columns",
    "from pg_catalog.pg_class",
    "from pg_class",
    "from sqlite_master",
    "from system.main.duckdb_tables",
    "from temp.main.events",
    "from read_text('/etc/passwd')",
    "from read_duckdb('cases.duckdb', table_name := 'events')",
    "from 'cases.duckdb'",
    "from glob('*')",
    "from sniff_csv('/etc/passwd')",
    "from which_secret('s3://', 's3')",
    "explain analyze select victim from events",
    "explain from cases",
    "execute p",
    "call query_table('events')",
    "pragma storage_info('events')",
    "attach 'cases.duckdb' as b",
    "select 1; select victim from events",
    "/* */ -- from cases\nselect victim from events",
    "select 1 from cases at (version => 1), events",
    "from cases natural join events",
    "from cases asof join events on cases.opened_at >= events.occurred_at",
    "select columns(*) from events",
    "from store_meta",
    "from identifiers",
    "from case_facts",
]


# what of the attempts names no column that is not public
OF_PUBLIC_EVENTS = {
    "FROM Events",
    'from "EVENTS"',
    "table events",
    "from 'events'",
    "from cases positional join events",
    "with t as (from events) from t",
    "summarize events",
    "describe events",
    "show events",
    "from (summarize events)",
    "from cases natural join events",
    "from cases asof join events on cases.opened_at >= events.occurred_at",
    "select columns(*) from events",
    "select * from (values (1)) t(a) join events on true",
}


@pytest.mark.parametrize("sql", ATTEMPTS, ids=lambda sql: sql[:60])
def test_nothing_but_the_public_views_is_read(store: Store, sql: str) -> None:
    """Refused with a sentence in which nothing of the tables stands, or answered with what is public of events."""
    try:
        said = asked(store, sql)
    except QueryError as error:
        said = str(error)
    else:
        assert sql in OF_PUBLIC_EVENTS

    assert SECRET not in said


@pytest.mark.parametrize("sql", sorted(OF_PUBLIC_EVENTS))
def test_what_is_public_of_events_is_answered(store: Store, sql: str) -> None:
    assert asked(store, sql)


def test_events_are_read_without_what_they_say_and_whom_they_name(store: Store) -> None:
    columns = asked(store, "from events limit 1").splitlines()[0].split(",")

    assert {"event_id", "occurred_at", "occurred_precision", "due_at", "unit"} <= set(columns)
    assert not {"data", "victim", "officer", "identifiers", "reason", "reference", "answers", "about"} & set(columns)
    assert asked(store, "select count(*) as n from events e join events f using (event_id, source)").startswith("n")


@pytest.mark.parametrize(
    "sql",
    [
        "from cases",
        "select count(*) from main.cases",
        "with c as (from cases), d as (from c) select count(*) from d",
        "select * from cases c join handoffs h using (case_id) where h.sent_at in (select opened_at from cases)",
        "from range(3)",
        "select unnest([1, 2]), i from generate_series(1, 2) g(i)",
        "values (1), (2)",
        "describe cases",
        "summarize cases",
        "pivot cases on state in ('held') using count(*)",
        "with recursive t as (select 1 as n union all select n + 1 from t where n < 3) from t",
        "select json_extract('{}', '$.a')",
    ],
)
def test_what_reads_the_public_views_is_answered(store: Store, sql: str) -> None:
    assert asked(store, sql)


def test_every_public_view_may_be_read(store: Store) -> None:
    for view in public_schema().views:
        assert asked(store, f'from "{view}"')


def test_an_operator_reads_the_tables(store: Store) -> None:
    """And is still kept from files."""
    assert SECRET in asked(store, "select victim from events", with_tables=True)
    with pytest.raises(QueryError, match="disabled"):
        asked(store, "from read_text('/etc/passwd')", with_tables=True)


def test_what_the_engine_offers_is_known() -> None:
    """A new release of DuckDB may bring another function that reads a table by its name: look at it then."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select distinct function_name from duckdb_functions() where function_type = 'scalar' "
            "and regexp_matches(function_name, 'query|sql|plan|exec|file|table|catalog|secret')"
        ).fetchall()

    assert {name for (name,) in rows} == {
        "current_query",  # the text of the query itself
        "current_query_id",
        "json_deserialize_sql",  # a text from a tree
        "json_serialize_plan",  # refused
        "json_serialize_sql",
        "parse_filename",
    }
