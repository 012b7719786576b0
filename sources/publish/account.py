"""What stands in an outbox, read while its publisher may run: one state of it, and nothing is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from throughline.schemas.wire.receipts import Shipment
from throughline.sources.publish.ledger import is_whole_of, shipments_of
from throughline.sources.publish.sqlite_file import outbox_errors, read_outbox_file

T = TypeVar("T")


class Account(AbstractContextManager["Account"]):
    """The outbox in the file at `path` as it stood when this was opened.

    Raises OutboxError where it is not there or of another version, OutboxDamaged, and OutboxLocked while a publisher of
    an earlier version has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = read_outbox_file(path)

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @property
    def waiting(self) -> int:
        """How many records are neither sent nor refused."""
        return self.look(lambda file: int(file.execute("select count(*) from records where state = 0").fetchone()[0]))

    @property
    def is_whole(self) -> bool:
        """Whether `shipments` are all: an earlier version forgot what it had sent days ago."""
        return self.look(is_whole_of)

    def shipments(self) -> Iterator[Shipment]:
        """Everything that was ever taken in, in that order, and what became of it."""
        with outbox_errors(self.path):
            yield from shipments_of(self._connection)

    def look(self, reader: Callable[[sqlite3.Connection], T]) -> T:
        """What a reader of `ledger.py` finds."""
        with outbox_errors(self.path):
            return reader(self._connection)
