"""Replay files into a store: read, accept or quarantine, link, derive, with no broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from throughline.schemas.acceptance.events import Batch
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.store import Store
from throughline.sources.files import Report, files_to_read, read_all, size_of
from throughline.sources.formats.text import position_in
from throughline.sources.mapping.parts import Mapping
from throughline.sources.mapping.snapshots import Snapshots
from throughline.streams.join.accept import Counts
from throughline.streams.join.batch import Received, accept_only, settle
from throughline.streams.join.comparison import compare
from throughline.streams.join.rebuild import open_domain

# seconds between two looks at how far a file has been read
_LOOK = 0.2


def replay(
    store: Store,
    domain: Domain,
    paths: list[Path],
    *,
    mapping: Mapping | None = None,
    received_at: Received | None = None,
    report: Report = lambda stage, done, total: None,
    of_file: Callable[[Path, Counts], None] = lambda file, counts: None,
    note: Callable[[str], None] = lambda text: None,
) -> Counts:
    """Bring every record of `paths` into `store`, and the timeline up to date.

    A folder stands for the event files (with a mapping: all files) below it, in the order of their names. A record
    that cannot be accepted stands in quarantine; one that is in the store already is counted as a duplicate, so that
    replaying a file again changes nothing. `received_at` (UTC, naive) is now unless given; a
    function gives it for each row of a table, which is of EVENTS or of REJECTS. `of_file` is told what became of the
    records of each file, `note` what the user is to know besides.

    Snapshots are compared with those that were read before, and what is said to have happened between two of them gives
    way where one comes that lies between: however they are grouped over runs, the store is the same.

    Raises UsageError for a path that is not there or holds nothing to read, MappingError, CodecError and StoreError.
    """
    received_at = received_at or datetime.now(UTC).replace(tzinfo=None)
    files = files_to_read(paths, is_mapped=mapping is not None)
    open_domain(store, domain)
    counts = Counts()
    by_file = [Counts() for _ in files]
    sizes = [size_of(file) for file in files]
    snapshots = Snapshots(mapping, domain) if mapping is not None and mapping.compares else None
    reading = _Reading(files, sizes, report)
    with store.bulk(), snapshots or nullcontext():
        for place, batch in _ahead(read_all(files, domain, mapping, snapshots), reading.look):
            became = accept_only(store, batch, received_at)
            counts.add(became)
            by_file[place].add(became)
            reading.came_to(place)
        report("reading", sum(sizes), sum(sizes))
        if mapping is not None and snapshots is not None:
            counts.add(compare(store, mapping, snapshots, received_at, note))
        settle(store, lambda stage, part: report(stage, part, 1.0))
    for file, became in zip(files, by_file, strict=True):
        of_file(file, became)
    return counts


class _Reading:
    """How far the files have been read, by their bytes: it never goes back."""

    def __init__(self, files: list[Path], sizes: list[int], report: Report) -> None:
        self._files, self._sizes, self._report = files, sizes, report
        self._place = 0
        self._before = self._done = 0

    def came_to(self, place: int) -> None:
        """A batch of the file at this place was taken in."""
        self._before += sum(self._sizes[self._place : place])
        self._place = place
        self.look()

    def look(self) -> None:
        if self._files:
            file = self._files[self._place]
            self._done = max(self._done, self._before + (position_in(file) or 0))
            self._report(f"reading {file.name}", self._done, sum(self._sizes))


def _ahead(batches: Iterator[tuple[int, Batch]], look: Callable[[], None]) -> Iterator[tuple[int, Batch]]:
    """The same batches, each read in another thread while the one before it is taken in; `look` is called while there
    is none yet."""
    with ThreadPoolExecutor(max_workers=1) as reader:
        following = reader.submit(next, batches, None)
        while True:
            while not wait([following], _LOOK).done:
                look()
            if (found := following.result()) is None:
                return
            following = reader.submit(next, batches, None)
            yield found
