"""What a fetch of case events says: events, rejects and signs of life, with the time at which the broker had each.

Avro in binary mode is decoded thousands at a time; whatever else a record is, JSON in binary or structured mode, is
taken as a line of a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.events import Batch
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rfc3339 import read_instant
from throughline.schemas.acceptance.rows import RowBatch, join_batches, rejects_table
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import Topics
from throughline.schemas.wire.avro.codec import SchemaStore, decode_messages
from throughline.schemas.wire.avro.framing import SCHEMA_ID_HEADER, SchemaKey, read_frame, read_schema_header
from throughline.schemas.wire.cloudevents import from_kafka
from throughline.schemas.wire.json_lines import events_from_objects
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
    single: list[int] = []
    refused = RowBatch(fetch.origin)
    heartbeats: list[dict[str, Any]] = []
    for place, headers in enumerate(fetch.headers):
        named = dict(headers)
        if named.get("ce_type") == _HEARTBEAT:
            _read_heartbeat(fetch, place, named, heartbeats, refused)
        elif (named.get("content-type") or b"").startswith(_JSON):
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
    from_json = events_from_objects(
        [_event(fetch.headers[place], fetch.values[place], domain) for place in single],
        [fetch.values[place] for place in single],
        [fetch.offsets[place] for place in single],
        domain,
        fetch.origin,
    )
    batch = _admitted(join_batches([decoded, from_json, refused.build()]), fetch, topics)
    return CaseRecords(
        Batch(_stamped(batch.events, fetch), _stamped(batch.rejects, fetch)),
        pa.Table.from_pylist(heartbeats, schema=HEARTBEATS),
    )


def _event(headers: Headers, value: bytes | None, domain: Domain) -> dict[str, Any] | Reject:
    stated = next((text for name, text in headers if name == "ce_contenthash"), None)
    if value is not None and len(value) > domain.limits.record_bytes:
        return Reject("too_large", None, f"a record may have {domain.limits.record_bytes} bytes")
    if stated is not None and sha256(value or b"").hexdigest().encode() != stated.lower():
        return Reject("content_hash_mismatch", "contenthash", "the bytes are not what their hash says")
    return from_kafka([(name, text) for name, text in headers if name != "ce_contenthash"], value)


def _read_heartbeat(
    fetch: Fetch, place: int, named: dict[str, bytes | None], into: list[dict[str, Any]], refused: RowBatch
) -> None:
    try:
        said = orjson.loads(fetch.values[place] or b"")
        sent_at = read_instant((named["ce_time"] or b"").decode())
        if isinstance(sent_at, str):
            raise ValueError(sent_at)
        into.append(
            {
                "source": (named["ce_source"] or b"").decode(),
                "area": (named.get("ce_partitionkey") or b"").decode(),
                "sent_at": sent_at,
                "sequence": said["sequence"],
                "waiting": said["waiting"],
                "every_seconds": float(said["every_seconds"]),
            }
        )
    except (ValueError, KeyError, TypeError):
        fault = Reject("bad_heartbeat", None, "a sign of life says source, time, sequence, waiting and every_seconds")
        refused.reject(fetch.offsets[place], fault, fetch.values[place], None)


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
            fault = ("wrong_topic", "agency", f"the topic {fetch.topic} is not one of the agency {row['agency']}")
        else:
            expected = topics.partition_of(row["area"])
            fault = (
                "wrong_partition",
                "partitionkey",
                f"area {row['area']} belongs to partition {expected}: the key of a record is its area, by murmur2",
            )
        raw = fetch.values[fetch.offsets.index(row["position"])]
        refused.append((fetch.origin, row["position"], *fault, raw, row["source"], row["id"], row["type"]))
    return Batch(events.filter(pc.invert(wrong)), pa.concat_tables([batch.rejects, rejects_table(refused)]))


def _areas_of(events: pa.Table, fetch: Fetch, topics: Topics) -> list[str]:
    """Those of the areas that occur in `events` whose partition this is."""
    found = pc.unique(events["area"]).to_pylist()
    return [area for area in found if topics.partition_of(area) == fetch.partition]


def _stamped(records: pa.Table, fetch: Fetch) -> pa.Table:
    """The table with the column received_at: when the broker wrote the record of each row."""
    places = np.searchsorted(np.asarray(fetch.offsets), records["position"].to_numpy())
    micros = np.asarray(fetch.times, dtype=np.int64)[places] * 1000
    return records.append_column("received_at", pa.array(micros).cast(pa.timestamp("us")))
