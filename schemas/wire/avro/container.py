"""Avro object container files: block by block, so that a damaged block costs that block and no more.

Decompression is capped (a block of a few kilobytes can claim gigabytes), and after a damaged block reading
goes on at the next sync marker.

Source: Avro 1.12 specification, "Object Container Files"; codecs null, deflate, snappy, zstandard, bzip2, xz.
"""

from __future__ import annotations

import bz2
import io
import lzma
import mmap
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cramjam
import fastavro

from throughline.errors import CodecError
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rows import RowBatch, join_batches
from throughline.schemas.wire.avro.codec import SchemaStore, StoredType, decode_bodies
from throughline.schemas.wire.avro.writer import Writer, read_writer

BLOCK_BYTES = 64 * 1024 * 1024
_HEADER_BYTES = 4 * 1024 * 1024
_MAGIC = b"Obj\x01"
_META = fastavro.parse_schema({"type": "map", "values": "bytes"})


@dataclass(frozen=True)
class Block:
    """One block: how many records it says it has, its bytes as in the file, and its content or why it has none."""

    count: int
    raw: bytes
    content: bytes | Reject


@dataclass(frozen=True)
class Container:
    """An open container: the writer's schema as JSON text, and its blocks in order."""

    schema_json: str
    codec: str
    blocks: Iterator[Block]


def open_container(data: bytes | mmap.mmap, file: Path | str) -> Container:
    """Read the header. Raises CodecError if this is not an Avro file or its codec is unknown."""
    start = io.BytesIO(data[:_HEADER_BYTES])
    if start.read(4) != _MAGIC:
        raise CodecError("this is not an Avro object container file", file=file)
    try:
        meta: Any = fastavro.schemaless_reader(start, _META, None)
        schema_json = meta["avro.schema"].decode()
        codec = meta.get("avro.codec", b"null").decode()
    except Exception as fault:  # fastavro lets many kinds through
        raise CodecError("the header of this Avro file is damaged", file=file) from fault
    sync = start.read(16)
    if len(sync) != 16 or codec not in {"null", "deflate", "snappy", "zstandard", "bzip2", "xz"}:
        raise CodecError("the header of this Avro file is damaged, or names an unknown codec", file=file)
    return Container(schema_json, codec, _blocks(data, start.tell(), sync, codec))


def read_container(path: Path, store: SchemaStore, batch_rows: int = 50_000) -> Iterator[Batch]:
    """The events of an Avro file of one of our types, in batches of about `batch_rows`.

    `position` is the number of the record in the file, from 1. A block that cannot be read is one reject with
    the block's bytes. Raises CodecError for a file that is no Avro file; a schema that is not read as one of the
    domain's types makes every block an `unknown_schema` reject that says what differs.
    """
    with path.open("rb") as file:
        if not path.stat().st_size:
            raise CodecError("this file is empty", file=path)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            container = open_container(data, path)
            found = read_writer(container.schema_json, list(store))
            waiting: list[Batch] = []
            first = 1
            for block in container.blocks:
                waiting.append(_decode_block(block, found, store, str(path), first))
                # a block cannot hold more records than bytes, whatever it says
                first += max(0, min(block.count, BLOCK_BYTES))
                if sum(batch.events.num_rows for batch in waiting) >= batch_rows:
                    yield join_batches(waiting)
                    waiting = []
            if waiting:
                yield join_batches(waiting)


def _decode_block(
    block: Block, found: tuple[StoredType, Writer | None] | Reject, store: SchemaStore, origin: str, first: int
) -> Batch:
    refused = RowBatch(origin)
    if isinstance(block.content, Reject) or isinstance(found, Reject):
        fault = block.content if isinstance(block.content, Reject) else found
        assert isinstance(fault, Reject)
        refused.reject(first, fault, block.raw, None)
        return refused.build()
    stored, writer = found
    bodies, fault_of_block = (writer or stored).bodies.split(block.content, block.count)
    limit = store.rules.record_bytes
    whole: list[bytes] = []
    positions: list[int] = []
    for position, body in enumerate(bodies, first):
        written = Reject("too_large", None, f"a record may have {limit} bytes") if len(body) > limit else body
        if writer is not None and isinstance(written, bytes):
            written = writer.translate(written)
        if isinstance(written, Reject):
            refused.reject(position, written, body, None)
        else:
            whole.append(written)
            positions.append(position)
    if fault_of_block is not None:
        refused.reject(first + len(bodies), fault_of_block, block.raw, None)
    decoded = decode_bodies(stored, whole, store.rules, origin, positions)
    return join_batches([decoded, refused.build()])


def _blocks(data: bytes | mmap.mmap, at: int, sync: bytes, codec: str) -> Iterator[Block]:
    end = len(data)
    while at < end:
        count, size, body = _block_head(data, at)
        stop = body + size
        if count < 0 or size < 0 or data[stop : stop + 16] != sync:
            found = data.find(sync, at)
            stop = found if found >= 0 else end
            reason = "bad_avro" if found >= 0 else "truncated"
            detail = "the block is damaged" if found >= 0 else "the file ends within a block"
            yield Block(0, bytes(data[at : min(stop, at + BLOCK_BYTES)]), Reject(reason, None, detail))
        else:
            raw = bytes(data[body:stop])
            yield Block(count, raw, _decompress(raw, codec))
        at = stop + 16


def _block_head(data: bytes | mmap.mmap, at: int) -> tuple[int, int, int]:
    """Count, size and where the block's bytes begin; -1 for what cannot be read."""
    head = io.BytesIO(data[at : at + 20])
    try:
        count: Any = fastavro.schemaless_reader(head, "long", None)
        size: Any = fastavro.schemaless_reader(head, "long", None)
    except Exception:
        return -1, -1, at
    return (count, size, at + head.tell()) if size <= len(data) else (-1, -1, at)


def _decompress(raw: bytes, codec: str) -> bytes | Reject:
    try:
        content = _inflate(raw, codec)
    except Exception:  # each library has its own errors
        return Reject("bad_avro", None, f"the block is not {codec} data")
    if content is None or len(content) > BLOCK_BYTES:
        return Reject("too_large", None, f"a block may have {BLOCK_BYTES} bytes when it is unpacked")
    return content


def _inflate(raw: bytes, codec: str) -> bytes | None:
    """The content, or None if it would be larger than a block may be."""
    if codec == "null":
        return raw
    if codec == "snappy":
        body = raw[:-4]
        if cramjam.snappy.decompress_raw_len(body) > BLOCK_BYTES:
            return None
        content = bytes(cramjam.snappy.decompress_raw(body))
        if zlib.crc32(content) != int.from_bytes(raw[-4:], "big"):
            raise ValueError("the checksum differs")
        return content
    if codec == "zstandard":
        room = min(BLOCK_BYTES, max(1 << 20, 16 * len(raw)))
        while True:
            space = bytearray(room)
            try:
                return bytes(space[: cramjam.zstd.decompress_into(raw, space)])
            except cramjam.DecompressionError:
                if room == BLOCK_BYTES:
                    raise
                room = BLOCK_BYTES
    if codec == "deflate":
        unpacker = zlib.decompressobj(-15)
        content = unpacker.decompress(raw, BLOCK_BYTES)
        return None if unpacker.unconsumed_tail else content
    other = bz2.BZ2Decompressor() if codec == "bzip2" else lzma.LZMADecompressor()
    content = other.decompress(raw, BLOCK_BYTES)
    return content if other.eof else None
