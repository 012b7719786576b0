"""What changed in a figure that was published, and by which events: the ledger of restatements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from throughline.quality.figures.publication import Publication, counted_to, figure_rows
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.store import Store
from throughline.sql import cursor_of, registered, sql
from throughline.streams.join.rebuild import past

# what a change of coverage alone can change in a row: it shows or withholds
_OF_COVERAGE = {"coverage", "withheld", "median", "p90", "held_median"}


@dataclass(frozen=True)
class Cause:
    """An event that touched a case behind a row: `received` since, `corrected`, `linked` or `resolved` by a steward.

    One that is corrected has the time at which what corrects it was received.
    """

    kind: str
    agency: str
    type: str
    source: str
    event_id: str
    received_at: datetime
    case_id: str | None


@dataclass(frozen=True)
class Restated:
    """A row of a publication that is different now: `changes` has each column that differs, (before, now).

    A row that is new or gone has null before or now in every column. `causes` are in the order of their receipt.
    """

    publication: Publication
    subject: str
    changes: dict[str, tuple[Any, Any]]
    causes: tuple[Cause, ...]

    @property
    def explanation(self) -> str:
        """Where no event is named, why that is; otherwise empty."""
        if self.causes:
            return ""
        if "coverage" in self.changes and self.changes.keys() <= _OF_COVERAGE:
            return "Nothing that is counted changed, but how much of what should be there is there."
        return "No event received since explains it: a record left quarantine, or the rules of the domain changed."


def restated(store: Store, domain: Domain, publication: Publication) -> Iterator[Restated]:
    """The rows of a publication that are different now, by subject.

    Both sides count to the `as_of` of the publication: what happened later restates nothing, but by the cases that it
    joins. Where a row changed, the store is rebuilt as it was known then.
    """
    present = figure_rows(store.connection, publication.figure, publication.as_of)
    changed = {
        subject: changes
        for subject in sorted(publication.rows.keys() | present.keys())
        if (changes := _changes(publication.rows.get(subject), present.get(subject)))
    }
    if not changed:
        return
    with past(store, domain, as_of=None, known_at=publication.known_at) as then:
        causes = _causes(then, store, publication)
    for subject, changes in changed.items():
        yield Restated(publication, subject, changes, tuple(causes.get(subject, ())))


def _changes(before: str | None, now: str | None) -> dict[str, tuple[Any, Any]]:
    old: dict[str, Any] = {} if before is None else orjson.loads(before)
    new: dict[str, Any] = {} if now is None else orjson.loads(now)
    names = [*old, *(name for name in new if name not in old)]
    if before is not None and now is not None:
        # of what was hidden nothing was said that could be restated
        names = [name for name in old if name != "suppressed"]
    return {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}


def _causes(then: Store, now: Store, publication: Publication) -> dict[str, list[Cause]]:
    """By subject, what touched the cases behind what the figure counts differently."""
    behind = sql(__package__, f"sql/{publication.figure}_behind")
    causes: dict[str, list[Cause]] = {}
    # a connection of its own: its temporary tables are gone with it
    with cursor_of(now.connection) as cursor:
        cursor.execute(sql("throughline.streams.join", "keys"))
        for name, connection, query in (
            ("behind_then", then.connection, behind),
            ("behind_now", cursor, behind),
            ("events_then", then.connection, _STOOD),
            ("identifiers_then", then.connection, "select identifier_key, case_key from identifiers"),
        ):
            with counted_to(connection, publication.as_of):
                table = connection.execute(query).to_arrow_table()
            # copied: DuckDB would filter an Arrow table by pyarrow, whose integers end before a key does
            with registered(cursor, given=table):
                cursor.execute(f"create temp table {name} as from given")
        asked = {"known_at": publication.known_at, "as_of": publication.as_of}
        for subject, *cause in cursor.execute(sql(__package__, "sql/causes"), asked).fetchall():
            causes.setdefault(subject, []).append(Cause(*cause))
    return causes


_STOOD = "select event_key, case_key, occurred_at from events where standing = 'stands'"
