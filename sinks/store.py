"""The store: one DuckDB file, one writer, and `Store.transaction` as the only place that commits.

Beside `<store>` stand `<store>.lock` (`lock.py`), `<store>.mark` (`mark.py`) and DuckDB's own `<store>.wal`.
A store is made whole or not at all: it is built as `<store>.new` and renamed.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import duckdb

from throughline.errors import StoreDamaged, StoreError, StoreLocked
from throughline.sinks.blank import copy_blank
from throughline.sinks.damage import check_path, probe, rebuild_hint, store_error, translated
from throughline.sinks.guard import Ownership, Settings, identity, make_store_file, mark_of
from throughline.sinks.layout import open_file
from throughline.sinks.lock import holder_of, locked_error
from throughline.sinks.mark import Mark, MarkFile, check_not_behind
from throughline.sinks.schema import Schema, check_version, meta, migrate, public_schema, set_meta
from throughline.sinks.spill import MOST, delete_beside, spill_place
from throughline.sql import one_row

MEMORY_LIMIT = "2GB"
# under this a checkpoint may not fit any more: stop before the disk is full rather than in the middle of it
LEAST_FREE_BYTES = 64 * 1024 * 1024

_WRITER = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "preserve_insertion_order": "false",
}
_READER = {**_WRITER, "access_mode": "read_only", "enable_external_access": "false"}
# stores that this process writes, by device and inode: opening such a file a second time would drop DuckDB's lock
_WRITTEN_HERE: set[tuple[int, int] | None] = set()


class Store(AbstractContextManager["Store"]):
    """An open store: `connection` reads everything, and writes only inside `transaction`."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        path: Path | None,
        *,
        is_writable: bool,
        ownership: Ownership | None = None,
        fence: str = "",
    ) -> None:
        self.connection = connection
        self.path = path
        self.is_writable = is_writable
        self._ownership = ownership
        self._fence = fence
        self._in_transaction = False
        self._stopped = ""
        self._file = None if path is None else identity(path)

    @property
    def commit(self) -> int:
        """Number of the last committed transaction."""
        return int(self._meta("commit"))

    @property
    def store_id(self) -> str:
        return self._meta("store")

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Commit what the block does, all or nothing, as one numbered transaction; nothing else commits.

        Raises StoreLocked, and rolls back, if another writer has taken the store over since it was opened. An error in
        the block rolls back and goes on to the caller; faults of disk and file become StoreError, StoreDamaged.
        """
        self._check_usable()
        connection = self.connection
        self._in_transaction = True
        try:
            with translated(self.path):
                connection.execute("begin transaction")
                number = one_row(connection, "select txid_current()")
                self._check_held()
                yield connection
                if one_row(connection, "select txid_current()") != number:
                    raise StoreError("A step ended the transaction that it was part of: only the store commits.")
                self._check_held()
                following = self._count_on()
                connection.execute("commit")
        except BaseException as error:
            self._roll_back(error)
            raise
        finally:
            self._in_transaction = False
        if self._ownership is not None:
            self._ownership.publish(following)

    def checkpoint(self) -> None:
        """Write the write-ahead log into the file."""
        self._check_usable()
        with translated(self.path):
            self._check_held()
            self.connection.execute("checkpoint")

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """Write the log into the file once, after many large transactions, rather than after each of them."""
        (usual,) = one_row(self.connection, "select current_setting('checkpoint_threshold')")
        self.connection.execute("set checkpoint_threshold = '4GB'")
        try:
            yield
        finally:
            self.connection.execute(f"set checkpoint_threshold = '{usual}'")
        if self.path is not None:
            self.checkpoint()

    @contextmanager
    def one_thread(self) -> Iterator[None]:
        """Work in one thread: where rows are few, dividing them among more takes more CPU than it saves time."""
        (usual,) = one_row(self.connection, "select current_setting('threads')")
        if usual != 1:
            self.connection.execute("set threads = 1")
        try:
            yield
        finally:
            if usual != 1:
                self.connection.execute(f"set threads = {usual}")

    def close(self) -> None:
        """Close the file and let the next writer in. What is not in a committed transaction is gone."""
        with suppress(duckdb.Error):
            if not self.is_writable:
                # what Ctrl-C left half done would be done to its end
                self.connection.interrupt()
            self.connection.close()
        if self._ownership is not None:
            _WRITTEN_HERE.discard(self._file)
            self._ownership.release()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Close it; a fault of disk and file that ends the block is a StoreError, StoreDamaged."""
        self.close()
        if isinstance(error, duckdb.Error) and (meant := store_error(error, self.path)) is not None:
            raise meant from error

    def _count_on(self) -> Mark:
        """Give the transaction its number, in the store and beside it."""
        found = meta(self.connection)
        following = Mark(found["store"], int(found["commit"]) + 1, uuid.uuid4().hex, self._fence)
        set_meta(self.connection, "commit", str(following.commit))
        set_meta(self.connection, "stamp", following.stamp)
        if self._ownership is not None:
            self._ownership.prepare(following)
        return following

    def _meta(self, key: str) -> str:
        with translated(self.path):
            row = self.connection.execute("select value from store_meta where key = ?", [key]).fetchone()
        if row is None:
            raise StoreDamaged(f"`{self.path}` does not say its `{key}`.", hint=rebuild_hint(self.path))
        return str(row[0])

    def _check_usable(self) -> None:
        if not self.is_writable:
            raise StoreError(f"`{self.path}` is open for reading only.", hint="Open it with `write=True`.")
        if self._stopped:
            raise StoreLocked(f"This process has stopped writing `{self.path}`: {self._stopped}.")
        if self._in_transaction:
            raise StoreError("A transaction is open already: they do not nest.")
        if self.path is not None and shutil.disk_usage(self.path.parent).free < LEAST_FREE_BYTES:
            raise StoreError(
                f"`{self.path}` cannot be written: its disk has less than {LEAST_FREE_BYTES // 2**20} MiB left.",
                hint="What was committed is kept. Make room on the disk, then do the same again.",
            )

    def _check_held(self) -> None:
        """Raise StoreLocked unless lock file, store file, mark and the token in the store are still ours."""
        lost = "" if self._ownership is None else self._ownership.loss()
        if not lost and self._meta("fence") != self._fence:
            lost = "another writer's token stands in it"
        if lost:
            raise self._fenced(lost)

    def _fenced(self, lost: str) -> StoreLocked:
        self._stopped = lost
        # closing would write our write-ahead log into a file that may be another's by now
        with suppress(duckdb.Error):
            self.connection.execute("pragma disable_checkpoint_on_shutdown")
        return StoreLocked(
            f"`{self.path}` is no longer ours to write: {lost}. The transaction was rolled back.",
            hint="Stop this process. Another writer of the same store should be running; if not, start one.",
        )

    def _roll_back(self, error: BaseException) -> None:
        with suppress(duckdb.Error):  # a failed commit, or a step that committed, has ended it already
            # the piece of work that Ctrl-C came in would be done to its end
            self.connection.interrupt()
            self.connection.execute("rollback")
        cause = error.__cause__ if isinstance(error, StoreError) else error
        if isinstance(cause, duckdb.FatalException | duckdb.InternalException):
            self._stopped = "DuckDB gave up on it; close it and open it again"


def open_store(
    path: Path | str,
    *,
    write: bool,
    memory_limit: str = MEMORY_LIMIT,
    settings: Settings | None = None,
    adopt: bool = False,
    schema: Schema | None = None,
) -> Store:
    """Open the store at `path`; with `write`, make it if it is not there, migrate it and keep all others out.

    `memory_limit` as DuckDB writes it (`2GB`), `settings` others of DuckDB's (`threads`). A reader writes nothing
    beside the store: what does not fit into memory goes to a folder of its own. `adopt` accepts a store
    without its mark (a copy from elsewhere). `schema` is for tests. Raises StoreLocked, StoreTooNew, StoreDamaged (file
    or log damaged, or the store went backwards), or StoreError (no such file, a folder, no permission, disk full).
    """
    path = Path(path).expanduser().resolve()
    schema = public_schema() if schema is None else schema
    check_path(path, write=write)
    settings = {"memory_limit": memory_limit, **(settings or {})}
    if write:
        return _open_writer(path, {**_WRITER, **settings}, schema, adopt=adopt)
    spilled = {"temp_directory": str(spill_place(path)), "max_temp_directory_size": MOST}
    return _open_reader(path, {**_READER, **spilled, **settings}, schema)


def open_memory_store(*, memory_limit: str = MEMORY_LIMIT, schema: Schema | None = None) -> Store:
    """An empty store of the same schema in memory: nothing to lock, nothing kept."""
    spilled = {"memory_limit": memory_limit, "temp_directory": str(spill_place(None))}
    connection = duckdb.connect(":memory:", config={**_WRITER, **spilled})
    connection.execute("set global TimeZone = 'UTC'")
    if schema is None:
        copy_blank(connection)
    connection.execute("begin transaction")
    if schema is not None:
        migrate(connection, schema)
    set_meta(connection, "fence", "memory")
    connection.execute("commit")
    return Store(connection, None, is_writable=True, fence="memory")


def _open_writer(path: Path, settings: Settings, schema: Schema, *, adopt: bool) -> Store:
    ownership = Ownership(path)
    try:
        with translated(path, opening=True):
            if not path.exists():
                make_store_file(path, settings, schema)
            delete_beside(path)
            probe(path)
            connection = open_file(path, settings)
            try:
                ownership.claim(connection, schema, adopt=adopt)
            except BaseException:
                connection.close()
                raise
    except BaseException:
        ownership.release()
        raise
    _WRITTEN_HERE.add(identity(path))
    return Store(connection, path, is_writable=True, ownership=ownership, fence=ownership.fence)


def _open_reader(path: Path, settings: Settings, schema: Schema) -> Store:
    if identity(path) in _WRITTEN_HERE:
        raise StoreLocked(f"`{path}` is open for writing in this process.", hint="Use `cursor_of(store.connection)`.")
    # the mark first: a writer may come and go between the two, and that must not look like a loss
    mark = MarkFile(path).read()
    try:
        with translated(path, opening=True):
            probe(path)
            connection = duckdb.connect(str(path), config=settings)
    except StoreLocked:
        if holder := holder_of(path):
            raise locked_error(path, holder) from None
        raise
    try:
        with translated(path, opening=True):
            # a second opening in this process shares the first one's settings, locked by then
            if not one_row(connection, "select current_setting('lock_configuration')")[0]:
                connection.execute("set global TimeZone = 'UTC'")
                connection.execute("set lock_configuration = true")
            found = meta(connection)
            if not found:
                raise StoreError(f"`{path}` is an empty database, not a store.", hint="Name another file.")
            check_version(path, found, schema, write=False)
            if mark is not None:
                check_not_behind(path, mark, mark_of(found, mark.fence))
    except BaseException:
        connection.close()
        raise
    return Store(connection, path, is_writable=False)
