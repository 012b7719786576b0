"""What stands in a cell of a database: text as it is stored, or refused with its table, key and column."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from agency_tables import BY_CHANGE, MAPPING, AgencyTable, Desk

from throughline.errors import DatabaseRefused, DatabaseUnavailable, MappingError, UsageError
from throughline.schemas.definitions.entry import MappingProblemsError
from throughline.sources.databases import address, portions
from throughline.sources.databases.address import Database, has_secret
from throughline.sources.databases.portions import Selection
from throughline.sources.databases.table import sample
from throughline.sources.mapping.relation import Relation

SECRET = "geheim%40wort"  # what a URL makes of geheim@wort


def test_every_type_of_postgres_is_text_as_it_is_stored(agency_database: str) -> None:
    """Also what Python has no value for. What is no one value is shown as what it is."""
    table = AgencyTable(agency_database)
    table.run("create type mood as enum ('calm', 'upset')")
    table.run("create domain reference as varchar(12)")
    cells = {
        "integer": ("42", "42"),
        "numeric(20, 0)": ("200009000101", "200009000101"),
        "numeric": ("1e20", "100000000000000000000"),
        "numeric(6, 2)": ("1.50", "1.50"),
        "double precision": ("0.1", "0.1"),
        "reference": ("'000123'", "000123"),
        "char(5)": ("'x'", "x"),
        "text": ("'  '", None),
        "boolean": ("true", "true"),
        "uuid": ("'00000000-0000-0000-0000-000000000001'", "00000000-0000-0000-0000-000000000001"),
        "mood": ("'calm'", "calm"),
        "date": ("'2026-03-02'", "2026-03-02"),
        "timestamp": ("'2026-03-02 10:15'", "2026-03-02T10:15:00"),
        "timestamptz": ("'2026-07-02 10:15:00.5+01'", "2026-07-02T09:15:00.5Z"),
        "timestamptz(3)": ("'infinity'", "infinity"),
        "bytea": ("'\\x00'", "<bytes>"),
        "jsonb": ("'{\"a\": 1}'", "<JSON>"),
        "text[]": ("'{a,b}'", "<a list>"),
        "int4range": ("'[1,2)'", "<a `int4range`>"),
    }
    columns = ", ".join(f"c{place} {kind}" for place, kind in enumerate(cells))
    table.run(f"create table cells ({columns})")
    table.run(f"insert into cells values ({', '.join(given for given, _ in cells.values())})")

    found = sample(agency_database, "cells")

    assert dict(zip(cells, found.rows[0], strict=True)) == {kind: text for kind, (_, text) in cells.items()}
    assert found.columns[5] == ("c5", "reference")
    assert found.columns[0] == ("c0", "integer")


def test_sqlite_keeps_what_was_put_in(tmp_path: Path) -> None:
    """Its columns have no types that bind: zeros that a number has lost are lost before we come."""
    table = AgencyTable(f"sqlite:///{tmp_path}/a.sqlite")
    table.run("create table cells (id integer primary key, number numeric, ref text, photo blob)")
    table.run("insert into cells values (1, 200009000101, '00012', x'00')")
    table.run("insert into cells values (2, 1.5, cast(x'ff41' as text), null)")
    table.run("insert into cells values (3, 'x', 'a' || char(0) || 'b', ' ')")

    assert sample(table.url, "cells").rows == (
        ("1", "200009000101", "00012", "<bytes>"),
        ("2", "1.5", "<text that is not UTF-8>", None),
        ("3", "x", "<text with the character U+0000>", None),
    )
    assert len(sample(table.url, "cells", 2).rows) == 2


@pytest.mark.parametrize("kind", ["bytea", "jsonb", "text[]"])
def test_what_is_no_text_costs_its_row(agency_database: str, tmp_path: Path, kind: str) -> None:
    """And is asked for again at the next start, though its watermark was passed."""
    table = AgencyTable(agency_database).make()
    table.run("alter table files alter unit type " + kind + " using null")
    desk = Desk(tmp_path, table, BY_CHANGE + MAPPING)
    written = {"bytea": "'\\x00'", "jsonb": "'1'", "text[]": "'{a}'"}[kind]
    table.run("insert into files values (1, '0001', null, 'red', '2026-03-01T10:00Z', '2026-03-02T10:00Z')")
    table.run(f"insert into files values (2, '0002', {written}, 'red', '2026-03-01T10:00Z', '2026-03-02T10:00Z')")
    table.run("insert into files values (3, '0003', null, 'red', '2026-03-01T10:00Z', '2026-03-09T10:00Z')")

    refused = desk.look().rows
    table.run("update files set unit = null where id = 2")

    assert [(one.key, one.reason, one.field) for one in refused] == [(("2",), "bad_cell", "unit")]
    assert desk.look().new == 1
    assert desk.numbers() == [1, 2, 3]


def test_a_new_column_is_noticed(tmp_path: Path) -> None:
    table = AgencyTable(f"sqlite:///{tmp_path}/a.sqlite").make()
    table.run("alter table files add column closed text")

    with pytest.raises(MappingProblemsError, match="files has a column `closed` that the mapping does not use"):
        Desk(tmp_path, table, BY_CHANGE + MAPPING).look()


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("database: {table: files, watermark: id}\n", "it names the column or columns by which a row is known"),
        ("database: {table: files, key: id}\n", "exactly one of `watermark`, `outbox`, `whole`"),
        ("database: {table: files, select: x, key: id, watermark: id}\n", "exactly one of `table`, `select`"),
        ("database: {table: files, key: id, whole: true}\n", "the mapping has no `snapshot`"),
        ("database: {table: files, outbox: id, overlap: 3}\n", "is for `watermark` only"),
        (BY_CHANGE.replace("{as_of", "{complete: true, vanished: retract, as_of"), "reads a part of the rows"),
        ("", "says nothing of a database"),
    ],
)
def test_a_mapping_that_cannot_be_read_by_is_told(tmp_path: Path, said: str, problem: str) -> None:
    table = AgencyTable(f"sqlite:///{tmp_path}/a.sqlite").make()

    with pytest.raises(MappingError) as error:
        Desk(tmp_path, table, said + MAPPING).look()
    assert problem in str(error.value)


def test_no_message_says_a_password(agency_database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nor what a row says, which the errors of databases like to quote."""
    with_password = agency_database.replace("agency@", f"agency:{SECRET}@")
    table = AgencyTable(agency_database).make()
    table.add(1)
    failing = MAPPING.replace("[notes]", "[notes, changed_at]")
    select = "database: {select: 'select *, notes::int as number from files', key: id, watermark: number}\n"
    told = []
    for url, said in (
        (with_password.replace("agency_", "nowhere_"), BY_CHANGE + MAPPING),
        (f"postgresql://a:{SECRET}@127.0.0.1:1/x", BY_CHANGE + MAPPING),
        (f"postgresql://a:{SECRET}@127.0.0.1:x/x", BY_CHANGE + MAPPING),
        (with_password, select + failing),
    ):
        with pytest.raises((DatabaseUnavailable, DatabaseRefused, UsageError)) as error:
            Desk(tmp_path, AgencyTable(url), said).look()
        told.append("".join(map(str, [error.value, error.getrepr(style="short"), caplog.text])))

    assert [one for one in told if "geheim" in one or "free text" in one] == []


@pytest.mark.parametrize(
    ("url", "package"),
    [("mssql://u:p@h/d", "pyodbc"), ("oracle://u:p@h/d", "oracledb"), ("mysql://u:p@h/d", "pymysql")],
)
def test_a_driver_that_is_not_installed_is_named(url: str, package: str) -> None:
    with pytest.raises(UsageError, match=f"takes the package `{package}`"):
        Database(url)


@pytest.mark.parametrize(
    ("url", "is_secret"),
    [
        ("postgresql://u:p@h/d", True),
        ("postgresql://h/d?password=p", True),
        ("postgresql://u@h/d", False),
        ("sqlite:///a.sqlite", False),
    ],
)
def test_an_address_with_a_password_is_known(url: str, is_secret: bool) -> None:
    assert has_secret(url) is is_secret


def test_a_statement_that_takes_too_long_is_ended(agency_database: str, tmp_path: Path) -> None:
    slow = {
        "sqlite": "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) as id from n",
        "postgresql": "select 1 as id, pg_sleep(30)::text as slow",
    }
    AgencyTable(f"sqlite:///{tmp_path}/a.sqlite").make()
    for url in (f"sqlite:///{tmp_path}/a.sqlite", agency_database):
        with (
            Database(url, timeout_seconds=0.2) as database,
            pytest.raises(DatabaseUnavailable, match=r"within 0\.2 s"),
            database.transaction() as connection,
        ):
            connection.exec_driver_sql(slow[database.dialect]).fetchall()


def test_the_time_that_is_taken_over_rows_is_not_the_statement_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite works only while rows are asked for."""
    monkeypatch.setattr(portions, "ROWS_AT_ONCE", 200)
    monkeypatch.setattr(address, "_STEPS_BETWEEN_LOOKS", 1)
    table = AgencyTable(f"sqlite:///{tmp_path}/a.sqlite").make()
    table.add(*range(1, 400))
    relation = Relation("files", "", ("id",), "outbox", "id", None, 0.0)
    with (
        Database(table.url, timeout_seconds=0.5) as database,
        database.transaction() as connection,
        Selection(connection, relation, {"id": 1}) as selection,
    ):
        found = selection.portions(None, selection.key)
        first = next(found)
        time.sleep(0.6)

        assert [len(one.keys) for one in (first, *found)] == [200, 199]


def test_nothing_can_be_written(agency_database: str, tmp_path: Path) -> None:
    for table in (AgencyTable(f"sqlite:///{tmp_path}/a.sqlite").make(), AgencyTable(agency_database).make()):
        with (
            Database(table.url) as database,
            pytest.raises((DatabaseRefused, DatabaseUnavailable)),
            database.transaction() as connection,
        ):
            connection.exec_driver_sql("insert into files (id) values (1)")
        assert table.all_rows() == []
