"""The register of what was ever shown: an SQLite file beside the store, which is only ever added to.

A board reads its store and cannot write to it, so the register is a file of its own: `STORE.shown`. It holds the hidden
numbers too, so only its owner may read it, as the store. Who shows a table holds the register's lock from reading what
was shown to writing what is shown now: two processes cannot both show what is safe only alone.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from throughline.errors import StoreDamaged, StoreError, StoreLocked
from throughline.sinks.disclosure.cell import Cell, Measure, Place, ShownCell, Suppressed, cells_of
from throughline.sinks.disclosure.marker import as_shown, marks_of
from throughline.sinks.disclosure.protection import SECONDS, marked, protect
from throughline.sql import sql

_WAIT_SECONDS = 30.0


def register_of(store: Path) -> Path:
    """Where the register of a store is."""
    return store.with_name(store.name + ".shown")


class Register:
    """The register at `path`, made if there is none. Raises StoreError where it cannot be read or written."""

    def __init__(self, path: Path, *, wait_seconds: float = _WAIT_SECONDS) -> None:
        self.path = path
        self._wait = wait_seconds
        with self._errors():
            # made by us, so that nobody else can read it even for a moment
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        with self._errors(), closing(sqlite3.connect(path, timeout=wait_seconds)) as connection:
            connection.executescript(sql(__package__, "register"))

    def show(
        self,
        table: pa.Table,
        measure: Measure,
        *,
        as_of: datetime,
        threshold: int,
        for_case_workers: bool = False,
        seconds: float = SECONDS,
    ) -> pa.Table:
        """The table as it may be shown beside everything that was shown before (as `protect` has it), put on record.

        A table that was shown before, number for number, is shown as it was then, and takes no time. For those who work
        on the cases nothing is hidden, and nothing is put on record: the page has to say so (`FOR_CASE_WORKERS`).

        Raises what `protect` raises, and StoreError where the register cannot be read or written: then show nothing.
        """
        cells = cells_of(table, measure, as_of)
        if for_case_workers:
            return marked(table, measure, [None] * table.num_rows)
        with self._locked() as connection:
            earlier = _read(connection, measure, as_of)
            before = _as_before(cells, earlier, marks_of(cells, measure, threshold).small)
            if before is not None:
                return marked(table, measure, before)
            made = protect(table, measure, as_of=as_of, threshold=threshold, earlier=earlier, seconds=seconds)
            marks = made["suppressed"].to_pylist()
            # of a table that is hidden as a whole nobody learns a thing
            if "table" not in marks:
                _write(connection, measure, threshold, cells, marks)
            return made

    def shown(self, measure: Measure, as_of: datetime) -> list[ShownCell]:
        """What was shown of a measure, in the order of publications: at this date or, if it is cumulative, at any."""
        with self._locked() as connection:
            return _read(connection, measure, as_of)

    @contextmanager
    def _locked(self) -> Iterator[sqlite3.Connection]:
        """A connection that alone reads and writes, until it commits at the end."""
        opened = sqlite3.connect(self.path, timeout=self._wait, isolation_level=None)
        # what is not committed when it is closed is rolled back
        with self._errors(), closing(opened) as connection:
            connection.execute("pragma synchronous = full")
            connection.execute("begin exclusive")
            yield connection
            connection.execute("commit")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"The register `{self.path}` cannot be opened: {error.strerror}.",
                hint="Without it no table of counts may be shown. Put it beside the store, where the board may write.",
            ) from None
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise StoreLocked(
                    f"Another process is writing `{self.path}`, and did not end in {self._wait:g} s.",
                    hint="Try again. If it goes on, see which process has the file open.",
                ) from None
            raise StoreError(f"The register `{self.path}` cannot be written: {error}.") from None
        except sqlite3.DatabaseError as error:
            raise StoreDamaged(
                f"The register `{self.path}` is damaged: {error}.",
                hint="Bring it back from a backup. Do not begin a new one: what was shown would be forgotten.",
            ) from None


def _read(connection: sqlite3.Connection, measure: Measure, as_of: datetime) -> list[ShownCell]:
    rows = connection.execute(
        "select as_of, cuts, cases, publication, suppressed, least, most from shown "
        "where measure = ? and (? or as_of = ?) order by publication, cuts",
        [measure.name, measure.is_cumulative, as_of.isoformat()],
    )
    made = []
    for date, cuts, cases, publication, suppressed, least, most in rows:
        values = json.loads(cuts)
        place = tuple(values.get(cut) for cut in measure.cuts)
        made.append(ShownCell(datetime.fromisoformat(date), place, cases, publication, suppressed, least, most))
    return made


def _write(
    connection: sqlite3.Connection,
    measure: Measure,
    threshold: int,
    cells: list[Cell],
    marks: list[Suppressed | None],
) -> None:
    (publication,) = connection.execute("select coalesce(max(publication), 0) + 1 from shown").fetchone()
    shown_at = datetime.now(UTC).isoformat(timespec="seconds")
    connection.executemany(
        "insert into shown values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            [
                *(publication, shown_at, measure.name, one.as_of.isoformat(), _cuts(measure, one)),
                *(one.cases, one.suppressed, one.least, one.most),
            ]
            for one in as_shown(cells, marks, measure, threshold, publication)
        ],
    )


def _cuts(measure: Measure, cell: Cell) -> str:
    """The place by the names of its cuts, so that a measure may get further ones."""
    given = {cut: value for cut, value in zip(measure.cuts, cell.place, strict=True) if value is not None}
    return json.dumps(given, ensure_ascii=False, sort_keys=True)


def _as_before(cells: list[Cell], earlier: list[ShownCell], small: frozenset[Place]) -> list[Suppressed | None] | None:
    """The marks of the last publication of these very numbers; None where there is none, or it showed a small one."""
    publications: dict[int, dict[Cell, Suppressed | None]] = {}
    for shown in earlier:
        cell = Cell(shown.as_of, shown.place, shown.cases)
        publications.setdefault(shown.publication, {})[cell] = shown.suppressed
    for _, before in sorted(publications.items(), reverse=True):
        if before.keys() == set(cells) and all(before[cell] for cell in cells if cell.place in small):
            return [before[cell] for cell in cells]
    return None
