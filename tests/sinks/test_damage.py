"""A damaged store is never taken for whole: it is refused with what to do, or every row is there."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from pathlib import Path

import duckdb
import pytest
from stores import SMALL, numbers, run_python, write_notes

from throughline.errors import StoreDamaged, StoreError, StoreTooNew
from throughline.sinks.damage import probe, read_all, store_error
from throughline.sinks.digest import Digested, digest
from throughline.sinks.store import open_store

NOTES = (Digested("notes", "notes"),)
CRASHED = """
import os, sys
from stores import SMALL, write_notes
from throughline.sinks.store import open_store
store = open_store(sys.argv[1], write=True, schema=SMALL)
write_notes(store, 1, 40)
store.checkpoint()
write_notes(store, 41, 80)
os._exit(1)
"""


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store whose writer died: 80 commits, half of them in the write-ahead log."""
    folder = tmp_path_factory.mktemp("crashed")
    with run_python(CRASHED, folder / "s.duckdb") as writer:
        _, err = writer.communicate()
    assert (folder / "s.duckdb.wal").exists(), err
    return folder


@pytest.fixture
def path(crashed: Path, tmp_path: Path) -> Path:
    """A copy of it to damage."""
    shutil.copytree(crashed, tmp_path / "copy")
    return tmp_path / "copy" / "s.duckdb"


@pytest.fixture
def whole(path: Path) -> Path:
    """The same, closed in order: all in the file, no log."""
    with open_store(path, write=True, schema=SMALL) as store:
        assert numbers(store) == list(range(1, 81))
    assert not path.with_name("s.duckdb.wal").exists()
    return path


def outcome(path: Path, *, write: bool) -> str:
    """`refused`, with what to do, or `whole`; anything else fails."""
    try:
        with open_store(path, write=write, schema=SMALL) as store:
            read_all(store.connection, path)
            digest(store.connection, tables=NOTES)
            assert numbers(store) == list(range(1, 81)), "a loss that nobody was told of"
            return "whole"
    except StoreError as error:
        return "refused" if error.hint else "refused without a word"


def test_a_crashed_store_is_whole(path: Path) -> None:
    """What a dead writer had committed is there for a reader, and for a writer that replays the log."""
    assert outcome(path, write=False) == "whole"
    assert outcome(path, write=True) == "whole"


@pytest.mark.parametrize("seed", range(20))
def test_a_flipped_bit_in_the_file_shows(whole: Path, seed: int) -> None:
    """One bit of the file turned: refused, or whole where the bit was in a block that nothing uses."""
    body = bytearray(whole.read_bytes())
    at = random.Random(seed).randrange(len(body))
    body[at] ^= 1 << (seed % 8)
    whole.write_bytes(body)

    assert outcome(whole, write=bool(seed % 2)) in ("refused", "whole")


@pytest.mark.parametrize("seed", range(20))
def test_a_flipped_bit_in_the_log_shows(path: Path, seed: int) -> None:
    """One bit of the write-ahead log turned: refused."""
    log = path.with_name("s.duckdb.wal")
    body = bytearray(log.read_bytes())
    body[random.Random(seed).randrange(len(body))] ^= 1 << (seed % 8)
    log.write_bytes(body)

    assert outcome(path, write=bool(seed % 2)) == "refused"


def test_the_child_that_probes_says_what_it_found(path: Path) -> None:
    """A whole store and its log pass; a log that does not fit is found by the child, before we open it."""
    probe(path)

    log = path.with_name("s.duckdb.wal")
    whole = log.read_bytes()
    # within its first entry: where the length of an entry is damaged, the log looks cut, which the mark tells
    log.write_bytes(whole[:20] + b"\xff" * 16 + whole[36:])

    with pytest.raises(StoreDamaged):
        probe(path)


@pytest.mark.parametrize("part", [i / 12 for i in range(12)])
def test_a_truncated_file_is_refused(whole: Path, part: float) -> None:
    """The file cut anywhere, down to nothing: refused."""
    with whole.open("r+b") as file:
        file.truncate(int(whole.stat().st_size * part))

    assert outcome(whole, write=False) == "refused"
    assert outcome(whole, write=True) == "refused"


@pytest.mark.parametrize("part", [i / 12 for i in range(12)])
def test_a_truncated_log_is_refused(path: Path, part: float) -> None:
    """DuckDB opens a store with a cut log as it was some commits ago, silently; the mark tells."""
    log = path.with_name("s.duckdb.wal")
    with log.open("r+b") as file:
        file.truncate(int(log.stat().st_size * part))

    assert outcome(path, write=False) == "refused"
    assert outcome(path, write=True) == "refused"


def test_a_missing_log_is_told_with_numbers(path: Path) -> None:
    """The log is gone: the error says how far the store had come, how far it is, and the command."""
    path.with_name("s.duckdb.wal").unlink()

    for write in (True, False):
        with pytest.raises(StoreDamaged, match="commit 40, and had reached commit 80, 40 more") as caught:
            open_store(path, write=write, schema=SMALL)
        assert f"throughline replay PATH… --store {path}" in caught.value.hint


def test_an_old_copy_is_refused(whole: Path) -> None:
    """A backup put in the place of the store went backwards."""
    backup = whole.with_name("backup")
    shutil.copy(whole, backup)
    with open_store(whole, write=True, schema=SMALL) as store:
        write_notes(store, 81, 82)
    shutil.copy(backup, whole)

    with pytest.raises(StoreDamaged, match="commit 80, and had reached commit 82"):
        open_store(whole, write=True, schema=SMALL)


def test_a_copy_that_went_another_way_is_refused(whole: Path) -> None:
    """Two copies of a store that were both written on: one's mark does not fit the other's file."""
    other = whole.with_name("other.duckdb")
    shutil.copy(whole, other)
    shutil.copy(whole.with_name("s.duckdb.mark"), whole.with_name("other.duckdb.mark"))
    for file in (whole, other):
        with open_store(file, write=True, schema=SMALL) as store:
            write_notes(store, 81, 81)
    shutil.copy(other, whole)

    with pytest.raises(StoreDamaged, match="not the copy"):
        open_store(whole, write=True, schema=SMALL)


def test_another_stores_file_is_refused(whole: Path, tmp_path: Path) -> None:
    """The file of one store under the mark of another."""
    open_store(tmp_path / "another.duckdb", write=True, schema=SMALL).close()
    shutil.copy(tmp_path / "another.duckdb", whole)
    with pytest.raises(StoreDamaged, match="not the store that its mark"):
        open_store(whole, write=True, schema=SMALL)


def test_a_store_without_its_mark(whole: Path) -> None:
    """A copied file without its mark can be read, and is written only by one who says so."""
    whole.with_name("s.duckdb.mark").unlink()
    assert outcome(whole, write=False) == "whole"
    with pytest.raises(StoreDamaged, match=r"mark .* is missing"):
        open_store(whole, write=True, schema=SMALL)
    with open_store(whole, write=True, adopt=True, schema=SMALL) as store:
        write_notes(store, 81, 81)
    open_store(whole, write=True, schema=SMALL).close()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"store": "x"}', '{"commit": "80"}', "\x00" * 64])
def test_an_unreadable_mark_is_refused(whole: Path, text: str) -> None:
    """A mark that says nothing is damage too."""
    whole.with_name("s.duckdb.mark").write_text(text)
    with pytest.raises(StoreDamaged, match="mark"):
        open_store(whole, write=True, schema=SMALL)


def test_a_mark_one_behind_is_fine(whole: Path) -> None:
    """A process died between the commit and the mark: the store is ahead, and nothing is lost."""
    mark = whole.with_name("s.duckdb.mark")
    mark.write_text(json.dumps({**json.loads(mark.read_text()), "commit": 79, "stamp": "before"}))
    assert outcome(whole, write=True) == "whole"
    assert json.loads(mark.read_text())["commit"] == 80


def test_a_deleted_store_starts_anew(path: Path) -> None:
    """To delete the file is to ask for a new store: the old log and the old mark do not count."""
    path.unlink()
    with open_store(path, write=True, schema=SMALL) as store:
        assert (numbers(store), store.commit) == ([], 0)
        write_notes(store, 1, 1)
    open_store(path, write=True, schema=SMALL).close()


def test_a_half_made_store_is_made_again(tmp_path: Path) -> None:
    """A process died while it made the store: what it left is in the way of nobody."""
    (tmp_path / "s.duckdb.new").write_bytes(b"half of a file")
    (tmp_path / "s.duckdb.new.wal").write_bytes(b"half of a log")
    open_store(tmp_path / "s.duckdb", write=True, schema=SMALL).close()
    assert not list(tmp_path.glob("*.new*"))


def test_a_file_of_a_later_duckdb_is_not_called_damaged(whole: Path) -> None:
    """A file whose format this DuckDB does not know yet is too new, not damaged."""
    said = "IO Error: Trying to read a database file with version number 250, but we can only read version 64."
    error = store_error(duckdb.IOException(said), whole, opening=True)
    assert isinstance(error, StoreTooNew)
    assert "format 250" in error.what


def test_a_log_that_aborts_duckdb_is_damage(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB ends the process while it replays the log: the child's process, not ours."""
    monkeypatch.setattr("throughline.sinks.damage._PROBE", "import os; os.abort()")
    with pytest.raises(StoreDamaged, match="signal 6"):
        open_store(path, write=True, schema=SMALL)


COUNTING = """
import sys
from stores import SMALL, numbers
from throughline.sinks.store import open_store
store = open_store(sys.argv[1], write=True, schema=SMALL)
store.connection.execute("set wal_autocheckpoint = '64KB'")
n = len(numbers(store))
while True:
    n += 1
    with store.transaction() as connection:
        connection.execute("insert into notes select ?, repeat('x', 3000)", [n])
    print(n, flush=True)
"""


def test_a_writer_killed_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    """Killed twelve times, in and between commits and checkpoints: every commit told of is there.

    But for a kill while DuckDB writes a block of its metadata over in place, which tears it: that is told of, and rare.
    """
    path = tmp_path / "s.duckdb"
    moments = random.Random(1)
    told = torn = 0
    for _ in range(12):
        with run_python(COUNTING, path) as writer:
            assert writer.stdout is not None
            for _ in range(moments.randrange(1, 12)):
                told = int(writer.stdout.readline())
            time.sleep(moments.random() * 0.02)
            writer.send_signal(signal.SIGKILL)
            rest = writer.stdout.read().splitlines()
        # the last line may be cut off by the kill
        told = max([told, *(int(line) for line in rest[:-1])])
        try:
            with open_store(path, write=False, schema=SMALL) as store:
                found = numbers(store)
        except StoreDamaged as damage:
            if "does not match stored checksum" not in damage.what:
                raise
            torn, told = torn + 1, 0
            for file in tmp_path.glob("s.duckdb*"):
                file.unlink()
            continue
        assert found == list(range(1, len(found) + 1))
        assert len(found) >= told
    assert torn <= 1
