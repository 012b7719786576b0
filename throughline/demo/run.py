"""Run the demo end to end: make cases up, publish them to files, replay the files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from throughline.demo.population import write_population
from throughline.errors import UsageError
from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.store import Store, open_store
from throughline.sources.files import Report
from throughline.sql import one_row
from throughline.streams.join.accept import Counts
from throughline.streams.join.replay import replay

# a fixed day, so that the same seed shows the same figures whenever it is run
UNTIL = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
LAST_NIGHT = datetime(2026, 7, 1, 2, 0)  # noqa: DTZ001 - UTC without zone, as the store keeps times
NIGHT = timedelta(days=1, hours=2)
BESIDE_A_STORE = ("", ".wal", ".lock", ".mark")


def run_demo(store_path: Path, *, cases: int, seed: int, report: Report) -> Counts:
    """Fill a fresh store at `store_path` with a made-up population; what became of its records.

    An earlier demo there is replaced. Raises UsageError where the store there is not a demo's.
    """
    if store_path.exists():
        remove_earlier(store_path)
    domain = load_domain(None)
    with TemporaryDirectory(prefix="throughline-demo-") as folder:
        report("making up cases", 0, None)
        write_population(Path(folder), seed, cases, domain, UNTIL)
        with open_store(store_path, write=True) as store:
            _note_seed(store, seed)
            return replay(store, domain, [Path(folder)], received_at=nightly, report=report)


def nightly(records: pa.Table) -> pa.Array | pa.ChunkedArray:
    """When each record was received (UTC, naive): the night after it was written down, as systems that export do."""
    if "recorded_at" in records.column_names:
        written = pc.coalesce(records["recorded_at"], records["occurred_at"]).cast(pa.timestamp("us"))
    else:
        written = pa.array([_written(raw) for raw in records["raw"].to_pylist()], pa.timestamp("us"))
    night = pc.add(pc.floor_temporal(written, unit="day"), pa.scalar(NIGHT, pa.duration("us")))
    return pc.min_element_wise(night, pa.scalar(LAST_NIGHT, pa.timestamp("us")))


def _written(raw: bytes) -> datetime:
    """When a record that was refused says that it was written down, or happened."""
    said = orjson.loads(raw)
    time = datetime.fromisoformat(said.get("recordedtime") or said.get("time") or said["occurredon"])
    # one of the faults is a year that lacks its century
    return time.replace(year=time.year % 100 + 2000, tzinfo=None)


def mark_as_demo(store_path: Path, seed: int) -> None:
    """Note in a store that it is a demo's, so that another demo may replace it."""
    with open_store(store_path, write=True) as store:
        _note_seed(store, seed)


def _note_seed(store: Store, seed: int) -> None:
    with store.transaction() as connection:
        connection.execute("insert into store_meta values ('demo', ?)", [str(seed)])


def remove_earlier(store_path: Path) -> None:
    """Delete an earlier demo's store; a store of anything else is left alone."""
    with open_store(store_path, write=False) as store:
        (is_of_demo,) = one_row(store.connection, "select count(*) from store_meta where key = 'demo'")
    if not is_of_demo:
        raise UsageError(
            f"`{store_path}` is a store, and not one of an earlier demo: it is left as it is.",
            hint="Give another file with --store.",
        )
    for ending in BESIDE_A_STORE:
        store_path.with_name(store_path.name + ending).unlink(missing_ok=True)
