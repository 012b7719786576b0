"""Text files as blocks of whole lines, plain or gzip."""

from __future__ import annotations

import codecs
import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from io import BufferedReader
from pathlib import Path
from typing import IO, cast

from throughline.errors import DataError

STDIN = Path("-")
# what is small is never a bomb; events and rows pack to a tenth, hardly ever to a hundredth
_SMALL = 1 << 24
_RATIO = 250


class _Counted:
    """A file that counts what was read of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        found = self._file.read(size)
        self.taken += len(found)
        return found


class _Unpacked(gzip.GzipFile):
    """What a gzip file has in it; a file that would go on for hours from a few kilobytes is refused."""

    def __init__(self, path: Path, plain: IO[bytes]) -> None:
        self._packed, self._given, self._path = _Counted(plain), 0, path
        super().__init__(fileobj=cast(IO[bytes], self._packed), mode="rb")

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self._given += len(found)
        if self._given >= max(_SMALL, self._packed.taken * _RATIO):
            raise DataError(
                f"unpacks to more than {_RATIO} times its size",
                file=self._path,
                hint="No export packs so well: look at where it comes from. If it is right, unpack it first.",
            )
        return found


Share = tuple[float, float]
"""From which part of the work to which: a file that is read twice is half done after the first time."""
WHOLE: Share = (0.0, 1.0)
FIRST: Share = (0.0, 0.5)
SECOND: Share = (0.5, 1.0)

# the files that are being read, and what they are read through
_OPEN: dict[Path, tuple[IO[bytes], Share]] = {}


@contextmanager
def watched(path: Path, file: IO[bytes], share: Share = WHOLE) -> Iterator[None]:
    """Let `position_in` tell how far a file has been read, as long as it is open."""
    _OPEN[path] = file, share
    try:
        yield
    finally:
        _OPEN.pop(path, None)


@contextmanager
def open_bytes(path: Path, share: Share = WHOLE) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """Open a file, or standard input, through gzip if its first bytes say so. Raises DataError where it is none or
    cannot be read.
    """
    try:
        # standard input stays open
        with (
            nullcontext(cast(BufferedReader, sys.stdin.buffer)) if path == STDIN else path.open("rb") as plain,
            watched(path, plain, share),
        ):
            if plain.peek(2)[:2] == b"\x1f\x8b":
                with _Unpacked(path, plain) as unpacked:
                    yield unpacked
            else:
                yield plain
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            "is damaged gzip", file=path, hint="Fetch the file again: it was cut off or changed."
        ) from error
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror or error})", file=path) from error


def position_in(path: Path) -> int | None:
    """How many bytes of a file have been read so far, packed as they are, and half of them in the first of two passes;
    None while nobody reads it, or of standard input. Another thread may be reading it."""
    file, (begun, done) = _OPEN.get(path, (None, WHOLE))
    try:
        if file is None or not file.seekable():
            return None
        return int(path.stat().st_size * begun + file.tell() * (done - begun))
    except (ValueError, OSError):  # closed in the meantime, or gone
        return None


def line_blocks(path: Path, size: int, *, is_mac: bool = False) -> Iterator[bytes]:
    """The file in blocks of about `size` bytes, each of whole lines; a mark at the beginning is taken off.

    The last line may lack its newline. With `is_mac` a line may end in CR too, and LF is given for it. A line longer
    than a block is cut to about the size of one: no record may be so long, and a packed file of a few kilobytes can
    hold a line of gigabytes.
    """
    with open_bytes(path) as file:
        yield from blocks_of(file, size, is_mac=is_mac)


def blocks_of(
    file: IO[bytes] | gzip.GzipFile, size: int, *, is_mac: bool = False, head: bytes = b""
) -> Iterator[bytes]:
    """`line_blocks` of a file that is open; `head` was read of it already."""
    rest: list[bytes] = []
    first = True
    held = 0
    while chunk := head or file.read(size):
        head = b""
        if is_mac:
            while chunk.endswith(b"\r") and (more := file.read(1)):
                chunk += more
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if first and chunk.startswith(codecs.BOM_UTF8):
            chunk = chunk[3:]
        first = False
        cut = chunk.rfind(b"\n") + 1
        if cut == 0:
            if held < size:
                rest.append(chunk)
                held += len(chunk)
            continue
        if held >= size:
            chunk = chunk[chunk.find(b"\n") :]
            cut = chunk.rfind(b"\n") + 1
        yield b"".join([*rest, chunk[:cut]])
        rest = [chunk[cut:]] if cut < len(chunk) else []
        held = len(chunk) - cut
    if rest and (last := b"".join(rest)):
        yield last
