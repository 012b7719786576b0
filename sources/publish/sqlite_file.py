"""The SQLite file of an outbox: how it is opened, and what SQLite's errors mean for it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

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
    """Open the file, made for its owner alone if it is not there, and keep every other process out until it is closed.

    Each commit is on the disk when it returns.
    """
    if not path.parent.is_dir():
        raise OutboxError(f"The folder `{path.parent}` does not exist.", hint=f"`mkdir -p {path.parent}` makes it.")
    if path.exists() and not path.is_file():
        raise OutboxError(f"`{path}` is not a regular file.", hint="Name a file for the outbox.")
    with suppress(OSError):  # SQLite says what is wrong with the place, in words that `outbox_error` knows
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    try:
        connection = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise outbox_error(error, path) from error
    try:
        _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise outbox_error(error, path) from error
    except BaseException:
        connection.close()
        raise
    return connection


def outbox_error(error: sqlite3.Error, path: Path) -> OutboxError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of it says more than we need
    if code in _LOCKED:
        return OutboxLocked(
            f"Another process is using the outbox `{path}`.",
            hint="Wait for it to end, or give another --outbox: each publisher needs its own.",
        )
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


def outbox_full(path: Path, records: int, limit: int) -> OutboxFull:
    return OutboxFull(
        f"`{path}` would have {records:,} records to send, more than {limit:,}.",
        hint="The broker has been down for a long time, or cannot keep up. Wait until it has taken some, or give the "
        "outbox a higher limit.",
    )


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    # write-ahead log first: then the exclusive mode needs no shared memory beside the file
    connection.execute("pragma locking_mode = exclusive")
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma foreign_keys = off")  # they hold by construction, and cost a look-up a row
    connection.execute("begin immediate")  # takes the lock, and keeps it
    try:
        version = connection.execute("pragma user_version").fetchone()[0]
        tables = connection.execute("select count(*) from sqlite_schema").fetchone()[0]
        if version > VERSION:
            raise OutboxError(
                f"`{path}` was written by a newer version of Throughline.", hint="Use that version, or a new file."
            )
        if version == 0 and tables:
            raise OutboxDamaged(f"`{path}` is a database, but not an outbox.", hint="Name another file.")
        for script in _SCRIPTS[version:]:
            for statement in sql(__package__, script).split(";\n"):
                connection.execute(statement)
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")
