"""Text files as blocks of whole lines: plain or gzip, in whichever encoding they turn out to be."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from throughline.errors import DataError

_CHUNK = 1 << 22
_MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}
# Bytes that Windows-1252 leaves undefined: a text in it has none of them.
_NOT_CP1252 = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """Open a file, through gzip if its first bytes say so. Raises DataError where it is none or cannot be
    read.
    """
    if path.is_dir():
        raise DataError("is a directory", file=path, hint="Name the files in it, or a pattern such as DIR/*.csv.")
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


def detect_encoding(path: Path) -> str:
    """`utf-8` (with or without a mark) if the whole file is, else `cp1252` if it can be.

    Raises DataError with the line of the first byte that is neither.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, line, bad_line = True, 1, 0
    with open_bytes(path) as file:
        first = True
        while chunk := file.read(_CHUNK):
            if first and chunk[:2] in _MARKS:
                raise DataError(
                    "is UTF-16",
                    file=path,
                    line=1,
                    hint="Save it as UTF-8 (in Excel: `CSV UTF-8`) and try again.",
                )
            first = False
            if is_utf8:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = False
            if not bad_line:
                bad = min((i for byte in _NOT_CP1252 if (i := chunk.find(byte)) >= 0), default=-1)
                if bad >= 0:
                    bad_line = line + chunk.count(b"\n", 0, bad)
                line += chunk.count(b"\n")
    if is_utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False
    if is_utf8:
        return "utf-8"
    if bad_line:
        raise DataError(
            "is neither UTF-8 nor Windows-1252",
            file=path,
            line=bad_line,
            hint="Save it as UTF-8, or write `csv: {encoding: utf-8}` in the mapping: then only the lines "
            "that are not are rejected.",
        )
    return "cp1252"


def line_blocks(path: Path, size: int) -> Iterator[bytes]:
    """The file in blocks of about `size` bytes, each of whole lines; a mark at the beginning is taken off.

    The last line may lack its newline. A line longer than a block is cut to about the size of one: no record may be
    so long, and a packed file of a few kilobytes can hold a line of gigabytes.
    """
    with open_bytes(path) as file:
        rest: list[bytes] = []
        first = True
        held = 0
        while chunk := file.read(size):
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
