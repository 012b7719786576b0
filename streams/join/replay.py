"""Replay files into a store: read, accept or quarantine, link, derive, with no broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from throughline.errors import UsageError
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.store import Store
from throughline.sources.formats.event_files import is_event_file, read_events
from throughline.sources.mapping.mapping import Mapping
from throughline.sources.mapping.tabular import read_mapped
from throughline.streams.join.accept import Counts
from throughline.streams.join.batch import accept_only, settle
from throughline.streams.join.rebuild import open_domain

# (what is being done, how much of it is done, how much there is or None)
Report = Callable[[str, float, float | None], None]


def replay(
    store: Store,
    domain: Domain,
    paths: list[Path],
    *,
    mapping: Mapping | None = None,
    received_at: datetime | None = None,
    report: Report = lambda stage, done, total: None,
) -> Counts:
    """Bring every record of `paths` into `store`, and the timeline up to date.

    A folder stands for the event files (with a mapping: all files) below it, in the order of their names. A record
    that cannot be accepted stands in quarantine; one that is in the store already is counted as a duplicate, so that
    replaying a file again changes nothing. `received_at` (UTC, naive) is now unless given.

    Raises UsageError for a path that is not there or holds nothing to read, MappingError, CodecError and StoreError.
    """
    received_at = received_at or datetime.now(UTC).replace(tzinfo=None)
    files = files_to_read(paths, is_mapped=mapping is not None)
    open_domain(store, domain)
    counts = Counts()
    sizes = [file.stat().st_size for file in files]
    with store.bulk():
        for place, batch in _ahead(
            (place, batch) for place, file in enumerate(files) for batch in read_batches(file, domain, mapping)
        ):
            counts.add(accept_only(store, batch, received_at))
            report(f"reading {files[place].name}", sum(sizes[:place]), sum(sizes))
        report("reading", sum(sizes), sum(sizes))
        settle(store, lambda stage, part: report(stage, part, 1.0))
    return counts


def files_to_read(paths: list[Path], *, is_mapped: bool) -> list[Path]:
    """The files that `paths` stand for. Raises UsageError for a path that is not there or holds nothing to read."""
    return [file for path in paths for file in _files(path, is_mapped)]


def _files(path: Path, is_mapped: bool) -> Iterator[Path]:
    if path.is_dir():
        found = sorted(
            file
            for file in path.rglob("*")
            if file.is_file() and not file.name.startswith(".") and (is_mapped or is_event_file(file))
        )
        if not found:
            raise UsageError(
                f"`{path}` has no files in it." if is_mapped else f"`{path}` has no event files in it.",
                hint=""
                if is_mapped
                else "Event files end in .jsonl, .avro or .parquet; for another export give --mapping FILE.",
            )
        yield from found
    elif path.exists():
        yield path
    else:
        raise UsageError(
            f"There is no file or folder `{path}`.", hint="Check the path. It may be a folder of event files."
        )


def read_batches(file: Path, domain: Domain, mapping: Mapping | None) -> Iterator[Batch]:
    """The records of an event file, or of an export with its mapping, in batches. Raises MappingError, CodecError."""
    return read_events(file, domain) if mapping is None else read_mapped(file, mapping, domain)


def _ahead(batches: Iterator[tuple[int, Batch]]) -> Iterator[tuple[int, Batch]]:
    """The same batches, each read in another thread while the one before it is taken in."""
    with ThreadPoolExecutor(max_workers=1) as reader:
        following = reader.submit(next, batches, None)
        while (found := following.result()) is not None:
            following = reader.submit(next, batches, None)
            yield found
