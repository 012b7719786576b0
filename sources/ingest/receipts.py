"""Receipts: what was said of each request, kept for its publisher, and the keys by which one is known again."""

from __future__ import annotations

import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from throughline.errors import ReceiptsError
from throughline.sql import sql

KEPT_DAYS = 30.0
_DAY = 86_400
_VERSION = 1


def receipts_path(outbox: Path) -> Path:
    """Where the receipts of an outbox are."""
    return outbox.with_name(f"{outbox.name}.receipts")


@dataclass(frozen=True)
class Kept:
    """A receipt as it was given (JSON), and the hash over the request, if it had a key."""

    body: bytes
    fingerprint: bytes | None


class Receipts(AbstractContextManager["Receipts"]):
    """The receipts in the file at `path`, which is made if it is not there; for one thread at a time, whichever it is.

    Each is on the disk when `keep` returns. Raises ReceiptsError, at opening and at every call.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._errors():
            self._connection = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
            self._prepare()

    def __exit__(self, *_: object) -> None:
        self.close()

    def keep(self, receipt_id: str, publisher: str, key: str | None, kept: Kept, *, now: float | None = None) -> None:
        at = int(time.time() if now is None else now)
        with self._errors():
            self._connection.execute(
                "insert into receipts values (?, ?, ?, ?, ?, ?)",
                [receipt_id, publisher, at, key, kept.fingerprint, zlib.compress(kept.body, 1)],
            )

    def of_key(self, publisher: str, key: str) -> Kept | None:
        """The receipt that a publisher was given for a request with this key."""
        return self._one("publisher = ? and idempotency_key = ?", publisher, key)

    def of_id(self, publisher: str, receipt_id: str) -> Kept | None:
        """The receipt of this id, if it is this publisher's."""
        return self._one("publisher = ? and receipt_id = ?", publisher, receipt_id)

    def prune(self, *, kept_days: float = KEPT_DAYS, now: float | None = None) -> int:
        """Delete receipts that are older; how many."""
        before = (time.time() if now is None else now) - kept_days * _DAY
        with self._errors():
            return int(self._connection.execute("delete from receipts where taken_at < ?", [before]).rowcount)

    def close(self) -> None:
        self._connection.close()

    def _one(self, condition: str, *values: str) -> Kept | None:
        with self._errors():
            row = self._connection.execute(
                f"select body, fingerprint from receipts where {condition}", values
            ).fetchone()
        return None if row is None else Kept(zlib.decompress(row[0]), row[1])

    def _prepare(self) -> None:
        self._connection.execute("pragma locking_mode = exclusive")
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = full")
        version = self._connection.execute("pragma user_version").fetchone()[0]
        tables = self._connection.execute("select count(*) from sqlite_schema").fetchone()[0]
        if version > _VERSION or (version == 0 and tables):
            raise ReceiptsError(f"`{self.path}` holds no receipts of this version.", hint="Move it away.")
        if version == 0:
            with self._transaction():
                for statement in sql(__package__, "receipts").split(";\n"):
                    self._connection.execute(statement)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise ReceiptsError(
                f"The receipts `{self.path}` cannot be used: {error}.",
                hint="Make room, or move the file away: the receipts in it are then not known again. No event is lost.",
            ) from error
