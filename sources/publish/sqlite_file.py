"""The SQLite file of an outbox: how it is opened, to write or to read, and what SQLite's errors mean for it.

One process writes it: it holds a `flock` on the file with `.lock` beside it, which goes with the process, whatever ends
that. SQLite's own locks let others read one state of the file while it is written.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from throughline.errors import OutboxDamaged, OutboxError, OutboxFull, OutboxLocked
from throughline.sql import sql

VERSION = 3
# what each version of the file has beside the one before
_SCRIPTS = ("outbox", "ledger", "sent_before")
_WAIT_SECONDS = 1.0
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_PUBLISH_AGAIN = "Move it away, and publish your events again from a new one: what was published before counts once."


def open_outbox_file(path: Path) -> sqlite3.Connection:
    """Open the file, made for its owner alone if it is not there, and let no other write it until it is closed.

    Each commit is on the disk when it returns.
    """
    if not path.parent.is_dir():
        raise OutboxError(f"The folder `{path.parent}` does not exist.", hint=f"`mkdir -p {path.parent}` makes it.")
    if path.exists() and not path.is_file():
        raise OutboxError(f"`{path}` is not a regular file.", hint="Name a file for the outbox.")
    with suppress(OSError):  # SQLite says what is wrong with the place, in words that `outbox_error` knows
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    lock = _locked(path)
    try:
        connection = sqlite3.connect(
            path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False, factory=_Writing
        )
    except sqlite3.Error as error:
        os.close(lock)
        raise outbox_error(error, path) from error
    connection.lock = lock
    try:
        _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise outbox_error(error, path) from error
    except BaseException:
        connection.close()
        raise
    return connection


class _Writing(sqlite3.Connection):
    """A connection that gives back the lock as it is closed."""

    lock: int | None = None

    def close(self) -> None:
        super().close()
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None

    def __del__(self, *_: Any) -> None:
        self.close()


def _locked(path: Path) -> int:
    """The descriptor that holds the lock. The file stays: two writers could otherwise lock two different files."""
    beside = path.with_name(f"{path.name}.lock")
    try:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OutboxError(
            f"`{beside}` cannot be opened: {error.strerror}.", hint="Check that its folder can be written to."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise _in_use(path) from error
    return descriptor


def _in_use(path: Path) -> OutboxLocked:
    return OutboxLocked(
        f"Another process is using the outbox `{path}`.",
        hint="Wait for it to end, or give another --outbox: each publisher needs its own.",
    )


def read_outbox_file(path: Path) -> sqlite3.Connection:
    """Open the file to read one state of it, whether or not a publisher has it. One of an earlier version is brought up
    to this first.

    Raises OutboxError where it is not there or of a newer version, and its kinds.
    """
    if not path.is_file():
        raise OutboxError(f"There is no outbox `{path}`.", hint="Check --outbox.")
    connection = None
    try:
        connection = _to_read(path)
        if 0 < _version(connection) < VERSION:
            connection.close()
            open_outbox_file(path).close()
            connection = _to_read(path)
        _check_version(connection, path)
        # a version of 0 is that of no outbox at all
        if not _version(connection):
            raise OutboxDamaged(f"`{path}` is not an outbox.", hint="Name another file.")
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise outbox_error(error, path) from error
    except BaseException:
        if connection is not None:
            connection.close()
        raise
    return connection


def _to_read(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_WAIT_SECONDS, isolation_level=None
    )
    connection.execute("begin")
    return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    tables = connection.execute("select count(*) from sqlite_schema").fetchone()[0]
    if _version(connection) > VERSION:
        raise OutboxError(
            f"`{path}` was written by a newer version of Throughline.", hint="Use that version, or a new file."
        )
    if tables and not _version(connection):
        raise OutboxDamaged(f"`{path}` is a database, but not an outbox.", hint="Name another file.")


def outbox_error(error: sqlite3.Error, path: Path) -> OutboxError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of it says more than we need
    if code in _LOCKED:
        return _in_use(path)
    if code == sqlite3.SQLITE_FULL:
        return OutboxFull(
            f"The disk of the outbox `{path}` is full.",
            hint="Make room and publish again: what was accepted is kept, and nothing counts twice.",
        )
    if code in _DAMAGE:
        return OutboxDamaged(f"`{path}` is damaged, or not an outbox.", hint=_PUBLISH_AGAIN)
    return OutboxError(
        f"The outbox `{path}` cannot be used: {error}.", hint="Check that its folder and disk can be written to."
    )


@contextmanager
def outbox_errors(path: Path) -> Iterator[None]:
    """What SQLite raises within the block, as errors of the outbox."""
    try:
        yield
    except sqlite3.Error as error:
        raise outbox_error(error, path) from error


def outbox_full(path: Path, records: int, limit: int) -> OutboxFull:
    return OutboxFull(
        f"`{path}` would have {records:,} records to send, more than {limit:,}.",
        hint="The broker has been down for a long time, or cannot keep up. Wait until it has taken some, or give the "
        "outbox a higher limit.",
    )


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma foreign_keys = off")  # they hold by construction, and cost a look-up a row
    connection.execute("begin immediate")
    try:
        _check_version(connection, path)
        for script in _SCRIPTS[_version(connection) :]:
            for statement in sql(__package__, script).split(";\n"):
                connection.execute(statement)
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")
