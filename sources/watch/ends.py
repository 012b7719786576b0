"""Whether a file has the end that files of its kind have: one that was cut off, or is still being written, has not.

CSV and lines of JSON have no end that could be missing; for them only that they rest speaks.
"""

from __future__ import annotations

import zlib
from pathlib import Path

_ZIP, _PARQUET, _SQLITE, _GZIP = b"PK\x03\x04", b"PAR1", b"SQLite format 3\x00", b"\x1f\x8b"
_DIRECTORY = b"PK\x05\x06"
_DIRECTORY_BYTES, _COMMENT_BYTES = 22, 65_535
_LAST = {".xml": b">", ".xes": b">", ".json": b"]}"}
_BLOCK = 1 << 20


def missing_end(path: Path) -> str | None:
    """What is missing at the end of a file; None where nothing is, or where it cannot be told. Quick: reads its first
    bytes and its last. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(100)
        size = file.seek(0, 2)
        file.seek(max(0, size - _DIRECTORY_BYTES - _COMMENT_BYTES))
        tail = file.read()
    if head.startswith(_ZIP):
        return None if _has_directory(tail, size) else "its end, the directory of the ZIP, is missing"
    if head.startswith(_PARQUET):
        return None if size > 8 and tail.endswith(_PARQUET) else "its end, the footer of Parquet, is missing"
    if head.startswith(_SQLITE):
        return _of_sqlite(path, head, size)
    last = _LAST.get(path.suffix.lower())
    if last is not None and (rest := tail.rstrip()) and rest[-1:] not in [bytes([one]) for one in last]:
        return f"it does not end in {' or '.join(f'`{chr(one)}`' for one in last)}"
    return None


def missing_gzip_end(path: Path) -> str | None:
    """The same of a packed file, which has to be read to the end for it."""
    with path.open("rb") as file:
        block = file.read(_BLOCK)
        if not block.startswith(_GZIP):
            return None
        try:
            unpacking = zlib.decompressobj(31)
            while block:
                while block and not unpacking.eof:
                    unpacking.decompress(block, _BLOCK)
                    block = unpacking.unconsumed_tail
                if unpacking.eof and (block := unpacking.unused_data):
                    unpacking = zlib.decompressobj(31)
                    continue
                block = file.read(_BLOCK)
        except zlib.error:
            # damaged, not cut off: that will not mend by waiting, and its reader says so
            return None
    return None if unpacking.eof else "the end of what is packed in it is missing"


def _has_directory(tail: bytes, size: int) -> bool:
    at = tail.rfind(_DIRECTORY)
    if at < 0 or len(tail) - at < _DIRECTORY_BYTES:
        return False
    end = tail[at:]
    begins, length = int.from_bytes(end[16:20], "little"), int.from_bytes(end[12:16], "little")
    comment = int.from_bytes(end[20:22], "little")
    is_large = 0xFFFFFFFF in (begins, length)  # ZIP64 says it elsewhere
    return len(end) == _DIRECTORY_BYTES + comment and (is_large or begins + length <= size - len(end))


def _of_sqlite(path: Path, head: bytes, size: int) -> str | None:
    if any(path.with_name(f"{path.name}{beside}").exists() for beside in ("-journal", "-wal")):
        return "a journal beside it says that it is being written"
    page = int.from_bytes(head[16:18], "big")
    pages = int.from_bytes(head[28:32], "big") if head[24:28] == head[92:96] else 0
    return None if size >= pages * (65_536 if page == 1 else page) else "pages of the database are missing"
