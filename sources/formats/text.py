"""Text files as blocks of whole lines, plain or gzip."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from throughline.errors import DataError


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """Open a file, through gzip if its first bytes say so. Raises DataError where it is none or cannot be
    read.
    """
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            if packed:
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


def line_blocks(path: Path, size: int, *, is_mac: bool = False) -> Iterator[bytes]:
    """The file in blocks of about `size` bytes, each of whole lines; a mark at the beginning is taken off.

    The last line may lack its newline. With `is_mac` a line may end in CR too, and LF is given for it. A line longer
    than a block is cut to about the size of one: no record may be so long, and a packed file of a few kilobytes can
    hold a line of gigabytes.
    """
    with open_bytes(path) as file:
        rest: list[bytes] = []
        first = True
        held = 0
        while chunk := file.read(size):
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
