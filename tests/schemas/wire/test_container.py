"""Avro object container files: of our types by block, and Apache's own files."""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Callable
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


def by_another_writer(store: SchemaStore, change: Callable[[dict[str, Any]], None], **values: Any) -> bytes:
    """A file of one record, by the type's schema as `change` leaves it, its times as numbers."""
    stored = store.of("police.suspect.decided")
    assert stored is not None
    row = row_or_reject(event(id="e1", time="2026-07-02T10:15:00Z"), store.rules)
    assert not isinstance(row, Reject)
    record = avro_record(dict(zip(ROW_COLUMNS, row, strict=True)), stored.avro) | values
    schema = json.loads(stored.avro.schema_json)
    change(schema)
    out, plain = io.BytesIO(), json.loads(re.sub(r', "logicalType": "[^"]*"', "", json.dumps(schema)))
    fastavro.writer(out, fastavro.parse_schema(plain), [record], metadata={})
    packed = out.getvalue()
    return packed.replace(*(length_and_text(json.dumps(one)) for one in (plain_in(packed), schema)))


def plain_in(packed: bytes) -> Any:
    return json.loads(fastavro.reader(io.BytesIO(packed)).metadata["avro.schema"])


def length_and_text(text: str) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, "bytes", text.encode())
    return out.getvalue()


MICROS = 1_782_987_300_000_000  # 2026-07-02T10:15:00Z


def of_unit(logical: str) -> Callable[[dict[str, Any]], None]:
    def change(schema: dict[str, Any]) -> None:
        [field] = [one for one in schema["fields"] if one["name"] == "occurred_at"]
        field["type"][1] = {"type": "long"} | ({"logicalType": logical} if logical else {})

    return change


@pytest.mark.parametrize(
    ("logical", "number"),
    [
        ("timestamp-micros", MICROS + 1),
        ("timestamp-millis", MICROS // 1000),
        ("timestamp-nanos", MICROS * 1000 + 1999),
    ],
)
def test_times_are_read_in_the_unit_of_their_writer(
    tmp_path: Path, store: SchemaStore, logical: str, number: int
) -> None:
    """The fingerprint does not tell them apart; what is finer than a microsecond is cut off."""
    batch = read(tmp_path / "e.avro", by_another_writer(store, of_unit(logical), occurred_at=number), store)
    [at] = batch.events["occurred_at"].cast("int64").to_pylist()
    assert at == MICROS + (0 if logical == "timestamp-millis" else 1)


@pytest.mark.parametrize(
    ("logical", "says"),
    [
        ("", "a long"),
        ("local-timestamp-micros", "local-timestamp-micros, which has no zone"),
        ("local-timestamp-millis", "local-timestamp-millis, which has no zone"),
        ("date", "date, which does not say what instant"),
        ("time-millis", "time-millis, which does not say what instant"),
    ],
)
def test_number_that_is_no_instant_is_refused(tmp_path: Path, store: SchemaStore, logical: str, says: str) -> None:
    batch = read(tmp_path / "e.avro", by_another_writer(store, of_unit(logical), occurred_at=MICROS), store)
    [reject] = batch.rejects.to_pylist()
    assert (reject["reason"], reject["field"]) == ("unknown_schema", "occurred_at")
    assert says.removeprefix("a ") in reject["detail"]


def null_last(schema: dict[str, Any]) -> None:
    for field in schema["fields"]:
        if isinstance(field["type"], list):
            field["type"].reverse()
            del field["default"]


def without_optional(schema: dict[str, Any]) -> None:
    schema["fields"] = [field for field in schema["fields"] if field["name"] not in {"recorded_at", "correlation"}]


@pytest.mark.parametrize("change", [null_last, without_optional])
def test_schema_that_says_the_same_in_another_way_is_read(
    tmp_path: Path, store: SchemaStore, change: Callable[[dict[str, Any]], None]
) -> None:
    """Null last in its unions, optional fields left out."""
    batch = read(tmp_path / "e.avro", by_another_writer(store, change, occurred_at=MICROS), store)
    assert batch.events["id"].to_pylist() == ["e1"]
    assert batch.events["occurred_at"].cast("int64").to_pylist() == [MICROS]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda schema: schema.update(namespace="com.example"), "in another namespace"),
        (lambda schema: schema["fields"].append({"name": "more", "type": "string"}), "a field `more`"),
        (lambda schema: schema["fields"].pop(0), "has no `id`"),
        (
            lambda schema: schema["fields"][0].update(type="long"),
            "`id` is a plain long, not string|`id` is long, not string",
        ),
    ],
)
def test_schema_that_says_something_else_is_refused_by_what_differs(
    tmp_path: Path, store: SchemaStore, change: Callable[[dict[str, Any]], None], says: str
) -> None:
    """Nothing that the file says is left out."""
    data = by_another_writer(store, change, id=7 if "plain" in says else "e1", more="x")
    [reject] = read(tmp_path / "e.avro", data, store).rejects.to_pylist()
    assert reject["reason"] == "unknown_schema"
    assert re.search(says, reject["detail"])


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
