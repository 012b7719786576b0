"""Replay N events into a fresh store and say where the time goes: `python -m bench.replay --events N`.

It is compared to two limits in the same run, both by DuckDB alone: to insert the rows of the same Parquet file, and to
copy the tables that the replay has made into another store. What a replay does beside the second is to join.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb

import throughline.streams.join.replay
from bench.generate.population import EVENTS_DEFAULT, SEED, generate
from bench.instruments.stages import Stages
from bench.instruments.statements import MeasuredConnection, Statements
from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.store import MEMORY_LIMIT, open_store

PEAK_LIMIT = 4 * 2**30
_STAGES = {"linking": "link", "deriving": "derive"}


def measured_replay(
    path: Path, store_path: Path, *, memory_limit: str = MEMORY_LIMIT, threads: int | None = None
) -> tuple[Stages, Statements, int]:
    """Replay `path` into the store at `store_path`; what the stages and statements took, and the events accepted."""
    stages, statements = Stages(), Statements()
    domain = load_domain(None)
    stages.enter("open")
    settings = {} if threads is None else {"threads": threads}
    with open_store(store_path, write=True, memory_limit=memory_limit, settings=settings) as store:
        plain = store.connection
        store.connection = MeasuredConnection(plain, statements)  # type: ignore[assignment]

        def report(stage: str, done: float, total: float | None) -> None:
            stages.enter(_STAGES.get(stage, "read, admit"))

        with _accepting(stages):
            counts = throughline.streams.join.replay.replay(store, domain, [path], report=report)
        stages.enter("close")
        store.connection = plain
    stages.close()
    return stages, statements, counts.accepted


@contextmanager
def _accepting(stages: Stages) -> Iterator[None]:
    """Make the acceptance of a batch a stage of its own, and let the reading begin after the opening."""
    accept: Callable[..., Any] = throughline.streams.join.replay.accept_only
    open_domain: Callable[..., Any] = throughline.streams.join.replay.open_domain

    def opened(*arguments: Any) -> None:
        open_domain(*arguments)
        stages.enter("read, admit")

    def accept_only(*arguments: Any) -> Any:
        stages.enter("accept")
        try:
            return accept(*arguments)
        finally:
            stages.enter("read, admit")

    with mock.patch.multiple(throughline.streams.join.replay, accept_only=accept_only, open_domain=opened):
        yield


def limits(path: Path, store_path: Path, folder: Path, *, memory_limit: str, threads: int | None = None) -> Stages:
    """By DuckDB alone, with the same settings: the rows of the file into a table, and the tables of the store."""
    stages = Stages()
    settings: dict[str, Any] = {"memory_limit": memory_limit, "preserve_insertion_order": "false"}
    if threads is not None:
        settings["threads"] = threads
    stages.enter("plain insert")
    with duckdb.connect(str(folder / "plain.duckdb"), config=settings) as connection:
        connection.execute(f"create table plain as from '{path}' limit 0")
        connection.execute(f"insert into plain select * from '{path}'")
    stages.enter("plain copy")
    with duckdb.connect(str(folder / "copy.duckdb"), config=settings) as connection:
        connection.execute(f"attach '{store_path}' as made (read_only)")
        for (table,) in connection.execute(
            "select table_name from duckdb_tables() where database_name = 'made'"
        ).fetchall():
            connection.execute(f'create table "{table}" as from made.main."{table}"')
    stages.close()
    return stages


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=EVENTS_DEFAULT)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--file", type=Path, help="a generated file, instead of making one")
    options.add_argument("--folder", type=Path, help="for the file and the store; a temporary one otherwise")
    options.add_argument("--memory-limit", default=MEMORY_LIMIT, help="of DuckDB, for example 2GB")
    options.add_argument("--threads", type=int)
    options.add_argument("--statements", type=int, default=15, help="how many of them the profile shows")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as made:
        folder = Path(made)
        path = given.file or generate(folder, given.events, seed=given.seed)
        stages, statements, events = measured_replay(
            path, folder / "store.duckdb", memory_limit=given.memory_limit, threads=given.threads
        )
        size = (folder / "store.duckdb").stat().st_size
        limit = limits(path, folder / "store.duckdb", folder, memory_limit=given.memory_limit, threads=given.threads)
    print(f"{events} events accepted, store of {size / 2**20:,.0f} MiB, {size / max(events, 1):,.0f} bytes an event")
    print(*stages.lines(events), sep="\n")
    print(*limit.lines(events)[1:3], sep="\n")
    for name, stage in limit.by_name.items():
        print(f"replay takes {stages.seconds / stage.seconds:.1f} times as long as the {name}")
    within = "under" if stages.peak_bytes < PEAK_LIMIT else "OVER"
    print(f"peak of {stages.peak_bytes / 2**20:,.0f} MiB, {within} the limit of {PEAK_LIMIT / 2**20:,.0f} MiB")
    print(*statements.lines(given.statements), sep="\n")


if __name__ == "__main__":
    main()
