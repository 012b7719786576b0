"""A sign of life that no publisher of ours would send stands in quarantine, and stops neither worker nor views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from fetched import domain, schemas, topics

from throughline.streams.log.fetch import Fetch
from throughline.streams.worker.partition import open_partition
from throughline.streams.worker.records import CaseRecords, read_case_records

TOPIC = "police.case-events"
SAYS: Mapping[str, Any] = {"sequence": 7, "waiting": 2, "every_seconds": 60.0}
HEADERS: Mapping[str, bytes] = {
    "ce_type": b"throughline.source.heartbeat.v1",
    "ce_source": b"urn:example:police:rms",
    "ce_time": b"2026-02-25T10:15:00Z",
    "ce_partitionkey": b"20",
}
# when the broker wrote them: 2026-02-25T10:20 UTC
WRITTEN = 1_772_014_800_000
Record = tuple[bytes | None, Mapping[str, bytes | None]]


def fetch_of(*records: Record) -> Fetch:
    return Fetch(
        TOPIC,
        topics().partition_of("20"),
        list(range(len(records))),
        [WRITTEN] * len(records),
        [value for value, _ in records],
        [tuple(headers.items()) for _, headers in records],
    )


def read(*records: Record) -> CaseRecords:
    return read_case_records(fetch_of(*records), domain(), schemas(), topics())


def refused(*records: Record) -> list[tuple[str, str | None]]:
    """Reason and field of each reject; nothing else came out."""
    found = read(*records)
    assert found.batch.events.num_rows == found.heartbeats.num_rows == 0
    return [(one["reason"], one["field"]) for one in found.batch.rejects.to_pylist()]


NUMBERS = [
    *[("sequence", n) for n in (b'"7"', b'"seven"', b"7.0", b"true", b"null", b"-1", b"[7]", b"{}")],
    *[("sequence", b"%d" % n) for n in (2**63, 2**64, -(2**63), 10**30)],
    *[("waiting", n) for n in (b'"2"', b"2.0", b"false", b"null", b"-1", b"%d" % 2**63, b"%d" % 10**15, b"[]")],
    *[("every_seconds", n) for n in (b'"60"', b'"NaN"', b"true", b"null", b"0", b"-1", b"-0.0", b"1e12", b"[60]")],
    *[("every_seconds", n) for n in (b"NaN", b"Infinity", b"-Infinity", b"1e400", b"1e-400", b"%d" % 10**30)],
]


def with_number(name: str, text: bytes) -> Record:
    """Sound but for one number, which may be none that JSON has."""
    said = {key: orjson.dumps(value) for key, value in SAYS.items()} | {name: text}
    return b"{%s}" % b",".join(b'"%s":%s' % (key.encode(), value) for key, value in said.items()), HEADERS


@pytest.mark.parametrize(("name", "text"), NUMBERS)
def test_a_number_that_is_none_is_refused(name: str, text: bytes) -> None:
    """What is not JSON at all has no field to name."""
    ((reason, field),) = refused(with_number(name, text))

    assert reason == "bad_heartbeat"
    assert field in {name, None}


@pytest.mark.parametrize(
    ("header", "text"),
    [
        *[("ce_source", text) for text in (None, b"", b"\xff\xfe", b"urn:\x00", b"u" * 100_000)],
        *[("ce_partitionkey", text) for text in (None, b"", b"\xff", b"2\x000", b"no area", b"2" * 100_000)],
        *[("ce_time", text) for text in (None, b"", b"\xff", b"yesterday", b"2026-02-25", b"0000-01-01T00:00:00Z")],
        # before any record of the domain, and long after the broker had it
        *[("ce_time", text) for text in (b"1066-10-14T09:00:00Z", b"2026-02-27T10:15:00Z", b"9999-12-31T23:59:59Z")],
    ],
)
def test_a_header_that_says_nothing_is_refused(header: str, text: bytes | None) -> None:
    """None: the header is there without a value. Left out altogether, it says no more."""
    without = {name: said for name, said in HEADERS.items() if name != header}
    found = refused((orjson.dumps(SAYS), {**HEADERS, header: text}), (orjson.dumps(SAYS), without))

    assert found == [("bad_heartbeat", header.removeprefix("ce_"))] * 2


def test_an_area_speaks_in_its_own_partition_only() -> None:
    here = topics().partition_of("20")
    other = next(area for area in sorted(domain().areas or ()) if topics().partition_of(area) != here)

    assert refused((orjson.dumps(SAYS), {**HEADERS, "ce_partitionkey": other.encode()})) == [
        ("wrong_partition", "partitionkey")
    ]


def test_a_source_lives_on_the_topic_of_its_agency_only() -> None:
    """Else an advocate's topic could say that a police system is silent, or alive."""
    assert refused((orjson.dumps(SAYS), {**HEADERS, "ce_source": b"urn:example:cps:cms"})) == [
        ("wrong_source", "source")
    ]


def test_a_sign_of_life_as_large_as_no_event_may_be_is_refused() -> None:
    assert refused((orjson.dumps({**SAYS, "more": "x" * 400_000}), HEADERS)) == [("too_large", None)]


def test_none_of_them_stops_the_worker_or_its_views(tmp_path: Path) -> None:
    """The largest that are numbers stand beside: what the views add up of many sources stays a number of theirs."""
    said = orjson.dumps({"sequence": 2**63 - 1, "waiting": 10**12, "every_seconds": 86_400 * 366})
    good = [(said, {**HEADERS, "ce_source": b"urn:throughline:police:20:rms%d" % n}) for n in range(40)]
    bad = [with_number(name, text) for name, text in NUMBERS]
    number = topics().partition_of("20")
    partition = open_partition(tmp_path, number, domain(), topics(), schemas(), memory_limit="256MB")
    try:
        partition.begin({one.topic.name: "id" for one in topics().case_events})
        counts = partition.take([fetch_of(*bad, *good)], behind=0)
        ask = partition.store.connection.execute
        assert counts.quarantined == {"bad_heartbeat": len(bad)}
        assert ask("select count(*), sum(waiting) from sources").fetchall() == [(40, 40 * 10**12)]
        assert ask("select count(*) from sequence_gaps").fetchall() == [(0,)]
    finally:
        partition.close()


def test_a_topic_speaks_for_the_sources_of_its_agencies_alone() -> None:
    """Not for another agency's, and not for one that is nobody's: who sent it would not be known."""
    foreign, nobodys = b"urn:throughline:advocate:20:idva", b"rms"

    assert refused((orjson.dumps(SAYS), {**HEADERS, "ce_source": foreign})) == [("wrong_source", "source")]
    assert refused((orjson.dumps(SAYS), {**HEADERS, "ce_source": nobodys})) == [("unknown_source", "source")]


def test_a_sign_of_life_lies_ahead_by_no_more_than_an_event_may() -> None:
    """Two days after the broker had it: more than `ahead_days` of the domain, unless they are three."""
    ahead = (orjson.dumps(SAYS), {**HEADERS, "ce_time": b"2026-02-27T10:15:00Z"})
    patient = replace(domain(), limits=replace(domain().limits, ahead_days=3))

    assert refused(ahead) == [("bad_heartbeat", "time")]
    assert read_case_records(fetch_of(ahead), patient, schemas(), topics()).heartbeats.num_rows == 1
