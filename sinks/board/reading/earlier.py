"""A case as it was: what had happened, had been written down, or had been received by a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from throughline.schemas.definitions.domain import Domain
from throughline.sinks.questions.case import case_id
from throughline.sinks.store import Store
from throughline.streams.join.rebuild import past


@dataclass(frozen=True)
class Earlier:
    """`connection` shows the case alone, as it was; `case_ids` are the cases that its events then made up.

    None where nothing of it was there; several where what joins them had not come yet.
    """

    connection: duckdb.DuckDBPyConnection
    case_ids: tuple[str, ...]


@contextmanager
def case_at(
    connection: duckdb.DuckDBPyConnection,
    domain: Domain,
    case_key: int,
    *,
    as_of: datetime | None,
    known_at: datetime | None,
    recorded_by: datetime | None,
) -> Iterator[Earlier]:
    """The case of this key at these times (naive, UTC), as `throughline timeline` has it.

    Raises StoreError for stores of the shared topics, which do not hold what that takes.
    """
    now = Store(connection, Path("the stores"), is_writable=False)
    events = connection.execute("select event_key from events where case_key = ?", [case_key]).fetchall()
    with past(now, domain, as_of=as_of, known_at=known_at, recorded_by=recorded_by, case_key=case_key) as then:
        found = then.connection.execute(
            "select distinct case_key from events "
            "where case_key is not null and event_key in (select unnest(?::ubigint[])) order by case_key",
            [[event for (event,) in events]],
        ).fetchall()
        yield Earlier(then.connection, tuple(case_id(key) for (key,) in found))
