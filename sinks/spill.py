"""Where DuckDB puts what does not fit into memory: a folder of this process alone, gone when the process is.

That of a reader stands in the machine's place for temporary files, and nobody else may look into it. A process
that is killed cannot clear up; so each one that begins deletes the folders of those that have ended. A lock on the
folder says who lives: the system drops it with the process, whatever ended that.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
import threading
import uuid
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from throughline.errors import StoreError

MOST = "20GB"
"""What may be spilled where nobody said otherwise, as DuckDB writes it."""

_PREFIX = "throughline-spill-"
_lock = threading.Lock()
# this process's folder, the descriptor that locks it, and the process that made it: a fork has no right to it
_mine: tuple[Path, int, int] | None = None


def spill_place(store: Path | None) -> Path:
    """Where the connections of this process to `store` spill (None: one in memory): DuckDB makes it and deletes it.

    One place for each store, since DuckDB lets a process open a file twice with the same settings only. Raises
    StoreError where no folder can be made.
    """
    name = uuid.uuid4().hex if store is None else blake2b(os.fsencode(store), digest_size=8).hexdigest()
    return _folder() / name


def delete_spill() -> None:
    """Delete all that this process has spilled: for who ends it at once, past its own end."""
    global _mine
    if _mine is not None and _mine[2] == os.getpid():
        shutil.rmtree(_mine[0], ignore_errors=True)
        _mine = None


def delete_left(root: Path) -> int:
    """Delete the folders in `root` of processes that have ended; how many."""
    gone = 0
    for folder in sorted(root.glob(f"{_PREFIX}*")):
        with suppress(OSError):
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(held).st_uid == os.getuid():
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)
                    gone += 1
            finally:
                os.close(held)
    return gone


def delete_beside(store: Path) -> None:
    """Delete what a writer of `store` that was killed has spilled: DuckDB puts that beside it. For who has its lock."""
    folder = store.with_name(f"{store.name}.tmp")
    for left in folder.glob("duckdb_temp_*"):
        left.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def _folder() -> Path:
    global _mine
    with _lock:
        if _mine is None or _mine[2] != os.getpid() or not _mine[0].is_dir():
            root = Path(tempfile.gettempdir())
            delete_left(root)
            try:
                _mine = _locked(root)
            except OSError as error:
                raise StoreError(
                    f"No folder for temporary files can be made in `{root}`: {error.strerror}.",
                    hint="Make room there, or name another place in the variable TMPDIR.",
                ) from error
            atexit.register(delete_spill)
        return _mine[0]


def _locked(root: Path) -> tuple[Path, int, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))  # 0700
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(held, fcntl.LOCK_EX)
        # between the two lines another process may have taken it for one that was left
        if folder.is_dir():
            return folder, held, os.getpid()
        os.close(held)
