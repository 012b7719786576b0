"""Change records that somebody wrote from their topic to a file, one to a line, as Kafka's console consumer does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from throughline.schemas.acceptance.reject import Reject
from throughline.sources.changes.envelope import ConnectRecord, Said, read_record
from throughline.sources.formats.text import open_bytes

_LINE_BYTES = 1 << 22
_FIRST = 20


def is_excerpt(path: Path) -> bool:
    """Whether the first lines of a file are change records."""
    said = [one for _, one in islice(said_in(path), _FIRST)]
    return bool(said) and all(isinstance(one, Said) for one in said)


def said_in(path: Path) -> Iterator[tuple[int, Said | Reject]]:
    """What each line says, by its number; a line without anything in it says nothing, and so does a tombstone."""
    with open_bytes(path) as file:
        number = 0
        while line := file.readline(_LINE_BYTES):
            number += 1
            said = read_record(ConnectRecord(path.name, 0, number, 0, None, line.strip() or None), "changes")
            if said is not None:
                yield number, said
