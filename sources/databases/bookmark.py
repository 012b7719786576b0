"""How far a table was read, and which of its rows were refused: kept in the outbox, in the transaction of the events.

So whatever ends the process, what was read is either kept whole, with the place to go on from, or is read again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from throughline.sources.databases.portions import kept, recalled
from throughline.sources.mapping.parts import Mapping
from throughline.sources.mapping.relation import Relation
from throughline.sources.publish.outbox import Outbox
from throughline.sql import sql

State = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class RefusedRow:
    """A row that gave no event, or not all: its key, and why. `field` is a column of the table or a field."""

    key: Key
    reason: str
    field: str | None
    detail: str


class Bookmark:
    """The place in one table, for one way of reading it and one source."""

    def __init__(self, outbox: Outbox, mapping: Mapping, relation: Relation) -> None:
        said = (mapping.source, relation.table, relation.select, relation.way, relation.by, *relation.key)
        self.reading = blake2b("\0".join(said).encode(), digest_size=16).hexdigest()
        self._outbox, self._origin = outbox, relation.name
        outbox.add((), also=_make)

    def state(self) -> State | None:
        """What to go on from; None for a table that was never read."""
        found = self._rows("select state from readings where reading = ?")
        return orjson.loads(found[0][0]) if found else None

    def refused(self) -> list[Key]:
        """The keys of the rows that were refused when they were last read."""
        found = self._rows("select row_key from refused_rows where reading = ?")
        return [tuple(map(recalled, orjson.loads(key))) for (key,) in found]

    def note(
        self, file: sqlite3.Connection, state: State, read: Iterable[Key], refused: Sequence[RefusedRow] = ()
    ) -> None:
        """Note within a transaction of the outbox what to go on from, and what became of the rows of `read`: what
        was refused of them before is so no more."""
        file.execute(
            "insert into readings values (?, ?) on conflict do update set state = excluded.state",
            [self.reading, orjson.dumps(state).decode()],
        )
        file.executemany(
            "delete from refused_rows where reading = ? and row_key = ?", [(self.reading, _text(key)) for key in read]
        )
        file.executemany(
            "delete from refusals where origin = ? and position = ?", [(self._origin, place_of(key)) for key in read]
        )
        file.executemany(
            "insert or ignore into refused_rows values (?, ?, ?, ?, ?)",
            [(self.reading, _text(one.key), one.reason, one.field, one.detail) for one in refused],
        )

    def forget(self) -> None:
        """Begin from the first row the next time."""
        self._rows("delete from readings where reading = ?")

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        self._outbox.add((), also=lambda file: found.extend(file.execute(statement, [self.reading])))
        return found


def place_of(key: Key) -> int:
    """A number for a row, the same each time that it is read."""
    return int.from_bytes(blake2b(_text(key).encode(), digest_size=7).digest())


def _make(file: sqlite3.Connection) -> None:
    for statement in sql(__package__, "bookmarks").split(";\n"):
        file.execute(statement)


def _text(key: Key) -> str:
    return orjson.dumps([kept(value) for value in key]).decode()
