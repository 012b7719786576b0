"""What a store promises to those who open, write and read it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from stores import SMALL, numbers, run_python, write_notes

from throughline.errors import StoreDamaged, StoreError, StoreLocked, StoreTooNew
from throughline.sinks import store as store_module
from throughline.sinks.schema import Migration, Schema, public_schema, read_schema
from throughline.sinks.store import Store, open_memory_store, open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cases.duckdb"


def test_a_store_is_made_where_there_is_none(path: Path) -> None:
    """Opening for writing makes the store with its tables and views, and leaves nothing half-made."""
    with open_store(path, write=True) as store:
        assert store.connection.execute("select count(*) from cases").fetchone() == (0,)
        assert store.commit == 0

    assert sorted(file.name for file in path.parent.iterdir()) == [
        "cases.duckdb",
        "cases.duckdb.lock",
        "cases.duckdb.mark",
    ]


def test_one_thread_is_for_its_block_alone() -> None:
    """Also where a step of it fails, inside a transaction."""
    store = open_memory_store(schema=SMALL)
    store.connection.execute("set threads = 3")

    def threads() -> object:
        return store.connection.execute("select current_setting('threads')").fetchone()

    def failing() -> None:
        with store.one_thread(), store.transaction() as connection:
            assert threads() == (1,)
            connection.execute("select error('a step')")

    with pytest.raises(duckdb.Error, match="a step"):
        failing()
    assert threads() == (3,)


def test_transactions_are_numbered(path: Path) -> None:
    """Each transaction adds one to the commit number, which stays with the file."""
    with open_store(path, write=True, schema=SMALL) as store:
        write_notes(store, 1, 3)
        assert store.commit == 3

    with open_store(path, write=False, schema=SMALL) as store:
        assert (store.commit, numbers(store)) == (3, [1, 2, 3])


def test_an_error_rolls_back(path: Path) -> None:
    """An error in a transaction undoes all of it, goes on to the caller, and the store stays usable."""
    with open_store(path, write=True, schema=SMALL) as store:
        with pytest.raises(ZeroDivisionError), store.transaction() as connection:  # noqa: PT012
            connection.execute("insert into notes values (1, 'x')")
            _ = 1 / 0
        write_notes(store, 2, 2)

        assert (store.commit, numbers(store)) == (1, [2])


def test_an_error_of_the_sql_is_the_callers(path: Path) -> None:
    """A wrong statement is no fault of the store: the caller gets DuckDB's own error."""
    with open_store(path, write=True, schema=SMALL) as store:
        with pytest.raises(duckdb.CatalogException), store.transaction() as connection:
            connection.execute("insert into nowhere values (1)")
        write_notes(store, 1, 1)


def test_transactions_do_not_nest(path: Path) -> None:
    """A transaction within a transaction is refused, and undoes the outer one."""
    with open_store(path, write=True, schema=SMALL) as store:
        with pytest.raises(StoreError, match="do not nest"), store.transaction(), store.transaction():
            pass
        write_notes(store, 1, 1)


@pytest.mark.parametrize("sql", ["commit", "rollback", "commit; begin"])
def test_only_the_store_commits(path: Path, sql: str) -> None:
    """A step that ends the transaction itself is found out."""
    with open_store(path, write=True, schema=SMALL) as store:
        with pytest.raises(StoreError, match="only the store commits"), store.transaction() as connection:
            connection.execute(sql)
        write_notes(store, 1, 1)


def test_opening_again_changes_nothing(path: Path) -> None:
    """Opening and closing leaves the commit number and the id of the store as they were."""
    with open_store(path, write=True, schema=SMALL) as store:
        write_notes(store, 1, 2)
        before = store.store_id, store.commit
    with open_store(path, write=True, schema=SMALL) as store:
        assert (store.store_id, store.commit) == before


def test_an_older_store_is_migrated(path: Path) -> None:
    """Opening for writing runs what migrations are missing, keeps the rows and makes the views again."""
    later = Schema(
        (*SMALL.migrations, Migration(2, "0002_colour.sql", "alter table notes add column colour varchar;")),
        {"coloured": "create or replace view coloured as select n, colour from notes;"},
    )
    with open_store(path, write=True, schema=SMALL) as store:
        write_notes(store, 1, 2)
    with pytest.raises(StoreError, match="schema version 1"):
        open_store(path, write=False, schema=later)

    with open_store(path, write=True, schema=later) as store:
        assert store.connection.execute("from coloured order by n").fetchall() == [(1, None), (2, None)]
        with pytest.raises(duckdb.CatalogException):
            store.connection.execute("from loud_notes")
        assert store.commit == 3
    with open_store(path, write=False, schema=later) as store:
        assert numbers(store) == [1, 2]


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    """A migration is whole or not at all, and names its file."""
    wrong = Schema((*SMALL.migrations, Migration(2, "0002_wrong.sql", "drop table notes; selec")), {})
    with open_store(path, write=True, schema=SMALL) as store:
        write_notes(store, 1, 1)
    with pytest.raises(StoreError, match=r"0002_wrong\.sql"):
        open_store(path, write=True, schema=wrong)
    with open_store(path, write=True, schema=SMALL) as store:
        assert numbers(store) == [1]


def test_a_changed_view_is_made_anew(path: Path) -> None:
    """A view whose text changed is replaced at the next opening for writing; views may read each other."""
    views = {"a_quiet": "create or replace view a_quiet as select lower(text) as text from loud_notes;"}
    changed = {
        **views,
        "loud_notes": "create or replace view loud_notes as select text || '!' as text from notes;",
    }
    with open_store(path, write=True, schema=SMALL) as store, store.transaction() as connection:
        connection.execute("insert into notes values (1, 'A')")
    with open_store(path, write=True, schema=Schema(SMALL.migrations, changed)) as store:
        assert store.connection.execute("from a_quiet").fetchall() == [("a!",)]


def test_a_newer_store_is_refused(path: Path) -> None:
    """A store of a later release is not touched: StoreTooNew."""
    later = Schema((*SMALL.migrations, Migration(2, "0002_more.sql", "create table more (n integer);")), {})
    open_store(path, write=True, schema=later).close()
    for write in (True, False):
        with pytest.raises(StoreTooNew, match="schema version 2"):
            open_store(path, write=write, schema=SMALL)


def test_migrations_are_numbered_without_gaps(tmp_path: Path) -> None:
    """A gap or a wrong name among the migrations is found when they are read."""
    (tmp_path / "0002_second.sql").write_text("select 1;")
    with pytest.raises(StoreError, match="0001_"):
        read_schema(tmp_path, tmp_path)


def test_a_reader_can_neither_write_nor_reach_out(path: Path) -> None:
    """A reading connection reads the store and nothing else, and nobody can loosen that."""
    open_store(path, write=True, schema=SMALL).close()
    with open_store(path, write=False, schema=SMALL, memory_limit="256MB", settings={"threads": 1}) as store:
        for sql in (
            "insert into notes values (1, 'x')",
            "attach ':memory:' as other",
            "select * from read_text('/etc/hostname')",
            "copy notes to '/tmp/notes.csv'",
            "install httpfs",
            "load httpfs",
            "set enable_external_access = true",
            "set threads = 8",
        ):
            with pytest.raises(duckdb.Error):
                store.connection.execute(sql)
        with pytest.raises(StoreError, match="reading only"), store.transaction():
            pass
        setting = "select current_setting('threads'), current_setting('TimeZone')"
        assert store.connection.cursor().execute(setting).fetchone() == (1, "UTC")


def test_a_reader_takes_no_lock(path: Path) -> None:
    """Two readers stand side by side, and leave no file."""
    open_store(path, write=True, schema=SMALL).close()
    path.with_name(path.name + ".lock").unlink()
    with open_store(path, write=False, schema=SMALL), open_store(path, write=False, schema=SMALL) as second:
        assert numbers(second) == []
        assert not path.with_name(path.name + ".lock").exists()


def test_a_store_that_is_not_there_cannot_be_read(path: Path) -> None:
    """Reading makes no store."""
    with pytest.raises(StoreError, match="no store at"):
        open_store(path, write=False)
    assert not path.exists()


@pytest.mark.parametrize("write", [True, False])
def test_what_is_no_store_is_refused_with_a_reason(tmp_path: Path, write: bool) -> None:
    """A folder, an empty file, a text and another's DuckDB file each get a sentence, and are kept."""
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("case,agency\n1,police\n" * 1000)
    with duckdb.connect(tmp_path / "other") as other:
        other.execute("create table t (i integer)")

    for name, kind, sentence in [
        (".", StoreError, "is a folder"),
        ("nowhere/store", StoreError, "does not exist"),
        ("empty", StoreDamaged, "is empty"),
        ("text", StoreDamaged, "not a DuckDB file"),
        ("other", StoreError, "not a store of Throughline"),
    ]:
        with pytest.raises(kind, match=sentence) as caught:
            open_store(tmp_path / name, write=write)
        assert caught.value.hint
    assert (tmp_path / "text").read_text().startswith("case,agency")


NOBODY = """
import os, sys
from stores import SMALL
from throughline.errors import StoreError
from throughline.sinks.store import open_memory_store, open_store
if os.geteuid() == 0:
    os.setegid(65534); os.seteuid(65534)
for write in (True, False):
    try:
        open_store(sys.argv[1], write=write, schema=SMALL)
    except StoreError as error:
        print(error.what)
"""


def test_no_permission_is_said(path: Path) -> None:
    """A folder that may not be written and a file that may not be read are not called damaged."""
    open_store(path, write=True, schema=SMALL).close()
    for file in path.parent.iterdir():
        file.chmod(0o000)
    for folder in (path.parent, *path.parent.parents[:2]):
        folder.chmod(0o555)
    try:
        out, err = run_python(NOBODY, path).communicate()
    finally:
        for folder in (path.parent, *path.parent.parents[:2]):
            folder.chmod(0o700)

    lines = out.splitlines()
    assert len(lines) == 2, err
    assert all("ermission" in line for line in lines), lines


FULL = """
import resource, sys
from stores import SMALL, numbers
from throughline.errors import StoreError
from throughline.sinks.store import open_memory_store, open_store
with open_store(sys.argv[1], write=True, schema=SMALL) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, resource.RLIM_INFINITY))
    for n in range(100):
        try:
            with store.transaction() as connection:
                connection.execute("insert into notes select ?, md5(i::varchar) from range(20000) r(i)", [n])
        except StoreError as error:
            print(n, error.what)
            break
"""


def test_what_a_killed_writer_spilled_is_deleted_by_the_next(tmp_path: Path) -> None:
    """DuckDB spills into `<store>.tmp`; whatever else somebody keeps there stays."""
    spilled = tmp_path / "s.duckdb.tmp"
    spilled.mkdir()
    (spilled / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"rows")

    open_store(tmp_path / "s.duckdb", write=True, schema=SMALL).close()
    assert not spilled.exists()

    spilled.mkdir()
    (spilled / "notes.txt").touch()
    open_store(tmp_path / "s.duckdb", write=True, schema=SMALL).close()
    assert [file.name for file in spilled.iterdir()] == ["notes.txt"]


def test_a_full_disk_loses_nothing_committed(path: Path) -> None:
    """Without room the transaction fails with a sentence, and all before it are there afterwards."""
    out, err = run_python(FULL, path).communicate()
    done, sentence = out.strip().split(" ", 1)

    assert "disk is full" in sentence, err
    with open_store(path, write=True, schema=SMALL) as store:
        counts = store.connection.execute("select n, count(*) from notes group by n order by n").fetchall()
        assert counts == [(n, 20000) for n in range(int(done))]
        write_notes(store, 1, 1)


def test_a_nearly_full_disk_stops_before_it_is_full(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction is not begun where a checkpoint might not fit."""
    monkeypatch.setattr(store_module, "LEAST_FREE_BYTES", 1 << 60)
    with open_store(path, write=True, schema=SMALL) as store:
        with pytest.raises(StoreError, match="MiB left"):
            write_notes(store, 1, 1)
        assert numbers(store) == []


def test_a_memory_store_has_the_same_schema() -> None:
    """In memory: the same tables and views, transactions and numbers, and no file."""
    with open_memory_store() as store:
        with store.transaction() as connection:
            connection.execute("insert into unsettled values (1, 0)")
        assert store.commit == 1
        assert store.connection.execute("select count(*) from handoffs").fetchone() == (0,)


@pytest.fixture(scope="module")
def memory() -> Store:
    return open_memory_store()


def test_every_table_and_view_says_what_a_row_is(memory: Store) -> None:
    """Each table and view has a comment, and each column of a public view; docs/ is made of them."""
    without = memory.connection.execute(
        """
        select table_name, null from duckdb_tables() where comment is null
        union all select view_name, null from duckdb_views() where comment is null and not internal
        union all
        select c.table_name, c.column_name
        from duckdb_columns() c join duckdb_views() v on v.view_name = c.table_name
        where c.comment is null and not c.internal
        """
    ).fetchall()
    public = public_schema().views
    assert [(name, column) for name, column in without if column is None or name in public] == []


def test_no_table_has_an_index(memory: Store) -> None:
    """No primary key, unique constraint or index: DuckDB's indexes are where stores have been damaged."""
    indexes = memory.connection.execute("select count(*) from duckdb_indexes()").fetchone()
    keys = memory.connection.execute(
        "select count(*) from duckdb_constraints() where constraint_type not in ('NOT NULL', 'CHECK')"
    ).fetchone()
    assert (indexes, keys) == ((0,), (0,))


def test_every_view_file_makes_the_view_it_is_named_for(memory: Store) -> None:
    """sinks/views/x.sql makes the view x."""
    found = memory.connection.execute("select view_name from duckdb_views() where not internal").fetchall()
    assert {name for (name,) in found} >= set(public_schema().views)


def test_a_lost_token_stops_the_writer(path: Path) -> None:
    """A writer whose token in the store was replaced rolls back, and writes no more."""
    with open_store(path, write=True, schema=SMALL) as store:
        write_notes(store, 1, 1)
        store.connection.execute("update store_meta set value = 'another' where key = 'fence'")
        with pytest.raises(StoreLocked, match="token"):
            write_notes(store, 2, 2)
        with pytest.raises(StoreLocked, match="has stopped writing"):
            write_notes(store, 3, 3)
        assert numbers(store) == [1]


def test_every_table_and_column_says_what_it_is() -> None:
    """Whoever opens a store with another tool finds a comment on each table, view and column."""
    with open_memory_store() as store:
        unsaid = store.connection.execute(
            """
            select table_name, null from duckdb_tables() where comment is null
            union all
            select view_name, null from duckdb_views() where not internal and comment is null
            union all
            select table_name, column_name from duckdb_columns() where not internal and comment is null
            """
        ).fetchall()

    assert unsaid == []
