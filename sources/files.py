"""The files that a path stands for, and the records in them: of an event file, or of an export with its mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

from throughline.errors import UsageError
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.definitions.domain import Domain
from throughline.sources.formats.registry import endings, event_format, event_formats, read_events, read_rows
from throughline.sources.formats.text import STDIN
from throughline.sources.mapping.conversion import convert, read_mapped
from throughline.sources.mapping.parts import Mapping
from throughline.sources.mapping.snapshots import Snapshots

# (what is being done, how much of it is done, how much there is or None)
Report = Callable[[str, float, float | None], None]
_LEFT_BEHIND = {"thumbs.db", "desktop.ini"}


def files_to_read(paths: list[Path], *, is_mapped: bool) -> list[Path]:
    """The files that `paths` stand for; `-` is standard input. Raises UsageError for a path that is not there or holds
    nothing to read."""
    return [file for path in paths for file in _files(path, is_mapped)]


def _files(path: Path, is_mapped: bool) -> Iterator[Path]:
    if path == STDIN:
        yield path
    elif path.is_dir():
        found = sorted(
            file
            for file in path.rglob("*")
            if file.is_file() and not _is_dropping(file.name) and (is_mapped or event_format(file) is not None)
        )
        if not found and is_mapped:
            raise UsageError(f"`{path}` has no files in it.")
        if not found:
            hint = f"Event files are {endings(event_formats())}; for another export give --mapping FILE."
            raise UsageError(f"`{path}` has no event files in it.", hint=hint)
        yield from found
    elif path.exists():
        yield path
    else:
        raise UsageError(
            f"There is no file or folder `{path}`.", hint="Check the path. It may be a folder of event files."
        )


def _is_dropping(name: str) -> bool:
    """Whether a file is one that an operating system or an office program leaves in a folder: nobody sent it."""
    return name.startswith((".", "~$")) or name.lower() in _LEFT_BEHIND


def read_all(
    files: list[Path],
    domain: Domain,
    mapping: Mapping | None,
    snapshots: Snapshots | None = None,
    note: Callable[[str], None] = lambda text: None,
) -> Iterator[tuple[int, Batch]]:
    """The records of all files in batches, each with the place of its file in the list; after those of snapshots what
    differs between them, unless the caller gives `snapshots` to gather them. `note` is told where there was only one to
    compare. Raises MappingError, CodecError."""
    if mapping is None or not mapping.compares:
        for place, file in enumerate(files):
            yield from ((place, batch) for batch in read_batches(file, domain, mapping))
        return
    with Snapshots(mapping, domain) if snapshots is None else nullcontext(snapshots) as gathered:
        for place, file in enumerate(files):
            for made in convert(read_rows(file, mapping.reading), mapping, domain, file):
                gathered.take(made)
                yield place, made.batch
        if snapshots is None:
            if gathered.is_single:
                note(
                    "One snapshot was read, and compared with none: give the one before it too (and, if it comes late, "
                    "the one after it), or what changed and what has vanished is not published."
                )
            yield from ((len(files) - 1, batch) for batch in gathered.differences())


def too_few(file: Path, events: int, refused: int) -> str | None:
    """What is wrong with a file that gave so few events that something else was meant; None where nothing is."""
    if events == 0 and refused == 0:
        return f"{file} has no event in it: is it the right file, and does its mapping leave everything out?"
    if refused > events:
        what = "every record was" if events == 0 else f"most records ({refused:,} of {events + refused:,}) were"
        return f"{file}: {what} refused: look at its first ones, and mend its mapping or its publisher."
    return None


def size_of(file: Path) -> int:
    """The bytes of a file; 0 for standard input, of which nobody knows."""
    return 0 if file == STDIN else file.stat().st_size


def read_batches(file: Path, domain: Domain, mapping: Mapping | None) -> Iterator[Batch]:
    """The records of an event file, or of an export with its mapping, in batches. Raises MappingError, CodecError."""
    return read_events(file, domain) if mapping is None else read_mapped(file, mapping, domain)
