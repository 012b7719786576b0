"""The copy of a file that is read in its place: what is read stands still, whatever happens to the file meanwhile."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from throughline.errors import InfrastructureError
from throughline.sources.watch.finished import State, state_of

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Copy:
    """A copy under the same name, the SHA-256 of its content, and the state of the file that it is of."""

    path: Path
    content: str
    state: State


@contextmanager
def copy_of(file: Path, folder: Path) -> Iterator[Copy | None]:
    """A copy of `file` in `folder`, gone afterwards; None where the file changed while it was copied, or is gone.

    What an earlier process left in `folder` is cleared away. Raises InfrastructureError where it cannot be copied.
    """
    shutil.rmtree(folder, ignore_errors=True)
    try:
        try:
            folder.mkdir(parents=True)
            yield _copied(file, folder / file.name)
        except FileNotFoundError:
            yield None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copied(file: Path, to: Path) -> Copy | None:
    before = state_of(file)
    content = sha256()
    try:
        with file.open("rb") as given, to.open("wb") as copy:
            while block := given.read(_BLOCK):
                content.update(block)
                copy.write(block)
            is_same = os.fstat(given.fileno()).st_ino == before.number
    except FileNotFoundError:
        raise
    except OSError as error:
        said = f"`{file}` cannot be copied to `{to.parent}`: {error.strerror}."
        raise InfrastructureError(said, hint="See that there is room, and that the file may be read.") from error
    return Copy(to, content.hexdigest(), before) if is_same and state_of(file) == before else None
