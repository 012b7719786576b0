"""The store: one DuckDB file, one writer, and `Store.transaction` as the only place that commits.

Beside `<store>` stand `<store>.lock` (`lock.py`), `<store>.mark` (`mark.py`) and DuckDB's own `<store>.wal`. A store
is made whole or not at all: it is built as `<store>.new` and renamed.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from throughline.errors import StoreDamaged, StoreError, StoreLocked
from throughline.sinks.damage import check_path, probe, rebuild_hint, store_error, translated
from throughline.sinks.lock import WriteLock, holder_of, locked_error
from throughline.sinks.mark import Mark, MarkFile, check_not_behind, sync_folder
from throughline.sinks.schema import Schema, check_version, meta, migrate, public_schema, set_meta

log = logging.getLogger(__name__)

MEMORY_LIMIT = "2GB"
# under this a checkpoint may not fit any more: stop before the disk is full rather than in the middle of it
LEAST_FREE_BYTES = 64 * 1024 * 1024

_NO_EXTENSIONS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}
_READER = {"access_mode": "read_only", "enable_external_access": "false", **_NO_EXTENSIONS}
# stores that this process writes, by device and inode: opening such a file a second time would drop DuckDB's lock
_WRITTEN_HERE: set[tuple[int, int]] = set()


class Store:
    """An open store. `connection` reads everything; it writes only inside `transaction`. Close it, or use `with`."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        path: Path | None,
        *,
        lock: WriteLock | None = None,
        mark: MarkFile | None = None,
        is_writable: bool = True,
    ) -> None:
        self.connection = connection
        self.path = path
        self.is_writable = is_writable
        self._lock = lock
        self._mark = mark
        self._published: Mark | None = None
        self._file = None if path is None else _identity(path)
        self._fence = uuid.uuid4().hex if lock is None else lock.holder.token
        self._in_transaction = False
        self._stopped: str | None = None
        self._thread = threading.get_ident()

    @property
    def commit(self) -> int:
        """Number of the last committed transaction."""
        return int(self._meta("commit"))

    @property
    def store_id(self) -> str:
        return self._meta("store")

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Commit what the block does, all or nothing, as one numbered transaction; the only place that commits.

        Raises StoreLocked, and rolls back, if another writer has taken the store over since it was opened. An error
        in the block rolls back and goes on to the caller; faults of disk and file become StoreError, StoreDamaged.
        """
        self._check_usable()
        self._in_transaction = True
        try:
            with translated(self.path):
                following = yield from self._committed()
                if self._mark is not None:
                    self._mark.publish()
                    self._published = following
        except StoreDamaged as error:
            self._stop(error.what)
            raise
        finally:
            self._in_transaction = False

    def _committed(self) -> Iterator[duckdb.DuckDBPyConnection]:  # returns the Mark of the commit
        connection = self.connection
        connection.execute("begin transaction")
        try:
            number = _one(connection, "select txid_current()")
            self._check_held()
            yield connection
            if _one(connection, "select txid_current()") != number:
                raise StoreError("A step ended the transaction that it was part of: only the store commits.")
            self._check_held()
            found = meta(connection)
            following = Mark(found["store"], int(found["commit"]) + 1, uuid.uuid4().hex, self._fence)
            set_meta(connection, "commit", str(following.commit))
            set_meta(connection, "stamp", following.stamp)
            if self._mark is not None:
                self._mark.prepare(following)
            connection.execute("commit")
        except BaseException as error:
            self._roll_back(error)
            raise
        return following

    def checkpoint(self) -> None:
        """Write the write-ahead log into the file."""
        self._check_usable()
        self._check_held()
        with translated(self.path):
            self.connection.execute("checkpoint")

    def scrub(self) -> int:
        """Read every value of every table, so that a damaged block shows; the number of rows. Raises StoreDamaged."""
        rows = 0
        with translated(self.path):
            tables = self.connection.execute("select table_name from duckdb_tables() where not temporary").fetchall()
            for (name,) in tables:
                # the hash needs every column of the row
                query = f'select count(*), bit_xor(hash(t)) from main."{name}" t'
                rows += _row(self.connection, query)[0]
        return rows

    def close(self) -> None:
        """Close the file and let the next writer in. What is not in a committed transaction is gone."""
        with suppress(duckdb.Error):
            self.connection.close()
        if self._lock is not None:
            _WRITTEN_HERE.discard(self._file or (0, 0))
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _meta(self, key: str) -> str:
        with translated(self.path):
            row = self.connection.execute("select value from store_meta where key = ?", [key]).fetchone()
        if row is None:
            raise StoreDamaged(f"`{self.path}` does not say its `{key}`.", hint=rebuild_hint(self.path))
        return str(row[0])

    def _check_usable(self) -> None:
        if not self.is_writable:
            raise StoreError(f"`{self.path}` is open for reading only.", hint="Open it with `write=True`.")
        if self._stopped is not None:
            raise StoreLocked(f"`{self.path}` is written no more by this process: {self._stopped}")
        if self._in_transaction:
            raise StoreError("A transaction is open already: they do not nest.")
        if self.path is not None and shutil.disk_usage(self.path.parent).free < LEAST_FREE_BYTES:
            raise StoreError(
                f"`{self.path}` is not written: less than {LEAST_FREE_BYTES // 2**20} MiB are free on its disk.",
                hint="Nothing that was committed is lost. Make room on the disk, then do the same again.",
            )

    def _check_held(self) -> None:
        """Raise StoreLocked unless lock file, store file, mark and the token in the store are all still ours."""
        lost = ""
        if self._lock is not None and not self._lock.is_held():
            lost = f"its lock file `{self._lock.path}` was replaced or taken over"
        elif self.path is not None and _identity(self.path) != self._file:
            lost = "the file was replaced or deleted while it was open"
        elif self._mark is not None and self._published is not None and self._mark.read() != self._published:
            lost = "another process wrote its mark"
        elif self._meta("fence") != self._fence:
            lost = "another writer's token stands in it"
        if lost:
            self._stop(lost)
            raise StoreLocked(
                f"`{self.path}` is not ours to write any more: {lost}. The transaction was rolled back.",
                hint="Stop this process. Another writer of the same store should be running; if not, start one.",
            )

    def _stop(self, why: str) -> None:
        self._stopped = why
        # closing would write our write-ahead log into a file that may be another's by now
        with suppress(duckdb.Error):
            self.connection.execute("pragma disable_checkpoint_on_shutdown")

    def _roll_back(self, error: BaseException) -> None:
        try:
            self.connection.execute("rollback")
        except duckdb.FatalException as fatal:
            self._stopped = f"DuckDB gave up ({fatal}); close it and open it again."
        except duckdb.Error:
            pass  # it ended already: a failed commit, or a step that committed
        if isinstance(error, duckdb.FatalException):
            self._stopped = "DuckDB gave up; close it and open it again."

    def take_over(self, schema: Schema, *, adopt: bool) -> None:
        """Check the store against its mark, migrate it, and write our token into it; part of opening."""
        assert self._lock is not None
        assert self._mark is not None
        assert self.path is not None
        mark = self._mark.read()
        found = meta(self.connection)
        check_version(self.path, found, schema, write=True)
        _check_mark(self.path, mark, found, adopt=adopt)
        self.connection.execute("begin transaction")
        changed = migrate(self.connection, schema)
        set_meta(self.connection, "fence", self._fence)
        if changed:
            set_meta(self.connection, "commit", str(int(found["commit"]) + 1))
            set_meta(self.connection, "stamp", uuid.uuid4().hex)
        self.connection.execute("commit")
        if changed:
            # a log with changes of the schema in it is what DuckDB replays worst
            self.connection.execute("checkpoint")
        ours = _mark_of(meta(self.connection), self._fence)
        self._mark.prepare(ours)
        self._mark.publish()
        self._published = ours


def open_store(
    path: Path | str,
    *,
    write: bool,
    memory_limit: str | None = None,
    threads: int | None = None,
    adopt: bool = False,
    schema: Schema | None = None,
) -> Store:
    """Open the store at `path`; with `write`, make it if it is not there, migrate it and keep all others out.

    `memory_limit` as DuckDB writes it (`2GB`). `adopt` accepts a store without its mark (a copy from elsewhere).
    `schema` is for tests. Raises StoreLocked, StoreTooNew, StoreDamaged (file or log damaged, or the store went
    backwards), or StoreError (no such file, a folder, no permission, disk full).
    """
    path = Path(path).expanduser().resolve()
    schema = public_schema() if schema is None else schema
    check_path(path, write=write)
    settings = {"memory_limit": memory_limit or MEMORY_LIMIT, "preserve_insertion_order": "false"}
    if threads is not None:
        settings["threads"] = str(threads)
    if not write:
        return _open_reader(path, settings, schema)
    with _lock_kept_on_success(path) as lock:
        mark = MarkFile(path)
        with translated(path, opening=True):
            if not path.exists():
                _make(path, mark, settings, schema)
            probe(path)
            connection = duckdb.connect(str(path), config={**_NO_EXTENSIONS, **settings})
            try:
                _settle(connection)
                store = Store(connection, path, lock=lock, mark=mark)
                store.take_over(schema, adopt=adopt)
            except BaseException:
                connection.close()
                raise
    _WRITTEN_HERE.add(_identity(path) or (0, 0))
    return store


def open_memory_store(*, schema: Schema | None = None, memory_limit: str | None = None) -> Store:
    """An empty store of the same schema in memory: nothing to lock, nothing kept."""
    connection = duckdb.connect(":memory:", config={**_NO_EXTENSIONS, "memory_limit": memory_limit or MEMORY_LIMIT})
    _settle(connection)
    store = Store(connection, None)
    connection.execute("begin transaction")
    migrate(connection, public_schema() if schema is None else schema)
    set_meta(connection, "fence", store._fence)
    connection.execute("commit")
    return store


def _open_reader(path: Path, settings: dict[str, str], schema: Schema) -> Store:
    if _identity(path) in _WRITTEN_HERE:
        raise StoreLocked(
            f"`{path}` is open for writing in this process.", hint="Read by `store.connection.cursor()`."
        )
    # the mark first: a writer may come and go between the two, and must not look like a loss
    mark = MarkFile(path).read()
    try:
        with translated(path, opening=True):
            probe(path)
            connection = duckdb.connect(str(path), config={**_READER, **settings})
    except StoreLocked:
        if holder := holder_of(path):
            raise locked_error(path, holder) from None
        raise
    try:
        with translated(path, opening=True):
            if _one(connection, "select current_setting('lock_configuration')") is False:
                _settle(connection)
                connection.execute("set lock_configuration = true")
            found = meta(connection)
            if not found:
                raise StoreError(f"`{path}` is an empty database, not a store.")
            check_version(path, found, schema, write=False)
        if mark is not None:
            check_not_behind(path, mark, _mark_of(found, mark.fence))
        return Store(connection, path, is_writable=False)
    except BaseException:
        connection.close()
        raise


def _settle(connection: duckdb.DuckDBPyConnection) -> None:
    # global: a cursor has settings of its own, and must not take the zone of the machine
    connection.execute("set global TimeZone = 'UTC'")
    connection.execute("set TimeZone = 'UTC'")


def _make(path: Path, mark: MarkFile, settings: dict[str, str], schema: Schema) -> None:
    """Build an empty store and move it to its place; leftovers of one that was deleted go."""
    if mark.path.exists():
        log.warning("store %s was gone; it had come to a commit that %s names; starting anew", path, mark.path)
        mark.path.unlink()
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    new.with_name(new.name + ".wal").unlink(missing_ok=True)
    connection = duckdb.connect(str(new), config={**_NO_EXTENSIONS, **settings})
    try:
        _settle(connection)
        connection.execute("begin transaction")
        migrate(connection, schema)
        set_meta(connection, "stamp", uuid.uuid4().hex)
        connection.execute("commit")
        connection.execute("checkpoint")
    except BaseException:
        connection.close()
        new.unlink(missing_ok=True)
        raise
    connection.close()
    new.replace(path)
    sync_folder(path.parent)


def _check_mark(path: Path, mark: Mark | None, found: dict[str, str], *, adopt: bool) -> None:
    if mark is not None:
        check_not_behind(path, mark, _mark_of(found, mark.fence))
    elif int(found["commit"]) > 1 and not adopt:
        raise StoreDamaged(
            f"The mark `{path}.mark` is missing, so nothing tells whether `{path}` (commit {found['commit']}) is whole.",
            hint=f"If it was copied or renamed, bring its mark along as `{path.name}.mark`. " + rebuild_hint(path),
        )


def _mark_of(found: dict[str, str], fence: str) -> Mark:
    return Mark(found["store"], int(found["commit"]), found.get("stamp", ""), fence)


@contextmanager
def _lock_kept_on_success(path: Path) -> Iterator[WriteLock]:
    lock = WriteLock(path)
    try:
        yield lock
    except BaseException:
        lock.release()
        raise


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int | bool:
    return _row(connection, query)[0]
