"""A zip file of XML parts, as spreadsheets are: opened so that one that unpacks without end is refused."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from throughline.errors import DataError

_PARTS = 10_000
_PART_BYTES = 8 << 30
# what is small is never a bomb, and no sheet packs so well
_SMALL = 1 << 26
_RATIO = 250
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, ValueError)


class Package:
    """The parts of a zip file. Raises DataError wherever it is damaged or hostile."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path, self._archive = path, archive
        every = archive.infolist()
        if len(every) > _PARTS:
            raise DataError(f"has more than {_PARTS} parts in it", file=path)
        self.parts = {one.filename.lstrip("/"): one for one in every}
        if len(self.parts) < len(every):
            raise DataError("has two parts of one name", file=path)
        for one in every:
            if one.flag_bits & 1:
                raise DataError("is protected by a password", file=path, hint="Save it without one.")
            if one.file_size > _PART_BYTES or one.file_size > max(_SMALL, one.compress_size * _RATIO):
                hint = "No export packs so well: look at where it comes from."
                raise DataError(f"unpacks to {one.file_size:,} bytes", file=path, hint=hint)

    def size(self, name: str) -> int:
        """How many bytes a part unpacks to."""
        return self._found(name).file_size

    def _found(self, name: str) -> zipfile.ZipInfo:
        found = self.parts.get(name)
        if found is None:
            raise DataError(f"has no part `{name}`", file=self.path, hint="Open it and save it again.")
        return found

    @contextmanager
    def part(self, name: str) -> Iterator[IO[bytes]]:
        """A part; it is never longer than its size says, or it is refused."""
        with self._archive.open(self._found(name)) as file:
            yield file


@contextmanager
def open_package(path: Path, file: IO[bytes]) -> Iterator[Package]:
    """The zip file in `file`, opened at `path`. Raises DataError where it is none or damaged, then or later."""
    try:
        with zipfile.ZipFile(file) as archive:
            yield Package(path, archive)
    except _DAMAGED as error:
        hint = "Open it and save it again, or fetch it again: it was cut off or changed."
        raise DataError(f"is damaged ({error})", file=path, hint=hint) from error
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror or error})", file=path) from error
