"""Avro object container files: of our types by block, and Apache's own files."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import fastavro
import pytest
from catalogue_events import SMALL, event

from bench.hostile.values import damaged
from throughline.errors import CodecError
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.acceptance.judge import row_or_reject
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rows import ROW_COLUMNS, join_batches
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.avro.container import BLOCK_BYTES, open_container, read_container
from throughline.schemas.wire.avro.record import avro_record

CODECS = ("null", "deflate", "snappy", "zstandard", "bzip2", "xz")


@pytest.fixture(scope="module")
def store() -> SchemaStore:
    return SchemaStore(load_domain(SMALL))


def written(store: SchemaStore, codec: str = "null", count: int = 300, **more: Any) -> bytes:
    stored = store.of("police.suspect.decided")
    assert stored is not None
    records = []
    for i in range(count):
        row = row_or_reject(event(id=f"e{i}", **more), store.rules)
        assert not isinstance(row, Reject)
        records.append(avro_record(dict(zip(ROW_COLUMNS, row, strict=True)), stored.avro))
    out = io.BytesIO()
    schema = fastavro.parse_schema(stored.avro.schema)
    fastavro.writer(out, schema, records, codec=codec, sync_interval=2000, sync_marker=b"0123456789abcdef")
    return out.getvalue()


def read(path: Path, data: bytes, store: SchemaStore) -> Batch:
    path.write_bytes(data)
    return join_batches(list(read_container(path, store, batch_rows=100)))


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_every_record_of_a_file_is_an_event(tmp_path: Path, store: SchemaStore, codec: str) -> None:
    """With its number in the file as position."""
    batch = read(tmp_path / "events.avro", written(store, codec), store)
    assert batch.events["id"].to_pylist() == [f"e{i}" for i in range(300)]
    assert batch.events["position"].to_pylist() == list(range(1, 301))
    assert batch.rejects.num_rows == 0


def test_a_damaged_block_costs_that_block(tmp_path: Path, store: SchemaStore) -> None:
    """Reading goes on at the next sync marker; the block stands in the rejects."""
    data = bytearray(written(store))
    marks = [at for at in range(len(data)) if data[at : at + 16] == b"0123456789abcdef"]
    data[marks[2] + 16] = 0xFF
    data[marks[2] + 17] = 0xFF
    batch = read(tmp_path / "events.avro", bytes(data), store)
    assert batch.rejects["reason"].to_pylist() == ["bad_avro"]
    assert 250 < batch.events.num_rows < 300


def test_a_file_cut_off_keeps_its_whole_blocks(tmp_path: Path, store: SchemaStore) -> None:
    """The rest is one reject."""
    data = written(store)
    batch = read(tmp_path / "events.avro", data[: len(data) // 2], store)
    assert batch.events.num_rows > 100
    assert batch.rejects["reason"].to_pylist() == ["truncated"]


def test_a_bad_record_leaves_its_neighbours(tmp_path: Path, store: SchemaStore) -> None:
    """A record that breaks a rule of the catalogue is refused alone."""
    data = written(store, count=20).replace(b"\x04e7", b"\x04\x00\x00", 1)
    batch = read(tmp_path / "events.avro", data, store)
    assert batch.events.num_rows == 19
    assert batch.rejects.select(["reason", "position"]).to_pylist() == [{"reason": "nul_character", "position": 8}]


def test_a_bomb_is_not_unpacked(tmp_path: Path, store: SchemaStore) -> None:
    """A block that unpacks to more than a block may have is refused without being unpacked."""
    import zlib

    stored = store.of("police.suspect.decided")
    assert stored is not None
    out = io.BytesIO()
    fastavro.writer(
        out, fastavro.parse_schema(stored.avro.schema), [], codec="deflate", sync_marker=b"0123456789abcdef"
    )
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(BLOCK_BYTES // (1 << 20) + 2)) + packer.flush()
    for number in (1, len(packed)):
        fastavro.schemaless_writer(out, "long", number)
    out.write(packed + b"0123456789abcdef")
    batch = read(tmp_path / "events.avro", out.getvalue(), store)
    assert batch.rejects["reason"].to_pylist() == ["too_large"]


def test_a_foreign_schema_is_unknown(tmp_path: Path, store: SchemaStore, shared_data: Path) -> None:
    """Apache's weather file is Avro, but none of its records is an event."""
    data = (shared_data / "avro" / "apache_data" / "weather.avro").read_bytes()
    assert read(tmp_path / "weather.avro", data, store).rejects["reason"].to_pylist() == ["unknown_schema"]


@pytest.mark.parametrize("data", [b"", b"Obj\x01", b"PAR1" + b"\0" * 50, b"Obj\x01" + b"\xff" * 50])
def test_what_is_no_avro_file_is_an_error(tmp_path: Path, store: SchemaStore, data: bytes) -> None:
    """The error names the file."""
    with pytest.raises(CodecError, match=r"events\.avro"):
        read(tmp_path / "events.avro", data, store)


def test_apache_files_are_read_block_by_block(shared_data: Path) -> None:
    """Null, deflate, snappy and zstandard give the same records, as Apache wrote them."""
    folder = shared_data / "avro" / "apache_data"
    found = {}
    for name in ("weather", "weather-deflate", "weather-snappy", "weather-zstd"):
        data = (folder / f"{name}.avro").read_bytes()
        container = open_container(data, name)
        schema = fastavro.parse_schema(json.loads(container.schema_json))
        records = []
        for block in container.blocks:
            assert isinstance(block.content, bytes), block
            stream = io.BytesIO(block.content)
            records += [fastavro.schemaless_reader(stream, schema, None) for _ in range(block.count)]
            assert stream.read() == b""
        found[name] = records
    expected = [json.loads(line) for line in (folder / "weather.json").read_text().splitlines()]
    assert all(records == expected for records in found.values())
    # Its metadata hold the sync marker: 12 blocks with 6,001 records.
    blocks = list(open_container((folder / "syncInMeta.avro").read_bytes(), "s").blocks)
    assert sum(block.count for block in blocks) == 6001


def test_damaged_files_never_raise_another_error(tmp_path: Path, store: SchemaStore) -> None:
    """Seeded damage: batches, or a CodecError that names the file."""
    chance = random.Random(5)
    good = [written(store, codec, 40) for codec in ("null", "deflate")]
    errors = []
    for _ in range(300):
        try:
            read(tmp_path / "events.avro", damaged(chance.choice(good), chance), store)
        except CodecError as error:
            errors.append(error.file)
    assert set(errors) <= {str(tmp_path / "events.avro")}
