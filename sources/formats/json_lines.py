"""JSON of CloudEvents: one event a line, or documents and arrays over as many lines as they like."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from gzip import GzipFile
from itertools import islice
from pathlib import Path
from typing import IO, Any

from throughline.schemas.acceptance.events import Batch
from throughline.schemas.acceptance.reject import Reject, read_json
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.wire.cloudevents import too_large
from throughline.schemas.wire.documents import Documents, Value
from throughline.schemas.wire.json_lines import events_from_json_lines, events_from_objects
from throughline.sources.formats.kinds import refuse_other_kind
from throughline.sources.formats.registry import EventFormat
from throughline.sources.formats.text import blocks_of, open_bytes

_BLOCK = 1 << 25
# what is taken apart at once of documents that have more lines than one, and how many of them are judged at once
_PORTION = 1 << 16
_VALUES = 10_000


def read_json_lines(path: Path, domain: Domain, batch_rows: int) -> Iterator[Batch]:
    """The events of a file, plain or gzip. Raises DataError for one that is plainly of another kind.

    Whole lines are read quickly; what begins on a line and does not end there, and an array, is taken apart."""
    with open_bytes(path) as file:
        head = file.read(_BLOCK)
        refuse_other_kind(path, head)
        if _is_array(head.removeprefix(codecs.BOM_UTF8)):
            yield from _judged(_documents(head, file, domain), domain, str(path), batch_rows)
            return
        line, documents = 1, None
        for block in blocks_of(file, _BLOCK, head=head):
            lines = block.removesuffix(b"\n").split(b"\n")
            start = 0
            while start < len(lines):
                if documents is None:
                    whole = _whole(lines, start, min(start + batch_rows, len(lines)))
                    yield events_from_json_lines(lines[start:whole], domain, str(path), line + start)
                    if start == whole:
                        documents = Documents(domain.limits.record_bytes, line + start)
                    start = whole
                if documents is not None:
                    end = _portion(lines, start)
                    values = documents.feed(b"\n".join([*lines[start:end], b""]))
                    yield from _judged(values, domain, str(path), batch_rows)
                    start = end
                    if not documents.is_open:
                        documents = None
            line += len(lines)
        if documents is not None:
            yield from _judged(documents.close(), domain, str(path), batch_rows)


def _whole(lines: Sequence[bytes], start: int, end: int) -> int:
    """The end of the lines from `start` of which each is an object by its first and last character, or blank, or none
    that begins one."""
    for place in range(start, end):
        line = lines[place]
        if line[:1] == b"{" and line[-1:] == b"}":
            continue
        text = line.strip()
        if (text[:1] == b"{" and text[-1:] != b"}") or _is_array(text):
            return place
    return end


def _is_array(text: bytes) -> bool:
    """Whether it begins an array of objects: another is a line that was damaged."""
    text = text.lstrip()
    return text[:1] == b"[" and text[1:].lstrip()[:1] in (b"", b"{", b"]")


def _portion(lines: Sequence[bytes], start: int) -> int:
    """The end of some lines from `start`, at least one."""
    size = 0
    for place in range(start, len(lines)):
        size += len(lines[place]) + 1
        if size >= _PORTION:
            return place + 1
    return len(lines)


def _documents(head: bytes, file: IO[bytes] | GzipFile, domain: Domain) -> Iterator[Value]:
    """The values of a file that begins with an array, whose lines may be of any length."""
    documents = Documents(domain.limits.record_bytes)
    head = head.removeprefix(codecs.BOM_UTF8)
    for start in range(0, len(head), _PORTION):
        yield from documents.feed(head[start : start + _PORTION])
    while portion := file.read(_PORTION):
        yield from documents.feed(portion)
    yield from documents.close()


def _judged(values: Iterable[Value], domain: Domain, origin: str, batch_rows: int) -> Iterator[Batch]:
    rest = iter(values)
    while some := list(islice(rest, min(batch_rows, _VALUES))):
        yield _accepted(some, domain, origin)


def _accepted(values: Sequence[Value], domain: Domain, origin: str) -> Batch:
    """Accept the values of JSON documents (`schemas/wire/documents.py`), each at the line where it begins."""
    limit = domain.limits.record_bytes

    def read(raw: bytes) -> Any | Reject:
        return too_large(limit) if len(raw) > limit else read_json(raw)

    return events_from_objects([(read(raw), raw, line, number) for line, raw, number in values], domain, origin)


def judge_again(records: Sequence[tuple[int, bytes]], domain: Domain, origin: str) -> Batch:
    """The events of lines that were kept, as (position, bytes)."""
    return _accepted([Value(position, raw, None) for position, raw in records], domain, origin)


FORMATS = (EventFormat((".jsonl", ".ndjson", ".json"), read_json_lines, judge_again, lambda raw: True, is_packed=True),)
