"""The record of who looked at a case: files of JSON lines beside the store, only ever appended to.

The first look of a month puts the file of the month before aside, as `<record>.2026-03`, and begins another.
Each line carries the SHA-256 of the line before it, and `<record>.head` the number and the hash of the last: a line
that was changed, taken out or cut off the end shows. Whoever may write both files could write them anew; against that,
keep a hash elsewhere (`check` takes it).
"""

from __future__ import annotations

import fcntl
import glob
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from throughline.errors import LooksError
from throughline.sinks.mark import sync_folder

Outcome = Literal["shown", "refused"]

_FIRST = "0" * 64
_LONGEST_LINE = 1 << 20
_OTHERS = 0o077


@dataclass(frozen=True)
class Look:
    """One look at one case: who (an id and roles, no name), at which page, when (UTC), and why (the id of a reason).

    `case` is the public id that the case had then.
    """

    at: datetime
    person: str
    roles: tuple[str, ...]
    session: str
    case: str
    page: str
    outcome: Outcome
    why: str | None = None


@dataclass(frozen=True)
class Chain:
    """What a whole record says of itself: how many lines, the last one's hash, and what does not fit (sentences).

    `cut_off` counts lines that a machine stopped writing: none of them was answered to.
    """

    lines: int
    hash: str
    faults: tuple[str, ...] = ()
    cut_off: int = 0


def looks_path(store: Path) -> Path:
    """Where the record of a store is kept."""
    return store.with_name(store.name + ".looks")


@dataclass
class Looks:
    """The record at `path`, which is made when it is first written, for its owner alone."""

    path: Path

    def write(self, looks: list[Look]) -> None:
        """Put looks on the record. They are on the disk when this returns.

        Raises LooksError where they are not, or where the record is not what it was: then nothing may be shown.
        """
        if not looks:
            return
        try:
            is_written = False
            while not is_written:
                with self._locked() as file:
                    is_written = not self._put_aside(file, looks[0].at)
                    if is_written:
                        self._append(file, looks)
        except OSError as error:
            raise LooksError(
                f"The record of looks `{self.path}` cannot be written: {error.strerror}.",
                hint="No case is shown until it can. Make room on the disk, or give its folder back to the board.",
            ) from error

    def _put_aside(self, file: int, at: datetime) -> bool:
        """Whether the file, whose last look was in a month before `at`, was put aside: then another is begun."""
        last = _last_entry(_tail(file))
        month = None if last is None else last["at"][: len("2026-03")]
        if month is None or month >= f"{at.astimezone(UTC):%Y-%m}":
            return False
        aside = self.path.with_name(f"{self.path.name}.{month}")
        if aside.exists():
            # the clock went back: nothing takes its place
            return False
        self.path.rename(aside)
        sync_folder(self.path.parent)
        return True

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The file that looks are written to now, locked."""
        while True:
            with self._opened() as file:
                # somebody may have put it aside while we waited
                if self.path.exists() and self.path.stat().st_ino == os.fstat(file).st_ino:
                    return (yield file)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        is_new = not self.path.exists()
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            if is_new:
                sync_folder(self.path.parent)
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file).st_mode & _OTHERS:
                raise LooksError(
                    f"Others than its owner may read or write `{self.path}`.", hint=f"Run: chmod 600 {self.path}"
                )
            yield file
        finally:
            os.close(file)

    def _append(self, file: int, looks: list[Look]) -> None:
        tail = _tail(file)
        last = _last_entry(tail) or _last_aside(self.path)
        lines, at = (0, _FIRST) if last is None else (last["n"], last["hash"])
        head = _read_head(_head_path(self.path))
        if head is not None and head[0] > lines:
            raise LooksError(
                f"The record of looks `{self.path}` ends with line {lines}, and had {head[0]}: lines were cut off.",
                hint="Keep both files for whoever looks into it, and move them away; a new record then begins.",
            )
        if head is None and last is None:
            # a kill after the first line must not look like a head that was taken away
            _write_head(_head_path(self.path), 0, _FIRST)
        text = b"" if not tail or tail.endswith(b"\n") else b"\n"
        for look in looks:
            lines += 1
            line, at = _line(lines, at, look)
            text += line
        before = os.fstat(file).st_size
        try:
            _write_all(file, text)
            os.fsync(file)
        except OSError:
            # half a line was promised to nobody
            os.ftruncate(file, before)
            raise
        _write_head(_head_path(self.path), lines, at)

    def read(self) -> Iterator[Look]:
        """The looks of the record, the first first; what was cut off is left out. None where there is no record."""
        for _, entry in _entries(self.path):
            if entry is not None:
                yield _look(entry)


def check(path: Path, kept: str | None = None) -> Chain:
    """Whether a record is whole: every line follows the one before it, and none is missing at the end.

    `kept` is a hash that was written down elsewhere: the record must still have the line. Raises LooksError where the
    file cannot be read.
    """
    lines, last, cut_off = 0, _FIRST, 0
    faults: list[str] = []
    seen = {_FIRST}
    for number, entry in _entries(path):
        if entry is None:
            cut_off += 1
            continue
        lines += 1
        if entry["n"] != lines or entry["before"] != last:
            faults.append(f"Line {number} does not follow the line before it: something was taken out or changed.")
            lines = entry["n"]
        if entry["hash"] != _hash(entry):
            faults.append(f"Line {number} is not what was written: it was changed.")
        last = entry["hash"]
        seen.add(last)
    head = _read_head(_head_path(path))
    if head is None and lines:
        faults.append(f"`{_head_path(path)}` is missing, so nothing shows whether lines were cut off the end.")
    if head is not None and head[0] > lines:
        faults.append(f"The record ends with line {lines}, and had {head[0]}: lines were cut off.")
    if head is not None and head[0] <= lines and head[1] not in seen:
        faults.append("The record is not the one that its head belongs to: it was written anew.")
    if kept is not None and kept not in seen:
        faults.append("The line with the hash that was kept is not in the record: it was written anew.")
    return Chain(lines, last, tuple(faults), cut_off)


def _aside(path: Path) -> list[Path]:
    """The files that were put aside, the earliest first."""
    named = re.compile(re.escape(path.name) + r"\.\d{4}-\d{2}")
    return sorted(one for one in path.parent.glob(f"{glob.escape(path.name)}.*") if named.fullmatch(one.name))


def _entries(path: Path) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Each line of all files of a record, with where it stands; None for one that is no entry."""
    for part in (*_aside(path), *([path] if path.exists() else ())):
        of = "" if part == path else f" of `{part.name}`"
        try:
            with part.open("rb") as file:
                for number, line in enumerate(file, 1):
                    yield f"{number}{of}", _entry(line)
        except OSError as error:
            raise LooksError(
                f"The record of looks `{part}` cannot be read: {error.strerror}.",
                hint="Read it as the user of the board.",
            ) from error


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    fields = {"n": int, "at": str, "before": str, "hash": str, "person": str, "case": str, "page": str}
    is_entry = isinstance(entry, dict) and all(isinstance(entry.get(name), kind) for name, kind in fields.items())
    return entry if is_entry else None


def _look(entry: dict[str, Any]) -> Look:
    given = {name: value for name, value in entry.items() if name not in ("n", "before", "hash")}
    at, roles = datetime.fromisoformat(str(given.pop("at"))), given.pop("roles")
    return Look(at=at, roles=tuple(roles), **given)


def _line(number: int, before: str, look: Look) -> tuple[bytes, str]:
    entry: dict[str, Any] = {"n": number, **asdict(look), "before": before}
    entry["at"] = look.at.astimezone(UTC).isoformat(timespec="milliseconds")
    entry["roles"] = list(look.roles)
    entry["hash"] = _hash(entry)
    return json.dumps(entry, ensure_ascii=False).encode() + b"\n", str(entry["hash"])


def _hash(entry: dict[str, Any]) -> str:
    text = json.dumps({name: value for name, value in entry.items() if name != "hash"}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _tail(file: int) -> bytes:
    size = os.fstat(file).st_size
    return os.pread(file, min(size, _LONGEST_LINE), max(0, size - _LONGEST_LINE))


def _last_entry(tail: bytes) -> dict[str, Any] | None:
    """The last whole entry of a file that ends so; None where it has none."""
    return next((entry for line in reversed(tail.split(b"\n")) if (entry := _entry(line)) is not None), None)


def _last_aside(path: Path) -> dict[str, Any] | None:
    """The last entry of the month before, which the next one follows."""
    for part in reversed(_aside(path)):
        with part.open("rb") as file:
            return _last_entry(_tail(file.fileno()))
    return None


def _head_path(path: Path) -> Path:
    return path.with_name(path.name + ".head")


def _read_head(path: Path) -> tuple[int, str] | None:
    try:
        lines, digest = path.read_text(encoding="ascii").split()
        return int(lines), digest
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise LooksError(
            f"`{path}`, which says where the record of looks ends, cannot be read.",
            hint="Keep it and the record for whoever looks into it, and move both away.",
        ) from error


def _write_head(path: Path, lines: int, digest: str) -> None:
    new = path.with_name(path.name + ".new")
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        _write_all(file, f"{lines} {digest}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)
    new.replace(path)


def _write_all(file: int, text: bytes) -> None:
    while text:
        text = text[os.write(file, text) :]
