"""Which files of a folder are finished. Nobody tells us; what a file looks like does, from look to look.

A file is finished when its size, its time and its place on the disk have not changed for the settling time, its name is
not one that programs give to what they are writing, and it has the end that files of its kind have. Polling works on
every kind of network share; what tells of changes does not.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from throughline.errors import InfrastructureError
from throughline.sources.watch.ends import missing_end

# what a browser, FTP, SFTP and rsync, an office program, an editor call a file that they are still at
_PARTIAL = re.compile(
    r"[.~].*|.*~|.*\.(part|partial|filepart|tmp|temp|crdownload|download|opdownload|writing|uploading|incomplete|lock"
    r"|lck|swp|swx|bak|!ut)|thumbs\.db|desktop\.ini",
    re.IGNORECASE,
).fullmatch


@dataclass(frozen=True)
class State:
    """What shows that a file has changed: bytes, time of change (nanoseconds), and which file it is on its disk."""

    size: int
    changed_at: int
    number: int


def state_of(path: Path) -> State:
    """The state of a file now. Raises OSError."""
    found = path.stat()
    return State(found.st_size, found.st_mtime_ns, found.st_ino)


class Finished:
    """Looks at the files of `folder`, not at those of folders in it; `settle_seconds` is how long one must rest.

    `waiting` has those that rest and are left alone all the same, by name, and why.
    """

    def __init__(self, folder: Path, settle_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder = folder
        self.waiting: dict[str, str] = {}
        self.is_settling = False
        self._settle_seconds = settle_seconds
        self._clock = clock
        self._seen: dict[str, tuple[State, float]] = {}
        self._left: dict[str, str] = {}

    def look(self) -> list[Path]:
        """The files that are finished now, by name. `is_settling` says afterwards whether others may become so.

        Raises InfrastructureError where the folder cannot be read.
        """
        now = self._clock()
        seen: dict[str, tuple[State, float]] = {}
        try:
            for path in sorted(self.folder.iterdir()):
                name = path.name
                if _PARTIAL(name) or not path.is_file() or path.is_symlink():
                    continue
                try:
                    state = state_of(path)
                except FileNotFoundError:
                    continue
                before = self._seen.get(name)
                seen[name] = before if before is not None and before[0] == state else (state, now)
        except OSError as error:
            hint = "If it is on a share, see that it is mounted."
            raise InfrastructureError(f"`{self.folder}` cannot be read: {error.strerror}.", hint=hint) from error
        changed = {name for name in seen if self._seen.get(name) != seen[name]}
        self._seen = seen
        self._left = {name: why for name, why in self._left.items() if name in seen and name not in changed}
        self.waiting = {}
        resting = [name for name, (_, since) in seen.items() if now - since >= self._settle_seconds]
        self.is_settling = len(resting) < len(seen)
        return [self.folder / name for name in resting if self._is_whole(name)]

    def _is_whole(self, name: str) -> bool:
        if name not in self._left:
            try:
                why = missing_end(self.folder / name)
            except OSError as error:
                # the right to read it may be given without the file changing: it is looked at again
                self.waiting[name] = f"it cannot be read ({error.strerror})"
                return False
            if why is None:
                return True
            self._left[name] = why
        self.waiting[name] = self._left[name]
        return False

    def leave(self, path: Path, why: str) -> None:
        """Leave a file alone until it changes."""
        self._left[path.name] = self.waiting[path.name] = why
