"""A record that is a JSON batch: each of its events is judged alone, at the offset of the record."""

from __future__ import annotations

from typing import Any

import orjson
from test_content_types import ATTRIBUTES, DATA, domain, schemas, topics

from throughline.streams.log.fetch import Fetch
from throughline.streams.worker.records import CaseRecords, read_case_records

BATCH = [("content-type", b"Application/CloudEvents-Batch+JSON; charset=utf-8")]


def event(id: str, **changed: Any) -> dict[str, Any]:
    return ATTRIBUTES | {"id": id, "data": DATA} | changed


def read(*values: bytes, first: int = 40) -> CaseRecords:
    numbers = list(range(first, first + len(values)))
    times = [1_772_000_000_000 + number for number in numbers]
    fetch = Fetch(
        "police.case-events", topics().partition_of("20"), numbers, times, list(values), [BATCH] * len(values)
    )
    return read_case_records(fetch, domain(), schemas(), topics())


def test_each_event_is_accepted_or_refused_alone() -> None:
    """All stand at the offset of their record, with its time; what is refused says which event it is."""
    bad, foreign = event("b", time="soon"), event("d", source="urn:example:cps:cms")
    found = read(orjson.dumps([event("a"), bad, 7]), orjson.dumps([event("c"), foreign])).batch

    assert found.events.select(["id", "position"]).to_pylist() == [
        {"id": "a", "position": 40},
        {"id": "c", "position": 41},
    ]
    assert [(one["position"], one["reason"], one["id"], one["raw"]) for one in found.rejects.to_pylist()] == [
        (40, "bad_time", "b", orjson.dumps(bad)),
        (40, "not_an_object", None, b"7"),
        (41, "wrong_source", "d", orjson.dumps(foreign)),
    ]
    assert [one.split(": ")[0] for one in found.rejects["detail"].to_pylist()] == [
        "event 2 of the batch", "event 3 of the batch", "event 2 of the batch",
    ]  # fmt: skip
    assert [at.microsecond // 1000 for at in found.rejects["received_at"].to_pylist()] == [40, 40, 41]


def test_one_that_stands_in_the_wrong_partition_is_kept_alone() -> None:
    other = next(
        area for area in sorted(domain().areas or ()) if topics().partition_of(area) != topics().partition_of("20")
    )
    astray = event("b", partitionkey=other)
    found = read(orjson.dumps([event("a"), astray])).batch

    assert found.events["id"].to_pylist() == ["a"]
    assert found.rejects.select(["reason", "raw"]).to_pylist() == [
        {"reason": "wrong_partition", "raw": orjson.dumps(astray)}
    ]


def test_a_batch_that_is_none_is_refused_whole() -> None:
    found = read(b"[]", orjson.dumps(event("a")), b"", b"[").batch

    assert sorted((one["position"], one["reason"]) for one in found.rejects.to_pylist()) == [
        (40, "not_an_object"), (41, "not_json"), (42, "not_json"), (43, "not_json"),
    ]  # fmt: skip


def test_only_an_event_of_a_batch_may_be_too_large() -> None:
    limit = domain().limits.record_bytes
    some = [event(f"e{number}", subject="x" * 4000) for number in range(limit // 4000 + 2)]
    whole, alone = orjson.dumps(some), orjson.dumps([event("a"), event("b", data=DATA | {"unit": "x" * limit})])
    assert len(whole) > limit

    assert read(whole).batch.events.num_rows == len(some)
    assert read(alone).batch.rejects["reason"].to_pylist() == ["too_large"]
