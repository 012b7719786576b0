"""A whole table as a snapshot each time, compared with the one before: what is new, what changed, and what is gone.

What is to be published of a snapshot is worked out once and put on the disk before any of it is published. So a process
that is ended anywhere publishes the rest of the same snapshot, and never another one under the same time. A row that
says what it said the last time is not published again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from throughline.schemas.acceptance.events import EVENTS, REJECTS
from throughline.sources.mapping.snapshots import Snapshots
from throughline.sources.mapping.times import text
from throughline.sql import sql

State = dict[str, Any]

_EVENTS = "events"
_TABLES = ("seen", "stated", "unsure")
_ROWS_AT_ONCE = 20_000


def next_time(state: State, now: datetime | None = None) -> str:
    """The time of a snapshot that is taken now (RFC 3339, UTC): after that of the last, whatever the clock says."""
    moment = datetime.now(UTC) if now is None else now
    if "last" in state:
        moment = max(moment, datetime.fromisoformat(state["last"]) + timedelta(microseconds=1))
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def stage(snapshots: Snapshots, folder: Path, state: State, taken_at: str) -> tuple[State, pa.Table]:
    """Put on the disk what is to be published of the snapshot that was gathered, and what the next is compared with.

    Gives the state with it under way, and what the domain refuses of it (REJECTS). A snapshot without rows changes
    nothing: a table that is being filled is empty for a while, and nothing has vanished.
    """
    into = folder / taken_at.replace(":", "")
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for name, found in snapshots.gathered():
        _write(into / f"now_{name}.parquet", found.schema, found)
    is_empty = not pq.ParquetFile(into / "now_stated.parquet").metadata.num_rows
    if is_empty:
        shutil.rmtree(into)
        return state, REJECTS.empty_table()
    before = folder / state["current"] if state.get("current") else None
    if before is not None:
        snapshots.recall({name: _earlier(before, name) for name in _TABLES})
    refused = [REJECTS.empty_table()]

    def differences() -> Iterator[pa.RecordBatch]:
        for batch in snapshots.differences(takes_back=False):
            refused.append(batch.rejects)
            yield from batch.events.to_batches()

    _write(into / "differences.parquet", EVENTS, differences())
    is_whole = not pq.ParquetFile(into / "now_unsure.parquet").metadata.num_rows
    _settle(into, before, taken_at, state, is_whole)
    for file in into.iterdir():
        _to_disk(file)
    _to_disk(into)
    _to_disk(folder)
    whole = taken_at if is_whole else state.get("whole")
    return {**state, "under_way": into.name, "last": taken_at, "whole": whole}, pa.concat_tables(refused)


def staged(folder: Path, state: State) -> Iterator[pa.Table]:
    """The events (EVENTS) that are under way, in bounded batches."""
    with pq.ParquetFile(folder / state["under_way"] / f"{_EVENTS}.parquet") as file:
        for batch in file.iter_batches(_ROWS_AT_ONCE):
            yield pa.Table.from_batches([batch]).select(EVENTS.names).cast(EVENTS)


def published(state: State) -> State:
    """The state once all that was under way is in the outbox."""
    return {name: value for name, value in state.items() if name != "under_way"} | {"current": state["under_way"]}


def sweep(folder: Path, state: State) -> None:
    """Delete what no snapshot needs any more."""
    for one in folder.iterdir() if folder.is_dir() else ():
        if one.name not in (state.get("current"), state.get("under_way")):
            shutil.rmtree(one, ignore_errors=True)


def _settle(into: Path, before: Path | None, taken_at: str, state: State, is_whole: bool) -> None:
    """Write what is published and what is kept."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("set timezone = 'UTC'")
        for name in _TABLES:
            now = f"from read_parquet({text(str(into / f'now_{name}.parquet'))})"
            earlier = (
                f"{now} limit 0" if before is None else f"from read_parquet({text(str(before / f'{name}.parquet'))})"
            )
            connection.execute(f"create view {name}_now as {now}; create view {name}_earlier as {earlier}")
        connection.execute(f"create view differing as from read_parquet({text(str(into / 'differences.parquet'))})")
        connection.execute("set variable taken_at = $1", [taken_at])
        connection.execute("set variable last_at = $1", [state.get("last")])
        connection.execute("set variable whole_at = $1", [None if is_whole else state.get("whole")])
        events = connection.execute(sql(__package__, "restated")).to_arrow_reader(_ROWS_AT_ONCE)
        _write(into / f"{_EVENTS}.parquet", events.schema, events)
        for name in _TABLES:
            # of the last snapshot that had every row, too: what is gone is gone since then
            kept = f"from {name}_now union all by name from {name}_earlier where revision = getvariable('whole_at')"
            found = connection.execute(kept).to_arrow_reader(_ROWS_AT_ONCE)
            _write(into / f"{name}.parquet", found.schema, found)
    for name in (*(f"now_{name}" for name in _TABLES), "differences"):
        (into / f"{name}.parquet").unlink()


def _earlier(before: Path, name: str) -> pa.Table | pa.RecordBatchReader:
    file = pq.ParquetFile(before / f"{name}.parquet")
    wanted = [one for one in file.schema_arrow.names if one != "said"]
    schema = pa.schema([file.schema_arrow.field(one) for one in wanted])
    return pa.RecordBatchReader.from_batches(schema, file.iter_batches(_ROWS_AT_ONCE, columns=wanted))


def _write(path: Path, schema: pa.Schema, batches: Any) -> None:
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)


def _to_disk(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
