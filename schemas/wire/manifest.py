"""A manifest: what a publisher says that it sent, by source, type and day of recording.

The file is JSON:

    {"manifest": 1, "complete_from": "2026-03-02",
     "sent": [{"source": "urn:…", "type": "police.crime.recorded", "day": "2026-03-02", "events": 41,
               "first": "000000000101", "last": "000000000163"}]}

`day` is the day (UTC) of `recordedtime`, or of the time of the event where that is not stated. `first` and `last` are
the least and the greatest sequence number of that day and type, null where there are none. Days before `complete_from`
are not vouched for; null where all are. A source is vouched for from its first day to its last: a day between them that
is not named had no event.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from throughline.errors import DataError

VERSION = 1
_HINT = "`throughline manifest PATH… > manifest.json` writes one."


@dataclass(frozen=True, order=True)
class Sent:
    """How many events of a type a source recorded on a day, and the least and the greatest of their numbers."""

    source: str
    type: str
    day: date
    events: int
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True)
class Manifest:
    """What was sent; days before `complete_from` are not vouched for."""

    sent: tuple[Sent, ...]
    complete_from: date | None = None


def summed(events: Iterable[tuple[str, str, date, str | None]]) -> tuple[Sent, ...]:
    """Events as (source, type, day, sequence), each distinct one once, summed to the rows of a manifest."""
    counts: dict[tuple[str, str, date], int] = {}
    numbers: dict[tuple[str, str, date], tuple[str, str]] = {}
    for source, type_, day, sequence in events:
        key = (source, type_, day)
        counts[key] = counts.get(key, 0) + 1
        if sequence is not None and sequence.isdigit():
            least, greatest = numbers.get(key, (sequence, sequence))
            numbers[key] = min(least, sequence, key=int), max(greatest, sequence, key=int)
    return tuple(Sent(*key, count, *numbers.get(key, (None, None))) for key, count in sorted(counts.items()))


def manifest_text(manifest: Manifest) -> str:
    """The manifest as JSON, a row a line."""
    rows = ",\n".join(f"  {orjson.dumps(asdict(one)).decode()}" for one in manifest.sent)
    start = "null" if manifest.complete_from is None else f'"{manifest.complete_from.isoformat()}"'
    return f'{{"manifest": {VERSION}, "complete_from": {start}, "sent": [\n{rows}\n]}}\n'


def read_manifest(path: Path) -> Manifest:
    """The manifest in a file. Raises DataError with the row and field that is wrong."""
    try:
        content = orjson.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"The manifest cannot be read: {error.strerror}.", file=path, hint=_HINT) from error
    except orjson.JSONDecodeError as error:
        raise DataError("A manifest is a JSON object, and this is none.", file=path, hint=_HINT) from error
    if not isinstance(content, dict) or content.get("manifest") != VERSION or not isinstance(content.get("sent"), list):
        raise DataError(f"This is no manifest of form {VERSION}.", file=path, hint=_HINT)
    start = content.get("complete_from")
    sent = tuple(_sent(row, number, path) for number, row in enumerate(content["sent"], 1))
    return Manifest(sent, None if start is None else _day(start, path, "complete_from"))


def _sent(row: Any, number: int, path: Path) -> Sent:
    where = f"sent[{number}]"
    if not isinstance(row, dict):
        raise DataError("is not an object.", file=path, field=where, hint=_HINT)
    for name in ("source", "type"):
        if not isinstance(row.get(name), str) or not row[name]:
            raise DataError("is missing or not text.", file=path, field=f"{where}.{name}", hint=_HINT)
    events = row.get("events")
    if type(events) is not int or events < 0:
        raise DataError(f"{events!r} is not a number of events.", file=path, field=f"{where}.events", hint=_HINT)
    for name in ("first", "last"):
        if not isinstance(row.get(name), str | None):
            raise DataError(f"{row[name]!r} is not text.", file=path, field=f"{where}.{name}", hint=_HINT)
    day = _day(row.get("day"), path, f"{where}.day")
    return Sent(row["source"], row["type"], day, events, row.get("first"), row.get("last"))


def _day(value: Any, path: Path, field: str) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise DataError(f"{value!r} is not a day.", file=path, field=field, hint="Write YYYY-MM-DD.") from None
