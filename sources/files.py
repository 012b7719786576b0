"""The files that a path stands for, and the records in them: of an event file, or of an export with its mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from throughline.errors import UsageError
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.definitions.domain import Domain
from throughline.sources.formats.registry import endings, event_format, event_formats, read_events
from throughline.sources.formats.text import STDIN
from throughline.sources.mapping.conversion import read_mapped
from throughline.sources.mapping.parts import Mapping

# (what is being done, how much of it is done, how much there is or None)
Report = Callable[[str, float, float | None], None]


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
            if file.is_file() and not file.name.startswith(".") and (is_mapped or event_format(file) is not None)
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


def size_of(file: Path) -> int:
    """The bytes of a file; 0 for standard input, of which nobody knows."""
    return 0 if file == STDIN else file.stat().st_size


def read_batches(file: Path, domain: Domain, mapping: Mapping | None) -> Iterator[Batch]:
    """The records of an event file, or of an export with its mapping, in batches. Raises MappingError, CodecError."""
    return read_events(file, domain) if mapping is None else read_mapped(file, mapping, domain)
