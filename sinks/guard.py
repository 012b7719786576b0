"""Whose store it is to write: lock, token, mark and file, checked together around every transaction.

A writer can lose its store while it lives: it was stopped for an hour and its lock file replaced, or the file was
swapped under it. DuckDB would not notice, so each transaction asks `Ownership.loss` at its beginning and its end.
"""

from __future__ import annotations

import logging
import uuid
from pathlib import Path

import duckdb

from throughline.errors import StoreDamaged, StoreError
from throughline.sinks.blank import blank_file, name
from throughline.sinks.damage import rebuild_hint
from throughline.sinks.layout import open_file
from throughline.sinks.lock import WriteLock
from throughline.sinks.mark import Mark, MarkFile, check_not_behind, sync_folder
from throughline.sinks.schema import Schema, check_version, meta, migrate, public_schema, set_meta

Settings = dict[str, str | bool | int | float | list[str]]

log = logging.getLogger(__name__)


class Ownership:
    """This process's right to write the store at `path`: from construction, which locks, to `release`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = WriteLock(path)
        self._marks = MarkFile(path)
        self._mark: Mark | None = None
        self._file: tuple[int, int] | None = None

    @property
    def fence(self) -> str:
        return self._lock.holder.token

    def claim(self, connection: duckdb.DuckDBPyConnection, schema: Schema, *, adopt: bool) -> None:
        """Check the store against its mark, migrate it and write our token into it."""
        mark = self._marks.read()
        found = meta(connection)
        if not found:
            raise StoreError(f"`{self.path}` is an empty database, not a store.", hint="Delete it, or name another.")
        check_version(self.path, found, schema, write=True)
        if mark is not None:
            check_not_behind(self.path, mark, mark_of(found, mark.fence))
        elif int(found["commit"]) > 1 and not adopt:
            raise StoreDamaged(
                f"The mark `{self.path}.mark` is missing, so nothing shows whether `{self.path}` (commit "
                f"{found['commit']}) is whole.",
                hint=f"It can be read, but not written. If it was copied or moved, copy its mark too, as "
                f"`{self.path.name}.mark`. " + rebuild_hint(self.path),
            )
        connection.execute("begin transaction")
        changed = migrate(connection, schema)
        set_meta(connection, "fence", self.fence)
        if changed:
            set_meta(connection, "commit", str(int(found["commit"]) + 1))
            set_meta(connection, "stamp", uuid.uuid4().hex)
        connection.execute("commit")
        if changed:
            # a log with changes of the schema in it is what DuckDB replays worst
            connection.execute("checkpoint")
        ours = mark_of(meta(connection), self.fence)
        self._marks.prepare(ours)
        self._file = identity(self.path)
        self.publish(ours)

    def loss(self) -> str:
        """What shows that the store is not ours any more; empty while it is. A few system calls."""
        if not self._lock.is_held():
            return f"its lock file `{self._lock.path}` was replaced or taken over"
        if identity(self.path) != self._file:
            return "the file was replaced or deleted while it was open"
        if self._marks.read() != self._mark:
            return "its mark is not the one that we wrote"
        return ""

    def prepare(self, mark: Mark) -> None:
        """Write the mark of a commit that is about to happen, so that a full disk shows before it."""
        self._marks.prepare(mark)

    def publish(self, mark: Mark) -> None:
        """Put the prepared mark in its place: the commit happened."""
        self._marks.publish()
        self._mark = mark

    def release(self) -> None:
        self._lock.release()


def make_store_file(path: Path, settings: Settings, schema: Schema) -> None:
    """Build an empty store for its owner alone and move it to its place whole; leftovers of a deleted one go."""
    mark = path.with_name(path.name + ".mark")
    if mark.exists():
        log.warning("the store %s has gone, although its mark is there; starting with an empty store", path)
        mark.unlink()
    new = path.with_name(path.name + ".new")
    for leftover in (path, new):
        leftover.with_name(leftover.name + ".wal").unlink(missing_ok=True)
    new.unlink(missing_ok=True)
    try:
        if schema is public_schema():
            new.write_bytes(blank_file())
            new.chmod(0o600)
        with open_file(new, settings) as connection:
            connection.execute("begin transaction")
            if schema is public_schema():
                name(connection)
            else:
                migrate(connection, schema)
            set_meta(connection, "stamp", uuid.uuid4().hex)
            connection.execute("commit")
            connection.execute("checkpoint")
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    new.replace(path)
    sync_folder(path.parent)


def mark_of(found: dict[str, str], fence: str) -> Mark:
    """The mark that a store with this `store_meta` should have."""
    try:
        return Mark(found["store"], int(found["commit"]), found["stamp"], fence)
    except (KeyError, ValueError):
        raise StoreDamaged("The store does not say which one it is.", hint=rebuild_hint(None)) from None


def identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of a file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
