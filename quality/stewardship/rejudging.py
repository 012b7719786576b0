"""Records as quarantine keeps them, judged again by the present catalogue: what the kept bytes hold, and what not.

| read from | kept | enough |
| --- | --- | --- |
| JSON lines, Parquet in the layout of CloudEvents | the event as JSON | yes |
| Parquet in the layout of EVENTS | the event as JSON, or source, id and type alone | the first |
| Avro file | the record, framed with the fingerprint of its schema; or a block that cannot be read | the first |
| export by mapping: Parquet, XES | the row as JSON | with the mapping |
| export by mapping: CSV | the line | with the mapping and the first line of the file |
| topic | the value, and the headers that say what it is | yes, unless a hash in a header failed |
| topic, of a batch or of Avro that was framed anew | the event, without the headers | a whole event, Avro or JSON |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import orjson

from throughline.errors import DataError, DomainError
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.acceptance.rows import join_batches
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.avro.framing import read_frame
from throughline.sinks.quarantine.kept import KeptRecord
from throughline.sources.formats.registry import RowFormat, event_format, row_format
from throughline.sources.mapping.conversion import column_values, map_again
from throughline.sources.mapping.parts import Mapping
from throughline.streams.log.fetch import Fetch, Headers
from throughline.streams.worker.records import headers_again, read_case_records

_TOPIC = re.compile(r"(.+)-(\d+)").fullmatch
_STRUCTURED: Headers = (("content-type", b"application/cloudevents+json"),)


@dataclass(frozen=True)
class Unreadable:
    """Why the kept bytes of a record do not suffice to judge it again, and what does."""

    what: str
    hint: str

    def error(self, record: KeptRecord) -> DataError:
        """That this record cannot be judged again."""
        what = f"cannot be judged again: it is {self.what}"
        return DataError(what, file=record.origin, line=record.position, hint=self.hint)


NO_BYTES = Unreadable("a record that came without bytes", "Discard it, or let its publisher publish again.")
NO_MAPPING = Unreadable(
    "a row of an export, which says nothing without its mapping", "Give --mapping FILE: the one that is for its source."
)
NO_HEADER = Unreadable(
    "a line of an export whose file is gone, and whose first line said which column is which",
    "Put the file back where it was, or replay it: throughline replay FILE --mapping FILE --store FILE.",
)
PLACE_COUNTS = Unreadable(
    "a row of an export whose number is its id: of equal rows only one was kept",
    "Replay the file: throughline replay FILE --mapping FILE --store FILE.",
)
IN_PART = Unreadable(
    "only a part of the record was kept, or a part of a file that holds several",
    "Replay the file: throughline replay FILE --store FILE.",
)
NO_HEADERS = Unreadable(
    "a record of a topic whose headers, which say what it is, were not kept", "Let its publisher publish it again."
)
HASH_FAILED = Unreadable(
    "a record of a topic that had changed on its way", "Let its publisher publish it again: it may read well and lie."
)
NO_TOPIC = Unreadable(
    "a record of a topic that the domain does not have", "Give --topic-prefix, or the domain that it was read with."
)

Judge = Callable[[Sequence[KeptRecord]], Batch]


class Judges:
    """How each record is judged again. `mapping` is for rows of exports; `topic_prefix` stands before each topic."""

    def __init__(self, domain: Domain, mapping: Mapping | None = None, topic_prefix: str = "") -> None:
        self._domain = domain
        self._mapping = mapping
        self._topics = _topics_of(domain, topic_prefix)

    @cached_property
    def _schemas(self) -> SchemaStore:
        # takes longer to make than many lines to judge
        return SchemaStore(self._domain)

    def of(self, record: KeptRecord) -> Judge | Unreadable:
        """What judges the record, the same for all of an origin that are kept alike; or why nothing can."""
        if record.raw is None:
            return NO_BYTES
        mapping, path = self._mapping, Path(record.origin)
        events, rows = event_format(path), row_format(path, () if mapping is None else mapping.settings)
        # JSON may be of events, or of rows that a mapping reads
        is_mapped = rows is not None and mapping is not None and record.source in (None, mapping.source)
        if is_mapped and not _is_event(record.raw) and column_values(record.raw) is not None:
            events = None
        # a table's text that is not UTF-8 is kept with escapes for it
        is_as_read = rows is None or "not_utf8" not in record.reasons
        if events is not None and is_as_read and events.is_whole(record.raw):
            return self._events
        if rows is not None:
            return self._of_row(record, rows)
        if events is not None:
            return IN_PART
        topic = _TOPIC(record.origin)
        return IN_PART if topic is None else self._of_topic(record, topic[1])

    def _of_row(self, record: KeptRecord, rows: RowFormat) -> Judge | Unreadable:
        mapping, path = self._mapping, Path(record.origin)
        if mapping is None:
            # a table of events in part, or a row of an export: nothing tells which
            return IN_PART if event_format(path) is not None and record.source is None else NO_MAPPING
        if record.source is not None and record.source != mapping.source:
            return NO_MAPPING
        if record.event_id is None and mapping.counts_places:
            return PLACE_COUNTS
        if rows.again is not None:
            return self._rows if path.is_file() else NO_HEADER
        return IN_PART if column_values(record.raw or b"") is None else self._rows

    def _of_topic(self, record: KeptRecord, topic: str) -> Judge | Unreadable:
        if "content_hash_mismatch" in record.reasons:
            return HASH_FAILED
        if self._topics is None or topic not in {one.topic.name for one in self._topics.case_events}:
            return NO_TOPIC
        raw = record.raw or b""
        if record.headers is not None:
            return self._fetched
        return self._fetched if read_frame(raw) is not None or _is_event(raw) else NO_HEADERS

    def _events(self, records: Sequence[KeptRecord]) -> Batch:
        found = event_format(Path(records[0].origin))
        assert found is not None
        return found.again([(one.position, one.raw or b"") for one in records], self._domain, records[0].origin)

    def _rows(self, records: Sequence[KeptRecord]) -> Batch:
        assert self._mapping is not None
        kept = [(one.position, one.raw or b"") for one in records]
        return map_again(Path(records[0].origin), kept, self._mapping, self._domain)

    def _fetched(self, records: Sequence[KeptRecord]) -> Batch:
        """As the worker reads them, so that what a topic may hold and in which partition is judged again, too."""
        assert self._topics is not None
        found = _TOPIC(records[0].origin)
        assert found is not None
        fetch = Fetch(
            topic=found[1],
            partition=int(found[2]),
            offsets=[one.position for one in records],
            times=[0] * len(records),
            values=[one.raw for one in records],
            headers=[_headers(one) for one in records],
        )
        batch = read_case_records(fetch, self._domain, self._schemas, self._topics).batch
        return Batch(batch.events.drop_columns(["received_at"]), batch.rejects.drop_columns(["received_at", "headers"]))


def judge_again(
    records: Sequence[KeptRecord], judges: Judges
) -> tuple[Batch, list[KeptRecord], list[tuple[KeptRecord, Unreadable]]]:
    """Records of one origin, ascending by position and each position once, to events and rejects.

    Gives also the records that were judged, and those that could not be. A record that a filter of the mapping leaves
    out is in neither table. Raises DataError (of an export that is damaged) and MappingError.
    """
    by_judge: dict[Judge, list[KeptRecord]] = {}
    unread: list[tuple[KeptRecord, Unreadable]] = []
    for record in records:
        judge = judges.of(record)
        if isinstance(judge, Unreadable):
            unread.append((record, judge))
        else:
            by_judge.setdefault(judge, []).append(record)
    batches = [judge(found) for judge, found in by_judge.items()]
    return join_batches(batches), [one for found in by_judge.values() for one in found], unread


def _headers(record: KeptRecord) -> Headers:
    """Those that were kept; else, as the bytes are a whole event, those that say how it is written."""
    if record.headers is not None:
        return headers_again(record.headers)
    return _STRUCTURED if read_frame(record.raw or b"") is None else ()


def _is_event(raw: bytes) -> bool:
    """Whether the bytes are a whole CloudEvent, rather than the data or a part of one."""
    try:
        event = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return False
    return isinstance(event, dict) and len(event.keys() & {"specversion", "id", "source", "type"}) > 1


def _topics_of(domain: Domain, prefix: str) -> Topics | None:
    try:
        return load_topics(domain, prefix=prefix)
    except DomainError:  # a domain that is not live has none
        return None
