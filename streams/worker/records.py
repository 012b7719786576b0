"""What a fetch of case events says: events, rejects and signs of life, with the time at which the broker had each.

Avro in binary mode is decoded thousands at a time; whatever else a record is, JSON in binary or structured mode, goes
one by one through the same rules as a line of a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.admission import without_placeholders
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.acceptance.judge import row_or_reject
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rfc3339 import read_instant
from throughline.schemas.acceptance.rows import RowBatch, join_batches, rejects_table
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import Topics
from throughline.schemas.wire.avro.codec import SchemaStore, decode_messages
from throughline.schemas.wire.avro.framing import SCHEMA_ID_HEADER, SchemaKey, read_frame, read_schema_header
from throughline.schemas.wire.cloudevents import from_kafka
from throughline.schemas.wire.kafka_record import HEARTBEAT_TYPE
from throughline.streams.worker.fetch import Fetch, Headers

HEARTBEATS = pa.schema(
    [
        ("source", pa.string()),
        ("area", pa.string()),
        ("sent_at", pa.timestamp("us")),
        ("sequence", pa.int64()),
        ("waiting", pa.int64()),
        ("every_seconds", pa.float64()),
    ]
)
_HEARTBEAT = HEARTBEAT_TYPE.encode()
_LARGEST_SEQUENCE = 2**63 - 1
# of one source and area; the view `sources` adds those of all areas in 64 bits
_MOST_WAITING = 10**12
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.001, 86_400.0 * 366
# by how much the clock of a publisher may be ahead of the broker's
_AHEAD_US = 86_400_000_000
# the end of the year 9999
_LATEST_MILLIS = 253_402_300_799_999
_JSON = (b"application/json", b"application/cloudevents")


@dataclass(frozen=True)
class CaseRecords:
    """`batch` has the column received_at (UTC) beside those of EVENTS and REJECTS; `heartbeats` is HEARTBEATS."""

    batch: Batch
    heartbeats: pa.Table


def read_case_records(fetch: Fetch, domain: Domain, schemas: SchemaStore, topics: Topics) -> CaseRecords:
    """Every record of the fetch as an event, a reject or a sign of life; nothing is lost and nothing is raised."""
    avro: list[int] = []
    hashes: dict[int, str] = {}
    keys: dict[int, SchemaKey] = {}
    single = RowBatch(fetch.origin)
    heartbeats: list[dict[str, Any]] = []
    for place, headers in enumerate(fetch.headers):
        named = dict(headers)
        if named.get("ce_type") == _HEARTBEAT:
            _read_heartbeat(fetch, place, named, domain, topics, heartbeats, single)
        elif (named.get("content-type") or b"").startswith(_JSON):
            _read_json(fetch, place, headers, schemas, single)
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
    for passed in fetch.passed:
        if passed.fault is not None:
            single.reject(passed.first, passed.fault, passed.raw, None)
    batch = _admitted(join_batches([decoded, single.build()]), fetch, topics)
    events = without_placeholders(batch.events, domain)
    return CaseRecords(
        Batch(_stamped(events, fetch), _stamped(batch.rejects, fetch)),
        pa.Table.from_pylist(heartbeats, schema=HEARTBEATS),
    )


def _read_json(fetch: Fetch, place: int, headers: Headers, schemas: SchemaStore, into: RowBatch) -> None:
    value, offset = fetch.values[place], fetch.offsets[place]
    stated = next((text for name, text in headers if name == "ce_contenthash"), None)
    if value is not None and len(value) > schemas.rules.record_bytes:
        fault = Reject("too_large", None, f"a record may have {schemas.rules.record_bytes} bytes")
        into.reject(offset, fault, value, None)
        return
    if stated is not None and sha256(value or b"").hexdigest().encode() != stated.lower():
        fault = Reject("content_hash_mismatch", "contenthash", "the bytes are not what their hash says")
        into.reject(offset, fault, value, None)
        return
    event = from_kafka([(name, text) for name, text in headers if name != "ce_contenthash"], value)
    row = event if isinstance(event, Reject) else row_or_reject(event, schemas.rules)
    if isinstance(row, Reject):
        into.reject(offset, row, value, event)
    else:
        into.add(row, offset)


def _read_heartbeat(
    fetch: Fetch,
    place: int,
    named: dict[str, bytes | None],
    domain: Domain,
    topics: Topics,
    into: list[dict[str, Any]],
    refused: RowBatch,
) -> None:
    """Keep a sign of life as a row of HEARTBEATS, or refuse it: whatever it says, the row fits."""
    value = fetch.values[place]
    if value is not None and len(value) > domain.limits.record_bytes:
        fault = Reject("too_large", None, f"a record may have {domain.limits.record_bytes} bytes")
        refused.reject(fetch.offsets[place], fault, value, None)
        return
    try:
        said = orjson.loads(value or b"")
        if not isinstance(said, dict):
            raise _bad(None, "a sign of life is an object with sequence, waiting and every_seconds")
        row = {
            "source": _text(named, "source", domain.limits.field_chars),
            "area": _text(named, "partitionkey", domain.limits.field_chars),
            "sent_at": _sent_at(named, fetch.times[place], domain),
            "sequence": _number(said, "sequence", 0, _LARGEST_SEQUENCE, int),
            "waiting": _number(said, "waiting", 0, _MOST_WAITING, int),
            "every_seconds": float(_number(said, "every_seconds", _SHORTEST_SECONDS, _LONGEST_SECONDS, int, float)),
        }
        _check_area(row["area"], fetch, domain, topics)
    except orjson.JSONDecodeError:
        refused.reject(fetch.offsets[place], Reject("bad_heartbeat", None, "a sign of life is JSON"), value, None)
    except _BadHeartbeat as bad:
        refused.reject(fetch.offsets[place], bad.reject, value, None)
    else:
        into.append(row)


class _BadHeartbeat(Exception):  # noqa: N818 - no error: a verdict on data
    def __init__(self, reject: Reject) -> None:
        self.reject = reject


def _bad(field: str | None, detail: str) -> _BadHeartbeat:
    return _BadHeartbeat(Reject("bad_heartbeat", field, detail))


def _text(named: dict[str, bytes | None], name: str, limit: int) -> str:
    """The text of an attribute: there, UTF-8, without NUL, and not longer than the domain allows a field to be."""
    try:
        text = (named.get(f"ce_{name}") or b"").decode()
    except UnicodeDecodeError:
        raise _bad(name, f"`{name}` must be UTF-8") from None
    if not text or len(text) > limit or "\x00" in text:
        raise _bad(name, f"`{name}` must have 1 to {limit} characters, none of them U+0000")
    return text


def _sent_at(named: dict[str, bytes | None], written: int, domain: Domain) -> int:
    """Microseconds since 1970 UTC: not before anything of the domain, and not long after the broker wrote it."""
    micros = read_instant((named.get("ce_time") or b"").decode("ascii", "replace"))
    if isinstance(micros, str):
        raise _bad("time", "`time` must be RFC 3339 with an offset")
    earliest = datetime.combine(domain.limits.earliest, datetime.min.time(), UTC)
    if not int(earliest.timestamp()) * 1_000_000 <= micros <= written * 1000 + _AHEAD_US:
        raise _bad("time", "`time` lies before what the domain allows, or over a day after the broker had the record")
    return micros


def _number(said: dict[str, Any], name: str, least: float, most: float, *kinds: type) -> Any:
    value: Any = said.get(name)
    # not isinstance: true is an int
    if type(value) not in kinds or not least <= value <= most:
        raise _bad(name, f"`{name}` must be a number from {least:g} to {most:g}")
    return value


def _check_area(area: str, fetch: Fetch, domain: Domain, topics: Topics) -> None:
    if domain.areas is not None and area not in domain.areas:
        raise _bad("partitionkey", "the domain has no such area")
    if topics.partition_of(area) != fetch.partition:
        raise _BadHeartbeat(_astray(area, topics))


def _astray(area: str, topics: Topics) -> Reject:
    return Reject(
        "wrong_partition",
        "partitionkey",
        f"area {area} belongs to partition {topics.partition_of(area)}: the key of a record is its area, by murmur2",
    )


def _admitted(batch: Batch, fetch: Fetch, topics: Topics) -> Batch:
    """Refuse what another agency than the topic's says, and what stands in another partition than its area's."""
    events = batch.events
    if not events.num_rows:
        return batch
    agencies = topics.agencies_of(fetch.topic)
    astray = pc.invert(pc.is_in(events["area"], pa.array(_areas_of(events, fetch, topics), pa.string())))
    foreign = None if agencies is None else pc.invert(pc.is_in(events["agency"], pa.array(sorted(agencies))))
    wrong = astray if foreign is None else pc.or_(astray, foreign)
    if not pc.any(wrong).as_py():
        return batch
    refused = []
    for row in events.filter(wrong).select(["source", "id", "type", "area", "agency", "position"]).to_pylist():
        if agencies is not None and row["agency"] not in agencies:
            told = f"the topic {fetch.topic} is not one of the agency {row['agency']}"
            fault = Reject("wrong_topic", "agency", told)
        else:
            fault = _astray(row["area"], topics)
        raw = fetch.values[fetch.offsets.index(row["position"])]
        said = (fault.reason, fault.field, fault.detail)
        refused.append((fetch.origin, row["position"], *said, raw, row["source"], row["id"], row["type"]))
    return Batch(events.filter(pc.invert(wrong)), pa.concat_tables([batch.rejects, rejects_table(refused)]))


def _areas_of(events: pa.Table, fetch: Fetch, topics: Topics) -> list[str]:
    """Those of the areas that occur in `events` whose partition this is."""
    found = pc.unique(events["area"]).to_pylist()
    return [area for area in found if topics.partition_of(area) == fetch.partition]


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
