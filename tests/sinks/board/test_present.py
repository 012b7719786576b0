"""A board reads what was committed last, keeps no writer out, and shows several stores as one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from england_wales import england_wales
from histories import event
from joined import batch_of, small_domain

from throughline.errors import StoreDamaged, StoreError, StoreMissing, UsageError
from throughline.sinks.board.frame.settings import PAGE_LIMITS
from throughline.sinks.board.reading import present as reading
from throughline.sinks.board.reading.copy import copy_store
from throughline.sinks.board.reading.one_case import show_case
from throughline.sinks.board.reading.present import Present
from throughline.sinks.store import Store, open_store
from throughline.sql import one_row
from throughline.streams.join.batch import join
from throughline.streams.join.rebuild import open_domain

NOW = datetime.fromisoformat("2026-03-10T00:00")
# commits rows as fast as it can, with a checkpoint now and then, until it is told to end
WRITER = """
import sys
from pathlib import Path
from throughline.sinks.store import open_store
with open_store(sys.argv[1], write=True) as store:
    number = 0
    while not Path(sys.argv[2]).exists():
        number += 1
        with store.transaction() as connection:
            # two rows always: one alone is a state that nobody committed
            connection.execute("insert into outgoing_cases select ? from range(2)", [number])
            connection.execute("insert into outgoing_quarantine select ? * 100000 + range from range(500)", [number])
        if number % 7 == 0:
            store.checkpoint()
        if number == 1:
            print("begun", flush=True)
    print(number)
"""


def crime(store: Store, number: int, area: str = "20") -> None:
    """One recorded crime, joined and committed."""
    identifiers = {"crime_ref": f"{area}/{number}/26"}
    one = event("police.crime.recorded", "2026-03-02T10:00", id=f"c{number}", area=area, identifiers=identifiers)
    join(store, batch_of([one]), NOW)


@contextmanager
def writing(path: Path) -> Iterator[Store]:
    with open_store(path, write=True) as store:
        open_domain(store, england_wales())
        yield store


@contextmanager
def present(*paths: Path) -> Iterator[Present]:
    shown = Present(paths, PAGE_LIMITS)
    yield shown
    shown.close()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look may make a new state, however soon after the one before."""
    monkeypatch.setattr(reading, "_LEAST_PAUSE", 0.0)
    monkeypatch.setattr(reading, "_SHARE_OF_TIME", 0.0)


def test_what_is_committed_after_it_was_opened_is_seen(tmp_path: Path) -> None:
    """By the writer's own process, too, whose lock a second opening of the file would drop."""
    path = tmp_path / "store.duckdb"
    with writing(path) as store:
        crime(store, 1)
        with present(path) as shown:
            before = shown.state()
            assert before.facts.cases == 1
            assert shown.state() is before
            crime(store, 2)
            assert shown.state().facts.cases == 2
            assert shown.state().facts.stamp != before.facts.stamp
            store.checkpoint()
            crime(store, 3)
            assert shown.state().facts.cases == 3
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        *("store.duckdb", "store.duckdb.lock", "store.duckdb.mark"),
    ]


def test_a_writer_comes_and_goes_while_the_board_reads(tmp_path: Path) -> None:
    """The board holds no lock that would keep it out."""
    path = tmp_path / "store.duckdb"
    with writing(path) as store:
        crime(store, 1)
    with present(path) as shown:
        before = shown.state()
        with before.cursor() as cursor:
            with writing(path) as store:
                crime(store, 2)
            assert one_row(cursor, "select count(*) from cases") == (1,)
            assert shown.state().facts.cases == 2
            # who began to read goes on reading what there was
            assert one_row(cursor, "select count(*) from timeline") == (1,)
            assert before.copies[0].path.exists()
        # the last reader has gone, and the copy with it
        assert not before.copies[0].path.exists()


def test_every_state_that_is_read_was_committed_whole(tmp_path: Path) -> None:
    """While another process commits and checkpoints as fast as it can, and is never held up."""
    path, end = tmp_path / "store.duckdb", tmp_path / "end"
    with writing(path) as store:
        crime(store, 1)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(end)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "begun\n"
    seen = []
    with present(path) as shown:
        for _ in range(12):
            with shown.state().cursor() as cursor:
                rows, numbers, greatest = one_row(
                    cursor, "select count(*), count(distinct case_key), max(case_key) from outgoing_cases"
                )
                (others,) = one_row(cursor, "select count(*) from outgoing_quarantine")
            assert shown.fault is None
            assert (rows, greatest, others) == (2 * numbers, numbers, 500 * numbers)
            seen.append(greatest)
        end.touch()
        said, wrong = writer.communicate(timeout=60)
        assert writer.returncode == 0, wrong
        with shown.state().cursor() as cursor:
            assert one_row(cursor, "select max(case_key) from outgoing_cases") == (int(said),)
    assert seen == sorted(seen)
    assert len(set(seen)) > 5


def test_stores_of_different_areas_are_one(tmp_path: Path) -> None:
    """What counts over cases counts over all of them, to the latest event of all of them."""
    for area in ("20", "21"):
        with writing(tmp_path / f"{area}.duckdb") as store:
            crime(store, 1, area)
            crime(store, 2, area)
    with present(tmp_path / "20.duckdb", tmp_path / "21.duckdb") as shown, shown.state().cursor() as cursor:
        assert shown.state().facts.cases == 4
        assert cursor.execute("select area, count(*) from cases group by all order by all").fetchall() == [
            ("20", 2),
            ("21", 2),
        ]
        assert cursor.execute("select source, events from sources order by all").fetchall() == [
            ("urn:test:20:police", 2),
            ("urn:test:21:police", 2),
        ]
        assert one_row(cursor, "select count(*) from agencies where agency = 'police'") == (1,)
        key = one_row(cursor, "select case_key from case_facts where area = '21' order by case_key")[0]
        show_case(cursor, key, None)
        assert cursor.execute("select area, events from cases").fetchall() == [("21", 1)]
        assert one_row(cursor, "select count(*) from timeline") == (1,)


def test_one_case_says_the_same_as_all_of_them(demo: Path) -> None:
    """The views of one case are the public views, for each of them and for cases of every state."""
    with present(demo) as shown, shown.state().cursor() as cursor:
        (as_of,) = one_row(cursor, "select max(last_at) from case_facts")
        cursor.execute("set variable as_of = ?::timestamp", [as_of])
        keys = [
            row[0]
            for row in cursor.execute(
                "select arg_max(case_key, (events, case_key)) from case_facts group by state"
            ).fetchall()
        ]
        assert len(keys) == 4
        for key in keys:
            show_case(cursor, key, as_of)
            case_id = f"c{key:016x}"
            for view in (
                "cases",
                "timeline",
                "holdings",
                "handoffs",
                "contradictions",
                "contacts",
                "tellings",
                "clocks",
            ):
                of_all = cursor.execute(f"from main.{view} where case_id = ? order by all", [case_id]).fetchall()
                assert cursor.execute(f"from one_case.{view} order by all").fetchall() == of_all


def test_nothing_can_be_written_or_read_beside_the_stores(tmp_path: Path) -> None:
    with writing(tmp_path / "store.duckdb") as store:
        crime(store, 1)
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with present(tmp_path / "store.duckdb") as shown, shown.state().cursor() as cursor:
        for statement in (
            f"from read_csv('{secret}')",
            f"copy (select 1) to '{tmp_path / 'out.csv'}'",
            f"attach '{tmp_path / 'other.duckdb'}'",
            "delete from store_0.events",
            "set enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error):
                cursor.execute(statement)


def test_stores_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    """And so is what is no store; the messages name the file."""
    with open_store(tmp_path / "small.duckdb", write=True) as store:
        open_domain(store, small_domain())
    with writing(tmp_path / "store.duckdb") as store:
        crime(store, 1)
    (tmp_path / "text.duckdb").write_text("no store at all, whatever its name" * 1000)

    for names, error in (
        (["store", "small"], UsageError),
        (["missing"], StoreMissing),
        (["text"], StoreDamaged),
    ):
        with pytest.raises(error, match=f"{names[-1]}.duckdb"):
            Present([tmp_path / f"{name}.duckdb" for name in names], PAGE_LIMITS)


def test_a_store_that_goes_away_leaves_the_last_state(tmp_path: Path) -> None:
    """The board says so, and goes on when there is one again."""
    path = tmp_path / "store.duckdb"
    with writing(path) as store:
        crime(store, 1)
    with present(path) as shown:
        hidden = path.rename(tmp_path / "away")
        (tmp_path / "store.duckdb.mark").rename(tmp_path / "away.mark")
        assert shown.state().facts.cases == 1
        assert isinstance(shown.fault, StoreError)
        hidden.rename(path)
        (tmp_path / "away.mark").rename(tmp_path / "store.duckdb.mark")
        assert shown.state().facts.cases == 1
        assert shown.fault is None


def test_a_file_that_changes_under_the_copy_is_copied_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The header is looked at before and after: one that never rests is refused."""
    path = tmp_path / "store.duckdb"
    with writing(path) as store:
        crime(store, 1)
    looks = iter([b"1", b"2", b"2", b"2"])
    monkeypatch.setattr("throughline.sinks.board.reading.copy._header", lambda store: next(looks))
    assert copy_store(path, tmp_path / "copy.duckdb").header == b"2"

    count = iter(range(1000))
    monkeypatch.setattr("throughline.sinks.board.reading.copy._header", lambda store: str(next(count)).encode())
    monkeypatch.setattr("throughline.sinks.board.reading.copy._PAUSE", 0.0)
    with pytest.raises(StoreError, match="faster than it can be copied"):
        copy_store(path, tmp_path / "other.duckdb")
    assert not (tmp_path / "other.duckdb").exists()


def test_a_file_that_is_written_to_under_one_header_is_copied_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a checkpoint does before it writes its header, over blocks that the last one refers to."""
    path, target = tmp_path / "store.duckdb", tmp_path / "copy.duckdb"
    with writing(path) as store:
        crime(store, 1)
    whole = path.read_bytes()
    half_way = iter([True, False])

    def copied(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes())
        if source == path and next(half_way):
            with source.open("r+b") as file, target.open("r+b") as torn:
                torn.seek(len(whole) - 8)
                torn.write(b"half way")
                file.seek(len(whole) - 8)
                file.write(whole[-8:])

    monkeypatch.setattr("throughline.sinks.board.reading.copy._copy_file", copied)
    copy_store(path, target)

    assert target.read_bytes() == whole


def test_many_readers_at_once_each_have_their_own_time(demo: Path) -> None:
    """What one of them sets is not seen by another."""
    found: list[tuple[int, int]] = []

    def ask(days: int) -> None:
        with shown.state().cursor() as cursor:
            cursor.execute("set variable as_of = timestamp '2025-01-01' + to_days(?::integer)", [days])
            (as_of,) = one_row(cursor, "select as_of from as_at")
            found.append((days, (as_of - datetime(2025, 1, 1)).days))  # noqa: DTZ001 - UTC without zone

    with present(demo) as shown:
        readers = [threading.Thread(target=ask, args=(days,)) for days in range(12)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    assert sorted(found) == [(days, days) for days in range(12)]


def test_a_question_has_the_memory_and_the_processors_of_its_limits(demo: Path) -> None:
    """A gigabyte (in DuckDB's units 953.6 MiB) for all questions at once, and half of the processors for one."""
    with present(demo) as shown, shown.state().cursor() as cursor:
        memory, threads = one_row(cursor, "select current_setting('memory_limit'), current_setting('threads')")

    assert PAGE_LIMITS.memory == "1GB"
    assert memory == "953.6 MiB"
    assert threads == max((os.cpu_count() or 1) // 2, 1)
