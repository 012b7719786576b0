"""Generated events as encoded Kafka records on disk, made by all cores once and read back as often as needed."""

from __future__ import annotations

import functools
import hashlib
import marshal
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.generate import population
from bench.generate.population import generate
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.kafka_record import Headers, plain_rows, record_of

Encoded = tuple[str, bytes, bytes, Headers]
"""Topic without a prefix, key, value, headers."""

_AT_ONCE = 50_000


def encoded_records(kept: Path, events: int, seed: int) -> Path:
    """The folder of the encoded records of `events` generated events, under `kept`; made where it is not there."""
    folder = kept / f"records-{events}-{seed}-{_version()}"
    if folder.is_dir():
        return folder
    kept.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=kept))
    try:
        path = generate(made, events, seed=seed)
        with pq.ParquetFile(path) as file:
            rows = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        parts = [(path, group, first) for group, count in enumerate(rows) for first in range(0, count, _AT_ONCE)]
        with multiprocessing.get_context("spawn").Pool(os.cpu_count() or 1) as pool:
            pool.starmap(_encode, parts, chunksize=1)
        path.unlink()
        made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder


def read_encoded(folder: Path) -> Iterator[list[Encoded]]:
    """The records in the order in which the events happened, some tens of thousands at a time."""
    for file in sorted(folder.glob("*.records")):
        with pa.input_stream(str(file), compression="zstd") as stream:
            yield marshal.loads(stream.read())


def _encode(path: Path, group: int, first: int) -> None:
    schemas, topics = _compiled()
    with pq.ParquetFile(path) as file:
        table = file.read_row_group(group).slice(first, _AT_ONCE)
    records = []
    for row in plain_rows(table):
        record = record_of(row, schemas, topics)
        records.append((record.topic, record.key, record.value, record.headers))
    made = path.with_name(f"{group:05}-{first:07}.records")
    with pa.output_stream(str(made), compression="zstd") as stream:
        stream.write(marshal.dumps(records))


@functools.cache
def _compiled() -> tuple[SchemaStore, Topics]:
    domain = load_domain(None)
    return SchemaStore(domain), load_topics(domain)


def _version() -> str:
    """Changes with the generator, the schemas, and the Python whose `marshal` writes the files."""
    schemas, _ = _compiled()
    known = hashlib.sha256(Path(population.__file__).with_suffix(".sql").read_bytes())
    known.update(repr((sys.version_info[:2], marshal.version)).encode())
    for fingerprint in sorted(stored.avro.fingerprint for stored in schemas):
        known.update(fingerprint)
    return known.hexdigest()[:12]
