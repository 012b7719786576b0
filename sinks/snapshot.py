"""A copy of a store for readers, made while the store is open for writing.

Nobody can read the file of a store that is being written. So it is checkpointed, and a child process copies it: were
it opened and closed in this process, DuckDB's lock on it would be gone. The copy takes the place of the one before it
in one step, whole; who has the old one open goes on reading that.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from throughline.errors import StoreError, UsageError
from throughline.sinks.store import Store

# what the child runs: standard library only, so that it starts at once
_COPY = """
import os, shutil, sys
for source, target in zip(sys.argv[1::2], sys.argv[2::2]):
    shutil.copyfile(source, target + ".new")
    with open(target + ".new", "rb") as copied:
        os.fsync(copied.fileno())
for target in sys.argv[2::2]:
    os.replace(target + ".new", target)
"""


class Snapshot:
    """The copy at `target` of `store`, a store in a file, written at most every `seconds` and only if it changed."""

    def __init__(self, store: Store, target: Path, seconds: float) -> None:
        target = target.expanduser().resolve()
        if store.path is None or target == store.path:
            raise UsageError("A snapshot is a copy of a store in a file, into another file.")
        if not target.parent.is_dir():
            raise UsageError(f"The folder `{target.parent}` does not exist.", hint=f"`mkdir -p {target.parent}`.")
        self.target = target
        self._store = store
        self._source = store.path
        self._seconds = seconds
        self._commit = -1
        self._written = float("-inf")

    def write_if_due(self) -> bool:
        """Write it if it is old and the store has changed; whether it was written."""
        is_due = time.monotonic() - self._written >= self._seconds
        if is_due and self._store.commit != self._commit:
            self.write()
            return True
        return False

    def write(self) -> None:
        """Write it now, between two transactions of the store. Raises StoreError where it could not be written."""
        commit = self._store.commit
        self._store.checkpoint()
        # the file first, then its mark: a store may be ahead of its mark, and never behind it
        pairs = [(f"{self._source}{ending}", f"{self.target}{ending}") for ending in ("", ".mark")]
        command = [sys.executable, "-I", "-S", "-c", _COPY, *(name for pair in pairs for name in pair)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if ended.returncode != 0:
            said = ended.stderr.strip().splitlines()
            raise StoreError(
                f"The snapshot `{self.target}` could not be written: {said[-1] if said else ended.returncode}.",
                hint="The store itself is whole. Make room, or check the permissions of the folder.",
            )
        self._commit, self._written = commit, time.monotonic()
