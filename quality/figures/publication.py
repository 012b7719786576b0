"""Figures as they are published: each publication is actions of a steward, one for each row, kept as it was."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb
import orjson
import pyarrow as pa

from throughline.errors import DataError
from throughline.quality.stewardship.desk import Action, Desk
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.steward import PUBLISHED
from throughline.sinks.disclosure.register import Register
from throughline.sinks.measures.measure import load_measures
from throughline.sinks.measures.shown import Audience
from throughline.sql import one_row, sql

FIGURES = ("delays",)
"""Each has `sql/NAME.sql`, its rows, and `sql/NAME_behind.sql`, what they count."""
# columns of `delays`, as a measure calls them
_AS_MEASURED = {"handoffs": "counted", "censored": "still_open"}


@dataclass(frozen=True)
class Publication:
    """A figure as it was published: its rows as JSON by subject; the times are UTC, naive.

    `known_at` is when the latest record was received that it could know of; what happened after `as_of` is not in it.
    `is_whole` is false where some of its rows are not on the record here.
    """

    publication_id: str
    figure: str
    published_at: datetime
    known_at: datetime
    as_of: datetime
    rows: dict[str, str]
    is_whole: bool


def figure_rows(connection: duckdb.DuckDBPyConnection, figure: str, as_of: datetime) -> dict[str, str]:
    """The rows of a figure counted to `as_of` (UTC, naive), as JSON text, by subject and in the order of subjects.

    They are those that `throughline delays --as-of` shows of the same store: of the cases as they are linked now.
    """
    with counted_to(connection, as_of):
        return dict(connection.execute(sql(__package__, f"sql/{figure}")).fetchall())


def as_may_be_shown(rows: dict[str, str], domain: Domain, register: Register | None, as_of: datetime) -> dict[str, str]:
    """Rows of `delays` without the numbers that are hidden; a row of which the cases are says why (`suppressed`).

    They count what the measure `between_agencies` does, so they are held against whatever was shown of that.
    """
    if register is None:
        return rows
    given = {subject: orjson.loads(row) for subject, row in rows.items()}
    table = pa.Table.from_pylist([*given.values()]).rename_columns(_AS_MEASURED)
    measure = load_measures(domain)["between_agencies"]
    cuts = ("from_agency", "to_agency")
    shown = Audience(domain, register).may_see(measure, table, cuts, {}, as_of)
    if "table" in shown["suppressed"].to_pylist():
        raise DataError(
            "Small numbers in the figure cannot be hidden beside what was shown before.",
            hint="Count to another day with --as-of, or publish it --for-case-workers, and do not pass it on.",
        )
    names = {name: column for column, name in _AS_MEASURED.items()}
    made = {}
    for (subject, row), found in zip(given.items(), shown.to_pylist(), strict=True):
        hidden = found["suppressed"]
        left = {names.get(name, name) for name, value in found.items() if value is not None}
        # that there is no median says something of the cases too
        kept = {name: value for name, value in row.items() if name in left or (value is None and not hidden)}
        mark = {"suppressed": hidden} if hidden else {}
        made[subject] = orjson.dumps(kept | mark).decode()
    return made


@contextmanager
def counted_to(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> Iterator[None]:
    """Let the views count to `as_of` (UTC, naive) within the block."""
    connection.execute("set variable as_of = ?::timestamp", [as_of])
    try:
        yield
    finally:
        connection.execute("reset variable as_of")


def rows_digest(rows: dict[str, str]) -> str:
    """MD5 of the rows, each on a line after its subject, in the order of subjects."""
    text = "".join(f"{subject}\x1f{row}\n" for subject, row in sorted(rows.items()))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def publish_figure(
    desk: Desk, figure: str, *, as_of: datetime | None = None, register: Register | None = None
) -> Publication:
    """Put a figure on the record as it is now, counted to `as_of` (UTC, naive; by default the latest event).

    Beside what the `register` says was ever shown, what would give a small number away is left out; without one nothing
    is: then only those who work on the cases may read it. Raises DataError where the figure has no rows, or small
    numbers in it cannot be hidden, StoreError for a register that cannot be written, and what `Desk.publish` raises.
    """
    connection = desk.store.connection
    latest, known_at = _reach(connection)
    as_of = as_of or latest
    rows = figure_rows(connection, figure, as_of)
    if not rows:
        raise DataError(
            f"The figure {figure} has no rows to publish.", hint="`throughline delays` shows what there is."
        )
    rows = as_may_be_shown(rows, desk.domain, register, as_of)
    publication_id = f"pub-{desk.at:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    shared = {
        "publication_id": publication_id,
        "figure": figure,
        "figure_rows": len(rows),
        "rows_digest": rows_digest(rows),
        "known_at": f"{known_at.isoformat()}Z",
        "checked_as_of": f"{as_of.isoformat()}Z",
    }
    desk.publish([Action(PUBLISHED, shared | {"subject": subject, "figure_row": row}) for subject, row in rows.items()])
    return Publication(publication_id, figure, desk.at, known_at, as_of, rows, is_whole=True)


def publications(connection: duckdb.DuckDBPyConnection, since: datetime | None = None) -> list[Publication]:
    """The publications on the record, those since a time (UTC, naive), the oldest first."""
    found = connection.execute(
        """
        select
          publication_id, figure, min(published_at), min(known_at), min(as_of),
          list(subject order by subject), list(figure_row order by subject), min(rows_digest)
        from publications
        group by publication_id, figure
        having ?::timestamp is null or min(published_at) >= ?::timestamp
        order by min(published_at), publication_id
        """,
        [since, since],
    ).fetchall()
    made = []
    for publication_id, figure, published_at, known_at, as_of, subjects, texts, digest in found:
        rows = dict(zip(subjects, texts, strict=True))
        is_whole = rows_digest(rows) == digest
        made.append(Publication(publication_id, figure, published_at, known_at, as_of, rows, is_whole))
    return made


def _reach(connection: duckdb.DuckDBPyConnection) -> tuple[datetime, datetime]:
    """The time of the latest event of a case, and when the latest record was received. Raises DataError for none."""
    latest, known_at = one_row(
        connection,
        "select (select coalesce(max(reached_at), max(last_at)) from case_facts), "
        "(select max(received_at) from (select received_at from events union all select received_at from quarantined))",
    )
    if latest is None:
        raise DataError("The store has no cases.", hint="`throughline replay PATH --store FILE` brings some in.")
    return latest, known_at
