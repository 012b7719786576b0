"""What hostile files once broke: each costs its own records and no more."""
# ruff: noqa: DTZ001 — columns hold UTC and labels without a zone

from __future__ import annotations

import gzip
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from throughline.errors import DataError
from throughline.schemas.acceptance.events import EVENTS, Batch
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.sources.formats import avro, json_lines, text
from throughline.sources.formats.delimited import read_csv
from throughline.sources.formats.registry import read_events
from throughline.sources.mapping.conversion import read_mapped
from throughline.sources.mapping.mapping import load_mapping


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain(None)


def row(number: int, **changes: Any) -> dict[str, Any]:
    """A row of EVENTS whose type has a timestamp among the fields of `data`."""
    return (
        dict.fromkeys(EVENTS.names)
        | {
            "source": "urn:test",
            "id": f"e{number}",
            "type": "police.crime.recorded",
            "version": 1,
            "area": "20",
            "agency": "police",
            "occurred_at": datetime(2026, 3, 2),
            "occurred_precision": "instant",
            "identifiers": [{"kind": "crime_ref", "value": f"20/{number}/26"}],
            "data": '{"offence_group":"stalking","reported_at":"2026-03-01T10:00:00Z"}',
        }
        | changes
    )


def event(number: int) -> dict[str, Any]:
    """The same as a CloudEvent."""
    return {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "urn:test",
        "type": "police.crime.recorded",
        "time": "2026-03-02T00:00:00Z",
        "partitionkey": "20",
        "data": {"identifiers": {"crime_ref": f"20/{number}/26"}, "offence_group": "stalking"},
    }


def read(path: Path, domain: Domain) -> Batch:
    batches = list(read_events(path, domain))
    return Batch(pa.concat_tables([b.events for b in batches]), pa.concat_tables([b.rejects for b in batches]))


def told(batch: Batch) -> tuple[list[int], list[tuple[int, str]]]:
    """Positions of the events; position and reason of the rejects."""
    rejects = zip(batch.rejects["position"].to_pylist(), batch.rejects["reason"].to_pylist(), strict=True)
    return batch.events["position"].to_pylist(), list(rejects)


def test_data_that_is_no_json_is_a_reject(tmp_path: Path, domain: Domain) -> None:
    """Text in `data` that is no JSON refuses its row, also where a time would be looked for in it."""
    rows = [row(1), row(2, data=""), row(3, data="{"), row(4, data="[" * 50_000)]
    pq.write_table(pa.Table.from_pylist(rows, schema=EVENTS), tmp_path / "a.parquet")
    events, rejects = told(read(tmp_path / "a.parquet", domain))
    assert events == [1]
    assert [place for place, _ in rejects] == [2, 3, 4]


@pytest.mark.parametrize("micros", [2**63 - 1, -(2**63) + 1, -(2**62), 2**62, None])
@pytest.mark.parametrize("precision", ["instant", "day", "month"])
def test_time_beyond_every_calendar_is_a_reject(
    tmp_path: Path, domain: Domain, micros: int | None, precision: str
) -> None:
    """No number of microseconds stops the rows beside it."""
    table = pa.Table.from_pylist([row(1), row(2)], schema=EVENTS)
    times = np.array([0, micros or 0])
    wrong = pa.array(times, pa.int64(), mask=np.array([False, micros is None])).cast(pa.timestamp("us"))
    for name, column in (("occurred_at", wrong), ("occurred_precision", pa.array(["instant", precision]))):
        table = table.set_column(EVENTS.get_field_index(name), EVENTS.field(name), column)
    pq.write_table(table, tmp_path / "a.parquet")
    events, rejects = told(read(tmp_path / "a.parquet", domain))
    assert events == [1]
    assert [place for place, _ in rejects] == [2]


def not_utf8(column: pa.Array, place: int) -> pa.Array:
    """A column of text in which one value is the bytes C0 AF."""
    values = [value.encode() for value in column.to_pylist()]
    values[place] = b"a\xc0\xaf"
    return pa.array(values, pa.binary()).view(pa.string())


@pytest.mark.parametrize("name", ["id", "data", "source", "identifiers"])
def test_row_of_parquet_that_is_not_utf8_is_a_reject(tmp_path: Path, domain: Domain, name: str) -> None:
    """Parquet keeps whatever bytes its writer called text; the row is refused whole, its neighbours are not."""
    table = pa.Table.from_pylist([row(number) for number in range(1, 6)], schema=EVENTS)
    if name == "identifiers":
        items = table[name].chunk(0)
        values = not_utf8(items.values.field("value"), 2)
        structs = pa.StructArray.from_arrays([items.values.field("kind"), values], ["kind", "value"])
        column = pa.ListArray.from_arrays(items.offsets, structs)
    else:
        column = not_utf8(table[name].chunk(0), 2)
    table = table.set_column(EVENTS.get_field_index(name), name, column)
    pq.write_table(table, tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet", domain)
    assert told(found) == ([1, 2, 4, 5], [(3, "not_utf8")])
    assert b"a\\\\xc0\\\\xaf" in found.rejects["raw"][0].as_py()
    found.events.validate(full=True)


def test_flat_row_that_is_not_utf8_is_a_reject(tmp_path: Path, domain: Domain) -> None:
    """The same for the layout of CloudEvents."""
    rows = [event(number) | {"data": orjson.dumps(event(number)["data"]).decode()} for number in range(1, 4)]
    table = pa.Table.from_pylist(rows)
    place = table.schema.get_field_index("data")
    table = table.set_column(place, "data", not_utf8(table["data"].chunk(0), 1))
    pq.write_table(table, tmp_path / "a.parquet")
    assert told(read(tmp_path / "a.parquet", domain)) == ([1, 3], [(2, "not_utf8")])


def test_line_without_end_is_cut_and_costs_one_record(
    tmp_path: Path, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A packed line of any length takes the memory of a block: it is a reject, and the lines after it are read."""
    monkeypatch.setattr(json_lines, "_BLOCK", 1 << 20)
    good = [orjson.dumps(event(number)) for number in (1, 2, 3)]
    content = b"\n".join([good[0], b"0" * (10 << 20), good[1], good[2]])
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(content))
    found = read(tmp_path / "a.jsonl.gz", domain)
    assert told(found) == ([1, 3, 4], [(2, "too_large")])
    assert len(found.rejects["raw"][0].as_py()) <= 2 << 20


def test_a_packed_file_of_blank_lines_is_refused(domain: Domain, tmp_path: Path) -> None:
    """A few kilobytes that unpack to as many blank lines as somebody likes: a thousand times as much."""
    blank = b"\n" * (40 << 20)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(orjson.dumps(event(1)) + blank))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"crime,at" + blank))

    with pytest.raises(DataError, match="250 times its size"):
        read(tmp_path / "a.jsonl.gz", domain)
    with pytest.raises(DataError, match="250 times its size"):
        list(read_csv(tmp_path / "a.csv.gz", {}))


def test_a_packed_file_that_is_small_may_pack_well(tmp_path: Path) -> None:
    """Ten megabytes of one row pack to a thousandth, and are read."""
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"crime,at\n" + b"20/1,2026-01-02\n" * 100_000))

    assert sum(rows.table.num_rows for rows in read_csv(tmp_path / "a.csv.gz", {})) == 100_000


def test_a_table_of_too_many_columns_is_refused(tmp_path: Path) -> None:
    """Twenty thousand, with what is most likely wrong; a header is looked at once, however many there are."""
    (tmp_path / "a.csv").write_text(",".join(f"c{number}" for number in range(20_000)) + "\n")

    with pytest.raises(DataError, match="20,000 columns, more than 16,384"):
        list(read_csv(tmp_path / "a.csv", {}))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_blocks_are_the_file_whatever_their_size(tmp_path: Path, size: int) -> None:
    """Whole lines, in order; of a line longer than a block its beginning."""
    lines = [b"a", b"", b"bb" * 30, b"c", b"", b"d" * 99, b"e"]
    path = tmp_path / "a.txt"
    path.write_bytes(b"\n".join(lines))
    found = b"".join(text.line_blocks(path, size)).split(b"\n")
    assert len(found) == len(lines)
    assert all(line.startswith(part) for line, part in zip(lines, found, strict=True))
    assert all(len(part) >= min(len(line), size) for line, part in zip(lines, found, strict=True))


def test_schemas_are_compiled_once_for_many_files(
    tmp_path: Path, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of small Avro files is not a folder of compilations."""
    stored = SchemaStore(domain).of("police.crime.recorded")
    assert stored is not None
    out = io.BytesIO()
    fastavro.writer(out, orjson.loads(stored.avro.schema_json), [])
    made = 0

    def counted(of: Domain) -> SchemaStore:
        nonlocal made
        made += 1
        return SchemaStore(of)

    monkeypatch.setattr(avro, "SchemaStore", counted)
    monkeypatch.setattr(avro, "_STORES", {})
    for number in range(3):
        path = tmp_path / f"{number}.avro"
        path.write_bytes(out.getvalue())
        assert list(read_events(path, domain)) == []
    assert made == 1


MAPPING = """
title: Test
source: urn:test
area: {constant: "20"}
identifiers: {crime_ref: crime}
time: {column: at, format: iso, precision: day, zone: Europe/London}
type: {constant: police.crime.recorded}
fields: {offence_group: {constant: stalking}}
id: row
"""


def test_row_of_a_table_that_is_not_utf8_is_a_reject(tmp_path: Path, domain: Domain) -> None:
    """The same for an existing system's Parquet, read by a mapping."""
    (tmp_path / "m.yaml").write_text(MAPPING)
    crimes = pa.array(["20/1/26", "20/2/26", "20/3/26"])
    pq.write_table(pa.table({"crime": not_utf8(crimes, 1), "at": ["2026-03-02"] * 3}), tmp_path / "a.parquet")
    batches = list(read_mapped(tmp_path / "a.parquet", load_mapping(tmp_path / "m.yaml"), domain))
    assert [told(batch) for batch in batches] == [([1, 3], [(2, "not_utf8")])]


def test_block_cannot_say_that_it_has_more_records_than_bytes(tmp_path: Path, domain: Domain) -> None:
    """Counts that are made up do not make the numbers of records overflow."""
    stored = SchemaStore(domain).of("police.crime.recorded")
    assert stored is not None
    out = io.BytesIO()
    fastavro.writer(out, orjson.loads(stored.avro.schema_json), [], sync_marker=b"s" * 16)
    for _ in range(5):
        fastavro.schemaless_writer(out, "long", 2**62)
        fastavro.schemaless_writer(out, "long", 3)
        out.write(b"abc" + b"s" * 16)
    (tmp_path / "a.avro").write_bytes(out.getvalue())
    assert read(tmp_path / "a.avro", domain).rejects["reason"].to_pylist() == ["truncated"] * 5


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("number", [2**63 - 1, -(2**63) + 1, 2**62])
def test_time_of_a_table_beyond_every_calendar_is_a_reject(
    tmp_path: Path, domain: Domain, unit: str, zone: str | None, number: int
) -> None:
    """In whatever unit a Parquet file keeps its times, one that is no time refuses its row alone."""
    times = pa.array([0, number, 0], pa.int64()).cast(pa.timestamp(unit, zone))
    (tmp_path / "m.yaml").write_text(MAPPING)
    pq.write_table(pa.table({"crime": ["20/1/26", "20/2/26", "20/3/26"], "at": times}), tmp_path / "a.parquet")
    (mapped,) = read_mapped(tmp_path / "a.parquet", load_mapping(tmp_path / "m.yaml"), domain)
    rows = [event(place) | {"data": orjson.dumps(event(place)["data"]).decode()} for place in range(1, 4)]
    flat = pa.Table.from_pylist(rows)
    pq.write_table(flat.set_column(flat.schema.get_field_index("time"), "time", times), tmp_path / "b.parquet")
    for batch in (mapped, read(tmp_path / "b.parquet", domain)):
        assert batch.events["position"].to_pylist() == [1, 3]
        assert batch.rejects["position"].to_pylist() == [2]


def test_data_deeper_than_can_be_written_is_a_reject(tmp_path: Path, domain: Domain) -> None:
    """JSON of some hundred levels can be read and not be written again: its row is refused."""
    rows = [event(number) | {"data": orjson.dumps(event(number)["data"]).decode()} for number in (1, 2)]
    rows[1]["data"] = '{"a":' * 500 + "1" + "}" * 500
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    assert told(read(tmp_path / "a.parquet", domain)) == ([1], [(2, "bad_field")])


def test_column_whose_name_is_no_text_refuses_the_file(tmp_path: Path, domain: Domain) -> None:
    """A damaged footer may name its columns by any bytes."""
    pq.write_table(pa.Table.from_pylist([row(1)], schema=EVENTS), tmp_path / "a.parquet", store_schema=False)
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(content.replace(b"occurred_precision", b"occurred\xe5precision"))
    with pytest.raises(DataError):
        read(tmp_path / "a.parquet", domain)
