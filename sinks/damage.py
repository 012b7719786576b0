"""What DuckDB's errors mean for a store: locked, damaged, too new, out of room; and what to do about it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from throughline.errors import StoreDamaged, StoreError, StoreLocked, StoreMissing, StoreTooNew, ThroughlineError

# in a child process: replaying a damaged write-ahead log has been seen to end the process by abort()
_PROBE = """
import json, sys
import duckdb
try:
    duckdb.connect(sys.argv[1], config={"access_mode": "read_only"}).execute("from duckdb_tables()").fetchall()
except duckdb.Error as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""
_DAMAGE = re.compile(
    r"corrupt|checksum|not a valid DuckDB|deserializ|serializ|metadata pointer|Could not read|WAL|"
    r"Failed to (load|read)|unexpected end",
    re.IGNORECASE,
)
_NO_ROOM = re.compile(r"No space left|File too large|disk quota", re.IGNORECASE)


OPERATORS_PAGE = "docs/how-to/operators.md"
"""Where the files beside a store, copies and back-ups are explained."""


def rebuild_hint(path: Path | None) -> str:
    if path is None:
        parts, store = "the file, its `.wal` and its `.mark`", "FILE"
    else:
        parts, store = f"`{path}`, `{path}.wal` and `{path}.mark`", str(path)
    return (
        f"Every row of a store comes from events, so nothing that was published is lost. Move {parts} away and "
        f"fill a new store: `throughline replay PATH… --store {store}`, or start the worker, which reads its topics "
        f"again. More: {OPERATORS_PAGE}."
    )


def store_error(error: duckdb.Error, path: Path | None, *, opening: bool = False) -> StoreError | None:
    """The error of ours that `error` stands for; None where it is no fault of the machinery."""
    text = str(error)
    first = text.splitlines()[0] if text else type(error).__name__
    name = "The store" if path is None else f"`{path}`"
    if holder := re.search(r"Conflicting lock is held in (?:.*?)\(PID (\d+)\)", text):
        return StoreLocked(
            f"{name} is open in process {holder[1]}.",
            hint="While one process writes a store, no other can open it. Wait, or read a snapshot.",
        )
    if "different configuration" in text:
        return StoreLocked(
            f"{name} is already open in this process, with other settings.", hint="Use the one that is open."
        )
    if _NO_ROOM.search(text):
        return StoreError(
            f"{name} could not be written: the disk is full.",
            hint="What was committed is kept. Make room on the disk, then do the same again.",
        )
    if "Permission denied" in text or "Read-only file system" in text:
        return StoreError(f"{name} cannot be opened: no permission.", hint="Check the permissions.")
    if "database does not exist" in text:
        return _missing(path)
    if version := re.search(r"Trying to read a database file with version number (\d+)", text):
        return StoreTooNew(
            f"{name} is a DuckDB file of format {version[1]}, which DuckDB {duckdb.__version__} cannot read.",
            hint="Use a newer version of Throughline. " + rebuild_hint(path),
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return StoreError(f"{name}: {first}", hint="Give it more memory (`memory_limit`), or fewer threads.")
    if "not a valid DuckDB database file" in text:
        return StoreDamaged(f"{name} is not a DuckDB file, or its beginning is damaged.", hint=rebuild_hint(path))
    damaged = isinstance(error, duckdb.InternalException | duckdb.FatalException | duckdb.SerializationException)
    if opening or damaged or (isinstance(error, duckdb.IOException) and _DAMAGE.search(text)):
        return StoreDamaged(f"{name} is damaged: {first}", hint=rebuild_hint(path))
    if isinstance(error, duckdb.IOException):
        return StoreError(f"{name}: {first}")
    return None


def _missing(path: Path | None) -> StoreError:
    return StoreMissing(f"There is no store at `{path}`.", hint=f"`throughline replay PATH… --store {path}` makes one.")


@contextmanager
def translated(path: Path | None, *, opening: bool = False) -> Iterator[None]:
    """Raise what DuckDB raises as the StoreError that it stands for, and what is none as it is.

    While a store is being opened (`opening`) every error is one of these, those of the operating system too.
    """
    try:
        yield
    except ThroughlineError:
        raise
    except duckdb.Error as error:
        meant = store_error(error, path, opening=opening)
        if meant is None:
            raise
        raise meant from error
    except OSError as error:
        if not opening:
            raise
        raise StoreError(f"`{error.filename or path}` cannot be opened or written: {error.strerror}.") from error


def check_path(path: Path, *, write: bool) -> None:
    """Raise StoreError where no store can be; opens no file, since closing one would drop DuckDB's lock."""
    try:
        is_folder, exists, size = (path.is_dir(), path.exists(), path.stat().st_size if path.is_file() else None)
        has_parent = path.parent.is_dir()
    except OSError as error:
        raise StoreError(f"`{path}` cannot be looked at: {error.strerror}.") from None
    if is_folder:
        raise StoreMissing(f"`{path}` is a folder, not a store.", hint=f"Name a file: `{path / 'store.duckdb'}`.")
    if not has_parent:
        raise StoreMissing(f"The folder `{path.parent}` does not exist.", hint=f"`mkdir -p {path.parent}` makes it.")
    if not exists and not write:
        raise _missing(path)
    if exists and size is None:
        raise StoreMissing(f"`{path}` is not a regular file.")
    if size == 0:
        raise StoreDamaged(f"`{path}` is empty: not a store.", hint=rebuild_hint(path))


def probe(path: Path) -> None:
    """Open the store in a child process first, where a write-ahead log is left to be replayed.

    Raises what opening it here would raise, and StoreDamaged where the child was ended by a signal.
    """
    log = path.with_name(path.name + ".wal")
    if not log.exists() or not sys.executable:
        return
    command = [sys.executable, "-c", _PROBE, str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if ended.returncode < 0:
        raise StoreDamaged(
            f"`{path}` cannot be opened: signal {-ended.returncode} ended DuckDB while it read `{log}`.",
            hint=rebuild_hint(path),
        )
    if ended.stdout.startswith("["):
        name, text = json.loads(ended.stdout.splitlines()[0])
        kind = getattr(duckdb, name, duckdb.Error)
        meant = store_error(kind(text), path, opening=True)
        assert meant is not None
        raise meant


def read_all(connection: duckdb.DuckDBPyConnection, path: Path | None) -> None:
    """Read every value of every table, as the hash of a row needs all of them; raises what DuckDB finds damaged."""
    with translated(path):
        for (name,) in connection.execute("select table_name from duckdb_tables() where not temporary").fetchall():
            connection.execute(f'select bit_xor(hash(t)) from main."{name}" t').fetchall()
