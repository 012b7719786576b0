"""Make a file of plausible events of England and Wales.

The same seed gives the same events. All of them are valid under the shipped catalogue; a sample is put to `admit`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import fastavro
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from throughline.schemas.acceptance.admission import admit
from throughline.schemas.acceptance.events import EVENTS
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.avro.record import avro_record
from throughline.schemas.wire.event_json import event_object

EVENTS_DEFAULT = 5_000_000
SEED = 20
# a case has about 9.5 events; made from somewhat too many cases, the latest events are cut off
EVENTS_PER_CASE = 9
_SQL = Path(__file__).with_suffix(".sql")


def generate(
    folder: Path, events: int = EVENTS_DEFAULT, *, seed: int = SEED, first_case: int = 0, name: str = "events"
) -> Path:
    """Write `events` events, sorted by occurred_at, to `folder`/`name`.parquet in the layout of EVENTS; its path.

    Cases are numbered from `first_case` (at most `cases_for(events)` of them), so that files of different numbers
    share none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.parquet"
    with duckdb.connect(":memory:", config={"memory_limit": "2GB", "temp_directory": str(folder)}) as connection:
        given = {"first_case": first_case, "cases": cases_for(events), "events": events, "seed": seed}
        for variable, value in given.items():
            connection.execute(f"set variable {variable} = {value}")
        connection.execute(_SQL.read_text(encoding="utf-8"))
        connection.execute(f"copy generated to '{path}' (format parquet, row_group_size 200000)")
    return path


def cases_for(events: int) -> int:
    """How many cases are drawn for so many events."""
    return -(-events // EVENTS_PER_CASE)


def check_sample(path: Path, domain: Domain, rows: int = 20_000) -> int:
    """Put the first and the last row group's first `rows` rows to `admit`; how many were put. Raises ValueError for
    a reject."""
    checked = 0
    with pq.ParquetFile(path) as file:
        for group in sorted({0, file.num_row_groups - 1}):
            table = file.read_row_group(group).slice(0, rows).cast(EVENTS)
            batch = admit(table, domain)
            if batch.rejects.num_rows:
                first = batch.rejects.slice(0, 1).to_pylist()[0]
                raise ValueError(f"a generated {first['type']} is refused: {first['field']}: {first['detail']}")
            checked += batch.events.num_rows
    return checked


def plain_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a generated file as mappings by column, times in microseconds, identifiers as (kind, value)."""
    with pq.ParquetFile(path) as file:
        for found in file.iter_batches(batch_size=50_000):
            columns = [
                column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column for column in found.columns
            ]
            for row in pa.RecordBatch.from_arrays(columns, names=found.schema.names).to_pylist():
                row["identifiers"] = [(one["kind"], one["value"]) for one in row["identifiers"]]
                yield row


def write_json_lines(path: Path, domain: Domain) -> Path:
    """The same events as JSON Lines of CloudEvents, beside `path`."""
    made = path.with_suffix(".jsonl")
    with made.open("wb") as out:
        for row in plain_rows(path):
            out.write(orjson.dumps(event_object(row, domain.type_prefix)) + b"\n")
    return made


def write_avro(path: Path, domain: Domain) -> list[Path]:
    """The same events as Avro container files, one for each type, beside `path`."""
    store = SchemaStore(domain)
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in plain_rows(path):
        rows.setdefault(row["type"], []).append(row)
    made = []
    for name, of_type in sorted(rows.items()):
        stored = store.of(name)
        assert stored is not None
        made.append(path.with_name(f"{path.stem}.{name}.avro"))
        with made[-1].open("wb") as out:
            schema = orjson.loads(stored.avro.schema_json)
            fastavro.writer(out, schema, (avro_record(row, stored.avro) for row in of_type), codec="deflate")
    return made


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--events", type=int, default=EVENTS_DEFAULT)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--first-case", type=int, default=0)
    options.add_argument("--json-lines", action="store_true", help="also as JSON Lines (for a smaller number)")
    options.add_argument("--avro", action="store_true", help="also as Avro, one file a type (for a smaller number)")
    given = options.parse_args()
    domain = load_domain(None)
    started = time.perf_counter()
    path = generate(given.folder, given.events, seed=given.seed, first_case=given.first_case)
    print(f"{path}: {given.events} events in {time.perf_counter() - started:.1f} s")
    print(f"{check_sample(path, domain)} of them checked: all valid")
    if given.json_lines:
        print(write_json_lines(path, domain))
    if given.avro:
        print(*write_avro(path, domain), sep="\n")
