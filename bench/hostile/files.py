"""Hostile files: whole files that are damaged, cut off, packed without end, or in another encoding.

How many records such a file has nobody can say; it must end as records (each once) or be refused with a typed error.
One run is one file (`count` is 1).
"""

from __future__ import annotations

import gzip
import io
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import fastavro
import orjson
import pyarrow.parquet as pq

from bench.hostile.records import MAPPING, Good, Run
from bench.hostile.tables import events_table
from bench.hostile.values import damaged
from throughline.schemas.wire.avro.record import avro_record
from throughline.sources.formats.registry import read_events
from throughline.sources.mapping.conversion import read_mapped
from throughline.sources.mapping.mapping import load_mapping

_RECORDS = 40


def _each_once(found: list[int]) -> str | None:
    """Some positions came out, and none of them twice."""
    return _any(found) if found else "nothing came out, and nothing was refused"


def _something(found: list[int]) -> str | None:
    """Something came out. How many records a damaged block has is not known, so the next has its position too."""
    return None if found else "nothing came out, and nothing was refused"


def containers(good: Good, chance: random.Random, count: int, folder: Path) -> Run:
    """An Avro container file with faults in its header, its blocks or between them."""
    row = chance.choice(good.rows)
    stored = good.store.of(row["type"], row["version"])
    assert stored is not None
    out = io.BytesIO()
    rows = [good.row(chance) | {"type": row["type"]} for _ in range(_RECORDS)]
    records = [avro_record(row | {"id": other["id"]}, stored.avro) for other in rows]
    fastavro.writer(
        out,
        orjson.loads(stored.avro.schema_json),
        records,
        codec=chance.choice(("null", "deflate", "bzip2", "xz")),
        sync_interval=chance.choice((100, 1000, 16000)),
    )
    whole = out.getvalue()
    head = whole.find(b"\x00", 4) if chance.random() < 0.1 else 0
    content = whole[:head] + _spoilt(whole[head:], chance)
    # one that was cut off where its header ends, with the first of its sync markers, is a container of nothing
    empty = whole[: whole.index(whole[-16:]) + 16]
    path = folder / "hostile.avro"
    path.write_bytes(content)
    lost = _any if content == empty else _something
    return Run("Avro files", 1, lambda: read_events(path, good.domain), lost, may_refuse=True)


def parquet_files(good: Good, chance: random.Random, count: int, folder: Path) -> Run:
    """A Parquet file with faults in its pages or its footer."""
    rows = [good.row(chance) for _ in range(_RECORDS)]
    out = io.BytesIO()
    table = events_table(rows)
    pq.write_table(
        table, out, compression=chance.choice(("snappy", "zstd", "none")), use_dictionary=chance.random() < 0.5
    )
    path = folder / "hostile_bytes.parquet"
    path.write_bytes(_spoilt(out.getvalue(), chance))
    return Run("Parquet files", 1, lambda: read_events(path, good.domain), _any, may_refuse=True)


def packed_lines(good: Good, chance: random.Random, count: int, folder: Path) -> Run:
    """JSON Lines in gzip that is cut off, damaged, or several members long."""
    text = b"\n".join(orjson.dumps(good.event(chance)) for _ in range(_RECORDS)) + b"\n"
    packed = gzip.compress(text, mtime=0)
    cut = packed[: chance.randrange(2, len(packed))]
    packed = chance.choice((cut, _spoilt(packed, chance)))
    path = folder / "hostile.jsonl.gz"
    path.write_bytes(packed)
    return Run("gzip files", 1, lambda: read_events(path, good.domain), _each_once, may_refuse=True)


def encoded_files(good: Good, chance: random.Random, count: int, folder: Path) -> Run:
    """A whole file in another encoding or of another kind than its name says: JSON Lines or CSV."""
    lines = [orjson.dumps(good.event(chance)).decode() for _ in range(_RECORDS)]
    head = "entry,area,unit,crime,file,at,entered,what,channel,person,remark"
    is_csv = chance.random() < 0.5
    text = (
        "\n".join([head, *(f"n{good.number(chance)},20,,20/1/26,,2026-03-02,,Contact,sms,,é" for _ in lines)])
        if is_csv
        else "\n".join(lines)
    )
    content = chance.choice(
        (
            lambda: text.encode("utf-16"),
            lambda: text.encode("utf-32"),
            lambda: text.encode("utf-8-sig"),
            lambda: text.encode("utf-7"),
            lambda: text.encode("cp1252", "replace"),
            lambda: text.encode("cp037", "replace"),
            lambda: text.replace("\n", "\r").encode(),
            lambda: text.replace("\n", "\r\n").encode(),
            lambda: b"\x00" * 10_000,
            lambda: b"\n" * 10_000 + text.encode(),
            lambda: chance.randbytes(5_000),
            lambda: b"PAR1" + chance.randbytes(500) + b"PAR1",
            lambda: b"Obj\x01" + chance.randbytes(500),
            lambda: b"\xff",
        )
    )()
    path = folder / ("encoded.csv" if is_csv else "encoded.jsonl")
    path.write_bytes(content)
    if is_csv:
        mapping = load_mapping(MAPPING)
        return Run("odd encodings", 1, lambda: read_mapped(path, mapping, good.domain), _any, may_refuse=True)
    return Run("odd encodings", 1, lambda: read_events(path, good.domain), _any, may_refuse=True)


def bombs(good: Good, chance: random.Random, count: int, folder: Path) -> Run:
    """A small file that unpacks to much: one line of zeros in gzip, or an Avro block of them."""
    size = 1 << 29
    if chance.random() < 0.5:
        path = folder / "bomb.jsonl.gz"
        path.write_bytes(_zeros(size, 31))
    else:
        stored = next(iter(good.store))
        out = io.BytesIO()
        fastavro.writer(out, orjson.loads(stored.avro.schema_json), [], codec="deflate", sync_marker=b"s" * 16)
        block = _zeros(size, -15)
        path = folder / "bomb.avro"
        path.write_bytes(out.getvalue() + _long(5) + _long(len(block)) + block + b"s" * 16)
    return Run("unpacking bombs", 1, lambda: read_events(path, good.domain), _each_once, may_refuse=True)


def _any(found: list[int]) -> str | None:
    """No position twice; a file of blank lines has none at all, nor has one whose footer says so."""
    return None if len(set(found)) == len(found) else "a position came out twice"


def _spoilt(content: bytes, chance: random.Random) -> bytes:
    what = chance.randrange(8)
    if what == 0:
        return content
    if what == 1:
        return content[: chance.randrange(1, len(content))]
    return damaged(content, chance)


def _zeros(size: int, window: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    part = b"0" * (1 << 20)
    return b"".join(packer.compress(part) for _ in range(size >> 20)) + packer.flush()


def _long(value: int) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, "long", value)
    return out.getvalue()


FILES: tuple[Callable[[Good, random.Random, int, Path], Run], ...] = (
    containers,
    parquet_files,
    packed_lines,
    encoded_files,
)
