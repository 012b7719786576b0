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

# the files that are being read, and what they are read through
_OPEN: dict[Path, IO[bytes]] = {}


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """Open a file, or standard input, through gzip if its first bytes say so. Raises DataError where it is none or
    cannot be read.
    """
    try:
        # standard input stays open
        with nullcontext(cast(BufferedReader, sys.stdin.buffer)) if path == STDIN else path.open("rb") as plain:
            _OPEN[path] = plain
            if plain.peek(2)[:2] == b"\x1f\x8b":
                with gzip.open(plain) as unpacked:
                    yield unpacked
            else:
                yield plain
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            "is damaged gzip", file=path, hint="Fetch the file again: it was cut off or changed."
        ) from error
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror or error})", file=path) from error
    finally:
        _OPEN.pop(path, None)


def position_in(path: Path) -> int | None:
    """How many bytes of a file have been read so far, packed as they are; None while nobody reads it, or of standard
    input."""
    file = _OPEN.get(path)
    return None if file is None or file.closed or not file.seekable() else file.tell()


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
