"""One writer for each store, and what becomes of a writer that lost it."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from stores import SMALL, numbers, run_python, write_notes

from throughline.errors import StoreLocked
from throughline.sinks.lock import WriteLock, holder_of
from throughline.sinks.store import open_store

WRITER = """
import sys
from stores import SMALL, write_notes
from throughline.errors import StoreError
from throughline.sinks.store import open_store
store = open_store(sys.argv[1], write=True, schema=SMALL)
print("open", flush=True)
for line in sys.stdin:
    try:
        write_notes(store, int(line), int(line))
        print("written", flush=True)
    except StoreError as error:
        print(type(error).__name__, error.what, flush=True)
store.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cases.duckdb"


def test_a_second_writer_is_told_who_writes(path: Path) -> None:
    """While one process writes, another that would write or read is refused, and told by whom."""
    with run_python(WRITER, path) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"

        for write in (True, False):
            with pytest.raises(StoreLocked, match=f"Process {writer.pid} on .* is writing"):
                open_store(path, write=write, schema=SMALL)
        writer.communicate("1\n")

    with open_store(path, write=True, schema=SMALL) as store:
        assert numbers(store) == [1]


def test_a_dead_writer_leaves_no_lock(path: Path) -> None:
    """A writer killed at any moment lets the next one in, with all that it had committed."""
    with run_python(WRITER, path) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        writer.stdin.write("7\n")
        writer.stdin.flush()
        assert [writer.stdout.readline() for _ in range(2)] == ["open\n", "written\n"]
        writer.send_signal(signal.SIGKILL)

    with open_store(path, write=True, schema=SMALL) as store:
        assert numbers(store) == [7]


def test_a_writer_while_another_process_reads(path: Path) -> None:
    """A reader in another process keeps a writer out, which is told by whom."""
    open_store(path, write=True, schema=SMALL).close()
    code = WRITER.replace("write=True", "write=False")
    with run_python(code, path) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        with pytest.raises(StoreLocked, match=f"open in process {reader.pid}"):
            open_store(path, write=True, schema=SMALL)
        reader.communicate("")
    open_store(path, write=True, schema=SMALL).close()


def test_the_lock_names_its_holder(path: Path) -> None:
    """The lock file says process, host and time while it is held, and nothing after."""
    lock = WriteLock(path)
    assert holder_of(path) == lock.holder
    assert (lock.holder.pid, lock.is_held()) == (os.getpid(), True)
    lock.release()
    assert holder_of(path) is None
    assert not lock.is_held()


def test_one_writer_within_a_process(path: Path) -> None:
    """The same process cannot open a store twice for writing, nor read it by another route."""
    link = path.with_name("link.duckdb")
    with open_store(path, write=True, schema=SMALL) as store:
        link.symlink_to(path)
        for other in (path, link):
            for write in (True, False):
                with pytest.raises(StoreLocked):
                    open_store(other, write=write, schema=SMALL)
        hard = path.with_name("hard.duckdb")
        os.link(path, hard)
        with pytest.raises(StoreLocked, match="in this process"):
            open_store(hard, write=False, schema=SMALL)
        write_notes(store, 1, 1)


def test_a_writer_whose_lock_file_was_deleted_is_fenced(path: Path) -> None:
    """Somebody deletes the lock file: the writer finds out at its next transaction and rolls back."""
    with open_store(path, write=True, schema=SMALL) as store:
        write_notes(store, 1, 1)
        path.with_name(path.name + ".lock").unlink()
        with pytest.raises(StoreLocked, match="lock file"):
            write_notes(store, 2, 2)
    with open_store(path, write=True, schema=SMALL) as store:
        assert numbers(store) == [1]


def test_losing_the_lock_during_a_transaction_rolls_it_back(path: Path) -> None:
    """The lock is looked at again before the commit: a writer that slept meanwhile commits nothing."""
    with open_store(path, write=True, schema=SMALL) as store:
        with pytest.raises(StoreLocked), store.transaction() as connection:  # noqa: PT012
            connection.execute("insert into notes values (1, 'x')")
            path.with_name(path.name + ".lock").unlink()
        assert numbers(store) == []


def test_a_writer_whose_file_was_replaced_is_fenced(path: Path) -> None:
    """An old copy is put in the place of the open file: the writer stops, and the copy is left as it is."""
    with open_store(path, write=True, schema=SMALL) as store:
        write_notes(store, 1, 1)
    copy = path.with_name("copy")
    shutil.copy(path, copy)
    with open_store(path, write=True, schema=SMALL) as store:
        copy.replace(path)
        with pytest.raises(StoreLocked, match="replaced"):
            write_notes(store, 2, 2)


def test_a_writer_whose_mark_was_written_by_another_is_fenced(path: Path) -> None:
    """A mark that is not the writer's own says that somebody else committed."""
    with open_store(path, write=True, schema=SMALL) as store:
        write_notes(store, 1, 1)
        mark = path.with_name(path.name + ".mark")
        mark.write_text(json.dumps({**json.loads(mark.read_text()), "commit": 2}))
        with pytest.raises(StoreLocked, match="mark"):
            write_notes(store, 2, 2)


def test_a_stopped_writer_commits_nothing_after_it_was_replaced(path: Path) -> None:
    """A writer is stopped, its lock file is removed, it wakes: it is fenced and its rows are not there."""
    with run_python(WRITER, path) as zombie:
        assert zombie.stdout is not None
        assert zombie.stdout.readline() == "open\n"
        zombie.send_signal(signal.SIGSTOP)
        path.with_name(path.name + ".lock").unlink()
        zombie.send_signal(signal.SIGCONT)
        out, _ = zombie.communicate("1\n2\n")

    assert [line.split()[0] for line in out.splitlines()] == ["StoreLocked", "StoreLocked"]
    with open_store(path, write=True, schema=SMALL) as store:
        assert numbers(store) == []


def test_a_forked_child_does_not_write(path: Path) -> None:
    """A child forked from the writer holds nothing."""
    lock = WriteLock(path)
    child = os.fork()
    if child == 0:
        os._exit(1 if lock.is_held() else 0)
    assert os.waitpid(child, 0)[1] == 0
    assert lock.is_held()
    lock.release()
