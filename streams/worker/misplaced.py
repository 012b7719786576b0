"""What stands where it must not: in a topic of another agency, or in another partition than its area's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.events import Batch
from throughline.schemas.acceptance.reject import Reject, read_json
from throughline.schemas.acceptance.rows import rejects_table
from throughline.schemas.definitions.topics import Topics
from throughline.schemas.wire.documents import values_of
from throughline.streams.log.fetch import Fetch


def without_misplaced(batch: Batch, fetch: Fetch, topics: Topics) -> Batch:
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
            fault = wrong_partition(row["area"], topics)
        raw = _own_bytes(fetch.values[fetch.offsets.index(row["position"])], row)
        said = (fault.reason, fault.field, fault.detail)
        refused.append((fetch.origin, row["position"], *said, raw, row["source"], row["id"], row["type"]))
    return Batch(events.filter(pc.invert(wrong)), pa.concat_tables([batch.rejects, rejects_table(refused)]))


def _own_bytes(value: bytes | None, row: Mapping[str, Any]) -> bytes | None:
    """The bytes of one event in the value of its record, which may be a batch."""
    if value is None or value.lstrip()[:1] != b"[":
        return value
    for one in values_of(value, len(value)):
        event = read_json(one.raw)
        if isinstance(event, dict) and (event.get("source"), event.get("id")) == (row["source"], row["id"]):
            return one.raw
    return value


def _areas_of(events: pa.Table, fetch: Fetch, topics: Topics) -> list[str]:
    """Those of the areas that occur in `events` whose partition this is."""
    found = pc.unique(events["area"]).to_pylist()
    return [area for area in found if topics.partition_of(area) == fetch.partition]


def wrong_partition(area: str, topics: Topics) -> Reject:
    """What is wrong with a record of this area in another partition than its own."""
    return Reject(
        "wrong_partition",
        "partitionkey",
        f"area {area} belongs to partition {topics.partition_of(area)}: the key of a record is its area, by murmur2",
    )
