"""What changed in a figure that was published, and by which events: the ledger of restatements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from throughline.quality.figures.publication import Publication, figure_rows
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.store import Store
from throughline.sql import registered, sql
from throughline.streams.join.rebuild import past

# what a change of coverage alone can change in a row: it shows or withholds
_OF_COVERAGE = {"coverage", "withheld", "median", "p90", "held_median"}


@dataclass(frozen=True)
class Cause:
    """An event that touched a case behind a row: `received` since, `corrected`, `linked` or `resolved` by a steward."""

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

    Both sides count to the `as_of` of the publication, so that what happened later restates nothing. The store is
    rebuilt as it is known now and, where a row changed, as it was known then.
    """
    as_of, known_at = publication.as_of, publication.known_at
    with ExitStack() as stack:
        now = stack.enter_context(past(store, domain, as_of=as_of, known_at=None, later_acts=True))
        present = figure_rows(now.connection, publication.figure)
        changed = {
            subject: changes
            for subject in sorted(publication.rows.keys() | present.keys())
            if (changes := _changes(publication.rows.get(subject), present.get(subject)))
        }
        if not changed:
            return
        then = stack.enter_context(past(store, domain, as_of=as_of, known_at=known_at, later_acts=True))
        causes = _causes(then, now, publication)
    for subject, changes in changed.items():
        yield Restated(publication, subject, changes, tuple(causes.get(subject, ())))


def _changes(before: str | None, now: str | None) -> dict[str, tuple[Any, Any]]:
    old: dict[str, Any] = {} if before is None else orjson.loads(before)
    new: dict[str, Any] = {} if now is None else orjson.loads(now)
    names = [*old, *(name for name in new if name not in old)]
    return {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}


def _causes(then: Store, now: Store, publication: Publication) -> dict[str, list[Cause]]:
    """By subject, what touched the cases behind what the figure counts differently."""
    behind = sql(__package__, f"sql/{publication.figure}_behind")
    connection = now.connection
    for name, store, query in (
        ("behind_then", then, behind),
        ("behind_now", now, behind),
        ("events_then", then, "select event_key, case_key from events where standing = 'stands'"),
        ("identifiers_then", then, "select identifier_key, case_key from identifiers"),
    ):
        table = store.connection.execute(query).to_arrow_table()
        # copied: DuckDB would filter an Arrow table by pyarrow, whose integers end before a key does
        with registered(connection, given=table):
            connection.execute(f"create temp table {name} as from given")
    found = connection.execute(sql(__package__, "sql/causes"), {"known_at": publication.known_at}).fetchall()
    causes: dict[str, list[Cause]] = {}
    for subject, *cause in found:
        causes.setdefault(subject, []).append(Cause(*cause))
    return causes
