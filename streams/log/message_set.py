"""What a broker answers to a FETCH, as records: batch by batch, committed ones only, and whatever the bytes are.

Both readers of the log use it, the live one and the one in bulk, so that they cannot differ in what they take. Nothing
is raised: a batch that cannot be read, or would take too much memory, comes out as the offsets that it has and why.

Source: Kafka protocol, record batch (magic 2); `_unpack_records` of aiokafka's fetcher, whose records these are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from operator import attrgetter
from typing import TypeAlias

from aiokafka.errors import KafkaError
from aiokafka.record.control_record import ABORT_MARKER, ControlRecord
from aiokafka.record.default_records import DefaultRecord, DefaultRecordBatch

from throughline.schemas.acceptance.reject import Reject
from throughline.streams.log.fetch import Passed
from throughline.streams.log.unpacking import CannotUnpack, unpacked

# memory, about, that the records of one batch and of one fetch may take as objects
BATCH_COST = 256 * 1024 * 1024
FETCH_COST = 128 * 1024 * 1024
# that are kept of a batch that cannot be read (the most that a broker takes for one, unless told otherwise), and of a
# record that is too large; with the head of its batch, so that no two of them are taken for copies of one
RAW_BYTES = 1_048_576
_RAW_RECORD_BYTES = 4_096

_HEAD = struct.Struct(">qiibIhiqqqhii")
_LENGTH_AT, _AFTER_LENGTH, _MAGIC_AT = 8, 12, 16
_LEAST = 17  # with its magic
_CODEC, _APPEND_TIME, _TRANSACTIONAL, _CONTROL = 0x07, 0x08, 0x10, 0x20
# unpacked records that are made into objects at once, so that their cost is known before they are many
_SLICE_BYTES = 1024 * 1024
_RECORD_COST, _HEADER_COST = 300, 100
# what the parsing of a batch raises that is not as one should be
_DAMAGE = (CannotUnpack, KafkaError, ValueError, IndexError, OverflowError, struct.error)
_headers_of = attrgetter("headers")
_offset_of = attrgetter("offset")


Item: TypeAlias = DefaultRecord | Passed


class MessageSet:
    """The answer to a FETCH from `offset` on; `aborted` has producer and first offset of each aborted transaction.

    Iterating gives the items of a batch at a time, in the order of offsets, until their cost comes to `most_cost`;
    `next_offset` is then where the next FETCH goes on, and `cost` what they came to. At least one batch
    is read, if there is one.
    """

    def __init__(
        self, data: bytes, offset: int, aborted: Sequence[tuple[int, int]] | None, *, most_cost: int = FETCH_COST
    ) -> None:
        self.next_offset = offset
        self.cost = 0
        self._data = data
        self._aborted = sorted(aborted or [], key=lambda one: one[1])
        self._withdrawn: set[int] = set()
        self._most_cost = most_cost

    def __iter__(self) -> Iterator[list[Item]]:
        data, at = memoryview(self._data), 0
        while at < len(data) and (at == 0 or self.cost < self._most_cost):
            size = _size_of(data, at)
            if size is None or at + size > len(data):
                if at == 0:
                    # the first is always whole, so that its length is not what was written
                    yield [self._lost(data)]
                return
            batch = data[at : at + size]
            at += size
            following = struct.unpack_from(">q", data, at)[0] if at + 8 <= len(data) else None
            items, cost, end = self._read(batch, following)
            self.cost += cost
            if end > self.next_offset:
                self.next_offset = end
                if items:
                    yield items

    def _lost(self, data: memoryview) -> Passed:
        first = self.next_offset
        self.next_offset = first + 1
        return _unreadable(first, first + 1, 0, data, "its length is not that of a batch")

    def _read(self, batch: memoryview, following: int | None) -> tuple[list[Item], int, int]:
        """Items, their cost, and the offset after the batch."""
        (first,) = struct.unpack_from(">q", batch)
        if batch[_MAGIC_AT] != 2 or len(batch) < _HEAD.size:
            end = following if following is not None and following > first else first + 1
            fault = f"it is of format {batch[_MAGIC_AT]}, and not a whole batch of format 2"
            return [_unreadable(first, end, 0, batch, fault)], len(batch), end
        head = _HEAD.unpack_from(batch)
        delta, time = head[6], head[8]
        whole = DefaultRecordBatch(batch)
        if not whole.validate_crc():
            # what it says of its end may be wrong, too
            end = first + delta + 1
            if following is not None and not first < end <= following:
                end = following
            end = max(end, first + 1)
            return [_unreadable(first, end, 0, batch, "its checksum is wrong")], len(batch), end
        end = first + max(delta, 0) + 1
        if end <= self.next_offset:
            return [], 0, end
        if self._is_withdrawn(batch, head):
            return [Passed(first, end, time)], len(batch), end
        try:
            items, cost = _items(batch, head)
        except _DAMAGE as error:
            why = str(error) if isinstance(error, CannotUnpack) else "its records are not as a batch has them"
            return [_unreadable(first, end, time, batch, why)], len(batch), end
        if first < self.next_offset:
            items = [one for one in items if _end_of(one) > self.next_offset]
        last = _end_of(items[-1]) if items else self.next_offset
        if last < end:
            # compacted away, or no record at all
            items.append(Passed(max(last, first), end, time))
        return items, cost, end

    def _is_withdrawn(self, batch: memoryview, head: tuple[int, ...]) -> bool:
        """Whether the batch is a marker, or of an aborted transaction."""
        first, attributes, producer = head[0], head[5], head[9]
        while self._aborted and self._aborted[0][1] <= first:
            self._withdrawn.add(self._aborted.pop(0)[0])
        if attributes & _CONTROL:
            if _is_abort(batch, head):
                self._withdrawn.discard(producer)
            return True
        return bool(attributes & _TRANSACTIONAL) and producer in self._withdrawn


def _size_of(data: memoryview, at: int) -> int | None:
    """Bytes of the batch that begins at `at`; None where no batch can be so short."""
    if len(data) - at < _AFTER_LENGTH:
        return None
    size = int(struct.unpack_from(">i", data, at + _LENGTH_AT)[0]) + _AFTER_LENGTH
    return size if size >= _LEAST else None


def _is_abort(batch: memoryview, head: tuple[int, ...]) -> bool:
    with suppress(*_DAMAGE):
        items, _ = _items(batch, head)
        return bool(items) and ControlRecord.parse(items[0].key or b"") == ABORT_MARKER
    return False


def _items(batch: memoryview, head: tuple[int, ...]) -> tuple[list[Item], int]:
    """The records of a sound batch, and their cost. Raises CannotUnpack, and what the parsing raises."""
    first, attributes, delta, count = head[0], head[5], head[6], head[12]
    payload = batch[_HEAD.size :]
    codec = attributes & _CODEC
    if codec:
        payload = unpacked(payload, codec)
    items: list[Item] = []
    cost = 0
    if len(payload) <= _SLICE_BYTES:
        slices: Iterator[tuple[memoryview, int]] = iter([(payload, count)])
    else:
        slices = _slices(payload, count, head, items)
    for some, number in slices:
        found = _records(some, number, head)
        headers = sum(map(len, map(_headers_of, found)))
        cost += len(some) + _RECORD_COST * len(found) + _HEADER_COST * headers
        if cost > BATCH_COST:
            raise CannotUnpack(f"its {count:,} records would take more than {BATCH_COST:,} bytes")
        items += found
    offsets = list(map(_offset_of, items))
    if offsets != list(range(first, first + delta + 1)):
        # compacted away, some may be; but not out of order
        ascending = all(one < other for one, other in pairwise(offsets))
        if not ascending or (offsets and not first <= offsets[0] <= offsets[-1] <= first + delta):
            raise CannotUnpack("the offsets of its records are not in order")
    return items, cost


def _slices(
    payload: memoryview, count: int, head: tuple[int, ...], large: list[Item]
) -> Iterator[tuple[memoryview, int]]:
    """The payload in parts of about _SLICE_BYTES that end where a record does, with the number of records of each.

    A record that is larger than a part is refused by its size, unread; it goes to `large`, where it comes in order
    because the part before it was asked for before.
    """
    at = begin = number = 0
    for _ in range(count):
        length, body = _varint(payload, at)
        end = body + length
        if length < 0 or end > len(payload):
            raise ValueError("a record that does not end")
        if end - at > _SLICE_BYTES:
            if number:
                yield payload[begin:at], number
            large.append(_too_large(payload[body:end], head))
            begin, number = end, 0
        elif end - begin > _SLICE_BYTES:
            yield payload[begin:at], number
            begin, number = at, 1
        else:
            number += 1
        at = end
    if at != len(payload):
        raise ValueError("more than the records")
    if number:
        yield payload[begin:at], number


def _too_large(body: memoryview, head: tuple[int, ...]) -> Passed:
    _, at = _varint(body, 1)
    delta, _ = _varint(body, at)
    offset = head[0] + delta
    fault = Reject("too_large", None, f"a record of {len(body):,} bytes is not read")
    return Passed(offset, offset + 1, head[8], fault, _HEAD.pack(*head) + body[:_RAW_RECORD_BYTES])


def _records(payload: memoryview, count: int, head: tuple[int, ...]) -> list[Item]:
    """Uncompressed records; one whose header has a name that is not UTF-8 is passed over by itself."""
    plain = list(head)
    plain[5] &= ~_CODEC
    plain[12] = count
    try:
        return list(DefaultRecordBatch(b"".join((_HEAD.pack(*plain), payload))))
    except (KafkaError, ValueError):
        return list(_one_by_one(payload, count, head))


def _one_by_one(payload: memoryview, count: int, head: tuple[int, ...]) -> Iterator[Item]:
    at = 0
    for _ in range(count):
        length, at = _varint(payload, at)
        end = at + length
        if length < 0 or end > len(payload):
            raise ValueError("a record that does not end")
        yield _record(payload[at:end], head)
        at = end
    if at != len(payload):
        raise ValueError("more than the records")


def _record(body: memoryview, head: tuple[int, ...]) -> Item:
    elapsed, at = _varint(body, 1)
    delta, at = _varint(body, at)
    offset, kind = head[0] + delta, int(bool(head[5] & _APPEND_TIME))
    time = head[8] if kind else head[7] + elapsed
    key, at = _text(body, at)
    value, at = _text(body, at)
    count, at = _varint(body, at)
    if not 0 <= count <= len(body):
        raise ValueError("headers that are not there")
    headers: list[tuple[str, bytes | None]] = []
    is_named = True
    for _ in range(count):
        name, at = _text(body, at)
        if name is None:
            raise ValueError("a header without a name")
        said, at = _text(body, at)
        try:
            headers.append((name.decode(), said))
        except UnicodeDecodeError:
            is_named = False
    if at != len(body):
        raise ValueError("more than a record")
    if is_named:
        return DefaultRecord(offset, time, kind, key, value, headers)
    return Passed(offset, offset + 1, time, Reject("not_utf8", None, "the name of a header is not UTF-8"), value)


def _text(body: memoryview, at: int) -> tuple[bytes | None, int]:
    length, at = _varint(body, at)
    if length < 0:
        return None, at
    if at + length > len(body):
        raise ValueError("bytes that are not there")
    return bytes(body[at : at + length]), at + length


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """A number as Kafka writes it (zigzag, seven bits a byte), and where it ends. Raises IndexError, ValueError."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at
        shift += 7
        if shift > 63:
            raise ValueError("a number that does not end")


def _unreadable(first: int, end: int, time: int, batch: memoryview, why: str) -> Passed:
    places = f"offset {first}" if end == first + 1 else f"offsets {first} to {end - 1}"
    fault = Reject("unreadable_batch", None, f"the batch of {places}: {why}")
    return Passed(first, end, time, fault, bytes(batch[:RAW_BYTES]))


def _end_of(item: Item) -> int:
    return item.end if isinstance(item, Passed) else item.offset + 1
