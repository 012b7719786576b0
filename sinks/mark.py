"""The high-water mark: a small file beside the store that says how far it had come.

DuckDB opens a store whose write-ahead log is missing, or an old copy of it, without a word and with fewer rows. The
mark, `<store>.mark`, is written after each commit by another route, so that the loss shows at the next opening.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from throughline.errors import StoreDamaged, StoreError
from throughline.sinks.damage import rebuild_hint


@dataclass(frozen=True)
class Mark:
    """`commit` counts the transactions of the store; `stamp` is new for each and tells copies apart."""

    store: str
    commit: int
    stamp: str
    fence: str


class MarkFile:
    """The mark of one store on disk. `prepare` goes before the commit, `publish` after it.

    So a full disk is found before the commit, and what is left to do after it is a rename.
    """

    def __init__(self, store: Path) -> None:
        self.path = store.with_name(store.name + ".mark")
        self._next = store.with_name(store.name + ".mark.next")
        self._folder = store.parent

    def read(self) -> Mark | None:
        """The mark; None where there is none. One that cannot be read raises StoreDamaged."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"The mark `{self.path}` cannot be read: {error.strerror}.") from None
        try:
            mark = Mark(**json.loads(text))
            if not isinstance(mark.commit, int):
                raise TypeError
        except (ValueError, TypeError):
            store = self.path.with_suffix("")
            raise StoreDamaged(
                f"The mark `{self.path}` of the store cannot be read.", hint=rebuild_hint(store)
            ) from None
        return mark

    def prepare(self, mark: Mark) -> None:
        """Write the mark to disk, not yet in its place; no room or no permission raises StoreError."""
        try:
            with self._next.open("wb") as file:
                file.write(json.dumps(asdict(mark)).encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _unwritten(self._next, error) from None

    def publish(self) -> None:
        """Put what was prepared in its place."""
        try:
            self._next.replace(self.path)
            sync_folder(self._folder)
        except OSError as error:
            raise _unwritten(self.path, error) from None


def _unwritten(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"The mark `{path}` of the store cannot be written: {error.strerror}.",
        hint="Make room on the disk, check the permissions of the folder, then open the store again.",
    )


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_not_behind(path: Path, mark: Mark, found: Mark) -> None:
    """Raise StoreDamaged where the store (`found`) holds less than, or something else than, its mark says.

    A store may be ahead of its mark: a process died between the commit and the mark.
    """
    if found.store != mark.store:
        raise StoreDamaged(
            f"`{path}` is not the store that its mark `{path}.mark` was written for "
            f"(it is {found.store}, the mark says {mark.store}).",
            hint=f"If you put the file there yourself, copy its own mark too, as `{path.name}.mark`. "
            + rebuild_hint(path),
        )
    if found.commit < mark.commit:
        raise StoreDamaged(
            f"`{path}` went backwards: it holds commit {found.commit}, and had reached commit {mark.commit}, "
            f"{mark.commit - found.commit} more. Its write-ahead log is missing or cut short, or it is an old copy.",
            hint=rebuild_hint(path),
        )
    if found.commit == mark.commit and found.stamp != mark.stamp:
        raise StoreDamaged(
            f"`{path}` is not the copy of the store that its mark was written for: both reached commit "
            f"{mark.commit}, with different content.",
            hint=rebuild_hint(path),
        )
