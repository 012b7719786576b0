"""Which files are read, and how: a module of this folder that has FORMATS adds a format, and nothing else does.

A format is of events, which the domain judges as they are, or of an existing system's rows, which a mapping makes
events of. One ending may be of both kinds, as that of Parquet is.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from throughline.errors import DataError
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.entry import Entry
from throughline.schemas.pages.key import Section
from throughline.sources.formats.rows import Rows
from throughline.sources.formats.text import STDIN

EVENT_ROWS = 491_520
_ARCHIVES = {".zip", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz", ".zst"}

# what a mapping says of the files themselves: under `csv:` the delimiter, for one
Settings = Mapping[str, Any]


@dataclass(frozen=True)
class EventFormat:
    """Files of events.

    `read` gives the batches of a file, each of at most about so many rows. `again` gives the events and rejects of
    records of a file that were kept, as (position, bytes); `is_whole` says whether kept bytes are all of a record.
    """

    endings: tuple[str, ...]
    read: Callable[[Path, Domain, int], Iterator[Batch]]
    again: Callable[[Sequence[tuple[int, bytes]], Domain, str], Batch]
    is_whole: Callable[[bytes], bool]
    is_packed: bool = False


@dataclass(frozen=True)
class RowFormat:
    """Files of rows.

    `read` gives the rows of a file; the first Rows may have none, so that the columns of an empty table are known.
    `again` gives those of records that were kept as they stood in the file, as (position, bytes): it needs the file
    for the names of the columns. Without it they were kept as JSON with the names. `settings` reads what a mapping
    says under the key `key`, whose keys `sections` declare; a mapping that has it reads files of the endings `asked` by
    this format, too.
    """

    endings: tuple[str, ...]
    read: Callable[[Path, Settings], Iterator[Rows]]
    again: Callable[[Path, Settings, Sequence[tuple[int, bytes]]], Rows] | None = None
    key: str = ""
    settings: Callable[[Entry], Settings] = lambda entry: {}
    asked: tuple[str, ...] = ()
    is_packed: bool = False
    sections: tuple[Section, ...] = ()


@cache
def _formats() -> tuple[EventFormat | RowFormat, ...]:
    # by the files beside this one, and by nothing that could stand elsewhere: a new format is one new file
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = [pkgutil.resolve_name(f"{__package__}.{name}") for name in names]
    return tuple(one for module in modules for one in getattr(module, "FORMATS", ()))


def event_formats() -> list[EventFormat]:
    return [one for one in _formats() if isinstance(one, EventFormat)]


def row_formats() -> list[RowFormat]:
    return [one for one in _formats() if isinstance(one, RowFormat)]


def event_format(path: Path) -> EventFormat | None:
    """The format of events that a name has by its ending. A table may have it too: Parquet is either."""
    return next((one for one in event_formats() if _ending(path) in one.endings), None)


def row_format(path: Path, said: Collection[str] = ()) -> RowFormat | None:
    """The format of rows that a name has by its ending, and by the keys of formats that its mapping has."""
    for one in row_formats():
        if one.key in said and _ending(path) in one.asked:
            return one
    return next((one for one in row_formats() if _ending(path) in one.endings), None)


def endings(formats: Sequence[EventFormat | RowFormat]) -> str:
    """Which endings they have, for a sentence: `.a, .b (each also .gz) and .c`."""
    packed = ", ".join(ending for one in formats if one.is_packed for ending in one.endings)
    plain = ", ".join(ending for one in formats if not one.is_packed for ending in one.endings)
    return " and ".join(part for part in (packed and f"{packed} (each also .gz)", plain) if part)


def read_events(path: Path, domain: Domain, *, batch_rows: int = EVENT_ROWS) -> Iterator[Batch]:
    """The events of a file, judged by the domain's rules, in batches of at most about `batch_rows`.

    Every record ends as an event or as a reject. `origin` is the path as given, `position` the line or row
    from 1. Raises DataError where the file as a whole cannot be read; batches before the damage have been
    given out.
    """
    _refuse_folder(path)
    found = event_format(path)
    if found is None:
        hint = f"Event files are {endings(event_formats())}. Others need a mapping."
        raise DataError("has no reader for this ending", file=path, hint=hint)
    for batch in found.read(path, domain, batch_rows):
        if batch.events.num_rows or batch.rejects.num_rows:
            yield batch


def no_reader(path: Path) -> DataError:
    """That no format of rows has the ending of a file."""
    hint = f"A mapping reads {endings(row_formats())}."
    if _ending(path) in _ARCHIVES:
        hint = "Unpack it, and give the files in it or their folder."
    return DataError("has no reader for this ending", file=path, hint=hint)


def read_rows(path: Path, settings: Mapping[str, Settings]) -> Iterator[Rows]:
    """The rows of a file; `settings` has those of each format by its key. Raises DataError where it cannot be read."""
    _refuse_folder(path)
    found = row_format(path, [key for key, said in settings.items() if said.keys() - {"ignored"}])
    if found is None:
        raise no_reader(path)
    return found.read(path, settings.get(found.key, {}))


def _ending(path: Path) -> str:
    """The ending of a name in lower case, `.gz` aside; empty for a name without one. Standard input is JSON."""
    if path == STDIN:
        return ".jsonl"
    return next((s.lower() for s in reversed(path.suffixes) if s.lower() != ".gz"), "")


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise DataError("is a directory", file=path, hint="Name the files in it, or a pattern such as DIR/*.csv.")
