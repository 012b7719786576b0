"""Batches as bytes: each record comes out, or the offsets of what cannot be read, in no more memory than allowed."""

from __future__ import annotations

import random
import resource
import struct
from collections.abc import Sequence

import cramjam
import pytest
from aiokafka.record.util import calc_crc32c

from bench.hostile.batches import CODECS, batch, record, varint
from throughline.streams.log.fetch import Passed
from throughline.streams.log.message_set import FETCH_COST, Item, MessageSet
from throughline.streams.log.unpacking import UNPACKED_BYTES

MIB = 1024 * 1024


def read(*batches: bytes, offset: int = 0, aborted: Sequence[tuple[int, int]] = ()) -> list[Item]:
    return [item for items in MessageSet(b"".join(batches), offset, aborted) for item in items]


def said(items: Sequence[Item]) -> list[tuple[int, bytes | None] | tuple[int, int, str | None]]:
    """Offset and value of a record; first, end and reason of what was passed over."""
    return [
        (one.first, one.end, one.fault.reason if one.fault else None)
        if isinstance(one, Passed)
        else (one.offset, one.value)
        for one in items
    ]


def three(codec: str = "none", base: int = 0, **other: int) -> bytes:
    return batch(
        [record(n, b"v%d" % (base + n), [(b"k", b"h"), (b"k", None)]) for n in range(3)], codec, base=base, **other
    )


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_says_the_same(codec: str) -> None:
    items = read(three(codec), three(codec, base=3))

    assert said(items) == [(n, b"v%d" % n) for n in range(6)]
    assert [one.headers for one in items] == [[("k", b"h"), ("k", None)]] * 6


def test_begins_where_it_was_asked_to() -> None:
    """A broker answers with the whole batch in which the offset is."""
    assert said(read(three(), three(base=3), offset=4)) == [(4, b"v4"), (5, b"v5")]


def test_a_batch_that_the_answer_cuts_off_is_read_with_the_next() -> None:
    messages = MessageSet(three() + three(base=3)[:-1], 0, None)

    assert said([item for items in messages for item in items]) == [(0, b"v0"), (1, b"v1"), (2, b"v2")]
    assert messages.next_offset == 3


def test_no_value_no_key_no_time() -> None:
    (one,) = read(batch([record(0, None, key=None)], written=-1))

    assert isinstance(one, Item.__args__[0])
    assert (one.key, one.value, one.timestamp, one.headers) == (None, None, -1, [])


DAMAGED = {
    "a wrong checksum": three(base=3, crc=7),
    "a codec that there is not": batch([record(n, b"") for n in range(3)], base=3, attributes=6),
    "format 1": three(base=3, magic=1),
    "format 3": three(base=3, magic=3),
    "no zstd": batch([b"", b"", b""], "zstd", packed=b"no zstd", base=3),
    "no gzip": batch([b"", b"", b""], "gzip", packed=b"no gzip", base=3),
    "no lz4": batch([b"", b"", b""], "lz4", packed=b"no lz4", base=3),
    "no snappy": batch([b"", b"", b""], "snappy", packed=b"\xff" * 20, base=3),
    "a snappy block too long": batch(
        [b"", b"", b""], "snappy", packed=b"\x82SNAPPY\0\0\0\0\1\0\0\0\1" + struct.pack(">i", 2**30), base=3
    ),
    "fewer records": batch([record(0, b"")], count=3, base=3),
    "more records": batch([record(n, b"") for n in range(4)], count=3, base=3),
    "a record that does not end": batch([record(0, b"x")[:-1], record(1, b"y"), record(2, b"z")], base=3),
    "no numbers": batch([b"\xff" * 30], count=3, base=3),
    "offsets in no order": batch([record(n, b"") for n in (2, 0, 1)], base=3),
    "an offset twice": batch([record(n, b"") for n in (0, 1, 1)], base=3),
    "an offset of another batch": batch([record(n, b"") for n in (0, 1, 9)], base=3),
    "a zstd bomb": batch([b"", b"", b""], "zstd", packed=bytes(cramjam.zstd.compress(bytes(200 * MIB))), base=3),
    "an lz4 bomb": batch([b"", b"", b""], "lz4", packed=bytes(cramjam.lz4.compress(bytes(100 * MIB))), base=3),
    "a gzip bomb": batch([b"", b"", b""], "gzip", packed=bytes(cramjam.gzip.compress(bytes(100 * MIB))), base=3),
    "a snappy bomb": batch([b"", b"", b""], "snappy", packed=b"\xff\xff\xff\xff\x0f" + bytes(100), base=3),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_what_cannot_be_read_does_not_stop_its_neighbours(damage: str) -> None:
    """Its offsets stand in for it, and its bytes where they are not too many."""
    items = read(three(), DAMAGED[damage], three(base=6))

    assert said(items[:3] + items[4:]) == [(n, b"v%d" % n) for n in (0, 1, 2, 6, 7, 8)]
    (passed,) = [one for one in items if isinstance(one, Passed)]
    assert passed.fault is not None
    assert (passed.first, passed.end, passed.fault.reason) == (3, 6, "unreadable_batch")
    assert "offsets 3 to 5" in passed.fault.detail
    assert passed.raw == DAMAGED[damage]


def test_a_name_that_is_not_utf8_keeps_out_its_record_alone() -> None:
    records = [record(0, b"a"), record(1, b"b", [(b"ce_id", b"1"), (b"\xff\xfe", b"2")]), record(2, b"c")]
    items = read(batch(records, "lz4"))

    assert said(items) == [(0, b"a"), (1, 2, "not_utf8"), (2, b"c")]
    assert isinstance(items[1], Passed)
    assert items[1].raw == b"b"


def test_a_record_that_is_too_large_is_refused_by_its_size() -> None:
    records = [record(0, b"a"), record(1, bytes(3 * MIB)), record(2, b"c"), record(3, bytes(2 * MIB))]

    assert said(read(batch(records, "zstd"))) == [(0, b"a"), (1, 2, "too_large"), (2, b"c"), (3, 4, "too_large")]


def test_many_records_in_few_bytes_are_all_read() -> None:
    """In parts of a batch, each of which ends where a record does."""
    records = [record(n, b"%06d" % n * 20) for n in range(40_000)]

    assert said(read(batch(records, "zstd"))) == [(n, b"%06d" % n * 20) for n in range(40_000)]


def test_twenty_thousand_headers_are_read() -> None:
    (one,) = read(batch([record(0, b"a", [(b"h%d" % n, b"x") for n in range(20_000)])]))

    assert len(one.headers) == 20_000


def test_records_that_would_take_too_much_memory_are_refused_before_they_do() -> None:
    """Of two bytes each, millions of headers fit into what a batch may unpack to."""
    rest = varint(-1) + varint(0) + varint(500_000) + (varint(0) + varint(-1)) * 500_000
    bodies = [b"\0" + varint(0) + varint(n) + rest for n in range(25)]
    parts = [varint(len(body)) + body for body in bodies]
    assert sum(map(len, parts)) < UNPACKED_BYTES
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (passed,) = read(batch(parts, "zstd"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    assert isinstance(passed, Passed)
    assert passed.fault is not None
    assert (passed.first, passed.end, passed.fault.reason) == (0, 25, "unreadable_batch")
    assert peak < 600 * 1024


def test_an_answer_is_read_in_part_where_it_would_take_too_much() -> None:
    """Each of its batches is well within what one may take."""
    large = [batch([record(0, b"x" * 500_000) for _ in range(1)], "zstd", base=n) for n in range(600)]
    messages = MessageSet(b"".join(large), 0, None)
    items = [item for items in messages for item in items]

    assert FETCH_COST // 600_000 < len(items) < 600
    assert messages.next_offset == len(items)


def test_markers_and_aborted_transactions_give_no_record() -> None:
    """Producer 5 aborted what it wrote from offset 3 on; 5 again is committed later."""
    control = [
        batch([record(0, b"", key=struct.pack(">HH", 0, kind))], base=base, attributes=0x30)
        for kind, base in ((0, 6), (1, 10))
    ]
    of_producer = [
        _by(5, one) for one in (three(base=3, attributes=0x10), control[0], three(base=7, attributes=0x10), control[1])
    ]
    items = read(three(), *of_producer, aborted=[(5, 3)])

    assert said(items) == [
        *((n, b"v%d" % n) for n in (0, 1, 2)),
        *((3, 6, None), (6, 7, None)),
        *((n, b"v%d" % n) for n in (7, 8, 9)),
        (10, 11, None),
    ]


def _by(producer: int, one: bytes) -> bytes:
    """The batch as one of a producer."""
    changed = bytearray(one)
    struct.pack_into(">q", changed, 43, producer)
    struct.pack_into(">I", changed, 17, calc_crc32c(bytes(changed[21:])))
    return bytes(changed)


def test_whatever_the_bytes_are_each_offset_comes_out_once() -> None:
    """Bits are turned, and the checksum is right all the same."""
    chance = random.Random(7)
    for _ in range(3_000):
        one = bytearray(three(chance.choice(CODECS), base=3))
        for _ in range(chance.randrange(1, 6)):
            one[chance.randrange(61, len(one))] ^= 1 << chance.randrange(8)
        items = read(three(), _by(-1, bytes(one)), three(base=6))
        covered = [
            n for item in items for n in (range(item.first, item.end) if isinstance(item, Passed) else [item.offset])
        ]
        assert covered == list(range(9))
