"""Hostile rows of a database: SQLite keeps whatever is put into a column."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.hostile.values import LONGS
from bench.hostile_sources.attempt import Case, Made
from bench.hostile_sources.damage import cell, sound
from bench.hostile_sources.exports import MAPPING, NAMES, UNTOUCHED, by_id, contact
from throughline.schemas.definitions.domain import Domain
from throughline.sources.databases.address import Database
from throughline.sources.databases.portions import Selection
from throughline.sources.mapping.conversion import convert
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.mapping.relation import Relation

_KNOWN = 60
_MOST = 400


class Tables:
    """Hostile rows of one table, read as a poll reads them."""

    def __init__(self, domain: Domain, folder: Path) -> None:
        self.domain, self.path = domain, folder / "contacts.sqlite"
        self.mapping = load_mapping(MAPPING)
        self._write([(contact(number), "") for number in range(_KNOWN)])
        self.known = by_id(self._read())

    def _read(self) -> Iterator[Made]:
        relation = Relation("contacts", "", ("entry",), "watermark", "at", None, 0.0)
        with Database(f"sqlite:///{self.path}") as database, database.transaction() as connection:
            selection = Selection(connection, relation, dict.fromkeys((*self.mapping.columns(), "remark"), 1))
            with selection:
                for portion in selection.portions(None, selection.key):
                    for one in convert([portion.rows], self.mapping, self.domain, Path(relation.name)):
                        yield Made(one.batch.events, one.batch.rejects, one.rows, one.left_out)

    def _write(self, rows: list[tuple[list[Any], str]]) -> None:
        self.path.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.path)) as database:
            database.execute("pragma synchronous = off")
            database.execute(f"create table contacts ({', '.join(NAMES)})")
            for row, as_text in rows:
                marks = ", ".join("cast(? as text)" if name == as_text else "?" for name in NAMES)
                database.execute(f"insert into contacts values ({marks})", row)
            database.commit()

    def case(self, chance: random.Random) -> Case:
        rows: list[tuple[list[Any], str]] = []
        kept = {}
        for _ in range(_MOST):
            if chance.random() < UNTOUCHED:
                number = chance.randrange(_KNOWN)
                rows.append((contact(number), ""))
                kept[f"n{number}"] = self.known[f"n{number}"]
                continue
            row: list[Any] = list(contact(_KNOWN + chance.randrange(1_000_000)))
            at = chance.randrange(len(row))
            odd = sound(cell(chance, row[at]))
            as_text = ""
            value = chance.choice(
                (odd, odd, odd, chance.choice(LONGS), 1e308, -0.0, float("inf"), b"\xff\x00", None, chance.randbytes(9))
            )
            if isinstance(value, bytes) and chance.random() < 0.5:
                as_text = NAMES[at]
            row[at] = value
            rows.append((row, as_text))
        self._write(rows)
        return Case(_MOST, self._read, untouched=kept, records=_MOST)


READERS = {"rows": Tables}
