"""What a compressed batch unpacks to, within a bound: no batch can ask for more memory than that, whatever it says.

A decompressor writes into a buffer that is as large as the bound and stops where it is full, so that a bomb costs the
buffer and the time to fill it.
"""

from __future__ import annotations

import struct
import threading

import cramjam
import numpy as np

# of what one batch unpacks to; a broker takes 1 MiB of a batch, and events as JSON unpack to ten times as much
UNPACKED_BYTES = 32 * 1024 * 1024

_XERIAL = b"\x82SNAPPY\x00"
_XERIAL_HEAD = 16
_NAMES = {1: "gzip", 2: "snappy", 3: "lz4", 4: "zstd"}
_own = threading.local()


class CannotUnpack(Exception):  # noqa: N818 - no error: a verdict on data
    """Says why, without any content."""


def unpacked(payload: memoryview, codec: int) -> memoryview:
    """What `payload` unpacks to by the codec of a batch's attributes: valid until the next call in this thread.

    Raises CannotUnpack for a codec that Kafka does not have, for what is damaged, and for what would be more than
    UNPACKED_BYTES.
    """
    name = _NAMES.get(codec)
    if name is None:
        raise CannotUnpack(f"it is compressed by codec {codec}, which Kafka does not have")
    room = _room()
    try:
        size = _snappy(payload, room) if name == "snappy" else getattr(cramjam, name).decompress_into(payload, room)
    except cramjam.DecompressionError as error:
        # of the writer, not of the decompressor: the buffer is full
        if "write whole buffer" in str(error):
            raise CannotUnpack(_too_much(name)) from None
        raise CannotUnpack(f"it is no sound {name}") from None
    return memoryview(room.data)[:size]


def _room() -> np.ndarray:
    """The buffer of this thread: pages that nothing was ever written to cost nothing."""
    if not hasattr(_own, "room"):
        _own.room = np.empty(UNPACKED_BYTES, np.uint8)
    found: np.ndarray = _own.room
    return found


def _snappy(payload: memoryview, room: np.ndarray) -> int:
    """Raw, or in blocks as snappy-java frames them; each says its size first."""
    if bytes(payload[:8]) != _XERIAL:
        return _snappy_block(payload, room, 0)
    size, at = 0, _XERIAL_HEAD
    while at < len(payload):
        if at + 4 > len(payload):
            raise cramjam.DecompressionError("no size of a block")
        (length,) = struct.unpack_from(">i", payload, at)
        at += 4
        if not 0 < length <= len(payload) - at:
            raise cramjam.DecompressionError("no such block")
        size += _snappy_block(payload[at : at + length], room, size)
        at += length
    return size


def _snappy_block(block: memoryview, room: np.ndarray, at: int) -> int:
    size = int(cramjam.snappy.decompress_raw_len(block))
    if size > len(room) - at:
        raise CannotUnpack(_too_much("snappy"))
    return int(cramjam.snappy.decompress_raw_into(block, room[at : at + size].data)) if size else 0


def _too_much(name: str) -> str:
    return f"it would unpack, by {name}, to more than {UNPACKED_BYTES:,} bytes"
