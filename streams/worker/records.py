"""What a fetch of case events says: events, rejects and signs of life, with the time at which the broker had each.

Avro in binary mode is decoded thousands at a time; whatever else a record is, JSON in binary or structured mode, is
taken as a line of a file. A JSON batch gives several events of one position, its offset: a record is told apart by
that, and an event by its source and id. What is refused of a batch says which of its events it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa

from throughline.schemas.acceptance.events import Batch
from throughline.schemas.acceptance.media import media_type
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rows import RowBatch, join_batches
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import Topics
from throughline.schemas.wire.avro.codec import SchemaStore, decode_messages
from throughline.schemas.wire.avro.framing import SCHEMA_ID_HEADER, SchemaKey, read_frame, read_schema_header
from throughline.schemas.wire.cloudevents import Stated, from_kafka
from throughline.schemas.wire.json_lines import events_from_objects
from throughline.schemas.wire.kafka_record import AVRO, BACKLOG, BACKLOG_HEADER, HEARTBEAT_TYPE, NUMBER_HEADER
from throughline.streams.log.fetch import Fetch, Headers
from throughline.streams.worker.heartbeat import HEARTBEATS, read_heartbeat
from throughline.streams.worker.misplaced import without_misplaced
from throughline.streams.worker.numbers import Numbered, number_runs, numbered

_HEARTBEAT = HEARTBEAT_TYPE.encode()
# the end of the year 9999
_LATEST_MILLIS = 253_402_300_799_999
_CONTENT_TYPE, _AVRO = "content-type", AVRO.encode()
_SAYING = (_CONTENT_TYPE, SCHEMA_ID_HEADER)
BACKLOG_RUNS = pa.schema([("origin", pa.string()), ("first_position", pa.int64()), ("last_position", pa.int64())])
# of a content-type; more is none
_TYPE_BYTES = 200


@dataclass(frozen=True)
class CaseRecords:
    """`batch` has the column received_at (UTC) beside those of EVENTS and REJECTS, its rejects also `headers` (text, as
    `kept_headers` writes them); `heartbeats` is HEARTBEATS, `numbers` NUMBERS, `backlog` BACKLOG_RUNS."""

    batch: Batch
    heartbeats: pa.Table
    numbers: pa.Table
    backlog: pa.Table


def read_case_records(fetch: Fetch, domain: Domain, schemas: SchemaStore, topics: Topics) -> CaseRecords:
    """Every record of the fetch as an event, a reject or a sign of life; nothing is lost and nothing is raised."""
    avro: list[int] = []
    hashes: dict[int, str] = {}
    keys: dict[int, SchemaKey] = {}
    single: list[int] = []
    refused = RowBatch(fetch.origin)
    heartbeats: list[dict[str, Any]] = []
    numbers: list[Numbered] = []
    backlog: list[int] = []
    for place, headers in enumerate(fetch.headers):
        named = dict(headers)
        number = named.get(NUMBER_HEADER)
        if number is not None:
            numbers.append(numbered(named, number, fetch.times[place]))
        if named.get(BACKLOG_HEADER) == BACKLOG:
            backlog.append(fetch.offsets[place])
        if named.get("ce_type") == _HEARTBEAT:
            beat = read_heartbeat(fetch, place, named, domain, topics)
            if isinstance(beat, Reject):
                refused.reject(fetch.offsets[place], beat, fetch.values[place], None)
            else:
                heartbeats.append(beat)
        elif named.get(_CONTENT_TYPE) != _AVRO and _is_json(named, fetch.values[place]):
            single.append(place)
        else:
            stated = named.get("ce_contenthash")
            if stated is not None:
                hashes[len(avro)] = stated.decode("ascii", "replace")
            key = read_schema_header(named.get(SCHEMA_ID_HEADER))
            if key is not None and read_frame(fetch.values[place] or b"") is None:
                keys[len(avro)] = key
            avro.append(place)
    decoded = decode_messages(
        [fetch.values[place] for place in avro],
        schemas,
        fetch.origin,
        [fetch.offsets[place] for place in avro],
        keys=keys,
        content_hashes=hashes,
    )
    events = [
        (event, raw, fetch.offsets[place], number)
        for place in single
        for event, raw, number in _stated(fetch.headers[place], fetch.values[place], domain)
    ]
    from_json = events_from_objects(events, domain, fetch.origin)
    for passed in fetch.passed:
        if passed.fault is not None:
            refused.reject(passed.first, passed.fault, passed.raw, None)
    batch = without_misplaced(join_batches([decoded, from_json, refused.build()]), fetch, topics)
    return CaseRecords(
        Batch(_stamped(batch.events, fetch), _with_headers(_stamped(batch.rejects, fetch), fetch)),
        pa.Table.from_pylist(heartbeats, schema=HEARTBEATS),
        number_runs(numbers, fetch.topic, fetch.partition, domain, topics),
        _backlog_runs(fetch.origin, backlog),
    )


def _backlog_runs(origin: str, offsets: Sequence[int]) -> pa.Table:
    """Runs (BACKLOG_RUNS) of ascending offsets."""
    found = np.asarray(offsets, dtype=np.int64)
    ends = np.flatnonzero(np.diff(found) != 1)
    first = found[np.concatenate([[0], ends + 1])] if len(found) else found
    last = found[np.concatenate([ends, [len(found) - 1]])] if len(found) else found
    return pa.table([pa.repeat(origin, len(first)), pa.array(first), pa.array(last)], schema=BACKLOG_RUNS)


def _is_json(named: Mapping[str, bytes | None], value: bytes | None) -> bool:
    """Whether a record says that it is JSON, or says nothing of the kind and begins as JSON does."""
    said = _content_type(named.items())
    if said is not None:
        return _is_json_type(said[:_TYPE_BYTES])
    return value is not None and value.lstrip()[:1] in (b"{", b"[") and SCHEMA_ID_HEADER not in named


def _content_type(headers: Iterable[tuple[str, bytes | None]]) -> bytes | None:
    found = [text for name, text in headers if text is not None and name.lower() == _CONTENT_TYPE]
    return found[-1] if found else None


@lru_cache(maxsize=256)
def _is_json_type(content_type: bytes) -> bool:
    media = media_type(content_type.decode("ascii", "replace"))
    return media == "json" or media.startswith("application/cloudevents")


def _stated(headers: Headers, value: bytes | None, domain: Domain) -> list[Stated]:
    """The events of a record that is JSON."""
    said, stated = _content_type(headers), next((text for name, text in headers if name == "ce_contenthash"), None)
    if said is None and not any(name == "ce_specversion" for name, _ in headers):
        told = "an event in structured mode says so by the content-type `application/cloudevents+json`"
        return [(Reject("bad_attribute", _CONTENT_TYPE, told), value, None)]
    if stated is not None and sha256(value or b"").hexdigest().encode() == stated.lower():
        headers = tuple((name, text) for name, text in headers if name != "ce_contenthash")
    elif stated is not None and media_type((said or b"").decode("ascii", "replace")) != "json":
        return [(Reject("content_hash_mismatch", "contenthash", "the bytes are not what their hash says"), value, None)]
    # a hash that is not of the bytes may be of the data with its keys sorted, as in a file
    return from_kafka(headers, value, domain.limits.record_bytes)


def kept_headers(headers: Headers) -> str:
    """The headers that say what a record is, as a JSON list of names and texts, each byte of which is a character."""
    said = ((name, text) for name, text in headers if name.lower().startswith("ce_") or name.lower() in _SAYING)
    return json.dumps([[name, None if text is None else text.decode("latin-1")] for name, text in said])


def headers_again(kept: str) -> Headers:
    """What `kept_headers` wrote."""
    return tuple((name, None if text is None else text.encode("latin-1")) for name, text in json.loads(kept))


def _with_headers(rejects: pa.Table, fetch: Fetch) -> pa.Table:
    """The table with the column headers; null where the bytes are a part of the record, or were framed anew."""
    places = {offset: place for place, offset in enumerate(fetch.offsets)} if rejects.num_rows else {}
    found = [
        kept_headers(fetch.headers[place])
        if place is not None and raw is not None and fetch.values[place] == raw
        else None
        for place, raw in zip(map(places.get, rejects["position"].to_pylist()), rejects["raw"].to_pylist(), strict=True)
    ]
    return rejects.append_column("headers", pa.array(found, pa.string()))


def _stamped(records: pa.Table, fetch: Fetch) -> pa.Table:
    """The table with the column received_at: when the broker wrote the record of each row."""
    offsets, times = fetch.offsets, fetch.times
    if fetch.passed:
        in_order = sorted([*zip(offsets, times, strict=True), *((one.first, one.time) for one in fetch.passed)])
        offsets, times = [offset for offset, _ in in_order], [time for _, time in in_order]
    places = np.searchsorted(np.asarray(offsets, dtype=np.int64), records["position"].to_numpy())
    # a topic that was not made as ours are has its publishers' times, which may be none
    millis = np.clip(np.asarray(times, dtype=np.int64), 0, _LATEST_MILLIS)[places]
    return records.append_column("received_at", pa.array(millis * 1000).cast(pa.timestamp("us")))
