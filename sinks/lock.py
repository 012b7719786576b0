"""One writer for each store: a lock file of our own beside it.

DuckDB's own lock is a POSIX one, which a process loses without a word as soon as any of its code opens and closes the
file again. This one is a `flock` on `<store>.lock`, held by an open descriptor for life, which nothing but its holder
or the holder's death lets go. The file is never deleted: two writers could then lock two different files.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from throughline.errors import StoreError, StoreLocked


@dataclass(frozen=True)
class Holder:
    """Who holds a lock, as the lock file says: `started` is UTC in ISO form, `token` new each time."""

    pid: int
    host: str
    started: str
    token: str

    def __str__(self) -> str:
        return f"Process {self.pid} on {self.host} (since {self.started})"


class WriteLock:
    """The writer's lock on one store, held from construction until `release` or the end of the process."""

    def __init__(self, store: Path) -> None:
        self.path = store.with_name(store.name + ".lock")
        self._descriptor = _locked_descriptor(self.path, store)
        # a forked child must not keep the lock alive after its parent's death, nor write
        self._owner = os.getpid()
        started = datetime.now(UTC).isoformat(timespec="seconds")
        self.holder = Holder(self._owner, socket.gethostname(), started, uuid.uuid4().hex)
        self._text = json.dumps(vars(self.holder)).encode()
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, self._text, 0)
        except OSError as error:
            os.close(self._descriptor)
            raise StoreError(f"`{self.path}` cannot be written: {error.strerror}.") from None

    def is_held(self) -> bool:
        """Whether the lock file is still the one that we locked, and says what we wrote: two system calls."""
        if self._descriptor < 0 or os.getpid() != self._owner:
            return False
        try:
            is_ours = os.path.samestat(self.path.stat(), os.fstat(self._descriptor))
        except OSError:
            return False
        return is_ours and os.pread(self._descriptor, len(self._text) + 1, 0) == self._text

    def release(self) -> None:
        """Let the next writer in."""
        if self._descriptor >= 0:
            if self.is_held():
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1


def holder_of(store: Path) -> Holder | None:
    """Who wrote the lock file of this store last and has not let go; None where it does not say."""
    try:
        return Holder(**json.loads(store.with_name(store.name + ".lock").read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def locked_error(store: Path, holder: Holder | None) -> StoreLocked:
    who = "Another process" if holder is None else str(holder)
    return StoreLocked(
        f"{who} is writing `{store}`.",
        hint="Wait for it to end, or stop it. To look at the store meanwhile, read a snapshot of it.",
    )


def _locked_descriptor(path: Path, store: Path) -> int:
    """Open and lock the lock file; again if it was replaced between the two."""
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(
                f"The lock file `{path}` cannot be made: {error.strerror}.",
                hint="Put the store in a folder that you may write to, on a disk with room.",
            ) from None
        is_ours = False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                is_ours = os.path.samestat(path.stat(), os.fstat(descriptor))
        except BlockingIOError:
            raise locked_error(store, holder_of(store)) from None
        except OSError as error:
            raise StoreError(
                f"`{path}` cannot be locked: {error.strerror}.",
                hint="Some network file systems have no locks; keep the store on a local disk.",
            ) from None
        finally:
            if not is_ours:
                os.close(descriptor)
        if is_ours:
            return descriptor
