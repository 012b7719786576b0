"""A snapshot is whole, is readable while the store is written, and leaves the writer its lock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from throughline.errors import StoreError, UsageError
from throughline.sinks.snapshot import Snapshot
from throughline.sinks.store import Store, open_memory_store, open_store

OPEN = "import sys; from throughline.sinks.store import open_store; open_store(sys.argv[1], write=True)"


def note(store: Store, case: int) -> None:
    with store.transaction() as connection:
        connection.execute("insert into outgoing_cases values (?)", [case])


def test_readers_see_what_was_committed_and_the_writer_goes_on(tmp_path: Path) -> None:
    """The copy is a store with its mark; after it the store is still ours alone, to our code and to DuckDB."""
    path, copy = tmp_path / "store.duckdb", tmp_path / "copy.duckdb"
    with open_store(path, write=True) as store:
        snapshot = Snapshot(store, copy, 1000)
        note(store, 1)
        assert snapshot.write_if_due()
        note(store, 2)
        assert not snapshot.write_if_due()
        with open_store(copy, write=False) as read:
            assert read.commit == store.commit - 1
            assert read.connection.execute("from outgoing_cases").fetchall() == [(1,)]
            snapshot.write()
            assert read.connection.execute("from outgoing_cases").fetchall() == [(1,)]
        with open_store(copy, write=False) as read:
            assert read.connection.execute("from outgoing_cases order by all").fetchall() == [(1,), (2,)]

        other = subprocess.run([sys.executable, "-c", OPEN, str(path)], capture_output=True, text=True, check=False)
        assert "StoreLocked" in other.stderr
        plain = f"import duckdb; duckdb.connect({str(path)!r})"
        other = subprocess.run([sys.executable, "-c", plain], capture_output=True, text=True, check=False)
        assert "Conflicting lock" in other.stderr
        note(store, 3)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        *("copy.duckdb", "copy.duckdb.mark", "store.duckdb", "store.duckdb.lock", "store.duckdb.mark"),
    ]


def test_what_has_not_changed_is_not_copied(tmp_path: Path) -> None:
    """However old the copy is."""
    with open_store(tmp_path / "store.duckdb", write=True) as store:
        snapshot = Snapshot(store, tmp_path / "copy.duckdb", 1e-9)
        assert snapshot.write_if_due()
        assert not snapshot.write_if_due()
        note(store, 1)
        assert snapshot.write_if_due()


def test_a_snapshot_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """No file, the store's own file, no folder, or no room for it."""
    with open_memory_store() as store, pytest.raises(UsageError, match="store in a file"):
        Snapshot(store, tmp_path / "copy.duckdb", 1)
    with open_store(tmp_path / "store.duckdb", write=True) as store:
        for target in (tmp_path / "store.duckdb", tmp_path / "none" / "copy.duckdb"):
            with pytest.raises(UsageError):
                Snapshot(store, target, 1)
        (tmp_path / "copy.duckdb.new").mkdir()
        with pytest.raises(StoreError, match="could not be written"):
            Snapshot(store, tmp_path / "copy.duckdb", 1).write()
        note(store, 1)
