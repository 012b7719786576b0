"""A copy of a store's files that is whole, made without opening the store and without asking its writer.

DuckDB keeps readers out of a file that is being written, and a reader would keep the next writer out. But between two
checkpoints the file is at rest: what is committed is appended to `<store>.wal`. So a copy of both is whole where the
file's header and its time of writing were the same before and after. The header alone does not say it: before a
checkpoint writes a new one, it writes over blocks of metadata that the old one still refers to, with what they said
and more. A log that was cut in the middle of a commit is read up to the commit before it.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from throughline.errors import StoreError
from throughline.sinks.damage import check_path

# the main header and the two that take turns, a sector each
_HEADER_BYTES = 3 * 4096
_TRIES = 40
_PAUSE = 0.05
# longer than a tick of the clock that gives files their times: what was written in one tick has one time
_TICK = 0.02


@dataclass(frozen=True)
class Copy:
    """A copy at `path` of the store at `store`, made while the store's header was `header`."""

    store: Path
    path: Path
    header: bytes

    def remove(self) -> None:
        for ending in ("", ".wal"):
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)


def copy_store(store: Path, target: Path, before: Copy | None = None) -> Copy:
    """Copy the store to `target`; the file of the copy `before` is shared where the store's has not changed since.

    Raises StoreError where there is no store, or where it is written over faster than it can be copied.
    """
    check_path(store, write=False)
    log = store.with_name(store.name + ".wal")
    target_log = target.with_name(target.name + ".wal")
    for _ in range(_TRIES):
        header = _header(store)
        target.unlink(missing_ok=True)
        target_log.unlink(missing_ok=True)
        if before is not None and before.header == header and before.path.exists():
            # only the log has grown
            os.link(before.path, target)
            is_whole = True
        else:
            is_whole = _copy_at_rest(store, target)
        with suppress(FileNotFoundError):
            _copy_file(log, target_log)
        if is_whole and _header(store) == header:
            return Copy(store, target, header)
        time.sleep(_PAUSE)
    target.unlink(missing_ok=True)
    target_log.unlink(missing_ok=True)
    raise StoreError(
        f"`{store}` changes faster than it can be copied.",
        hint="Let its writer make snapshots (`throughline sink --snapshot FILE`), and open the board on these.",
    )


def state_of(store: Path) -> tuple[object, ...]:
    """What changes whenever something is committed to the store, or another takes its place: a few system calls."""
    found: list[object] = []
    for ending in (".mark", "", ".wal"):
        try:
            stat = store.with_name(store.name + ending).stat()
        except OSError:
            found.append(None)
        else:
            found.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
    # without a mark, as for a file that somebody copied, the files themselves say it
    return (found[0],) if found[0] is not None else tuple(found)


def _header(store: Path) -> bytes:
    try:
        with store.open("rb") as file:
            return file.read(_HEADER_BYTES)
    except OSError as error:
        raise StoreError(f"`{store}` cannot be read: {error.strerror}.") from None


def _copy_at_rest(store: Path, target: Path) -> bool:
    """Copy the file, and say whether nothing was written to it meanwhile."""
    written = store.stat().st_mtime_ns
    time.sleep(_TICK)
    if store.stat().st_mtime_ns != written:
        return False
    _copy_file(store, target)
    return store.stat().st_mtime_ns == written


def _copy_file(source: Path, target: Path) -> None:
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreError(
            f"`{source}` could not be copied to `{target.parent}`: {error.strerror}.",
            hint="The board needs room for two copies of its stores. TMPDIR names another folder.",
        ) from None
