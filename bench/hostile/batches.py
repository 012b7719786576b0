"""Record batches as bytes, sound or not, and a PRODUCE request that sends them as they are.

A client of Kafka writes sound batches only. What is written here is what a hostile or broken publisher can bring a
broker to keep: the broker checks the checksum, the count and the offsets of a batch, and nothing of what a record says.

Source: Kafka protocol, record batch (magic 2), Produce version 8.
"""

from __future__ import annotations

import gzip
import socket
import struct
import time
from collections.abc import Callable, Sequence

import cramjam
from aiokafka.codec import lz4_encode, snappy_encode
from aiokafka.record.util import calc_crc32c

# no such topic or partition, no leader, another leader
_NOT_YET = {3, 5, 6}

Header = tuple[bytes, bytes | None]
_PACK: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "none": (0, bytes),
    "gzip": (1, lambda data: gzip.compress(data, 6)),
    "snappy": (2, snappy_encode),
    # the broker does not read the linked blocks that cramjam writes unasked
    "lz4": (3, lz4_encode),
    "zstd": (4, lambda data: bytes(cramjam.zstd.compress(data))),
}
CODECS = tuple(_PACK)


def varint(value: int) -> bytes:
    """A number as Kafka writes it in a record."""
    value = (value << 1) ^ (value >> 63)
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def record(
    number: int, value: bytes | None, headers: Sequence[Header] = (), *, key: bytes | None = b"20", elapsed: int = 0
) -> bytes:
    """The record that is `number` in its batch, with its length before it."""
    begin = (b"\0", varint(elapsed), varint(number), _text(key), _text(value), varint(len(headers)))
    body = b"".join((*begin, *(_text(part) for header in headers for part in header)))
    return varint(len(body)) + body


def batch(
    records: Sequence[bytes],
    codec: str = "none",
    *,
    packed: bytes | None = None,
    count: int | None = None,
    written: int = 1_772_000_000_000,
    attributes: int = 0,
    crc: int | None = None,
    magic: int = 2,
    base: int = 0,
) -> bytes:
    """A batch of records. `packed` stands in for what they compress to, `count` for how many they are, `crc` for its
    checksum, `attributes` are beside the codec.
    """
    number, pack = _PACK[codec]
    payload = pack(b"".join(records)) if packed is None else packed
    many = len(records) if count is None else count
    after_crc = struct.pack(">hiqqqhii", attributes | number, many - 1, written, written, -1, -1, -1, many) + payload
    checksum = calc_crc32c(after_crc) if crc is None else crc
    after_length = struct.pack(">ibI", -1, magic, checksum) + after_crc
    return struct.pack(">qi", base, len(after_length)) + after_length


def produce(bootstrap: str, topic: str, partition: int, one: bytes, *, seconds: float = 30.0) -> int:
    """Send one batch as it is, to the broker that leads every partition; its error code, 0 where it took it.

    A topic that was just made is waited for.
    """
    until = time.monotonic() + seconds
    while (code := _ask(bootstrap, topic, partition, one, seconds)) in _NOT_YET and time.monotonic() < until:
        time.sleep(0.1)
    return code


def _ask(bootstrap: str, topic: str, partition: int, one: bytes, seconds: float) -> int:
    host, _, port = bootstrap.split(",")[0].rpartition(":")
    name = topic.encode()
    body = (
        struct.pack(">hhi", 0, 8, 7) + _short(b"hostile")  # Produce 8, correlation id, client id
        + struct.pack(">hhi", -1, -1, int(seconds * 1000))  # no transaction, acknowledged by all
        + struct.pack(">i", 1) + _short(name)
        + struct.pack(">iii", 1, partition, len(one)) + one
    )  # fmt: skip
    with socket.create_connection((host, int(port)), timeout=seconds) as at:
        at.sendall(struct.pack(">i", len(body)) + body)
        answer = _whole(at, struct.unpack(">i", _whole(at, 4))[0])
    # correlation id, one topic, its name, one partition, its number, the code
    (code,) = struct.unpack_from(">h", answer, 4 + 4 + 2 + len(name) + 4 + 4)
    return int(code)


def _whole(at: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        some = at.recv(size - len(found))
        if not some:
            raise ConnectionError("the broker closed the connection: it could not read the request")
        found += some
    return found


def _short(text: bytes) -> bytes:
    return struct.pack(">h", len(text)) + text


def _text(text: bytes | None) -> bytes:
    return varint(-1) if text is None else varint(len(text)) + text
