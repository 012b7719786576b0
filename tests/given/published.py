"""Stores of a made-up population, what they publish, and stores filled from that."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from throughline.demo.population import write_population
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.sinks.store import Store, open_memory_store, open_store
from throughline.streams.join.replay import replay
from throughline.streams.shared.changes import SharedRecord, outgoing, published
from throughline.streams.shared.state import SharedMessage, open_shared

UNTIL = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
RECEIVED_AT = datetime(2026, 7, 1)  # noqa: DTZ001 - UTC without zone, as the store keeps times
AS_OF = datetime(2026, 7, 2)  # noqa: DTZ001

VIEWS = (
    *("as_at", "cases", "timeline", "holdings", "handoffs", "clocks", "contacts", "tellings", "claims"),
    *("contradictions", "delays", "quarantine", "alerts"),
)


@cache
def domain() -> Domain:
    return load_domain()


@cache
def topics() -> Topics:
    return load_topics(domain(), replication=1)


@contextmanager
def populated(seed: int, cases: int, *, of: Callable[[str], bool] | None = None) -> Iterator[Store]:
    """A store of made-up cases, all of them noted as changed; of the lines that `of` chooses, if it is given."""
    with TemporaryDirectory() as folder:
        if of is None:
            shutil.copytree(_populated(seed, cases), folder, dirs_exist_ok=True)
        else:
            _populate(Path(folder), seed, cases, of)
        with open_store(Path(folder) / "store.duckdb", write=True) as store:
            yield store


@cache
def _populated(seed: int, cases: int) -> Path:
    """The folder of such a store, to be copied: making one costs more."""
    folder = Path(_KEPT.name) / f"{seed}-{cases}"
    folder.mkdir()
    _populate(folder, seed, cases, lambda line: True)
    return folder


_KEPT = TemporaryDirectory(prefix="throughline-populated-")


def _populate(folder: Path, seed: int, cases: int, of: Callable[[str], bool]) -> None:
    write_population(folder, seed, cases, domain(), UNTIL)
    for file in folder.glob("*.jsonl"):
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join(filter(of, lines)), encoding="utf-8")
    with open_store(folder / "store.duckdb", write=True) as store:
        replay(store, domain(), [folder], received_at=RECEIVED_AT)
        note_all(store)
        read_on(store, 100)


def note_all(store: Store) -> None:
    """Note every case and record in quarantine as changed."""
    with store.transaction() as connection:
        connection.execute("insert into outgoing_cases select case_key from case_facts")
        connection.execute("insert into outgoing_quarantine select quarantine_id from quarantined")


def read_on(store: Store, records: int) -> None:
    """As if the store had read more records: the version that it publishes grows."""
    with store.transaction() as connection:
        connection.execute("insert into log_positions values ('more', 3, 'id', ?)", [records])


def all_published(store: Store, as_of: datetime | None = AS_OF, limit: int = 10_000) -> list[SharedRecord]:
    """All that waits, published."""
    records: list[SharedRecord] = []
    while True:
        found = outgoing(store, topics(), limit=limit, as_of=as_of)
        published(store, found)
        records += found.records
        if not found.is_more:
            return records


def messages(records: Sequence[SharedRecord], first: int = 0) -> list[SharedMessage]:
    """The records as they would stand in the log."""
    return [
        SharedMessage(record.topic, record.partition, first + place, record.key, record.value, record.headers)
        for place, record in enumerate(records)
    ]


@contextmanager
def empty_sink() -> Iterator[Store]:
    """A store to fill from messages."""
    with open_memory_store() as store:
        open_shared(store, domain())
        yield store


def shown(store: Store, view: str, as_of: datetime | None = AS_OF) -> list[tuple[Any, ...]]:
    """The rows of a public view, in some order that is always the same.

    Without the coverage of delays: what was refused, and from which file, is not said by the shared topics.
    """
    store.connection.execute("set variable as_of = ?::timestamp", [as_of])
    shared = "* exclude (coverage, withheld)" if view == "delays" else "*"
    return store.connection.execute(f"select {shared} from {view} order by all").fetchall()


def differing(left: Store, right: Store, as_of: datetime | None = AS_OF) -> list[str]:
    """The public views in which two stores differ."""
    return [view for view in VIEWS if shown(left, view, as_of) != shown(right, view, as_of)]
