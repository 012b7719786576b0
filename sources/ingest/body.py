"""The body of a request: read as it comes, unpacked, and never more of it in memory than the limits allow."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from throughline.errors import RequestRefused

# gzip files may stand one after the other; more than this is nobody's file
_MEMBERS = 16
_PACKED = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_RAW = -15
ENCODINGS = "gzip, deflate"


@dataclass(frozen=True)
class BodyLimits:
    """Bytes that a body may have, packed as it comes and unpacked, and the seconds in which it has to be there."""

    most_bytes: int = 8 * 1024 * 1024
    seconds: float = 30.0


async def read_body(
    chunks: AsyncIterator[bytes],
    *,
    declared: str | None,
    encoding: str | None,
    limits: BodyLimits,
    hold: Callable[[int], None],
) -> bytes:
    """The body, unpacked. `declared` and `encoding` are Content-Length and Content-Encoding, `hold` is told of every
    byte that is kept.

    Raises RequestRefused: 400 for what cannot be unpacked, 408 where it comes too slowly, 413 where it is too large,
    415 for another way of packing.
    """
    if declared is not None and declared.isdigit() and (len(declared) > 18 or int(declared) > limits.most_bytes):
        raise _too_large(limits)
    unpacked = _Unpacked(encoding, limits)
    parts: list[bytes] = []
    came = 0
    try:
        async with asyncio.timeout(limits.seconds):
            async for chunk in chunks:
                came += len(chunk)
                if came > limits.most_bytes:
                    raise _too_large(limits)
                part = unpacked.feed(chunk)
                hold(len(part))
                parts.append(part)
    except TimeoutError:
        raise RequestRefused(
            f"The body did not come within {limits.seconds:g} seconds.",
            code="too_slow",
            status=408,
            hint="Send it again, in smaller parts where the line is slow.",
        ) from None
    unpacked.finish()
    return b"".join(parts)


class _Unpacked:
    """What comes out of a packed body, and how much it was so far."""

    def __init__(self, encoding: str | None, limits: BodyLimits) -> None:
        name = (encoding or "").strip().lower()
        self._limits = limits
        self._came_out = 0
        self._members = 0
        self._bits: int | None = None
        if name not in ("", "identity"):
            self._bits = _PACKED.get(name)
            if self._bits is None:
                raise RequestRefused(
                    "The body is packed in a way that is not read.",
                    code="unsupported_encoding",
                    status=415,
                    hint=f"Send it as it is, or as one of: {ENCODINGS}.",
                    headers={"Accept-Encoding": ENCODINGS},
                )
        self._inflating = None if self._bits is None else zlib.decompressobj(self._bits)

    def feed(self, chunk: bytes) -> bytes:
        if self._inflating is None:
            return chunk
        parts = []
        while chunk:
            part, chunk = self._inflate(chunk)
            self._came_out += len(part)
            if self._came_out > self._limits.most_bytes:
                raise _too_large(self._limits)
            parts.append(part)
        return b"".join(parts)

    def finish(self) -> None:
        if self._inflating is not None and not self._inflating.eof:
            raise _damaged("ends before it is complete")

    def _inflate(self, chunk: bytes) -> tuple[bytes, bytes]:
        """What comes out of a part, as far as the limit goes, and what is still to be unpacked of it."""
        assert self._inflating is not None
        if self._inflating.eof:
            self._members += 1
            if self._bits != _PACKED["gzip"] or self._members >= _MEMBERS:
                raise _damaged("goes on behind its end")
            self._inflating = zlib.decompressobj(_PACKED["gzip"])
        room = self._limits.most_bytes - self._came_out + 1
        try:
            part = self._inflating.decompress(chunk, room)
        except zlib.error:
            if self._bits != _PACKED["deflate"] or self._came_out:
                raise _damaged("is damaged, or not packed so") from None
            # many send `deflate` without the frame that HTTP asks for
            self._bits, self._inflating = _RAW, zlib.decompressobj(_RAW)
            return self._inflate(chunk)
        return part, self._inflating.unconsumed_tail or self._inflating.unused_data


def _damaged(what: str) -> RequestRefused:
    return RequestRefused(f"The packed body {what}.", code="bad_encoding", status=400, hint="Pack it anew.")


def _too_large(limits: BodyLimits) -> RequestRefused:
    return RequestRefused(
        f"The body has more than {limits.most_bytes:,} bytes, as it comes or unpacked.",
        code="too_large",
        status=413,
        hint="Send it in several requests.",
    )
